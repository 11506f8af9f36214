"""What does ``go test -json`` say, in our words? One event a line; tests, and packages that do not build."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Parsed
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.reading.tested import Case, Outcome, report
from ingestion.reading.times import moment

NAME = "go_test"

_OUTCOMES = {"pass": Outcome.PASSED, "fail": Outcome.FAILED, "skip": Outcome.SKIPPED}


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one test Event. A parent is counted beside its subtests, as ``go test`` does; a package only by itself."""
    outcomes: dict[tuple[str, str], Outcome] = {}
    first = None
    for line in documents(delivery.body, delivery.content_type):
        if not isinstance(line, dict):
            continue
        first = first or moment(line.get("Time"), received_at)
        action, package, test = (fields.first_of(line, (name,)) for name in ("Action", "Package", "Test"))
        if package and action in _OUTCOMES:
            outcomes[package, test] = _OUTCOMES[action]
    if not outcomes:
        raise BadInput("no finished test", place="body", fix="send the output of go test -json")
    with_tests = {package for package, test in outcomes if test}
    cases = [
        Case(f"{package}::{test}" if test else package, Outcome.ERROR if not test else outcome)
        for (package, test), outcome in outcomes.items()
        if test or (package not in with_tests and outcome is Outcome.FAILED)
    ]
    suite = delivery.query.get("service", "") or next(iter(outcomes))[0]
    return Parsed(events=(report(delivery.source, received_at, suite, cases, at=first),))
