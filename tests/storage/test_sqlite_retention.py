"""The embedded store forgets what is old, and the oldest of too much; what people work with stays, sums too."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops import fold
from aiops.domain.collection import Collection
from aiops.domain.documents import ALERTS, DELIVERIES, EVENTS, INCIDENTS, SOURCES, TIMELINE
from aiops.domain.queries import Query
from aiops.engine import Engine
from aiops.replay.verify import verify
from aiops.storage import sqlite_retention
from aiops.storage.memory import MemoryJournal
from aiops.storage.sqlite_retention import Retention
from aiops.storage.sqlite_store import SqliteStore
from tests.builders import T0, a_delivery

DAY = timedelta(days=1)


class Days:
    """A store on which one alert a day came in, for ten days."""

    def __init__(self, folder: Path, retention: Retention, size: int = 10) -> None:
        self.journal, self.folder, self.engine = MemoryJournal(), folder, Engine()
        self.store = SqliteStore(folder, retention=retention)
        for number in range(10):
            body = {"title": f"service {number} is down {'x' * size}", "severity": "high", "service": f"s{number}"}
            self.journal.append([a_delivery(body, source="test")], at=T0 + number * DAY)
        while fold.step(self.engine, self.journal, self.store):
            pass

    def keep(self) -> None:
        fold.snapshot(self.engine, self.store)

    def count(self, collection: Collection[Any]) -> int:
        with self.store.view() as view:
            return view.find(collection, Query(limit=0)).total

    def rows(self, query: str) -> int:
        with closing(sqlite3.connect(self.folder / "store.db")) as database:
            return int(database.execute(query).fetchone()[0])


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Days]:
    days = Days(tmp_path, Retention(age=3 * DAY + timedelta(hours=1)))
    yield days
    days.store.close()


def test_old_events_deliveries_and_timelines_go_with_the_next_snapshot(kept: Days) -> None:
    assert kept.count(EVENTS) == 10
    stories = kept.count(TIMELINE)
    kept.keep()
    assert kept.count(EVENTS) == kept.count(DELIVERIES) == 4
    assert 0 < kept.count(TIMELINE) < stories


def test_what_people_work_with_and_the_sums_stay(kept: Days) -> None:
    kept.keep()
    assert kept.count(ALERTS) == kept.count(INCIDENTS) == 10
    with kept.store.view() as view:
        (line,) = [one for one in view.find(SOURCES, Query()).items if one.source == "test"]
    assert line.received == 10


def test_nothing_of_what_went_is_left_in_any_table(kept: Days) -> None:
    kept.keep()
    assert kept.rows("SELECT count(*) FROM events_docs") == 4
    assert kept.rows("SELECT count(*) FROM events") == 4


def test_a_store_that_forgot_still_replays_equal(kept: Days) -> None:
    """What retention dropped is no difference; a document that is younger, and gone, is one."""
    kept.keep()
    assert verify(kept.journal, kept.store).equal
    with closing(sqlite3.connect(kept.folder / "store.db")) as database, database:
        (key,) = database.execute("SELECT key FROM events ORDER BY f_received_at DESC").fetchone()
        database.execute("DELETE FROM events WHERE key = ?", (key,))
    assert [one.key for one in verify(kept.journal, kept.store).differences] == [key]


def test_an_event_that_comes_back_is_written_again(kept: Days) -> None:
    kept.keep()
    engine = Engine()
    while fold.step(engine, kept.journal, kept.store):
        pass
    assert kept.count(EVENTS) == 10
    kept.keep()
    assert kept.count(EVENTS) == 4


def test_without_a_retention_nothing_goes(tmp_path: Path) -> None:
    days = Days(tmp_path, Retention())
    days.keep()
    assert days.count(EVENTS) == 10
    days.store.close()


def test_too_much_loses_its_oldest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_retention, "CHUNK", 1)
    monkeypatch.setattr(sqlite_retention, "PATIENCE", 30)
    days = Days(tmp_path, Retention(), size=20_000)
    days.store.close()
    with closing(sqlite3.connect(tmp_path / "store.db")) as database:
        full = sqlite_retention.used(database)
    days.store = SqliteStore(tmp_path, retention=Retention(size=full - 30_000))
    days.keep()
    with closing(sqlite3.connect(tmp_path / "store.db")) as database:
        assert sqlite_retention.used(database) <= full - 30_000
    with days.store.view() as view:
        events = view.find(EVENTS, Query(order=("received_at",))).items
    assert 0 < len(events) < 10
    assert [one.event.received_at for one in events] == [T0 + number * DAY for number in range(10 - len(events), 10)]
    assert days.count(ALERTS) == 10
    days.store.close()


def test_a_size_that_can_never_be_reached_ends_with_nothing_left_to_drop(tmp_path: Path) -> None:
    days = Days(tmp_path, Retention())
    days.store.close()
    days.store = SqliteStore(tmp_path, retention=Retention(size=1))
    days.keep()
    assert days.count(EVENTS) == days.count(TIMELINE) == 0
    assert days.count(INCIDENTS) == 10
    days.store.close()


def test_the_engine_stands_still_for_a_bounded_time(kept: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no time at all nothing is dropped, and the next snapshot goes on."""
    with monkeypatch.context() as hurried:
        hurried.setattr(sqlite_retention, "PATIENCE", -1)
        kept.keep()
        assert kept.count(EVENTS) == 10
    kept.engine.now += timedelta(seconds=1)
    kept.keep()
    assert kept.count(EVENTS) == 4


def test_every_date_that_is_declared_is_a_field() -> None:
    for collection in (EVENTS, DELIVERIES, TIMELINE):
        assert collection.dated in collection.fields
    assert not ALERTS.dated
    assert msgspec.structs.fields(Retention)[0].default is None
