"""What do people's choices teach beyond what was known before them?"""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlation.causes.fitting import MOST_ROWS, MOST_TRAITS, STIFF, Choice, Lesson, fit


def a_choice(chosen: str, **rows: str) -> Choice:
    """``api="0.5 slow oom"``: a node's score, and what is true of it."""
    read = {node: (float(row.split()[0]), row.split()[1:]) for node, row in rows.items()}
    return Choice(read, chosen)


def test_untaught_every_score_stays_what_it_is() -> None:
    assert Lesson().score(1.25, ["slow", "oom"]) == 1.25


def test_what_the_chosen_have_and_others_have_not_weighs_for_a_node() -> None:
    lesson = fit([a_choice("db", db="0 oom slow", web="0 slow")] * 10)
    assert lesson.weights["oom"] > 0.5
    assert lesson.weights["slow"] == 0  # both have it: it tells nothing
    assert lesson.score(0, ["oom"]) > lesson.score(0, ["slow"])


def test_one_choice_turns_nothing_over_and_many_do() -> None:
    against = a_choice("web", db="1", web="0 odd")
    for times, outweighed in ((1, False), (100, True)):
        lesson = fit([against] * times)
        assert (lesson.score(0, ["odd"]) > lesson.score(1, [])) is outweighed
        assert lesson.slope >= 0


def test_choices_that_the_score_foretold_teach_next_to_nothing() -> None:
    lesson = fit([a_choice("db", db="9 oom", web="0 slow")] * 40)
    assert max(map(abs, lesson.weights.values())) < 0.01
    assert lesson.slope == pytest.approx(1, abs=0.01)


def test_a_score_that_people_keep_contradicting_counts_less() -> None:
    chance = random.Random(1)  # a made-up site: the same at every run
    choices = []
    for _ in range(60):
        rows = {f"n{n}": (chance.gauss(0, 3), [f"node n{n}"]) for n in range(5)}
        choices.append(Choice(rows, chance.choice(sorted(rows))))
    assert fit(choices).slope < 0.6


def test_the_largest_posterior_is_found() -> None:
    """At the solution the slope is nought: what was seen minus what was expected is what the prior pulls back."""
    choices = [a_choice("db", db="1 oom", web="0 slow", api="0.5 slow oom")] * 5 + [
        a_choice("web", web="0 slow", db="1")
    ]
    lesson = fit(choices)
    for trait in ("oom", "slow"):
        pull = sum(seen_beyond_expected(choice, lesson, trait) for choice in choices)
        assert pull == pytest.approx(STIFF * lesson.weights[trait], abs=1e-4)


def seen_beyond_expected(choice: Choice, lesson: Lesson, trait: str) -> float:
    odds = {node: math.exp(lesson.score(*row)) for node, row in choice.rows.items()}
    expected = sum(share for node, share in odds.items() if trait in choice.rows[node][1]) / sum(odds.values())
    return float(trait in choice.rows[choice.chosen][1]) - expected


def test_the_chosen_one_is_compared_with_the_likeliest_others_alone() -> None:
    many = {f"n{number:03}": (float(number), [f"node {number}"]) for number in range(100)}
    lesson = fit([Choice(many, "n000")])
    untouched = [name for name, weight in lesson.weights.items() if weight == 0]
    assert len(lesson.weights) - len(untouched) == MOST_ROWS
    assert lesson.weights["node 0"] > 0 > lesson.weights["node 99"]


def test_the_most_frequent_traits_get_a_weight() -> None:
    choices = [a_choice("a", a=f"0 rare-{number} often", b="0") for number in range(MOST_TRAITS + 50)]
    weights = fit(choices).weights
    assert len(weights) == MOST_TRAITS
    assert "often" in weights


@given(
    st.lists(
        st.tuples(
            st.lists(
                st.tuples(st.floats(-50, 50), st.sets(st.sampled_from(["k", "l", "m", "n"]))), min_size=1, max_size=5
            ),
            st.integers(0, 4),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_people_choose_the_weights_are_small_finite_and_the_same_again(
    told: list[tuple[list[tuple[float, set[str]]], int]],
) -> None:
    choices = [
        Choice(
            {f"n{place}": (score, sorted(traits)) for place, (score, traits) in enumerate(rows)}, f"n{at % len(rows)}"
        )
        for rows, at in told
    ]
    lesson = fit(choices)
    assert lesson == fit(choices)
    assert all(
        abs(weight) <= len(choices) for weight in (*lesson.weights.values(), lesson.slope - 6 * len(choices) / 10)
    )
