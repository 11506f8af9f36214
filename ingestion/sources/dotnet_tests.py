"""What do reports of .NET's test runners say, in our words? NUnit 2 and 3, xUnit 2, and Visual Studio's TRX."""

from collections.abc import Callable, Iterator
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Parsed
from ingestion.reading import xml
from ingestion.reading.tested import Case, Outcome, report
from ingestion.reading.times import moment

NAME = "dotnet_tests"

_OUTCOMES = {
    "pass": Outcome.PASSED,
    "passed": Outcome.PASSED,
    "success": Outcome.PASSED,
    "warning": Outcome.PASSED,
    "fail": Outcome.FAILED,
    "failed": Outcome.FAILED,
    "failure": Outcome.FAILED,
    "error": Outcome.ERROR,
    "timeout": Outcome.ERROR,
    "aborted": Outcome.ERROR,
    "skip": Outcome.SKIPPED,
    "skipped": Outcome.SKIPPED,
    "ignored": Outcome.SKIPPED,
    "notexecuted": Outcome.SKIPPED,
    "inconclusive": Outcome.SKIPPED,
    "notrun": Outcome.SKIPPED,
}


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one test Event for the whole report."""
    root = xml.root(delivery.body)
    read = _ROOTS.get(xml.tag(root))
    if read is None:
        fix = "send NUnit's test-run or test-results, xUnit's assemblies, or a TestRun of Visual Studio"
        raise BadInput("no such report", place="body", fix=fix)
    elements = [root, *list(root)]
    at = next((at for element in elements if (at := _began(element, received_at))), None)
    suite = delivery.query.get("service", "") or root.get("name") or _first(root, "name") or ""
    return Parsed(events=(report(delivery.source, received_at, suite, read(root), at=at),))


def _began(element: xml.Element, near: datetime) -> datetime | None:
    names = ("start-time", "start", "timestamp", "run-date")
    whole = f"{element.get('run-date', '')} {element.get('run-time') or element.get('time') or ''}".strip()
    return next((at for value in (*(element.get(name) for name in names), whole) if (at := moment(value, near))), None)


def _first(root: xml.Element, attribute: str) -> str | None:
    return next((child.get(attribute) for child in root if child.get(attribute)), None)


def _nunit(root: xml.Element) -> Iterator[Case]:
    for case in root.iter("test-case"):
        name = case.get("fullname") or case.get("name") or ""
        word = case.get("label") if case.get("label") == "Error" else case.get("result")
        yield Case(name, _outcome(word or ""), case.findtext("failure/message") or "")


def _xunit(root: xml.Element) -> Iterator[Case]:
    for case in root.iter("test"):
        yield Case(case.get("name") or "", _outcome(case.get("result") or ""), case.findtext("failure/message") or "")


def _trx(root: xml.Element) -> Iterator[Case]:
    where = {}
    for test in root.iter():
        if xml.tag(test) == "UnitTest":
            method = next((child for child in test if xml.tag(child) == "TestMethod"), None)
            where[test.get("id")] = (method.get("className") or "").partition(",")[0] if method is not None else ""
    for case in root.iter():
        if xml.tag(case) == "UnitTestResult":
            name, inside = case.get("testName") or "", where.get(case.get("testId"), "")
            full = f"{inside}::{name}" if inside and not name.startswith(inside) else name
            message = next((child.text or "" for child in case.iter() if xml.tag(child) == "Message"), "")
            yield Case(full, _outcome(case.get("outcome") or ""), message)


def _outcome(word: str) -> Outcome:
    return _OUTCOMES.get(word.lower(), Outcome.PASSED)


_ROOTS: dict[str, Callable[[xml.Element], Iterator[Case]]] = {
    "test-run": _nunit,
    "test-results": _nunit,
    "assemblies": _xunit,
    "assembly": _xunit,
    "TestRun": _trx,
}
