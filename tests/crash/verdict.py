"""Is every promise kept? What was answered 2xx against what lies in the folder."""

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec

from aiops.domain.acts import Outcome
from aiops.domain.alerts import EventRecord, Fate
from aiops.domain.collection import Collection
from aiops.domain.documents import DELIVERIES, EVENTS, FATES, OUTCOMES, SOURCES, TIMELINE
from aiops.domain.entries import Command, Delivery, Entry, delivery_of
from aiops.domain.queries import Query
from aiops.ports import View
from aiops.storage.folder import open_journal, open_store
from tests.crash.load import Sent

T = TypeVar("T")
PAGE = 1_000
EXPECTED_ERRORS = ("a process ended by itself; it will be started again",)  # we killed it


@dataclass(frozen=True)
class Verdict:
    """What was found."""

    entries: int
    findings: list[str]  # empty: every promise was kept
    replay: str = ""  # what `aiops replay` said


def judge(data: Path, deliveries: Sequence[Sent], acts: Sequence[Sent]) -> Verdict:
    """Check the folder of a server that has ended: our own count, then what the product says of itself."""
    found = promises(data, deliveries, acts)
    ledger, replay = _command(data, "ledger", "check"), _command(data, "replay")
    equal = replay.returncode == 0 and replay.stdout.startswith("byte-equal") and "from the beginning" in replay.stdout
    found.findings.extend([f"`aiops ledger check`: {ledger.stdout}{ledger.stderr}"] if ledger.returncode else [])
    found.findings.extend([] if equal else [f"`aiops replay`: {replay.stdout}{replay.stderr}"])
    return replace(found, replay=replay.stdout.strip())


def promises(data: Path, deliveries: Sequence[Sent], acts: Sequence[Sent]) -> Verdict:
    """Compare what was answered with what lies in the folder."""
    journal, store = open_journal(data), open_store(data, readonly=True)
    try:
        entries: list[Entry] = []
        while more := journal.read(entries[-1].position if entries else None, PAGE):
            entries += more
        with store.view() as view:
            events = list(every(view, EVENTS))
            findings = [
                *_journal(entries, deliveries),
                *_fates(view, events, deliveries),
                *_balance(view, events),
                *_outcomes(view, entries, acts),
            ]
    finally:
        store.close()
        journal.close()
    return Verdict(len(entries), findings)


def said(lines: Sequence[dict[str, object]]) -> Iterator[str]:
    """Yield the errors in the log that no kill explains."""
    for line in lines:
        if line.get("level") in ("error", "critical") and line.get("event") not in EXPECTED_ERRORS:
            yield f"in the log: {line}"


def every(view: View, collection: Collection[T]) -> Iterator[T]:
    """Yield all documents."""
    query = Query(limit=PAGE)
    while True:
        page = view.find(collection, query)
        yield from page.items
        if not page.next:
            return
        query = msgspec.structs.replace(query, cursor=page.next)


def _journal(entries: Sequence[Entry], deliveries: Sequence[Sent]) -> Iterator[str]:
    """Every accepted delivery is there once under its own id, and no more often than it was sent."""
    if [entry.position.offset for entry in entries] != list(range(1, len(entries) + 1)):
        yield "the journal has gaps, or an offset twice"
    bodies = {str(one.position): one.payload.body for one in entries if isinstance(one.payload, Delivery)}
    times = Counter(bodies.values())
    ids = Counter(str(sent.answer["delivery_id"]) for sent in deliveries if sent.status == 202)
    yield from (f"{key} was given to {number} deliveries" for key, number in ids.items() if number > 1)
    for sent in deliveries:
        if sent.status == 202 and bodies.get(key := str(sent.answer["delivery_id"])) != sent.body:
            yield f"accepted as {key}, and not in the journal: {sent.body[:200]!r}"
        if times[sent.body] > sent.attempts:
            yield f"sent {sent.attempts} times, and {times[sent.body]} times in the journal: {sent.body[:200]!r}"


def _fates(view: View, events: Sequence[EventRecord], deliveries: Sequence[Sent]) -> Iterator[str]:
    """Every event of an accepted delivery has exactly one fate."""
    held: dict[str, list[EventRecord]] = defaultdict(list)
    for event in events:
        held[delivery_of(event.event.event_id)].append(event)
    fates = {fate.episode_id for fate in every(view, FATES)}
    for sent in deliveries:
        if sent.status != 202:
            continue
        key = str(sent.answer["delivery_id"])
        record = view.get(DELIVERIES, key)
        if record is None or record.events != sent.events or record.rejected:
            yield f"{key} had {sent.events} good events; recorded: {record}"
            continue
        if len(held[key]) + record.observed != sent.events:
            yield f"{key}: {sent.events} events, {len(held[key])} stored and {record.observed} observed"
        for event in held[key]:
            if event.fate is not Fate.DUPLICATE and event.episode_id not in fates:
                yield f"{event.event.event_id} has no fate: {event}"


def _balance(view: View, events: Sequence[EventRecord]) -> Iterator[str]:
    """The ledger's lines say what a recount of the documents says."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for fate in every(view, FATES):
        for source, number in fate.events.items():
            counted[source][fate.fate] += number
    for event in events:
        counted[event.event.source][Fate.DUPLICATE] += event.fate is Fate.DUPLICATE
    for record in every(view, DELIVERIES):
        counted[record.source]["received"] += record.events
        counted[record.source][Fate.REJECTED] += record.rejected
    for line in every(view, SOURCES):
        mine = counted[line.source]
        received = () if line.source.startswith("detector:") else ("received",)  # a detector delivers nothing
        for name in ("rejected", "duplicate", "suppressed", "grouped", "standalone", *received):
            if mine[name] != getattr(line, name):
                yield f"{line.source}: {getattr(line, name)} {name} in the ledger, {mine[name]} counted anew"


def _outcomes(view: View, entries: Sequence[Entry], acts: Sequence[Sent]) -> Iterator[str]:
    """Every command has one outcome, that of its first entry, and whoever was answered was told that one."""
    commands: dict[str, list[str]] = defaultdict(list)  # id -> its positions
    for entry in entries:
        if isinstance(entry.payload, Command):
            commands[entry.payload.id].append(str(entry.position))
    outcomes = {outcome.command_id: outcome for outcome in every(view, OUTCOMES)}
    for key, positions in commands.items():
        if key not in outcomes or outcomes[key].position != positions[0]:
            yield f"{key}, first at {positions[0]}: its outcome is {outcomes.get(key)}"
    for act in acts:
        if act.status in (200, 202, 409) and act.key not in commands:
            yield f"answered {act.status}, and not in the journal: {act}"
        if len(commands[act.key]) > act.attempts:
            yield f"tried {act.attempts} times, and {len(commands[act.key])} times in the journal: {act}"
        if act.status == 200 and msgspec.convert(act.answer, Outcome) != outcomes.get(act.key):
            yield f"answered {act.answer}, recorded {outcomes.get(act.key)}"
    yield from _told(view, acts)


def _told(view: View, acts: Sequence[Sent]) -> Iterator[str]:
    """However often a comment was sent, it is told once."""
    told = Counter(item.text for item in every(view, TIMELINE))
    for act in acts:
        if act.status == 200 and act.path.endswith("/comment"):
            text = str(msgspec.json.decode(act.body)["text"])
            number = sum(count for line, count in told.items() if line == text or line.endswith(f": {text}"))
            if number != 1:
                yield f"told {number} times: {act}"


def _command(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aiops.cli", "--data", str(data), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=data.parent)
