"""What would a mapping read of what its source has already sent, and what is there to be read anew?"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import msgspec

from aiops.domain.acts import Kept
from aiops.domain.alerts import EventRecord, Fate
from aiops.domain.base import Noun
from aiops.domain.documents import DELIVERIES, EVENTS, FATES, MAPPINGS
from aiops.domain.entries import Delivery, Entry, Position
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from aiops.domain.queries import Query, Range
from aiops.domain.records import DeliveryRecord
from aiops.ports import Journal, View
from api.reading import MOST_RAW
from api.sender_schemas import MappingList, MappingPreview, Sample
from ingestion.mapping import Compiled, unmapped
from ingestion.mapping_file import load
from ingestion.senders import reading
from ingestion.sources import registry

MOST_SAMPLES = 20  # kept deliveries that a preview reads
MOST_SHOWN = 20  # events of one that it shows
CHUNK, CHUNK_BYTES = 50, 1 << 20  # deliveries, and bytes of their bodies, that one act reads anew


def mappings(view: View, source: str = "", *, ended: bool = False) -> MappingList:
    """Return the mappings in force; ``ended``: also those that were replaced or ended."""
    where: dict[str, tuple[str | bool, ...]] = {} if ended else {"active": (True,)}
    if source:
        where["source"] = (source,)
    found = view.find(MAPPINGS, Query(where=where, order=("source", "-version"), limit=1_000))
    return MappingList(items=tuple(found.items), total=found.total)


def preview(view: View, journal: Journal, text: str, place: str, now: datetime) -> MappingPreview:
    """Read the newest kept deliveries of the mapping's source by it; BadInput names what is wrong with it."""
    mapping = load(text, place)
    current = mappings(view, mapping.source).items
    samples = [_sample(mapping, entry, delivery) for entry, delivery in _kept(view, journal, mapping)]
    missed = Counter(path for sample, _ in samples for path in sample.unmapped)
    unnamed = sum(number for _, number in samples)
    warnings = list(mapping.warnings)
    if registry.known(mapping.source):
        said = f"there is a parser of {mapping.source}: this mapping takes its place"
        warnings.append(Problem(place=f"{place}: source", problem=said, fix="use another name if that is not meant"))
    if unnamed and mapping.identity:
        said = f"{unnamed} of the events have nothing at `identity`: labels and title tell them apart"
        warnings.append(Problem(place=f"{place}: identity", problem=said, fix="name a field that all of them have"))
    return MappingPreview(
        source=mapping.source,
        in_force=current[0].version if current else 0,
        warnings=tuple(warnings),
        deliveries=len(samples),
        events=sum(sample.total for sample, _ in samples),
        problems=sum(len(sample.problems) for sample, _ in samples),
        unnamed=unnamed if mapping.identity else sum(sample.total for sample, _ in samples),
        unmapped=dict(sorted(missed.items(), key=lambda item: (-item[1], item[0]))[:200]),
        samples=tuple(sample for sample, _ in samples),
    )


def fit(shown: MappingPreview, place: str) -> None:
    """Refuse a mapping that reads nothing of what its source has sent: BadInput."""
    if shown.deliveries and not shown.events:
        first = next((sample.problems[0].problem for sample in shown.samples if sample.problems), "no events in it")
        said = f"it reads nothing of the last {shown.deliveries} deliveries of {shown.source}: {first}"
        raise BadInput(said, place=place, fix="mend `events:` and `fields:`; a preview shows what is there")


def _sample(mapping: Compiled, entry: Entry, delivery: Delivery) -> tuple[Sample, int]:
    """Return what would be read, and how many of the events have no identity of their own."""
    parsed = registry.parse(delivery, entry.received_at, mapping.parse)
    sample = Sample(
        delivery_id=str(entry.position),
        received_at=entry.received_at,
        body=delivery.body[:MOST_RAW].decode("utf-8", "replace"),
        events=tuple(event.bare for event in parsed.events[:MOST_SHOWN]),
        total=len(parsed.events),
        problems=(*parsed.problems, *parsed.warnings)[:MOST_SHOWN],
        unmapped=tuple(unmapped(mapping, delivery, entry.received_at)),
    )
    return sample, mapping.unnamed(delivery, entry.received_at)


def _kept(view: View, journal: Journal, mapping: Compiled) -> Iterator[tuple[Entry, Delivery]]:
    """Yield the newest kept deliveries of the source, also those that came in at ``auto`` and fit."""
    where = {"source": (mapping.source, registry.AUTO)}
    for record in view.find(DELIVERIES, Query(where=where, order=("-received_at",), limit=MOST_SAMPLES)).items:
        entry, delivery = _entry(journal, record)
        if entry and delivery and (delivery.source == mapping.source or mapping.fits(delivery, entry.received_at)):
            yield entry, delivery


def _entry(journal: Journal, record: DeliveryRecord) -> tuple[Entry | None, Delivery | None]:
    position = Position.parse(record.delivery_id)
    entry = journal.get(position) if position else None
    return entry, entry.payload if entry and isinstance(entry.payload, Delivery) else None


class Chunk(Noun, frozen=True, kw_only=True):
    """A bounded part of what is to be read anew."""

    kept: tuple[Kept, ...] = ()
    gone: int = 0  # deliveries that the journal has forgotten
    next: str = ""  # cursor of the next part; empty: this was the last


def chunk(view: View, journal: Journal, source: str, since: datetime, cursor: str = "") -> Chunk:
    """Return the next kept deliveries of ``source`` since then, oldest first, with what was made of them so far."""
    senders = reading(list(mappings(view).items))
    query = Query(
        where={"source": (source, registry.AUTO)},
        ranges={"received_at": Range(at_least=since)},
        order=("received_at",),
        cursor=cursor,
        limit=CHUNK,
    )
    found = view.find(DELIVERIES, query)
    kept: list[Kept] = []
    gone = size = 0
    for number, record in enumerate(found.items):
        entry, delivery = _entry(journal, record)
        if entry is None or delivery is None:
            gone += 1
            continue
        if delivery.source != source:
            mapping = senders.mapping_of(delivery, entry.received_at)
            if mapping is None or mapping.source != source:
                continue
        size += len(delivery.body)
        if kept and size > CHUNK_BYTES:
            behind = msgspec.structs.replace(query, limit=number)  # ends before this one, so that the cursor does too
            return Chunk(kept=tuple(kept), gone=gone, next=view.find(DELIVERIES, behind).next)
        kept.append(_with_events(view, record, entry, delivery))
    return Chunk(kept=tuple(kept), gone=gone, next=found.next)


def _with_events(view: View, record: DeliveryRecord, entry: Entry, delivery: Delivery) -> Kept:
    stored = [one for one in _events(view, record.delivery_id) if one.fate is not Fate.SUPERSEDED]
    own = sum(not one.event.source.startswith("detector:") for one in stored)
    episodes = dict.fromkeys(one.episode_id for one in stored if one.episode_id)
    fates = {fate.episode_id: fate for fate in view.many(FATES, list(episodes))}
    known = {key: fate.fate for key, fate in fates.items()}
    present = [msgspec.structs.replace(one, fate=known.get(one.episode_id, one.fate)) for one in stored]
    return Kept(
        position=entry.position,
        received_at=entry.received_at,
        delivery=delivery,
        rejected=record.rejected,
        observed=max(0, record.events - record.rejected - own),
        events=tuple(present),
        fates=tuple(fates.values()),
    )


def _events(view: View, delivery_id: str) -> Iterator[EventRecord]:
    query = Query(where={"delivery": (delivery_id,)}, limit=1_000)
    while True:
        found = view.find(EVENTS, query)
        yield from found.items
        if not found.next:
            return
        query = msgspec.structs.replace(query, cursor=found.next)
