"""What is accepted may run ahead of the engine by so much, and no more; nobody is left in the dark about it."""

import pytest

from aiops.domain.entries import Position, Tick, encode_payload
from aiops.domain.errors import Overloaded, Unavailable
from aiops.storage.bounded import FRESH, BoundedJournal, Bounds
from aiops.storage.memory import MemoryJournal
from tests.api.world import World
from tests.builders import at


class Site:
    """A journal of which so much is folded, and a clock."""

    def __init__(self, *most: int) -> None:
        self.inner, self.done, self.now, self.away = MemoryJournal(), 0, 0.0, False
        self.journal = BoundedJournal(self.inner, self.committed, Bounds(*most or (3,)), lambda: self.now)

    def committed(self) -> Position | None:
        if self.away:
            raise Unavailable("the store is away")
        return Position(0, self.done) if self.done else None

    def fill(self, number: int) -> None:
        self.inner.append([Tick()] * number, at=at(0))
        self.now += FRESH


def test_entries_are_taken_while_the_engine_is_not_too_far_behind() -> None:
    site = Site()
    site.fill(3)
    assert site.journal.append([Tick()], at=at(1)) == [Position(0, 4)]


def test_beyond_nothing_is_taken_and_it_is_said_when_to_come_again() -> None:
    site = Site()
    site.fill(4)
    with pytest.raises(
        Overloaded, match=r"4 entries wait for the engine, more than the 3 of server\.most_behind"
    ) as told:
        site.journal.append([Tick()], at=at(1))
    assert told.value.retry_after > 0
    assert site.journal.last() == Position(0, 4)


def test_once_the_engine_has_caught_up_all_is_taken_again() -> None:
    site = Site()
    site.fill(4)
    with pytest.raises(Overloaded):
        site.journal.append([Tick()], at=at(1))
    site.done = 2
    site.now += FRESH
    assert site.journal.append([Tick()], at=at(1))


def test_it_is_looked_at_once_a_second_not_at_every_entry() -> None:
    site = Site()
    site.journal.append([Tick()], at=at(0))
    site.inner.append([Tick()] * 9, at=at(0))
    assert site.journal.append([Tick()], at=at(1))
    site.now += FRESH
    with pytest.raises(Overloaded):
        site.journal.append([Tick()], at=at(1))


def test_a_store_that_is_away_neither_opens_nor_shuts_the_door() -> None:
    site = Site()
    site.away = True
    site.fill(9)
    assert site.journal.append([Tick()], at=at(1))
    site.away = False
    site.now += FRESH
    with pytest.raises(Overloaded):
        site.journal.append([Tick()], at=at(1))
    site.away = True
    site.now += FRESH
    with pytest.raises(Overloaded):
        site.journal.append([Tick()], at=at(1))


def test_bytes_count_as_well_as_entries() -> None:
    size = len(encode_payload(Tick()))
    site = Site(0, 2 * size)
    site.fill(2)
    assert site.journal.append([Tick()], at=at(1))
    site.now += FRESH
    with pytest.raises(Overloaded, match=rf"{3 * size} bytes .* more than the {2 * size} of server\.most_behind_bytes"):
        site.journal.append([Tick()], at=at(1))
    site.done = 1  # what is folded counts no more
    site.now += FRESH
    assert site.journal.append([Tick()], at=at(1))


def test_nought_is_no_bound() -> None:
    site = Site(0, 0)
    site.fill(9)
    assert site.journal.append([Tick()], at=at(1))


@pytest.mark.parametrize(("source", "status"), [("alertmanager", 503), ("grafana", 429), ("syslog", 429)])
def test_senders_and_people_are_told(source: str, status: int) -> None:
    world = World()
    world.engine_runs = False
    for _ in range(4):
        world.client.post("/webhooks/test", json={"title": "x"})
    object.__setattr__(world.app.state.desk, "journal", BoundedJournal(world.journal, world.store.position, Bounds(3)))
    answer = world.client.post(f"/webhooks/{source}", json={"title": "x"})
    assert answer.status_code == status
    assert int(answer.headers["retry-after"]) >= 1
    act = world.client.post("/api/silences", json={"matchers": [{"field": "service", "value": "x"}], "reason": "r"})
    assert act.status_code in (400, 503)
    last = world.journal.last()
    assert last is not None
    assert last.offset == 4
