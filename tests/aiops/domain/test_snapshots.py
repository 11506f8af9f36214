"""Can a replay begin anywhere in the history that is kept, and is no more kept than that takes?"""

from datetime import datetime, timedelta
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.entries import Position
from aiops.domain.snapshots import NEWEST, PARTS, staying
from tests.builders import T0

WEEK = timedelta(days=7)
DAY = WEEK / PARTS
PAUSES = st.lists(st.floats(0, 60 * 3600).map(lambda seconds: timedelta(seconds=seconds)), min_size=1, max_size=60)


def kept(pauses: list[timedelta], history: timedelta = WEEK) -> tuple[list[datetime], list[datetime]]:
    """Take a snapshot after each pause; return when all were taken, and those that are there at the end."""
    taken: dict[Position, datetime] = {}
    times = [T0 + passed for passed in accumulate(pauses, initial=timedelta(0))]
    for offset, time in enumerate(times, 1):
        taken[Position(0, offset)] = time
        taken = {position: taken[position] for position in staying(taken, history)}
    return times, sorted(taken.values())


@given(PAUSES)
def test_the_newest_stay_and_the_oldest_reaches_as_far_back_as_can_be(pauses: list[timedelta]) -> None:
    times, there = kept(pauses)
    assert there[-NEWEST:] == times[-NEWEST:]
    assert there[0] <= max(times[-1] - WEEK, times[0])


@given(PAUSES)
def test_where_snapshots_were_taken_none_is_further_away_than_two_parts_of_the_history(pauses: list[timedelta]) -> None:
    times, there = kept(pauses)
    for earlier, later in pairwise(there):
        between = [time for time in times if earlier + DAY <= time < later]
        assert not between


@given(PAUSES)
def test_their_number_is_bounded(pauses: list[timedelta]) -> None:
    _, there = kept(pauses)
    assert len(there) <= PARTS + 1 + NEWEST


def test_without_a_history_the_newest_stay_alone() -> None:
    _, there = kept([DAY] * 20, timedelta(0))
    assert len(there) == NEWEST


def test_a_week_of_snapshots_every_hour_leaves_one_a_day() -> None:
    _, there = kept([timedelta(hours=1)] * 24 * 20)
    assert [later - earlier for earlier, later in pairwise(there[:-NEWEST])] == [DAY] * (PARTS - 1)


def test_the_newest_come_first() -> None:
    taken = {Position(0, offset): T0 + offset * DAY for offset in (3, 1, 2)}
    assert staying(taken, WEEK) == [Position(0, 3), Position(0, 2), Position(0, 1)]
