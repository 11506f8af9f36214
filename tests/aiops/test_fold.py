"""Does the fold go on exactly where it was, or say that it cannot?"""

from datetime import UTC, datetime, timedelta

import pytest

from aiops import fold
from aiops.domain.entries import Position, Tick
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.snapshots import Snapshot
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import a_delivery, at


def a_journal(entries: int) -> MemoryJournal:
    journal = MemoryJournal()
    for number in range(entries):
        journal.append([a_delivery({"title": f"trouble {number}", "service": "db"})], at=at(number))
    return journal


def test_it_goes_on_behind_the_newest_snapshot() -> None:
    journal, store, engine = a_journal(10), MemoryStore(), Engine()
    fold.step(engine, journal, store, limit=4)
    fold.snapshot(engine, store)
    fold.step(engine, journal, store, limit=3)
    recovered = fold.recover(store)
    assert recovered.position is not None
    assert recovered.position.offset == 4
    assert fold.step(recovered, journal, store) == 6
    assert recovered.dump() == _whole(journal).dump()


def _whole(journal: MemoryJournal) -> Engine:
    engine = Engine()
    fold.step(engine, journal, MemoryStore())
    return engine


def test_a_new_engine_keeps_no_snapshot() -> None:
    store = MemoryStore()
    fold.snapshot(Engine(), store)
    assert store.snapshot(fold.FORMAT) is None


def test_it_does_not_begin_in_the_middle_of_a_journal() -> None:
    journal, store, engine = a_journal(10), MemoryStore(), Engine()
    fold.step(engine, journal, store)
    assert engine.position is not None
    journal.drop_before(engine.position)
    with pytest.raises(BadConfiguration, match="entries 1 to 9 are gone"):
        fold.step(fold.recover(store), journal, MemoryStore())


def test_it_does_not_leap_over_a_gap_behind_a_snapshot() -> None:
    journal, store, engine = a_journal(10), MemoryStore(), Engine()
    fold.step(engine, journal, store, limit=3)
    fold.snapshot(engine, store)
    last = journal.last()
    assert last is not None
    journal.drop_before(last)
    with pytest.raises(BadConfiguration, match="entries 4 to 9 are gone"):
        fold.step(fold.recover(store), journal, store)


def test_a_snapshot_of_another_format_is_not_read() -> None:
    journal, store, engine = a_journal(3), MemoryStore(), Engine()
    fold.step(engine, journal, store)
    assert engine.position is not None
    store.keep(Snapshot(version="older", position=engine.position, taken_at=at(0), parts={"engine": b"?"}))
    assert fold.recover(store).position is None


class Reads(MemoryStore):
    """A store that remembers which snapshots were read; those in ``damaged`` cannot be."""

    def __init__(self, damaged: set[int]) -> None:
        super().__init__()
        self.damaged, self.read = damaged, list[int]()

    def snapshot(self, version: str, until: Position | None = None) -> Snapshot | None:
        found = super().snapshot(version, until)
        if found is None or found.position.offset in self.damaged:
            return None
        self.read.append(found.position.offset)
        return found


@pytest.mark.parametrize(
    ("first", "damaged", "found"),
    [(1, set(), [2]), (4, set(), [6]), (4, {6}, [8]), (9, set(), [8]), (10, set(), []), (1, {2, 6, 8}, [])],
)
def test_the_oldest_snapshot_that_a_journal_goes_on_from_is_the_only_one_read(
    first: int, damaged: set[int], found: list[int]
) -> None:
    journal, store, engine = a_journal(8), Reads(damaged), Engine()
    for _ in range(4):
        fold.step(engine, journal, store, limit=2)
        fold.snapshot(engine, store, timedelta(days=7))
    oldest = fold.oldest(store, Position(0, first))
    assert ([oldest.position.offset] if oldest else [], store.read) == (found, found)


@pytest.mark.parametrize("year", [1, 1989, 2200, 9999])
def test_a_clock_that_cannot_be_right_is_refused(year: int) -> None:
    with pytest.raises(Unavailable, match="set the clock right"):
        MemoryJournal().append([Tick()], at=datetime(year, 1, 1, tzinfo=UTC))
    with pytest.raises(Unavailable, match="set the clock right"):
        MemoryJournal(clock=lambda: datetime(year, 1, 1, tzinfo=UTC)).append([Tick()])
