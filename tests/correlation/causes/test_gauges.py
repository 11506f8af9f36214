"""How far did the metrics of a node go, and who waits for it?"""

from collections.abc import Mapping, Sequence

import pytest

from correlation.causes.excess import Look
from correlation.causes.gauges import DOUBT, gauged
from correlation.causes.measured import measured
from correlation.causes.series import Metrics, role_of
from correlation.causes.testimony import Testimony
from correlation.topology import ServiceGraph
from tests.correlation.rig import a_graph

MINUTE = 60.0
HOURS = 120  # minutes of history
START = HOURS * MINUTE  # of the incident, which is seen for three minutes
CLIENT, SERVER = "client_latency_p95", "server_latency_p95"
SHOP = a_graph(web="basket orders", orders="basket stock")


def a_site(told: Mapping[str, Mapping[str, Sequence[float]]], bursts: Mapping[str, float] | None = None) -> Metrics:
    """Each metric of a node is 10 to 12 for two hours, then what is told; ``bursts``: every tenth minute, of some."""
    metrics = Metrics()
    for node, mine in told.items():
        for name, late in mine.items():
            for minute in range(HOURS):
                usual = 10.0 + minute % 3
                value = (bursts or {}).get(node, usual) if minute % 10 == 0 else usual
                metrics.put(node, name, [(minute * MINUTE, value)])
            metrics.put(node, name, [(START + at * MINUTE, value) for at, value in enumerate(late)])
    return metrics


def said(metrics: Metrics, graph: ServiceGraph = SHOP) -> dict[str, Testimony]:
    look = Look(metrics, START, START + 179, 0.0)
    return {one.node: one for one in gauged(list(metrics.nodes), look, graph, "")}


def test_who_went_beyond_its_own_history_is_told_with_the_metric() -> None:
    (one,) = said(a_site({"basket": {"cpu": [90.0] * 3}, "stock": {"cpu": [11.0] * 3}})).values()
    assert one.reasons[0].text == "cpu of basket went 53.3 times as far from its median as it usually does"
    assert (one.node, one.doubt, one.measured) == ("basket", "", True)


def test_one_sample_that_is_far_off_is_a_blip_and_two_of_three_are_none() -> None:
    assert said(a_site({"basket": {"cpu": [11.0, 900.0, 11.0]}})) == {}
    assert set(said(a_site({"basket": {"cpu": [900.0, 11.0, 900.0]}}))) == {"basket"}
    assert set(said(a_site({"basket": {"cpu": [900.0]}}))) == {"basket"}  # there is no more to go by


@pytest.mark.parametrize(("metric", "falls"), [(SERVER, False), ("errors", False), ("availability", True)])
def test_only_the_bad_direction_counts(metric: str, falls: bool) -> None:
    assert (said(a_site({"basket": {metric: [1.0] * 3}})) != {}) == falls
    assert (said(a_site({"basket": {metric: [90.0] * 3}})) != {}) != falls


def test_what_goes_no_further_than_its_bursts_makes_an_order_and_no_verdict() -> None:
    metrics = a_site({"basket": {"cpu": [90.0] * 3}, "stock": {"cpu": [30.0] * 3}}, bursts={"basket": 80.0})
    found = said(metrics)
    assert found["basket"].odds > found["stock"].odds
    assert (found["basket"].doubt, found["basket"].measured) == (DOUBT, False)
    assert found["stock"].doubt == ""


def test_the_wait_of_all_its_callers_is_told_of_the_one_called() -> None:
    """Basket itself measures nothing: what is slow is the way to it."""
    waits = {"web": {CLIENT: [90.0] * 3}, "orders": {CLIENT: [90.0] * 3}}
    quiet = {node: {SERVER: [11.0] * 3} for node in ("basket", "stock")}
    found = said(a_site({**waits, **quiet}))
    assert found["basket"].reasons[0].text.startswith(f"all that call basket wait longer: {CLIENT} of orders went ")
    assert found["basket"].odds == found["stock"].odds  # orders calls both


def test_who_has_a_caller_that_does_not_wait_is_not_suspected_for_another_that_does() -> None:
    waits = {"web": {CLIENT: [11.0] * 3}, "orders": {CLIENT: [90.0] * 3}}
    quiet = {node: {SERVER: [11.0] * 3} for node in ("basket", "stock")}
    assert set(said(a_site({**waits, **quiet}))) == {"stock"}


def test_a_wait_that_is_explained_by_one_that_is_called_is_told_of_no_other() -> None:
    waits = {"orders": {CLIENT: [90.0] * 3}}
    called = {"basket": {SERVER: [95.0] * 3}, "stock": {SERVER: [11.0] * 3}}
    assert set(said(a_site({**waits, **called}))) == {"basket"}


def test_who_waits_for_one_that_is_slow_is_not_slow_by_itself() -> None:
    told = {"orders": {CLIENT: [90.0] * 3, SERVER: [190.0] * 3}, "stock": {SERVER: [60.0] * 3}}
    assert set(said(a_site(told))) == {"stock"}
    alone = {"orders": {CLIENT: [11.0] * 3, SERVER: [190.0] * 3}, "stock": {SERVER: [60.0] * 3}}
    assert set(said(a_site(alone))) == {"orders", "stock"}


def test_who_waits_for_one_that_is_slow_may_still_be_in_a_state() -> None:
    told = {"orders": {CLIENT: [90.0] * 3, SERVER: [190.0] * 3, "cpu": [900.0] * 3}, "stock": {SERVER: [60.0] * 3}}
    assert said(a_site(told))["orders"].reasons[0].text.startswith("cpu of orders went ")


@pytest.mark.parametrize(
    ("metric", "role"),
    [
        ("http.client.request.duration.mean", "waiting"),
        ("http.server.request.duration.mean", "latency"),
        ("rpc.client.duration.mean", "waiting"),
        ("requests of http.client.request.duration", "calls"),
        ("requests of http.server.request.duration", "requests"),
        ("client_errors", "errors"),
        ("connected_clients", "gauge"),
    ],
)
def test_what_is_measured_of_the_calls_that_a_node_makes_is_not_its_own(metric: str, role: str) -> None:
    assert role_of(metric) == role


def test_where_what_alerts_is_not_seen_to_suffer_no_verdict_follows() -> None:
    metrics = a_site({"web": {SERVER: [11.0] * 3}, "basket": {"cpu": [90.0] * 3}})
    (one,) = measured(["web"], metrics, SHOP, START, START + 179)
    assert one.node == "basket"
    assert one.doubt == "nothing that is measured of web shows that it suffers"
