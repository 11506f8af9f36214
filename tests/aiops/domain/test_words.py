"""Do spans, moments, ratios and numbers read as people say them?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aiops.domain.incidents import Candidate
from aiops.domain.words import clock, percent, plural, span, times


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (41, "41 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (720, "12 min"),
        (7_200, "2 h"),
        (12_600, "3.5 h"),
        (2 * 86_400, "2 days"),
    ],
)
def test_a_span_is_said_in_the_unit_that_fits(seconds: float, said: str) -> None:
    assert span(seconds) == span(timedelta(seconds=seconds)) == said


def test_a_moment_is_said_as_exactly_as_it_is() -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    said = [clock(midnight + timedelta(seconds=seconds)) for seconds in (0, 32_700, 32_707)]
    assert said == ["2026-03-02", "2026-03-02 09:05 UTC", "2026-03-02 09:05:07 UTC"]


def test_a_ratio_is_said_as_a_comparison() -> None:
    said = [times(ratio) for ratio in (0.01, 1.04, 2.44, 35.2, 5000)]
    assert said == [
        "no more likely",
        "no more likely",
        "2.4 times more likely",
        "35 times more likely",
        "over 1000 times more likely",
    ]


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(1.96, "1.9"), (1.999, "1.9"), (2.0, "2.0"), (2.3, "2.3"), (9.96, "9.9"), (10.0, "10"), (29.99, "29")],
)
def test_what_falls_short_of_a_threshold_never_reads_as_if_it_reached_it(ratio: float, said: str) -> None:
    assert times(ratio) == f"{said} times more likely"


@given(st.floats(1.1, 999), st.integers(11, 99))
def test_a_ratio_reads_below_a_threshold_of_one_decimal_just_where_it_is(ratio: float, tenths: int) -> None:
    needed = tenths / 10
    assume(abs(ratio - needed) > 1e-6)
    assert (float(times(ratio).split()[0]) < needed) is (ratio < needed)


@pytest.mark.parametrize(("share", "text"), [(0, "0%"), (0.004, "<1%"), (0.5, "50%"), (0.996, ">99%"), (1, "100%")])
def test_a_share_claims_neither_nothing_nor_everything(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("probability", "text"), [(0.0, "<1%"), (0.004, "<1%"), (0.38, "38%"), (0.997, ">99%"), (1.0, "100%")]
)
def test_no_candidate_is_said_to_be_impossible(probability: float, text: str) -> None:
    assert Candidate(entity="db", probability=probability, share=0.0).likely == text


def test_one_thing_is_no_plural() -> None:
    assert [plural(count, "alert") for count in (0, 1, 1_204)] == ["0 alerts", "1 alert", "1,204 alerts"]
