"""What would have happened if? History runs twice from one point on: as it was, and with something in its place."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from aiops import fold
from aiops.domain.base import Noun
from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.documents import EPISODES, FATES, INCIDENTS, OUTCOMES, PAGES, TIMELINE
from aiops.domain.entries import Command, Entry, Position
from aiops.domain.errors import BadInput
from aiops.domain.words import clock, plural
from aiops.engine import Engine
from aiops.ports import Journal, Store, View
from aiops.replay.divergence import Divergence, diverge
from aiops.replay.instead import Instead, Retold, begin
from aiops.replay.running import FIRST, run
from aiops.storage.memory import MemoryStore
from aiops.walking import PAGE, documents_of

COMPARED: tuple[Collection[Any], ...] = (INCIDENTS, EPISODES, FATES, PAGES, TIMELINE, OUTCOMES)


class Told(Noun, frozen=True, kw_only=True):
    """A command of history that counts no longer, and why."""

    position: str
    at: datetime
    actor: str
    act: str  # acknowledge, put_rule, ...
    text: str


class WhatIf(Noun, frozen=True, kw_only=True):
    """What a replay with something changed found."""

    changed: str  # what was put in the place of history
    since: datetime | None  # from when on; None: from the very beginning
    until: str  # position of the last entry that was run
    entries: int = 0  # run with the change
    set_aside: tuple[Told, ...] = ()  # commands that the change replaces
    refused: tuple[Told, ...] = ()  # commands that were applied then, and no longer fit
    divergence: Divergence = Divergence()

    @property
    def text(self) -> str:
        """Say it in one sentence."""
        it = self.divergence
        begin = f"since {clock(self.since)}" if self.since else "from the beginning"
        pages = f"{plural(it.pages_before, 'page')} then, {it.pages_after:,} with it"
        incidents = f"{plural(it.incidents_before, 'incident')} then, {it.incidents_after:,} with it"
        return f"{self.changed}, {self.entries:,} entries {begin}: {pages}; {incidents}"


def what_if(
    journal: Journal, store: Store, instead: Instead, since: datetime | None = None, until: datetime | None = None
) -> WhatIf:
    """Run the entries received from ``since`` to ``until`` as they were and with ``instead``, and compare.

    Both runs begin with the state of then: the nearest snapshot before ``since``, folded on; without a ``since`` as far
    back as is known. ``store`` is only read. Raises BadInput: there is nothing to run, the state of then cannot be had,
    or ``instead`` cannot stand then.
    """
    start, end = _bounds(journal, store, since, until)
    engine, scratch = _state_before(journal, store, start)
    again = _Scratch()
    again.save(_all_of(scratch))
    fold.snapshot(engine, again)
    other = fold.recover(again)
    begin(other, again, instead, start.received_at if since is None else since)
    _, entries = run(engine, journal, scratch, end)
    retold = Retold(journal, instead)
    run(other, retold, again, end)
    with scratch.view() as was, again.view() as would:
        return WhatIf(
            changed=instead.text,
            since=since,
            until=str(end),
            entries=entries,
            set_aside=tuple(_told(journal, place, "the replay says otherwise") for place in retold.set_aside),
            refused=_refused(journal, was, would),
            divergence=diverge(was, would),
        )


class _Scratch(MemoryStore):
    """A store in memory that keeps only what is compared."""

    def save(self, changes: Changes) -> None:
        """Take what is compared, and the position."""
        kept = Changes()
        kept.position = changes.position
        for collection in COMPARED:
            for document in changes.of(collection):
                kept.carry(collection, document)
        super().save(kept)


def _bounds(journal: Journal, store: Store, since: datetime | None, until: datetime | None) -> tuple[Entry, Position]:
    """Return the first entry to run otherwise, and the position of the last."""
    start: Entry | None = None
    end: Position | None = None
    known = None if since else _first_known(journal, store)
    for entry in _entries(journal, store.position()):
        if until is not None and entry.received_at > until:
            break
        if start is None and (entry.received_at >= since if since else known is None or entry.position > known):
            start = entry
        end = entry.position
    if start is None or end is None:
        raise BadInput("the journal holds nothing of that time", place="replay", fix="give other --since and --until")
    return start, end


def _first_known(journal: Journal, store: Store) -> Position | None:
    """Return where the oldest snapshot stands behind which the journal has everything; None: it has its beginning."""
    first = journal.read(None, 1)
    if not first or first[0].position.offset == FIRST:
        return None
    snapshot = fold.oldest(store, first[0].position)
    return snapshot.position if snapshot else None


def _entries(journal: Journal, last: Position | None) -> Iterator[Entry]:
    """Yield all entries up to ``last``."""
    after = None
    while last is not None and (entries := journal.read(after, PAGE)):
        yield from (entry for entry in entries if entry.position <= last)
        after = entries[-1].position


def _state_before(journal: Journal, store: Store, start: Entry) -> tuple[Engine, MemoryStore]:
    """Return an engine that has run all before ``start``, and a store with what followed from it."""
    scratch = _Scratch()
    before = Position(start.position.shard, start.position.offset - 1)
    first = journal.read(None, 1)[0]
    if snapshot := fold.newest(store, before):
        scratch.keep(snapshot)
    elif first.position.offset > FIRST:
        problem = (
            f"no snapshot of before {clock(start.received_at)} is kept, and the journal no longer begins at its start"
        )
        raise BadInput(problem, place="replay", fix="give a later --since")
    engine = fold.recover(scratch)
    engine, _ = run(engine, journal, scratch, before)
    return engine, scratch


def _all_of(store: Store) -> Changes:
    everything = Changes()
    with store.view() as view:
        everything.position = view.position()
        for collection in COMPARED:
            for document in documents_of(view, collection):
                everything.carry(collection, document)
    return everything


def _refused(journal: Journal, was: View, would: View) -> tuple[Told, ...]:
    """Return the commands that were applied then and would be refused now."""
    found = []
    for outcome in documents_of(was, OUTCOMES):
        now = would.get(OUTCOMES, outcome.command_id)
        if outcome.applied and now is not None and not now.applied and (place := Position.parse(outcome.position)):
            found.append((place, now.text))
    return tuple(_told(journal, place, text) for place, text in sorted(found))


def _told(journal: Journal, place: Position, text: str) -> Told:
    entry = journal.get(place)
    assert entry is not None
    assert isinstance(entry.payload, Command)
    command = entry.payload
    return Told(
        position=str(place),
        at=entry.received_at,
        actor=command.actor,
        act=str(command.act.__struct_config__.tag),
        text=text,
    )
