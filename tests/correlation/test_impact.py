"""Who is hurt?"""

from correlation.impact import impact
from correlation.topology import ServiceGraph, parse_topology
from tests.builders import T0
from tests.correlation.rig import a_graph

SHOP = """
services:
  web: {depends_on: [cart], business_service: checkout}
  cart: {depends_on: [db]}
  search: {depends_on: [db], business_service: browsing}
  db: {runs_on: [h1]}
hosts: {h1: {part_of: [rack]}}
"""


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
    assert impact(["stranger"], a_graph(web="api").view()).text.startswith("unknown: ")


def test_many_dependents_are_counted_but_not_all_named() -> None:
    graph = a_graph(**dict.fromkeys((f"s{number:03d}" for number in range(300)), "db"))
    hurt = impact(["db"], graph.view())
    assert (len(hurt.dependents), hurt.dependents_total) == (50, 300)
    assert hurt.text == "300 more services depend on these: s000, s001, s002 and 297 more"


def test_cycles_end() -> None:
    assert impact(["a"], a_graph(a="b", b="a").view()).dependents == ("b",)
