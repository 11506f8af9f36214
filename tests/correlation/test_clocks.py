import pytest

from correlation.clocks import LEAST, Clocks

JITTER = (-40.0, 25.0, 5.0, -10.0, 30.0, -20.0, 0.0)


def told(clocks: Clocks, pairs: int, ahead: float) -> None:
    """Each pair: two sources alert on one node at about the same time; the clock of "zabbix" is ahead."""
    for number in range(pairs):
        at = 1000.0 * number
        clocks.note("zabbix", at + ahead + JITTER[number % len(JITTER)], [("prometheus", at), ("datadog", at)])
        clocks.note("datadog", at, [("prometheus", at + JITTER[number % len(JITTER)])])


def test_a_clock_that_is_ahead_is_found_and_the_others_are_left_alone() -> None:
    clocks = Clocks()
    told(clocks, 30, ahead=150.0)
    assert clocks.ahead("zabbix") == pytest.approx(150.0, abs=10)
    assert clocks.ahead("prometheus") == clocks.ahead("datadog") == 0.0


def test_few_pairs_correct_nothing() -> None:
    clocks = Clocks()
    told(clocks, LEAST // 2 - 1, ahead=150.0)
    assert clocks.ahead("zabbix") == 0.0


def test_what_may_be_chance_corrects_nothing() -> None:
    clocks = Clocks()
    told(clocks, 30, ahead=3.0)
    assert clocks.offsets["zabbix"].pairs >= LEAST
    assert clocks.ahead("zabbix") == 0.0


def test_alerts_far_apart_and_of_one_source_say_nothing_about_clocks() -> None:
    clocks = Clocks()
    for number in range(50):
        clocks.note("zabbix", 1000.0 * number, [("prometheus", 1000.0 * number - 700), ("zabbix", 1000.0 * number)])
    assert clocks.offsets == {}


def test_clocks_go_on_from_a_dump() -> None:
    one, other = Clocks(), Clocks()
    told(one, 20, ahead=90.0)
    other.load(one.dump())
    told(one, 5, ahead=90.0)
    told(other, 5, ahead=90.0)
    assert one.dump() == other.dump()
    assert other.ahead("zabbix") > 0
