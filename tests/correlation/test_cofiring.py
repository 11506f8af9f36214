"""Which node begins to alert soon after which, and is that more than chance?"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from correlation import cofiring
from correlation.cofiring import Cofiring, surprise

HOUR = 3_600.0


def outages(count: int, follows: float = 5.0, place: str = "") -> Cofiring:
    """The database fails once in five hours, and the shop a little later; a batch job alerts on its own, every hour."""
    counts = Cofiring()
    for number in range(count):
        at = number * 5 * HOUR
        counts.start("db", place, at)
        counts.start("shop", place, at + follows)
        for hour in range(5):
            counts.start("batch", place, at + (hour + 0.5) * HOUR)
    return counts


def test_what_follows_again_and_again_is_found_in_its_direction() -> None:
    found = outages(12).found("shop", "db")
    assert found is not None
    assert (found.cause, found.effect, found.together, found.lag) == ("db", "shop", 12, 5.0)
    assert found.expected < 0.5
    assert found.forth == (12, 12)
    assert found.back == (0, 12)


def test_nothing_is_found_from_few_occasions_or_between_strangers() -> None:
    assert outages(2).found("db", "shop") is None
    assert outages(12).found("db", "batch") is None
    assert outages(12).found("db", "nobody") is None


def test_what_alerts_all_the_time_is_no_cause_of_what_alerts_within_it() -> None:
    counts = Cofiring()
    for number in range(400):
        counts.start("noisy", "", number * 40.0)
    for number in range(20):
        counts.start("db", "", 10.0 + number * 800)
    assert counts.found("noisy", "db") is None


def test_two_places_far_apart_are_not_taken_for_one() -> None:
    counts = Cofiring()
    for number in range(12):
        counts.start("db", "east", number * HOUR)
        counts.start("shop", "west", number * HOUR + 5)
    assert counts.found("db", "shop") is None


def test_chance_alone_finds_next_to_nothing() -> None:
    draw = random.Random(7)
    names = [f"s{number}" for number in range(20)]
    counts = Cofiring()
    for at in sorted(draw.uniform(0, 30 * 24 * HOUR) for _ in range(4_000)):
        counts.start(draw.choice(names), "", at)
    pairs = [(a, b) for a in names for b in names if a < b]
    assert sum(counts.found(*pair) is not None for pair in pairs) <= 1  # of 190; one in twenty runs has one


def test_a_storm_is_bounded() -> None:
    counts = Cofiring()
    for number in range(3_000):
        counts.start(f"s{number}", "", number * 0.01)
    assert len(counts.dump()) < 8_000_000
    assert counts.heard("s0") == (0, 0.0)  # forgotten
    assert counts.heard("s2999")[0] == 1


def test_what_is_forgotten_of_a_node_is_forgotten_of_its_pairs() -> None:
    counts = outages(20)
    assert counts.found("db", "shop")
    for number in range(2_100):
        counts.start(f"s{number}", f"place{number % 7}", 10_000_000 + number * 0.01)
    assert counts.heard("db") == (0, 0.0)
    for node in ("db", "shop"):
        counts.start(node, "", 10_000_100.0)
    assert counts.found("db", "shop") is None  # once each: nothing of what was before counts


def test_no_more_pairs_wait_than_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cofiring, "MOST_PAIRS", 50)
    counts = Cofiring()
    for number in range(300):
        counts.start(f"s{number % 40}", "", number * 1.0)
    assert 0 < len(list(counts.changed(10_000))) <= 50


def test_pairs_are_handed_over_once() -> None:
    counts = outages(3)
    assert counts.waiting
    assert list(counts.changed(10)) == [("db", "shop")]
    assert list(counts.changed(10)) == []
    assert not counts.waiting


STARTS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["", "east"]), st.integers(0, 900)), max_size=40)


@given(STARTS, st.integers(0, 40))
def test_a_dump_goes_on_like_the_original(starts: list[tuple[str, str, int]], cut: int) -> None:
    whole, first, second = Cofiring(), Cofiring(), Cofiring()
    for node, place, at in starts:
        whole.start(node, place, float(at))
    for node, place, at in starts[:cut]:
        first.start(node, place, float(at))
    second.load(first.dump())
    for node, place, at in starts[cut:]:
        second.start(node, place, float(at))
    assert second.dump() == whole.dump()


@pytest.mark.parametrize(("count", "expected"), [(1, 0.3), (3, 0.01), (12, 4.0), (60, 20.0), (5, 1e-9), (900, 700.0)])
def test_surprise_is_the_tail_of_poisson(count: int, expected: float) -> None:
    assert surprise(count, expected) == pytest.approx(-poisson.logsf(count - 1, expected) / 2.302585093, rel=1e-3)
    assert surprise(3, 5.0) == 0.0


def test_what_is_heard_of_late_counts_by_when_it_began() -> None:
    ordered, late = Cofiring(), Cofiring()
    for number in range(12):
        at = number * HOUR
        for node, began in (("db", at), ("shop", at + 5)):
            ordered.start(node, "", began)
        for node, began in (("shop", at + 5), ("db", at)):
            late.start(node, "", began)
    assert late.found("db", "shop") == ordered.found("db", "shop")
