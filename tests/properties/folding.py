"""How is a story told to the engine and folded, and what holds of every journal?"""

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from aiops import fold
from aiops.audit import audit
from aiops.domain.acts import Act
from aiops.domain.entries import Command, Payload
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.properties.digest import contents

Story = list[tuple[datetime, Payload]]


def told_to(story: Story, named: Callable[[Act, MemoryStore], Act]) -> MemoryJournal:
    """Return a journal of the story, in which acts name what there was at that moment."""
    journal, store, engine = MemoryJournal(), MemoryStore(), Engine()
    for at, payload in story:
        if isinstance(payload, Command):
            payload = msgspec.structs.replace(payload, act=named(payload.act, store))
        journal.append([payload], at=at)
        fold.step(engine, journal, store)
    return journal


def lived(journal: MemoryJournal, limit: int, *, forget_every: int = 0) -> tuple[MemoryStore, Engine]:
    """Fold a journal in batches of ``limit``; ``forget_every``: start again from a snapshot after so many batches."""
    store = MemoryStore()
    engine = fold.recover(store)
    batches = 0
    while fold.step(engine, journal, store, limit):
        batches += 1
        if forget_every and batches % forget_every == 0:
            fold.snapshot(engine, store)
            engine = fold.recover(store)
    return store, engine


def folded(journal: MemoryJournal, limit: int, *, forget_every: int = 0) -> MemoryStore:
    """Return what is stored after ``lived``."""
    return lived(journal, limit, forget_every=forget_every)[0]


def check_cuts(journal: MemoryJournal, cut: int, forget_every: int) -> None:
    """However entries are cut into batches, and wherever a snapshot is taken, the same is stored."""
    at_once = contents(folded(journal, 10_000))
    assert contents(folded(journal, cut)) == at_once
    assert contents(folded(journal, 1, forget_every=forget_every)) == at_once


def check_run_again(journal: MemoryJournal, saved: int) -> None:
    """Entries behind the snapshot taken after ``saved`` of them are run once more after a crash: nothing changes."""
    store = MemoryStore()
    engine = fold.recover(store)
    fold.step(engine, journal, store, limit=saved)
    fold.snapshot(engine, store)
    fold.step(engine, journal, store, limit=10_000)  # saved, but the engine dies before its next snapshot
    once = contents(store)
    fold.step(fold.recover(store), journal, store, limit=10_000)
    assert contents(store) == once


def settled(journal: MemoryJournal) -> Iterator[MemoryStore]:
    """Yield the store after every entry: the ledger balances, and the documents agree."""
    store = MemoryStore()
    engine = fold.recover(store)
    while fold.step(engine, journal, store, limit=1):
        assert engine.ledger.check() == []
        with store.view() as view:
            assert audit(view).findings == ()
        yield store
