"""What do the logs and spans of a node say of it?"""

from correlation.causes.operations import Operations
from correlation.causes.own import DOUBT, logged, spent, traced
from correlation.causes.sayings import Sayings
from correlation.causes.series import SELF, Metrics
from correlation.causes.testimony import Testimony
from tests.correlation.rig import a_graph

MINUTE = 60.0
START = 60 * MINUTE


def spans(**took: tuple[float, float]) -> Metrics:
    """For an hour each request takes a node 0.3 s, 0.2 s of it in others; then (whole, in others); 10 a minute."""
    metrics = Metrics()
    for node, (whole, away) in took.items():
        for minute in range(62):
            wobble = 0.001 * (minute % 3)
            late = minute >= 60
            for name, value in (
                ("spans.requests", 10.0),
                ("spans.seconds", 10 * (whole if late else 0.3 + wobble)),
                ("spans.away", 10 * (away if late else 0.2)),
            ):
                metrics.put(node, name, [(minute * MINUTE, value)])
    return metrics


def by_node(said: list[Testimony]) -> dict[str, Testimony]:
    return {one.node: one for one in said}


def test_who_spends_the_time_is_named_and_not_who_waits_for_it() -> None:
    metrics = spans(web=(5.3, 5.2), api=(2.4, 0.2), db=(0.3, 0.2))
    (said,) = spent(metrics, Operations(), ["web"], a_graph(web="api", api="db"), START, START + 119)
    assert said.node == "api"
    assert said.odds > 0
    assert said.reasons[0].text == (
        "api spends 1.5 s of a request in itself, 0.1 s before: 100% of all the time that was added"
    )


def test_where_no_time_was_added_nobody_is_named() -> None:
    assert (
        list(
            spent(
                spans(web=(0.301, 0.2), api=(0.3, 0.2)), Operations(), ["web"], a_graph(web="api"), START, START + 119
            )
        )
        == []
    )


def test_whoever_is_slow_now_and_then_is_suspected_less_than_who_never_was() -> None:
    metrics = spans(calm=(1.3, 0.2), fitful=(1.3, 0.2))
    again = Metrics()
    for node in ("calm", "fitful"):
        for minute in range(62):
            slow = minute >= 60 or (node == "fitful" and minute % 10 == 0)
            for name, value in (("spans.requests", 10.0), ("spans.seconds", 13.0 if slow else 3.0)):
                again.put(node, name, [(minute * MINUTE, value)])
    assert set(by_node(list(spent(metrics, Operations(), [], a_graph(), START, START + 119)))) == {"calm", "fitful"}
    assert set(by_node(list(spent(again, Operations(), [], a_graph(), START, START + 119)))) == {"calm"}


def test_time_in_others_never_makes_the_own_negative() -> None:
    window = spans(web=(1.0, 4.0)).windows("web", START, START + 119, 0.0)[SELF]
    assert set(window.values) == {0.0}


def test_the_seconds_of_spans_are_a_mean_and_no_gauges() -> None:
    windows = spans(web=(1.0, 0.2)).windows("web", START, START + 119, 0.0)
    assert set(windows) == {"spans.requests", "spans.latency.mean", SELF}
    assert windows["spans.latency.mean"].values[0] == 1.0


def test_nodes_are_traced_when_one_of_them_is() -> None:
    metrics = spans(web=(1.0, 0.2))
    assert traced(["db", "web"], metrics)
    assert not traced(["db"], metrics)


def lines(*nodes: str) -> Sayings:
    sayings = Sayings()
    for node in nodes:
        for minute in range(62):
            for text in ("start", "step", "done"):
                for _ in range(10):
                    sayings.put(node, text, text, minute * MINUTE)
    return sayings


def test_logs_say_with_numbers_what_was_never_logged_before() -> None:
    sayings = lines("shop")
    for _ in range(9):
        sayings.put("shop", "no stock", "no stock left", START)
    (said,) = logged(sayings, ["shop"], a_graph(shop=""), START, START + 119)
    assert said.reasons[0].text == "shop logs what it never did before, 9 times in 3 minutes: 'no stock left'"
    assert said.reasons[0].evidence["expected"] == 0.0
    assert said.measured


def test_what_is_no_further_off_than_it_was_before_makes_no_verdict() -> None:
    for earlier, doubt in ((0, ""), (12, DOUBT)):
        sayings = lines("shop")
        for minute, number in ((40, earlier), (60, 9)):
            for _ in range(number):
                sayings.put("shop", "no stock", "no stock left", minute * MINUTE)
        (said,) = logged(sayings, ["shop"], a_graph(shop=""), START, START + 119)
        assert (said.doubt, said.odds > 1) == (doubt, True)


def test_logs_say_what_is_missing() -> None:
    sayings = lines("shop")
    for minute in range(62, 65):
        for text in ("start", "step") if minute > 62 else ("start", "step", "done"):
            for _ in range(10):
                sayings.put("shop", text, text, minute * MINUTE)
    (said,) = logged(sayings, ["shop"], a_graph(shop=""), 64 * MINUTE, 64 * MINUTE + 59)
    assert said.reasons[0].text == "shop no longer logs 'done', though its other lines make one expect 13"


def test_logs_of_few_take_no_weight_from_alerts() -> None:
    sayings = lines("shop")
    for _ in range(9):
        sayings.put("shop", "no stock", "no stock left", START)
    (said,) = logged(sayings, ["shop", "web", "db"], a_graph(web="shop", shop="db"), START, START + 119)
    assert not said.measured


def test_logs_of_a_caller_count_less_while_what_it_needs_alerts_as_they_may_tell_of_that() -> None:
    graph, sayings = a_graph(shop="db", till="card"), lines("shop", "till")
    for node in ("shop", "till"):
        for _ in range(9):
            sayings.put(node, "refused", "connection refused", START)
    said = by_node(list(logged(sayings, ["shop", "till", "db"], graph, START, START + 119)))
    assert 0 < said["shop"].odds < 0.5 * said["till"].odds
