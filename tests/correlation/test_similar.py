"""How alike are incidents, and from how much on does that mean something?"""

import random

from hypothesis import given
from hypothesis import strategies as st

from correlation.similar import (
    CERTAINTY,
    UNCHECKED,
    History,
    Known,
    Likeness,
    Threshold,
    certainty,
    ranked,
    similar,
    sureness,
    threshold,
)
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
    first, *rest = ranked(wanted, past, History([wanted, *past]).weights())
    assert (first.incident_id, first.score, first.shared, first.traits) == ("i1", 1.0, 2, 2)
    assert all(one.score < 0.1 for one in rest)


def test_of_equally_alike_ones_the_newest_comes_first() -> None:
    past = [an_incident(1, "a"), an_incident(2, "a"), an_incident(3, "b")]
    assert [one.incident_id for one in ranked(an_incident(9, "a"), past, History(past).weights())] == ["i2", "i1", "i3"]


def test_incidents_that_share_nothing_or_hold_nothing_are_not_alike() -> None:
    past = [an_incident(1, "a"), an_incident(2, "")]
    assert [one.score for one in ranked(an_incident(9, "b"), past, History(past).weights())] == [0, 0]
    assert ranked(an_incident(9, ""), past, History(past).weights())[0].score == 0


@given(TRAITS, TRAITS, st.lists(TRAITS, max_size=5))
def test_likeness_is_the_same_both_ways_and_at_most_one(
    one: frozenset[str], two: frozenset[str], more: list[frozenset[str]]
) -> None:
    sets = [one, two, *more]
    known = [Known(incident_id=str(n), opened_at=at(n), traits=traits) for n, traits in enumerate(sets)]
    weights = History(known).weights()
    there, back = ranked(known[0], [known[1]], weights)[0], ranked(known[1], [known[0]], weights)[0]
    assert there.score == back.score
    assert 0 <= there.score <= 1


def test_while_few_causes_are_confirmed_only_what_is_nearly_the_same_counts() -> None:
    found = threshold(a_history(2, 5))
    assert (found.least, found.checked) == (UNCHECKED, 9)
    assert "so far" in found.text
    assert threshold(()).least == UNCHECKED


def test_what_told_the_cause_counts_for_more_than_what_is_as_rare_and_did_not() -> None:
    past = [an_incident(n, f"telling{n % 2} moody{n // 2 % 2}", cause=f"svc{n % 2}") for n in range(12)]
    weights = History(past).weights()
    assert weights["telling0"] > 2 * weights["moody0"]
    best = ranked(an_incident(99, "telling0 moody1"), [past[0], past[3]], weights)
    assert [one.incident_id for one in best] == ["i0", "i3"]  # each shares one trait: the telling one decides


def test_without_confirmed_causes_only_rarity_weighs() -> None:
    weights = History([an_incident(n, "noise" if n else "noise rare") for n in range(5)]).weights()
    assert weights["rare"] > 10 * weights["noise"] > 0


def test_what_is_learned_one_by_one_is_what_is_learned_at_once() -> None:
    past, step = a_history(3, 4), History()
    for one in past:
        step.see(one)
        step.confirm(one)
    assert step.weights() == History(past).weights()


def likenesses(*scores: float) -> list[Likeness]:
    return [Likeness(incident_id=f"i{n}", score=score, shared=1, traits=1) for n, score in enumerate(scores)]


def test_an_answer_is_as_sure_as_the_nearest_is_alike_and_the_others_agree() -> None:
    best = likenesses(0.8, 0.6, 0.6)
    assert sureness(best, {"i0": "db", "i1": "db", "i2": "db"}) == ("db", 0.8)
    assert sureness(best, {"i0": "db", "i1": "web", "i2": "web"}) == ("db", 0.32)  # .8 of 2.0 agree
    assert sureness(best, {"i1": "web"}) == ("web", 0.6)  # only a confirmed cause has a voice
    assert sureness(best, {}) == ("", 0.0)
    assert sureness(likenesses(0.0), {"i0": "db"}) == ("", 0.0)


def test_the_sixth_has_no_voice() -> None:
    best = likenesses(*[0.5] * 6)
    assert sureness(best, {**{f"i{n}": "db" for n in range(5)}, "i5": "web"}) == ("db", 0.5)


def test_twenty_eight_of_as_many_are_needed_and_more_after_each_error() -> None:
    assert certainty(28, 28) >= CERTAINTY > certainty(27, 27)
    assert certainty(44, 45) >= CERTAINTY > certainty(43, 44)
    assert certainty(90, 100) < 0.6  # nine of ten in the past are but an even chance of nine of ten to come


def test_the_threshold_is_the_least_sureness_that_was_right_nearly_always() -> None:
    faults = a_history(4, 8)
    strangers = tuple(an_incident(100 + n, f"noise s{n}", cause=f"new{n}") for n in range(8))
    found = threshold((*faults, *strangers))
    assert found.least is not None
    assert certainty(found.right, found.given) >= CERTAINTY
    causes = {one.incident_id: one.cause for one in (*faults, *strangers)}
    weights = History([*faults, *strangers]).weights()
    again = ranked(an_incident(900, "noise k1 x1"), faults, weights)
    assert similar(again, causes, found)[0].incident_id == "i29"  # the newest of its kind
    assert not similar(ranked(an_incident(901, "noise z"), faults, weights), causes, found)
    assert "here" in found.text


def test_where_the_nearest_disagree_nothing_is_called_similar_however_alike() -> None:
    limit = Threshold(least=0.5, right=20, given=20, checked=20)
    best = likenesses(0.9, 0.9, 0.9, 0.9, 0.9)
    assert similar(best, dict.fromkeys(("i0", "i1", "i2", "i3", "i4"), "db"), limit) == best
    assert not similar(best, {f"i{n}": f"svc{n}" for n in range(5)}, limit)


def test_a_short_history_of_right_answers_is_not_yet_enough() -> None:
    found = threshold(a_history(2, 7))  # 13 checks, of which 12 can be right
    assert (found.checked, found.least) == (13, None)


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
