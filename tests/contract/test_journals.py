"""Does every journal keep what ``aiops.ports.Journal`` promises? A new one is a line in JOURNALS."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops.domain.acts import Acknowledge
from aiops.domain.entries import Command, Delivery, Learned, Payload, Position, Tick
from aiops.domain.errors import Unavailable
from aiops.domain.learned import Families
from aiops.ports import Journal
from aiops.storage.memory import MemoryJournal
from aiops.storage.sqlite_journal import SqliteJournal
from tests.builders import T0, a_delivery, at

Maker = Callable[[Path, int], Journal]

JOURNALS: dict[str, Maker] = {
    "memory": lambda folder, shard: MemoryJournal(shard=shard, clock=lambda: T0),
    "sqlite": lambda folder, shard: SqliteJournal(folder, shard=shard, clock=lambda: T0),
}


@pytest.fixture(params=JOURNALS)
def maker(request: pytest.FixtureRequest) -> Maker:
    return JOURNALS[request.param]


@pytest.fixture
def journal(maker: Maker, tmp_path: Path) -> Iterator[Journal]:
    journal = maker(tmp_path / "journal", 0)
    yield journal
    journal.close()


def numbered(*numbers: int) -> list[Payload]:
    return [a_delivery(str(number)) for number in numbers]


def bodies(journal: Journal, after: Position | None = None, limit: int = 10_000) -> list[str]:
    payloads = [entry.payload for entry in journal.read(after, limit)]
    return [payload.body.decode() for payload in payloads if isinstance(payload, Delivery)]


def test_an_empty_journal_has_nothing(journal: Journal) -> None:
    assert journal.read(None, 10) == []
    assert journal.last() is None
    assert journal.get(Position(0, 1)) is None


def test_positions_count_from_one_without_gaps(journal: Journal) -> None:
    assert journal.append(numbered(1, 2)) == [Position(0, 1), Position(0, 2)]
    assert journal.append(numbered(3)) == [Position(0, 3)]
    assert journal.last() == Position(0, 3)


def test_positions_name_the_shard(maker: Maker, tmp_path: Path) -> None:
    journal = maker(tmp_path / "journal", 4)
    assert journal.append([Tick()]) == [Position(4, 1)]
    assert journal.get(Position(4, 1)) is not None
    assert journal.get(Position(0, 1)) is None
    journal.close()


def test_every_kind_of_payload_comes_back_as_it_went_in(journal: Journal) -> None:
    delivery = a_delivery(b"\x00\xff{}", headers={"x-source": "ü"}, query={"service": "db"}, idempotency_key="k1")
    command = Command(id="c1", actor="ana", act=Acknowledge(incident_id="i1"))
    families = Families(model="m", run="r", chunk=0, chunks=1, families=())
    payloads: list[Payload] = [delivery, command, Learned(based_on=Position(0, 7), result=families), Tick()]
    journal.append(payloads)
    assert [entry.payload for entry in journal.read(None, 10)] == payloads


def test_reading_goes_on_behind_a_position(journal: Journal) -> None:
    positions = journal.append(numbered(1, 2, 3, 4))
    assert bodies(journal, None, 2) == ["1", "2"]
    assert bodies(journal, positions[1], 2) == ["3", "4"]
    assert bodies(journal, positions[-1], 2) == []
    assert bodies(journal, Position(0, 99), 2) == []


def test_one_entry_can_be_had_by_its_position(journal: Journal) -> None:
    positions = journal.append(numbered(1, 2))
    entry = journal.get(positions[1])
    assert entry is not None
    assert (entry.position, entry.payload) == (positions[1], a_delivery("2"))
    assert journal.get(Position(0, 0)) is None
    assert journal.get(Position(0, 3)) is None


def test_entries_are_stamped_by_the_clock(journal: Journal) -> None:
    journal.append([Tick()])
    assert journal.read(None, 1)[0].received_at == T0


def test_a_backfill_gives_its_own_time_and_it_is_kept_to_the_microsecond(journal: Journal) -> None:
    elsewhere = datetime(2026, 3, 2, 14, 30, 0, 123_457, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    journal.append([Tick()], at=elsewhere)
    received_at = journal.read(None, 1)[0].received_at
    assert received_at == datetime(2026, 3, 2, 9, 0, 0, 123_457, tzinfo=UTC)
    assert received_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="time zone"):
        journal.append([Tick()], at=T0.replace(tzinfo=None))
    assert journal.last() is None


def test_appending_nothing_writes_nothing(journal: Journal) -> None:
    assert journal.append([]) == []
    assert journal.last() is None


def test_waiting_ends_when_there_is_something_or_the_time_is_over(journal: Journal) -> None:
    assert not journal.wait(None, 0.01)
    (position,) = journal.append([Tick()])
    assert journal.wait(None, 0)
    assert not journal.wait(position, 0.01)


def test_an_append_wakes_who_waits(journal: Journal) -> None:
    (position,) = journal.append([Tick()])
    woken: list[bool] = []
    waiter = threading.Thread(target=lambda: woken.append(journal.wait(position, 20)))
    waiter.start()
    journal.append([Tick()])
    waiter.join(10)
    assert woken == [True]


def test_callers_from_many_threads_each_get_their_own_positions(journal: Journal) -> None:
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda number: (number, journal.append(numbered(number, -number))), range(1, 101)))
    by_position = {entry.position: entry.payload for entry in journal.read(None, 1_000)}
    assert sorted(by_position) == [Position(0, offset) for offset in range(1, 201)]
    for number, positions in written:
        assert [by_position[position] for position in positions] == numbered(number, -number)
        assert positions[1].offset == positions[0].offset + 1


def test_dropping_never_takes_what_stands_at_the_position_or_behind_it(journal: Journal) -> None:
    positions = journal.append(numbered(1, 2, 3, 4))
    journal.drop_before(positions[2])
    assert bodies(journal, positions[1]) == ["3", "4"]
    journal.drop_before(Position(0, 99))
    assert journal.last() == positions[3]
    assert journal.append(numbered(5)) == [Position(0, 5)]


def test_its_size_is_that_of_what_stands_behind_a_position(journal: Journal) -> None:
    assert journal.size(None) == 0
    positions = journal.append([a_delivery("x" * 10_000), a_delivery("x" * 10_000)])
    assert journal.size(None) >= 20_000
    assert 10_000 <= journal.size(positions[0]) <= journal.size(None)
    assert journal.size(positions[1]) == 0


def test_closing_twice_is_fine_and_then_nothing_is_taken(journal: Journal) -> None:
    journal.append([Tick()])
    journal.close()
    journal.close()
    with pytest.raises(Unavailable, match="closed"):
        journal.append([Tick()])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    groups=st.lists(st.tuples(st.lists(st.binary(max_size=30), max_size=4), st.integers(0, 100)), max_size=6),
    limit=st.integers(1, 5),
)
def test_reading_in_pieces_gives_all_in_order(
    maker: Maker, tmp_path_factory: pytest.TempPathFactory, groups: list[tuple[list[bytes], int]], limit: int
) -> None:
    journal = maker(tmp_path_factory.mktemp("journal"), 0)
    for group, seconds in groups:
        journal.append([a_delivery(body) for body in group], at=at(seconds))
    entries, after = [], None
    while piece := journal.read(after, limit):
        assert len(piece) <= limit
        entries += piece
        after = piece[-1].position
    expected = [(a_delivery(body), at(seconds)) for group, seconds in groups for body in group]
    assert [(entry.payload, entry.received_at) for entry in entries] == expected
    journal.close()
