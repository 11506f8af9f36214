"""Under load work is left undone in the stated order, and taken up again in the reverse, once the engine keeps up."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from aiops.bootstrap.shedding import CALM, LASTING, MOST_LOOKS, ORDER, Shedding, Waiting

NAMES = [work for work, _ in ORDER]


def decided(shedding: Shedding, waited: float, shed: set[str], now: float) -> list[tuple[str, bool]]:
    return [(act.work, act.on) for act in shedding.decide(waited, shed, now)]


def test_what_is_missed_least_goes_first() -> None:
    shedding = Shedding()
    assert decided(shedding, 4.9, set(), 0) == []
    assert decided(shedding, 5.0, set(), 1) == [("embedding", True)]
    assert decided(shedding, 16.0, {"embedding"}, 2) == [("clustering", True)]
    assert decided(Shedding(), 60.0, set(), 0) == [(name, True) for name in NAMES]


def test_the_reason_says_for_how_long_an_entry_waits() -> None:
    (act,) = Shedding().decide(6.0, set(), 0)
    assert act.text == "embedding is left undone: an entry waits for 6 s"


def test_what_was_asked_for_is_not_asked_for_again_while_its_entry_waits_too() -> None:
    shedding = Shedding()
    assert decided(shedding, 8.0, set(), 0) == [("embedding", True)]
    assert decided(shedding, 9.0, set(), 1) == []


def test_work_is_taken_up_again_one_kind_at_a_time_after_lasting_calm() -> None:
    shedding, shed, now = Shedding(), set(NAMES), 0.0
    seen = []
    for _ in range(200):
        for work, on in decided(shedding, 0.0, shed, now):
            assert not on
            shed.discard(work)
            seen.append((work, now))
        now += 1
    assert [work for work, _ in seen] == NAMES[::-1]
    times = [at for _, at in seen]
    assert times[0] >= LASTING
    assert all(later - earlier >= LASTING for earlier, later in itertools.pairwise(times))


def test_a_moment_of_calm_takes_nothing_up() -> None:
    shedding = Shedding()
    for now in range(100):
        waited = CALM + 1 if now % 20 == 0 else 0.0
        assert decided(shedding, waited, set(NAMES), now) == []


def test_an_engine_that_finds_work_left_undone_takes_it_up() -> None:
    """It was killed while it shed: the state says so, what was asked for is forgotten."""
    shedding = Shedding()
    assert decided(shedding, 0.0, {"embedding"}, 0) == []
    assert decided(shedding, 0.0, {"embedding"}, LASTING) == [("embedding", False)]


@given(st.lists(st.floats(0, 100), max_size=200))
def test_work_is_never_left_undone_out_of_order(waits: list[float]) -> None:
    shedding, shed = Shedding(), set[str]()
    for now, waited in enumerate(waits):
        for act in shedding.decide(waited, shed, float(now * 7)):
            assert (act.work in shed) is not act.on
            shed = shed | {act.work} if act.on else shed - {act.work}
        assert sorted(shed, key=NAMES.index) == NAMES[: len(shed)]


def test_an_entry_waits_since_it_was_first_seen_until_it_is_folded() -> None:
    waiting = Waiting()
    assert waiting.seconds(last=5, done=5, now=0) == 0
    assert waiting.seconds(last=9, done=5, now=1) == 0
    assert waiting.seconds(last=12, done=8, now=4) == 3  # 9 is there since 1
    assert waiting.seconds(last=12, done=9, now=5) == 1  # 10 to 12 since 4
    assert waiting.seconds(last=12, done=12, now=6) == 0


def test_an_engine_that_stands_still_for_days_is_remembered_in_bounds() -> None:
    waiting = Waiting()
    for now in range(2 * MOST_LOOKS):
        waited = waiting.seconds(last=now + 1, done=0, now=float(now))
    assert waited == 2 * MOST_LOOKS - 1
