"""Does a signature hold what its own cases promise? They are records as their sender writes them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from aiops.domain.events import Event, EventKind, Problem
from aiops.domain.signatures import Logsource
from rules.conditions import compiled
from rules.logsources import seen
from rules.sigma import Read, load_folder

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SOURCES = {"cloudtrail": "cloudtrail", "github": "github", "kubernetes": "kubernetes_audit", "okta": "okta"}


def unproved(read: Read) -> Iterator[Problem]:
    """Yield what its cases show to be wrong, and that it has none which it must leave alone."""
    test, source = compiled(read.signature.condition), read.signature.logsource
    for name, records, wanted in (("match", read.proof.match, True), ("no_match", read.proof.no_match, False)):
        for index, record in enumerate(records):
            if test(seen(_event(record, source))[1]) is not wanted:
                said = "the signature does not fit this case" if wanted else "the signature fits this case"
                place = f"{read.place}: {read.signature.id}, cases.{name}[{index}]"
                yield Problem(place=place, problem=said, fix="change the detection or the case")
    if not read.proof.match or not read.proof.no_match:
        missing = "match" if not read.proof.match else "no_match"
        fix = "add one that it must raise for" if missing == "match" else "add one that it must leave alone"
        yield Problem(place=f"{read.place}: {read.signature.id}", problem=f"no case under {missing}", fix=fix)


def test_signatures(folder: Path) -> list[Problem]:
    """Prove every signature of a folder, or of one file: what is wrong, with file and line."""
    read, problems = load_folder(folder)
    return [*problems, *(problem for one in read for problem in unproved(one))]


def _event(record: Mapping[str, object], logsource: Logsource) -> Event:
    source = _SOURCES.get(logsource.service, _SOURCES.get(logsource.product, "generic"))
    return Event(kind=EventKind.AUDIT, source=source, received_at=_AT, occurred_at=_AT, title="case", raw=dict(record))
