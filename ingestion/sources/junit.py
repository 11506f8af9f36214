"""What does a report in JUnit's XML say, in our words? All dialects: surefire, pytest, jest, go, nested suites."""

from collections.abc import Iterator
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Parsed
from ingestion.reading import xml
from ingestion.reading.tested import Case, Outcome, report
from ingestion.reading.times import moment

NAME = "junit"

_OUTCOMES = {  # by child element; the first that a case has counts
    "error": Outcome.ERROR,
    "failure": Outcome.FAILED,
    "skipped": Outcome.SKIPPED,
    "skip": Outcome.SKIPPED,
    "rerunFailure": Outcome.FAILED,
    "rerunError": Outcome.ERROR,
    "flakyFailure": Outcome.FLAKY,
    "flakyError": Outcome.FLAKY,
}


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one test Event for the whole report. A teardown that failed after its test passed is that test's error."""
    root = xml.root(delivery.body)
    if xml.tag(root) not in ("testsuites", "testsuite"):
        raise BadInput("no test suites", place="body", fix="send JUnit's XML: testsuites or testsuite at the root")
    cases: dict[tuple[str, ...], Case] = {}
    for path, case in _cases(root, ()):
        key = (*path, case.name)
        before = cases.get(key)
        if before is not None and case.outcome is not Outcome.ERROR:
            key = (*key, str(len(cases)))  # a test that ran several times
        cases[key] = case
    suites = [root, *root.iter("testsuite")]
    times = (moment(suite.get("timestamp"), received_at) for suite in suites)
    host = next((found for suite in suites if (found := suite.get("hostname"))), "")
    event = report(
        delivery.source,
        received_at,
        delivery.query.get("service", "") or _suite(root),
        cases.values(),
        at=next((at for at in times if at), None),
        host=host,
    )
    return Parsed(events=(event,))


def _suite(root: xml.Element) -> str:
    """The name of the report, without the time of the run that some frameworks put behind it."""
    named = [root, *root.iter("testsuite")]
    name = next((found for suite in named if (found := suite.get("name"))), "")
    head, dash, tail = name.rpartition("-")
    return head if dash and len(tail) == 14 and tail.isdecimal() else name


def _cases(suite: xml.Element, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Case]]:
    path = (*path, suite.get("name") or "")
    for index, child in enumerate(suite):
        kind = xml.tag(child)
        if kind == "testcase":
            yield path, _case(child)
        elif kind in ("testsuite", "testsuites"):
            yield from _cases(child, (*path, str(index)))


def _case(case: xml.Element) -> Case:
    where, name = case.get("classname") or "", case.get("name") or ""
    children = {xml.tag(child): child for child in case}
    found = next((kind for kind in _OUTCOMES if kind in children), "")
    message = ""
    if found:
        message = children[found].get("message") or children[found].text or ""
    elif case.get("status") in ("notrun", "disabled") or case.get("result") in ("skipped", "suppressed"):
        return Case(f"{where}::{name}" if where else name, Outcome.SKIPPED)
    return Case(f"{where}::{name}" if where else name, _OUTCOMES.get(found, Outcome.PASSED), message.strip())
