"""The machine's clock jumps: nothing is lost, nothing is told twice, and the same entries still lead to the same."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from aiops import fold
from aiops.domain.alerts import Alert
from aiops.domain.collection import Collection
from aiops.domain.documents import ALERTS, EVENTS, INCIDENTS, PAGES
from aiops.domain.entries import EARLIEST, Delivery, Entry, Tick
from aiops.domain.errors import Unavailable
from aiops.domain.queries import Query
from aiops.engine import Engine
from aiops.replay.verify import verify
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import T0, a_delivery

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Site:
    """A journal whose clock is set by hand."""

    def __init__(self) -> None:
        self.store, self.engine = MemoryStore(), Engine()
        self.now = T0
        self.journal = MemoryJournal(clock=lambda: self.now)

    def hear(self, service: str, status: str = "firing") -> None:
        body = {"title": f"{service} is down", "severity": "critical", "status": status, "service": service}
        self.add(a_delivery(body, source="test"))

    def add(self, payload: Delivery | Tick) -> None:
        self.journal.append([payload])
        while fold.step(self.engine, self.journal, self.store):
            pass

    def count(self, collection: Collection[Any]) -> int:
        with self.store.view() as view:
            return view.find(collection, Query(limit=0)).total

    def alert(self, service: str) -> Alert:
        with self.store.view() as view:
            return next(one for one in view.find(ALERTS, Query(limit=100)).items if one.entity.name == service)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize("jump", [-HOUR, -DAY, -300 * DAY, HOUR, DAY, 300 * DAY])
def test_nothing_is_lost_and_the_same_comes_out_again(site: Site, jump: timedelta) -> None:
    for number in range(4):
        site.now += timedelta(seconds=20)
        site.hear(f"s{number}")
    site.now += jump
    for number in range(4, 8):
        site.now += timedelta(seconds=20)
        site.hear(f"s{number}")
    site.now -= jump
    for number in range(8, 12):
        site.now += timedelta(seconds=20)
        site.hear(f"s{number}")
    assert site.count(EVENTS) == 12
    assert site.count(ALERTS) == 12
    assert verify(site.journal, site.store).equal


def test_a_clock_that_went_back_does_not_turn_the_engines_time_back(site: Site) -> None:
    site.hear("db")
    site.now += timedelta(minutes=1)
    site.add(Tick())
    assert site.count(PAGES) == 1
    site.now -= HOUR
    site.hear("db")
    site.hear("web")
    assert site.engine.now == T0 + timedelta(minutes=1)
    assert site.count(PAGES) == 1
    site.now += HOUR + timedelta(minutes=1)
    site.add(Tick())
    assert site.count(PAGES) == 2  # db once, web once


def test_a_resolve_that_comes_while_the_clock_is_back_still_closes(site: Site) -> None:
    site.hear("db")
    site.now -= HOUR
    site.hear("db", "resolved")
    assert site.alert("db").status == "resolved"


def test_a_clock_that_ran_ahead_lets_what_was_due_run_and_what_comes_then_still_counts(site: Site) -> None:
    site.hear("db")
    site.now += 300 * DAY
    site.add(Tick())
    assert site.alert("db").status == "resolved"  # nobody repeated it for 300 days: with its reason
    assert site.alert("db").episode.end_reason == "expiry"
    site.now = T0 + timedelta(minutes=5)
    site.hear("db")
    assert site.alert("db").status == "firing"
    assert site.count(INCIDENTS) == 2
    assert verify(site.journal, site.store).equal


def test_a_time_that_no_clock_can_say_is_refused_and_nothing_is_written(site: Site) -> None:
    site.now = EARLIEST - timedelta(seconds=1)
    with pytest.raises(Unavailable, match="set the clock right"):
        site.hear("db")
    site.now = T0
    site.hear("db")
    assert site.count(INCIDENTS) == 1
    assert [entry.received_at for entry in _entries(site)] == [T0]


def _entries(site: Site) -> list[Entry]:
    return site.journal.read(None, 10)


def test_times_are_stamped_where_the_entry_is_written(site: Site) -> None:
    seen: list[datetime] = []
    for step in (0, 60, -30, 5):
        site.now += timedelta(seconds=step)
        site.hear("db")
        seen.append(site.now)
    assert [entry.received_at for entry in _entries(site)] == seen
