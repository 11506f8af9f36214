"""Who adds the seconds, or the failures, that somebody has too many of?"""

import pytest

from correlation.causes.excess import Look, excess, moved
from correlation.causes.measured import measured
from correlation.causes.series import MOST_BUCKETS, Metrics, role_of
from tests.correlation.rig import a_graph

MINUTE = 60.0
START = 200 * MINUTE  # of the incident


def a_site(**latency: float) -> Metrics:
    """Each service's latency is 0.1 s for 200 minutes, then what is said, for five; 100 requests a minute."""
    metrics = Metrics()
    for node, seconds in latency.items():
        for minute in range(205):
            wobble = 0.001 * (minute % 3)
            metrics.put(node, "latency.mean", [(minute * MINUTE, seconds if minute >= 200 else 0.1 + wobble)])
            metrics.put(node, "requests.sum", [(minute * MINUTE, 100.0)])
    return metrics


def test_the_callee_that_adds_the_time_is_blamed_and_not_its_callers() -> None:
    graph = a_graph(web="api cache", api="db")
    found = excess("web", Look(a_site(web=2.1, api=2.1, cache=0.1, db=2.1), START, START + 300), graph)
    assert found is not None
    assert found.shares["db"] == pytest.approx(1.0, abs=0.01)
    assert found.explained == pytest.approx(1.0, abs=0.01)


def test_what_two_callers_suffer_from_one_callee_is_shared_between_them() -> None:
    graph = a_graph(web="one two", one="db", two="db")
    found = excess("web", Look(a_site(web=4.1, one=2.1, two=2.1, db=4.1), START, START + 300), graph)
    assert found is not None
    assert max(found.shares, key=lambda node: found.shares[node]) == "db"
    assert found.shares.get("one", 0.0) < 0.05


def test_a_callee_without_a_baseline_is_charged_to_its_caller() -> None:
    graph = a_graph(web="api", api="new")
    metrics = a_site(web=2.1, api=2.1)
    metrics.put("new", "latency.mean", [(START + minute * MINUTE, 2.0) for minute in range(5)])
    found = excess("web", Look(metrics, START, START + 300), graph)
    assert found is not None
    assert max(found.shares, key=lambda node: found.shares[node]) == "api"
    assert "new" not in found.shares


def test_without_a_graph_who_moves_alike_is_named() -> None:
    graph = a_graph(web="", db="", cache="")
    found = excess("web", Look(a_site(web=2.1, db=2.0, cache=0.1), START, START + 300), graph)
    assert found is not None
    assert max(found.shares, key=lambda node: found.shares[node]) == "db"


def test_in_a_quiet_window_nobody_is_blamed() -> None:
    graph = a_graph(web="api")
    metrics = a_site(web=0.1, api=0.1)
    metrics.put("api", "cpu", [(minute * MINUTE, 5.0 if minute < 200 else 90.0) for minute in range(205)])
    assert excess("web", Look(metrics, START, START + 300), graph) is None
    assert all(one.doubt for one in measured(["web"], metrics, graph, START, START + 300))


def test_where_no_caller_is_measured_the_node_that_left_its_own_history_is_named() -> None:
    metrics = Metrics()
    for node, late in (("db", 95.0), ("cache", 6.0)):
        for minute in range(205):
            metrics.put(node, "cpu", [(minute * MINUTE, late if minute >= 200 else 5.0 + minute % 2)])
    (said,) = measured(["web"], metrics, a_graph(web="db cache"), START, START + 300)
    assert said.node == "db"
    assert said.reasons[0].text.startswith("cpu of db went ")


def test_failures_count_by_how_many_requests_they_hit() -> None:
    metrics = Metrics()
    for node, lost in (("web", 4.0), ("api", 8.0)):
        for minute in range(205):
            metrics.put(node, "availability", [(minute * MINUTE, 100.0 - lost if minute >= 200 else 100.0)])
            metrics.put(node, "requests.sum", [(minute * MINUTE, 100.0)])
    found = excess("web", Look(metrics, START, START + 300), a_graph(web="api"))
    assert found is not None
    assert found.measure == "failures"
    assert max(found.shares, key=lambda node: found.shares[node]) == "api"
    assert found.amounts["api"] == pytest.approx(8.0)


def test_only_latency_and_failures_can_be_felt() -> None:
    metrics = Metrics()
    metrics.put("web", "cpu", [(minute * MINUTE, 5.0) for minute in range(205)])
    assert moved(metrics.windows("web", START, START + 300, 0.0)) is None


def test_a_counter_is_kept_by_its_growth_and_may_begin_anew() -> None:
    metrics = Metrics()
    metrics.put("web", "requests.sum", [(0, 100), (60, 160), (120, 30)], cumulative=True)
    window = metrics.windows("web", 0, 200, 0.0)["requests.sum"]
    assert list(window.values) == [60, 30]


def test_a_histogram_becomes_its_mean_and_its_requests() -> None:
    metrics = Metrics()
    metrics.put("web", "http.duration.count", [(0, 10), (60, 20)])
    metrics.put("web", "http.duration.sum", [(0, 5), (60, 40)])
    windows = metrics.windows("web", 0, 100, 0.0)
    assert list(windows["http.duration.mean"].values) == [0.5, 2.0]
    assert [role_of(name) for name in windows] == ["latency", "requests"]


def test_a_series_stays_bounded_and_survives_a_snapshot() -> None:
    metrics, again = Metrics(), Metrics()
    metrics.put("web", "cpu", [(second * 10.0, 1.0) for second in range(5 * MOST_BUCKETS)])
    again.load(metrics.dump())
    window = again.windows("web", 0, 1e9, 0.0)["cpu"]
    assert MOST_BUCKETS <= len(window.values) <= MOST_BUCKETS * 1.25
    assert again.dump() == metrics.dump()
