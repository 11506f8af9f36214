"""Does a signature hold what its own cases promise? They are records as their sender writes them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from aiops.domain.acts import PutSignatures
from aiops.domain.events import Event, EventKind, Problem
from aiops.domain.signatures import Correlated, Logsource, Signature
from rules.conditions import compiled
from rules.logsources import seen
from rules.sigma import Read, load_folder
from rules.signature_links import Links
from rules.signatures import Signatures

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_APART = timedelta(seconds=1)
_SOURCES = {"cloudtrail": "cloudtrail", "github": "github", "kubernetes": "kubernetes_audit", "okta": "okta"}
_Record = Mapping[str, object]


def unproved(read: Read, beside: Iterable[Signature] = ()) -> Iterator[Problem]:
    """Yield what its cases show to be wrong, and that it has none which it must leave alone.

    ``beside``: where the signatures are that a correlation is about.
    """
    known = list(beside)
    for name, cases, wanted in (("match", read.proof.match, True), ("no_match", read.proof.no_match, False)):
        for index, case in enumerate(cases):
            records = case if isinstance(case, list) else [case]
            if _fits(read.signature, records, known) is not wanted:
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
    signatures = [one.signature for one in read]
    return [*problems, *(problem for one in read for problem in unproved(one, signatures))]


def fitting(signatures: Iterable[Signature], record: _Record) -> list[Signature]:
    """Return the signatures that one record fits by itself, as if it came from the log that each is about."""
    return [one for one in signatures if not isinstance(one.condition, Correlated) and _fits(one, [record], ())]


def _fits(signature: Signature, records: Sequence[_Record], beside: Sequence[Signature]) -> bool:
    if not isinstance(signature.condition, Correlated):
        test, source = compiled(signature.condition), _source(signature.logsource)
        return any(test(seen(_event(record, source))[1]) for record in records)
    needed = list(_needed(signature, beside))
    logsources = [one.logsource for one in needed if not isinstance(one.condition, Correlated)]
    part = Signatures()
    of_any_log = tuple(msgspec.structs.replace(one, logsource=Logsource()) for one in needed)
    part.act(PutSignatures(signatures=of_any_log), "cases", _AT)
    found = False
    for number, record in enumerate(records):
        moment = _AT + number * _APART
        for name in dict.fromkeys(map(_source, logsources)):
            event = msgspec.structs.replace(
                _event(record, name), event_id=str(number), occurred_at=moment, received_at=moment
            )
            found |= any(one.signature.id == signature.id for one in part.find(event, moment))
    return found


def _needed(signature: Signature, beside: Sequence[Signature]) -> Iterator[Signature]:
    """Yield the signature and all that it is about, over however many correlations."""
    links = Links([*beside, signature])
    wanted = {signature.id, *links.under(signature.id)}
    yield from (one for one in {one.id: one for one in [*beside, signature]}.values() if one.id in wanted)


def _source(logsource: Logsource) -> str:
    return _SOURCES.get(logsource.service, _SOURCES.get(logsource.product, "generic"))


def _event(record: _Record, source: str) -> Event:
    return Event(kind=EventKind.AUDIT, source=source, received_at=_AT, occurred_at=_AT, title="case", raw=dict(record))
