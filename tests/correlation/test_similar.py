"""How alike are incidents, and from how much on does that mean something?"""

import random

from hypothesis import given
from hypothesis import strategies as st

from correlation.similar import LEAST_CHECKS, UNCHECKED, Known, ranked, rarity, threshold
from tests.builders import at

TRAITS = st.frozensets(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=5)


def an_incident(number: int, traits: str, cause: str = "") -> Known:
    return Known(incident_id=f"i{number}", opened_at=at(number), traits=frozenset(traits.split()), cause=cause)


def a_history(kinds: int, times: int) -> tuple[Known, ...]:
    """So many kinds of faults, each of which came so many times, with what fires in every one of them."""
    every = range(kinds * times)
    return tuple(an_incident(n, f"noise k{n % kinds} x{n % kinds}", cause=f"svc{n % kinds}") for n in every)


def test_what_fires_in_every_incident_says_little_and_what_is_rare_much() -> None:
    past = [an_incident(1, "noise rare"), an_incident(2, "noise other"), an_incident(3, "noise more")]
    wanted = an_incident(9, "noise rare")
    first, *rest = ranked(wanted, past, rarity([wanted, *past]))
    assert (first.incident_id, first.score, first.shared, first.traits) == ("i1", 1.0, 2, 2)
    assert all(one.score < 0.1 for one in rest)


def test_of_equally_alike_ones_the_newest_comes_first() -> None:
    past = [an_incident(1, "a"), an_incident(2, "a"), an_incident(3, "b")]
    assert [one.incident_id for one in ranked(an_incident(9, "a"), past, rarity(past))] == ["i2", "i1", "i3"]


def test_incidents_that_share_nothing_or_hold_nothing_are_not_alike() -> None:
    past = [an_incident(1, "a"), an_incident(2, "")]
    assert [one.score for one in ranked(an_incident(9, "b"), past, rarity(past))] == [0, 0]
    assert ranked(an_incident(9, ""), past, rarity(past))[0].score == 0


@given(TRAITS, TRAITS, st.lists(TRAITS, max_size=5))
def test_likeness_is_the_same_both_ways_and_at_most_one(
    one: frozenset[str], two: frozenset[str], more: list[frozenset[str]]
) -> None:
    sets = [one, two, *more]
    known = [Known(incident_id=str(n), opened_at=at(n), traits=traits) for n, traits in enumerate(sets)]
    weights = rarity(known)
    there, back = ranked(known[0], [known[1]], weights)[0], ranked(known[1], [known[0]], weights)[0]
    assert there.score == back.score
    assert 0 <= there.score <= 1


def test_while_few_causes_are_confirmed_only_what_is_nearly_the_same_counts() -> None:
    found = threshold(a_history(2, 5))
    assert (found.least, found.checked) == (UNCHECKED, 9)
    assert "so far" in found.text
    assert threshold(()).least == UNCHECKED


def test_the_threshold_is_the_least_likeness_that_was_right_nine_times_of_ten() -> None:
    faults = a_history(4, 6)
    strangers = tuple(an_incident(100 + n, f"noise s{n}", cause=f"new{n}") for n in range(8))
    found = threshold((*faults, *strangers))
    assert found.least is not None
    assert found.right / found.given >= 0.9
    assert found.given >= LEAST_CHECKS
    one_more, stranger = an_incident(900, "noise k1 x1"), an_incident(901, "noise z")
    weights = rarity([*faults, *strangers])
    assert ranked(one_more, faults, weights)[0].score >= found.least
    assert ranked(stranger, faults, weights)[0].score < found.least
    assert "here" in found.text


def test_where_likeness_foretells_nothing_no_incident_is_called_similar() -> None:
    found = threshold(tuple(an_incident(n, "same things", cause=f"svc{n % 5}") for n in range(40)))
    assert found.least is None
    assert "however great" in found.text


@given(st.lists(st.tuples(TRAITS, st.sampled_from(["x", "y"])), max_size=30), st.randoms(use_true_random=False))
def test_the_threshold_does_not_depend_on_the_order_in_which_incidents_are_read(
    rows: list[tuple[frozenset[str], str]], chance: random.Random
) -> None:
    known = [
        Known(incident_id=f"i{n:02}", opened_at=at(n), traits=traits, cause=cause)
        for n, (traits, cause) in enumerate(rows)
    ]
    mixed = list(known)
    chance.shuffle(mixed)
    assert threshold(tuple(known)) == threshold(tuple(mixed))
