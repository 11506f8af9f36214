"""Timers run in one order, whatever the order in which they were set."""

from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.timers import Timer, Timers
from tests.builders import at

Settings = list[tuple[str, str, int]]
SETTINGS = st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("abc"), st.integers(0, 20)), max_size=80)


def run(timers: Timers, until: float = 100) -> list[tuple[str, str, float]]:
    fired = []
    while timer := timers.pop(at(until)):
        fired.append((timer.kind, timer.key, (timer.due - at(0)).total_seconds()))
    return fired


def test_nothing_runs_before_it_is_due() -> None:
    timers = Timers()
    timers.set("lease", "a", at(10))
    assert timers.pop(at(9.9)) is None
    assert timers.next_due() == at(10)
    assert run(timers, 10) == [("lease", "a", 10)]
    assert timers.next_due() is None


def test_setting_again_moves_and_cancelling_forgets() -> None:
    timers = Timers()
    timers.set("lease", "a", at(10))
    timers.set("lease", "a", at(30))
    timers.set("lease", "b", at(20))
    timers.cancel("lease", "b")
    timers.cancel("lease", "never set")
    assert run(timers) == [("lease", "a", 30)]


@given(SETTINGS)
def test_the_last_setting_counts_and_ties_run_by_name(settings: Settings) -> None:
    timers = Timers()
    for kind, key, due in settings:
        timers.set(kind, key, at(due))
    last = {(kind, key): float(due) for kind, key, due in settings}
    assert run(timers) == sorted(((*name, due) for name, due in last.items()), key=lambda one: (one[2], one[0], one[1]))


@given(SETTINGS, st.integers(0, 20))
def test_loaded_timers_run_as_the_dumped_ones(settings: Settings, until: int) -> None:
    timers, twin = Timers(), Timers()
    for kind, key, due in settings:
        timers.set(kind, key, at(due))
    run(timers, until)
    twin.load(timers.dump())
    assert twin.dump() == timers.dump()
    assert run(twin) == run(timers)


def test_the_last_one_taken_is_remembered() -> None:
    timers = Timers()
    timers.set("lease", "a", at(10))
    assert timers.popped is None
    taken = timers.pop(at(10))
    assert timers.popped == taken
    assert timers.pop(at(99)) is None
    assert timers.popped == taken


def test_what_is_to_be_skipped_is_taken_and_does_not_run() -> None:
    timers = Timers()
    for key in "abc":
        timers.set("lease", key, at(10))
    timers.skipped = {Timer(due=at(10), kind="lease", key="b")}
    assert run(timers) == [("lease", "a", 10), ("lease", "c", 10)]
    timers.set("lease", "b", at(11))  # set anew, it is another one
    assert run(timers) == [("lease", "b", 11)]


def test_skipping_the_last_one_leaves_nothing() -> None:
    timers = Timers()
    timers.set("lease", "a", at(10))
    timers.skipped = {Timer(due=at(10), kind="lease", key="a")}
    assert run(timers) == []
    assert timers.dump() == []
