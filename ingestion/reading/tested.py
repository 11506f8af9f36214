"""What does every report of tests become, whatever framework wrote it?"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from aiops.domain.base import stable_hash
from aiops.domain.events import Event, EventKind, Severity
from ingestion.reading import fields
from ingestion.reading.times import believed

MOST_NAMED = 200  # failed tests that are named in one Event


class Outcome(StrEnum):
    """How a test went."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    TODO = "todo"
    FLAKY = "flaky"  # passed when it was run again


class Case(msgspec.Struct, frozen=True):
    """One test of a report."""

    name: str
    outcome: Outcome
    message: str = ""


def report(
    source: str, received_at: datetime, suite: str, cases: Iterable[Case], *, at: datetime | None = None, host: str = ""
) -> Event:
    """Return one test Event: the cases are counted anew, since what a report says of itself is often wrong."""
    told = list(cases)
    counts = {outcome: sum(case.outcome is outcome for case in told) for outcome in Outcome}
    failed = [case for case in told if case.outcome in (Outcome.FAILED, Outcome.ERROR)]
    todo = counts[Outcome.TODO]
    title = f"{suite or source}: {len(failed)} of {len(told)} tests failed" if failed else f"{suite or source}: passed"
    return Event(
        kind=EventKind.TEST,
        source=source,
        received_at=received_at,
        occurred_at=believed(at, received_at) or received_at,
        content_key=stable_hash(source, suite, str(at), *(f"{case.name} {case.outcome}" for case in told)),
        title=title[: fields.LONGEST_TITLE],
        message=failed[0].message[: fields.LONGEST_LABEL] if failed else "",
        labels={name: value for name, value in (("suite", suite), ("host", host)) if value},
        facts={
            "what": "tests",
            "result": "failure" if failed else "success",
            "tests": len(told),
            "failures": counts[Outcome.FAILED],
            "errors": counts[Outcome.ERROR],
            "skipped": counts[Outcome.SKIPPED],
            "flaky": counts[Outcome.FLAKY],
            "todo": todo,
            "failed_names": "\n".join(case.name for case in failed[:MOST_NAMED]),
        },
        severity=Severity.HIGH if failed else Severity.INFO,
        fingerprint=stable_hash(source, "tests", suite),
        starts_at=at,
    )
