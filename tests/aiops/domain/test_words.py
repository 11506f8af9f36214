"""Do spans, moments, ratios and numbers read as people say them?"""

from datetime import UTC, datetime, timedelta

import pytest

from aiops.domain.words import clock, plural, span, times


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


def test_one_thing_is_no_plural() -> None:
    assert [plural(count, "alert") for count in (0, 1, 1_204)] == ["0 alerts", "1 alert", "1,204 alerts"]
