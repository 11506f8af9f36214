"""How often does this sort of alert fire by chance?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlation import background
from correlation.background import MEMORY, PRIOR_RATE, Rates
from correlation.intensity import KERNELS, Kernels

HOUR = 3600.0
T = 1_700_000_000.0


def test_an_unknown_key_has_the_prior_rate() -> None:
    assert Rates().rate("k", T) * HOUR == pytest.approx(PRIOR_RATE)


def test_the_rate_is_the_posterior_mean() -> None:
    rates = Rates()
    for hour in range(48):
        rates.count("k", 1.0, T + hour * HOUR)
    rate = rates.rate("k", T + 48 * HOUR) * HOUR
    assert rate == pytest.approx((2 + 48) / (2 / PRIOR_RATE + 48), rel=0.15)  # some of it has faded
    assert rates.rate("other", T + 48 * HOUR) * HOUR == pytest.approx(PRIOR_RATE)  # of it nothing is known


def test_a_key_is_as_common_as_it_was_since_it_was_first_seen_however_long_others_were_watched() -> None:
    """A service that came yesterday is not rare for that: joined to everything, it would glue all together."""
    fresh, old = Rates(), Rates()
    old.count("k of long ago", 1.0, T - 60 * 24 * HOUR)
    for rates in (fresh, old):
        for hour in range(5):
            rates.count("k", 1.0, T + hour * HOUR)
    assert old.rate("k", T + 5 * HOUR) == pytest.approx(fresh.rate("k", T + 5 * HOUR))


def test_what_a_storm_explains_does_not_make_a_key_common() -> None:
    rates = Rates()
    for number in range(100):
        rates.count("k", 0.01, T + number)
    assert rates.rate("k", T + 100) * HOUR < 2 * PRIOR_RATE


def test_a_noisy_key_becomes_quiet_again() -> None:
    rates = Rates()
    for number in range(100):
        rates.count("k", 1.0, T + number)
    assert rates.rate("k", T + 5 * MEMORY) < rates.rate("k", T + 100) / 20


def test_rare_keys_tell_more_than_common_ones() -> None:
    rates = Rates()
    for number in range(300):
        rates.count("noisy", 1.0, T + 60 * number)
    now = T + 300 * 60
    assert rates.rarity("noisy", now) < 0.2 < 3 < rates.rarity("quiet", now)


def test_keys_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "MOST_KEYS", 10)
    rates = Rates()
    for number in range(100):
        rates.count(f"k{number}", 1.0, T + number)
    assert rates.rate("k0", T + 100) == rates.rate("never seen", T + 100)
    assert rates.rate("k99", T + 100) > rates.rate("k0", T + 100)


def test_a_dump_brings_all_rates_back() -> None:
    rates, other = Rates(), Rates()
    rates.count("k", 1.0, T)
    rates.count("k", 0.5, T + 60)
    other.load(rates.dump())
    assert other.rate("k", T + 90) == rates.rate("k", T + 90)


@given(st.sampled_from(sorted(KERNELS)), st.integers(1, 1000), st.floats(0, 1200), st.floats(0, 0.01))
def test_a_neighbour_pulls_less_the_later_the_more_mates_and_the_noisier(
    relation: str, fan: int, seconds: float, rate: float
) -> None:
    pull = Kernels().pull
    strength = pull(relation, fan, seconds, rate, "down")
    assert strength >= pull(relation, fan, seconds + 1, rate, "down")
    assert strength >= pull(relation, fan + 1, seconds, rate, "down")
    assert strength >= pull(relation, fan, seconds, rate + 0.001, "down")
    assert strength == pull(relation, fan, -seconds, rate, "down")


def test_a_key_is_known_since_it_was_first_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "MOST_KEYS", 2)
    rates = Rates()
    assert (rates.known("k"), rates.since("k")) == (False, float("inf"))
    for seconds, key in enumerate(("k", "k", "l")):
        rates.count(key, 1.0, T + seconds)
    assert (rates.known("k"), rates.since("k")) == (True, T)
    other = Rates()
    other.load(rates.dump())
    other.count("m", 1.0, T + 9)
    assert (other.known("k"), other.since("l")) == (False, T + 2)


def test_news_of_a_node_that_just_came_is_as_news_on_the_first_day() -> None:
    rates, first = Rates(), Rates()
    rates.count("old", 1.0, T - 30 * 24 * HOUR)
    first.count("other", 1.0, T)
    surprise = first.surprise("node\x1fdown", T + HOUR)
    assert rates.surprise("node\x1fdown", T + HOUR, since=T) == pytest.approx(surprise)
    assert rates.surprise("node\x1fdown", T + HOUR) > 2 * surprise
    assert first.surprise("node\x1fdown", T + HOUR, since=T - HOUR) == surprise  # nobody listened before the first
