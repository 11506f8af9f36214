"""Is every stored event accounted for? Deliveries and events, counted anew, against the ledger and each other."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from aiops.domain.alerts import EventRecord, Fate
from aiops.domain.base import Noun
from aiops.domain.deliveries import delivery_of
from aiops.domain.documents import DELIVERIES, EVENTS, FATES
from aiops.domain.records import DeliveryRecord, SourceRecord
from aiops.ports import View
from aiops.walking import documents_of

DETECTOR = "detector:"  # lines of these receive what no sender sent
AT_ONCE = 1_000  # events whose fates are looked up together


class Kept(Noun, frozen=True, kw_only=True):
    """What the store still has of a line's deliveries."""

    deliveries: int
    events: int
    rejected: int
    stored: int  # events that are documents, those superseded included
    duplicate: int
    superseded: int


def findings(view: View, lines: Sequence[SourceRecord]) -> Iterator[str]:
    """Yield what does not agree. Retention takes deliveries first: where none is gone, everything must be there."""
    counted: Counter[tuple[str, str]] = Counter()
    yield from _deliveries(view, counted)
    kept = {line.source: _kept(line.source, counted) for line in lines}
    senders = [line for line in lines if not line.source.startswith(DETECTOR)]
    whole = all(kept[line.source].deliveries == line.deliveries for line in senders)
    for line in senders:
        yield from _line(line, kept[line.source], whole=whole)


def _deliveries(view: View, counted: Counter[tuple[str, str]]) -> Iterator[str]:
    """Count each delivery and its events, and yield what is wrong with one; both are read in the order of their ids."""
    stored = groupby(_fated(view), key=lambda one: delivery_of(one[0].event.event_id))
    key, group = next(stored, ("", iter(())))
    for delivery in documents_of(view, DELIVERIES):
        while key and key < delivery.delivery_id:  # of deliveries that are forgotten
            key, group = next(stored, ("", iter(())))
        mine = list(group) if key == delivery.delivery_id else []
        yield from (f"event {event.event.event_id}: nobody knows its fate" for event, known in mine if not known)
        yield from _delivery(delivery, [event for event, _ in mine], counted)


def _fated(view: View) -> Iterator[tuple[EventRecord, bool]]:
    """Yield every stored event, and whether its fate is known."""
    page: list[EventRecord] = []
    for event in documents_of(view, EVENTS):
        page.append(event)
        if len(page) == AT_ONCE:
            yield from _looked_up(view, page)
            page = []
    yield from _looked_up(view, page)


def _looked_up(view: View, page: Sequence[EventRecord]) -> Iterator[tuple[EventRecord, bool]]:
    wanted = list(dict.fromkeys(event.episode_id for event in page if event.episode_id))
    known = {fate.episode_id for fate in view.many(FATES, wanted)}
    for event in page:
        yield event, event.fate in (Fate.DUPLICATE, Fate.SUPERSEDED) or event.episode_id in known


def _delivery(
    delivery: DeliveryRecord, events: Sequence[EventRecord], counted: Counter[tuple[str, str]]
) -> Iterator[str]:
    own = [event for event in events if not event.event.source.startswith(DETECTOR)]
    present = sum(event.fate is not Fate.SUPERSEDED for event in own)
    counted[delivery.source, "deliveries"] += 1
    counted[delivery.source, "events"] += delivery.events
    counted[delivery.source, "rejected"] += delivery.rejected
    counted[delivery.source, "stored"] += len(own)
    for event in own:
        counted[delivery.source, event.fate] += 1
    most = delivery.events - delivery.rejected - delivery.observed
    if present > most:
        yield f"delivery {delivery.delivery_id}: it held {most} events that are stored, {present} are there"


def _kept(source: str, counted: Counter[tuple[str, str]]) -> Kept:
    names = ("deliveries", "events", "rejected", "stored", Fate.DUPLICATE, Fate.SUPERSEDED)
    return Kept(**{str(name): counted[source, name] for name in names})


def _line(line: SourceRecord, kept: Kept, *, whole: bool) -> Iterator[str]:
    """Compare a line with what is kept: no more than it says, and where nothing is gone, no less."""
    stored = line.received - line.rejected - line.observed - (line.superseded - kept.superseded)
    for name, said, there in (
        ("deliveries", line.deliveries, kept.deliveries),
        ("received", line.received - line.superseded, kept.events),
        ("rejected", line.rejected, kept.rejected),
        ("duplicate", line.duplicate, kept.duplicate),
        ("events stored", stored, kept.stored),
    ):
        if there > said or (whole and there != said):
            yield f"ledger {line.source}: {name} {said}, its deliveries and events have {there}"
