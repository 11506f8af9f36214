"""Who is hurt?"""

from collections.abc import Sequence

import pytest

from aiops.domain.events import Severity
from aiops.domain.graph import GraphView
from aiops.domain.impact import Impact, Traffic
from correlation.impact import dependents_of
from correlation.impact import impact as hurt_by
from correlation.topology import ServiceGraph, parse_topology
from tests.builders import T0, an_incident
from tests.correlation.rig import a_graph

SHOP = """
services:
  web: {depends_on: [cart], business_service: checkout}
  cart: {depends_on: [db]}
  search: {depends_on: [db], business_service: browsing}
  db: {runs_on: [h1]}
hosts: {h1: {part_of: [rack]}}
"""


def impact(services: Sequence[str], view: GraphView, traffic: Traffic | None = None) -> Impact:
    return hurt_by(services, dependents_of(services, view), view, traffic)


def test_dependents_are_named_nearest_first_with_their_business() -> None:
    graph = ServiceGraph()
    graph.replace(parse_topology(SHOP, "x"), T0)
    hurt = impact(["db"], graph.view())
    assert hurt.dependents == ("cart", "search", "web")
    assert hurt.business_services == ("browsing", "checkout")
    assert hurt.text == ("business services browsing, checkout; 3 more services depend on these: cart, search, web")


def test_the_alerting_ones_are_not_their_own_dependents() -> None:
    graph = ServiceGraph()
    graph.replace(parse_topology(SHOP, "x"), T0)
    assert impact(["db", "cart", "search"], graph.view()).dependents == ("web",)
    assert impact(["h1"], graph.view()).dependents == ("db", "cart", "search", "web")
    assert impact(["rack"], graph.view()).dependents == ("db", "cart", "search", "web")  # a host is no service


def test_nothing_downstream_is_said_too() -> None:
    assert impact(["web"], a_graph(web="api").view()).text == "nothing else depends on these"
    assert impact(["stranger"], a_graph(web="api").view()).text.startswith("what depends on these is unknown: ")


def test_many_dependents_are_counted_but_not_all_named() -> None:
    graph = a_graph(**dict.fromkeys((f"s{number:03d}" for number in range(300)), "db"))
    hurt = impact(["db"], graph.view())
    assert (len(hurt.dependents), hurt.dependents_total) == (50, 300)
    assert hurt.text == "300 more services depend on these: s000, s001, s002 and 297 more"


def test_cycles_end() -> None:
    assert impact(["a"], a_graph(a="b", b="a").view()).dependents == ("b",)


def test_the_most_critical_of_all_that_are_hurt_is_named_and_the_teams_downstream() -> None:
    graph = ServiceGraph()
    tiered = """
services:
  web: {depends_on: [api], tier: 1, owner: shop}
  api: {depends_on: [db], tier: 2, owner: core}
  db: {tier: 3, owner: dba}
"""
    graph.replace(parse_topology(tiered, "x"), T0)
    hurt = impact(["db"], graph.view())
    assert (hurt.tier, hurt.most_critical, hurt.owners) == (1, "web", ("core", "shop"))
    assert hurt.text == "2 more services depend on these: api, web (the most critical, tier 1)"
    assert impact(["web"], graph.view()).text == "the most critical is web, tier 1; nothing else depends on these"
    assert impact(["stranger"], graph.view()).tier == 0


def test_the_most_critical_is_named_once_also_when_it_is_far_away() -> None:
    graph = ServiceGraph()
    chain = ["services:", *(f"  s{number}: {{depends_on: [s{number + 1}]}}" for number in range(1, 5))]
    graph.replace(parse_topology("\n".join([*chain, "  s5: {}", "  shop: {depends_on: [s1], tier: 1}"]), "x"), T0)
    text = "the most critical is shop, tier 1; 5 more services depend on these: s4, s3, s2 and 2 more"
    assert impact(["s5"], graph.view()).text == text


@pytest.mark.parametrize(
    ("traffic", "text"),
    [
        (
            Traffic(service="web", now=300.0, usual=1_200.4),
            "about 1,200 requests/min are affected (web gets 300 now, 1,200 before)",
        ),
        (Traffic(service="web", now=300.0), "about 300 requests/min are affected (web gets 300 now)"),
        (
            Traffic(service="web", usual=50.0),
            "about 50 requests/min are affected (web reports none since, 50 before)",
        ),
    ],
)
def test_requests_that_are_affected_are_said_first(traffic: Traffic, text: str) -> None:
    assert impact(["web"], a_graph(web="api").view(), traffic).text == f"{text}; nothing else depends on these"


def test_the_weight_is_the_sum_of_what_is_said_of_it() -> None:
    hurt = Impact(dependents_total=9, business_services=("a", "b"), tier=1, traffic=Traffic(service="web", usual=999.0))
    incident = an_incident(severity=Severity.HIGH, impact=hurt)
    assert incident.weight == 20 + 15 + 4 + 3 + 6
    assert incident.weighed == (
        "weighs 48: severity high 20, tier 1 15, 2 business services 4, 9 dependents 3, 999 requests/min 6"
    )


def test_a_critical_business_counts_more_than_a_step_of_severity_and_requests_alone_do_not() -> None:
    plain = an_incident(severity=Severity.CRITICAL, impact=Impact(tier=3))
    business = an_incident(severity=Severity.HIGH, impact=Impact(tier=1))
    busy = an_incident(severity=Severity.HIGH, impact=Impact(tier=3, traffic=Traffic(service="web", usual=8_000.0)))
    assert business.weight > plain.weight > busy.weight


def test_no_part_of_the_weight_grows_without_bound() -> None:
    traffic = Traffic(service="web", usual=1e12)
    most = Impact(tier=1, dependents_total=5_000, business_services=tuple("abcdefgh"), traffic=traffic)
    assert an_incident(severity=Severity.INFO, impact=most).weight == 15 + 6 + 9 + 10
    assert an_incident(severity=Severity.INFO, impact=Impact()).weight == 0
