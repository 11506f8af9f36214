"""What is lost between a caller and whom it calls?"""

import pytest

from correlation.causes import calls as module
from correlation.causes.calls import ANSWERED, CALLS, GAP, lost, metric_of
from correlation.causes.series import REQUESTS, Metrics
from correlation.causes.testimony import Testimony
from correlation.topology import ServiceGraph
from tests.correlation.rig import a_graph

MINUTE = 60.0
HOUR = 60  # minutes of history
START, END = HOUR * MINUTE, (HOUR + 2) * MINUTE - 1
SHOP = a_graph(checkout="payments stock", web="checkout")


class Shop:
    """An hour in which checkout gets 40 requests a minute; then two minutes of incident."""

    def __init__(self) -> None:
        self.pairs, self.nodes = Metrics(), Metrics()

    def asked(self, node: str = "checkout", before: float = 40, after: float = 40) -> "Shop":
        """How many requests a minute does a node get?"""
        for minute in range(HOUR + 2):
            if number := before if minute < HOUR else after:
                self.nodes.put(node, REQUESTS, [(minute * MINUTE, number + minute % 3)], summed=True)
        return self

    def calls(
        self,
        caller: str,
        callee: str,
        *,
        before: float = 40,
        after: float = 40,
        answered: float = 1.0,
        gap: float = 0.01,
    ) -> "Shop":
        """How many calls a minute, before and after; then also what share is answered, and after what gap."""
        for minute in range(HOUR + 2):
            late = minute >= HOUR
            number = after if late else before + minute % 3
            said = number * (answered if late else 1.0)
            waited = said * ((gap if late else 0.01) + 0.0001 * (minute % 3))
            for title, value in ((CALLS, number), (ANSWERED, said), (GAP, waited)):
                if value:
                    at = minute * MINUTE
                    self.pairs.put(caller, metric_of(title, callee), [(at, value)], summed=True)
        return self

    def lost(self, graph: ServiceGraph = SHOP) -> dict[str, Testimony]:
        return {one.node: one for one in lost(self.pairs, self.nodes, ["checkout"], graph, START, END)}


def test_where_nothing_is_lost_nothing_is_said() -> None:
    assert Shop().asked().calls("checkout", "payments").calls("checkout", "stock", before=20, after=20).lost() == {}


def test_time_between_the_spans_of_two_is_told_of_the_one_called() -> None:
    said = Shop().asked().calls("checkout", "payments", gap=2.0).lost()
    assert said["payments"].reasons[0].text == (
        "checkout waits 1.3 s longer for payments than payments takes, 0.01 s before:"
        " it is lost between the two, or before payments begins"
    )
    assert said["payments"].odds > 1
    assert said["payments"].measured


def test_a_gap_of_less_than_networks_have_is_none() -> None:
    assert Shop().asked().calls("checkout", "payments", gap=0.0125).lost() == {}


def test_calls_that_are_never_answered_are_told_of_the_one_called() -> None:
    said = Shop().asked().calls("checkout", "payments", answered=0.0).lost()
    assert said["payments"].reasons[0].text == (
        "of 80 calls of payments by checkout none was answered in 2 minutes, where 80 usually are"
    )


def test_calls_that_no_longer_come_are_told_of_the_one_that_nobody_reaches() -> None:
    said = Shop().asked().calls("checkout", "payments", after=0).lost()
    assert set(said) == {"payments"}
    assert said["payments"].reasons[0].text == (
        "payments usually gets 40 calls a minute from checkout, none for 2 minutes"
    )


def test_who_no_longer_makes_several_kinds_of_calls_is_named_himself() -> None:
    shop = Shop().asked().calls("checkout", "payments", after=0).calls("checkout", "stock", after=0)
    assert set(shop.lost()) == {"checkout"}


def test_who_no_longer_makes_calls_that_others_still_make_is_named_himself() -> None:
    shop = Shop().asked().asked("billing").calls("checkout", "payments", after=0).calls("billing", "payments")
    graph = a_graph(checkout="payments", billing="payments")
    assert set(shop.lost(graph)) == {"checkout"}


def test_of_who_is_not_asked_himself_no_calls_are_missed() -> None:
    assert Shop().asked(after=0).calls("checkout", "payments", after=0).lost() == {}
    assert Shop().calls("checkout", "payments", after=0).lost() == {}


def test_calls_that_fall_with_the_requests_are_not_missed() -> None:
    assert Shop().asked(after=20).calls("checkout", "payments", after=20).lost() == {}


def test_calls_that_never_came_in_every_minute_are_not_missed() -> None:
    shop = Shop().asked()
    for minute in range(0, HOUR, 7):
        shop.pairs.put("checkout", metric_of(CALLS, "payments"), [(minute * MINUTE, 40.0)], summed=True)
    assert shop.lost() == {}


def test_a_pair_without_history_says_nothing() -> None:
    shop = Shop().asked()
    shop.pairs.put("checkout", metric_of(GAP, "payments"), [(START, 90.0)], summed=True)
    shop.pairs.put("checkout", metric_of(ANSWERED, "payments"), [(START, 1.0)], summed=True)
    assert shop.lost() == {}


def test_one_that_goes_by_another_name_in_the_graph_is_told_by_that() -> None:
    graph = a_graph(checkout="payments")
    shop = Shop().asked().calls("checkout", "PAYMENTS", after=0)
    assert set(shop.lost(graph)) == {"payments"}


def test_what_hurts_is_asked_first_and_not_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", 1)
    shop = Shop().asked().asked("other").calls("other", "far", after=0).calls("checkout", "payments", after=0)
    assert set(shop.lost()) == {"payments"}
