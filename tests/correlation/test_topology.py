"""How does one node stand to another?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.documents import GRAPHS
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.records import GraphRecord
from correlation.topology import FAN_CAP, ServiceGraph, parse_topology
from tests.builders import T0, at

SHOP = """
services:
  web: {depends_on: [api]}
  app: {depends_on: [api]}
  api: {depends_on: [db], runs_on: [host1]}
  db: {runs_on: [host2]}
  batch: {runs_on: [host1]}
hosts: {host1: {part_of: [rack]}, host2: {}}
"""


@pytest.fixture
def shop() -> ServiceGraph:
    graph = ServiceGraph()
    graph.replace(parse_topology(SHOP, "services.yaml"), T0)
    return graph


def graphs(graph: ServiceGraph) -> list[GraphRecord]:
    return [document for collection, document in graph.drain() if collection is GRAPHS]


def test_a_new_topology_is_a_new_version_and_ends_the_old_one(shop: ServiceGraph) -> None:
    assert [(record.version, record.valid_from) for record in graphs(shop)] == [(1, T0)]
    said = shop.replace(parse_topology("services: {web: {}}", "x"), at(60))
    assert said == "service graph version 2: 1 nodes, 0 edges"
    old, new = graphs(shop)
    assert (old.version, old.valid_until) == (1, at(60))
    assert (new.version, new.valid_from, new.valid_until) == (2, at(60), None)
    assert old.graph_id < new.graph_id


def test_the_same_topology_again_changes_nothing(shop: ServiceGraph) -> None:
    graphs(shop)
    assert shop.replace(parse_topology(SHOP, "services.yaml"), at(60)).endswith("the same as before (version 1)")
    assert graphs(shop) == []


def test_what_share_of_all_a_group_holds_over_hosts_and_groups() -> None:
    nested = """
services:
  web: {part_of: [blue]}
  api: {runs_on: [h1]}
  mail: {}
  dns: {}
hosts: {h1: {part_of: [site]}}
clusters: {blue: {part_of: [site]}}
"""
    graph = ServiceGraph()
    graph.replace(parse_topology(nested, "x"), T0)
    assert {name: graph.share_held(name) for name in ("site", "blue", "h1", "web", "stranger")} == {
        "site": 3 / 5,  # web, api and h1, of these and mail and dns
        "blue": 1 / 5,
        "h1": 0.0,  # something runs on it
        "web": 0.0,
        "stranger": 0.0,
    }


def test_a_dump_brings_the_graph_and_its_version_back(shop: ServiceGraph) -> None:
    other = ServiceGraph()
    other.load(shop.dump())
    assert other.version == 1
    assert other.view() == shop.view()
    assert other.near("api") == shop.near("api")


def test_neighbours_have_relation_hops_and_how_many_stand_in_it(shop: ServiceGraph) -> None:
    ball = {name: (near.relation, near.hops, near.fan) for name, near in shop.near("api").items()}
    assert ball == {
        "api": ("self", 0, 1),
        "db": ("callee", 1, 1),
        "app": ("caller", 1, 2),
        "web": ("caller", 1, 2),
        "host1": ("host", 1, 1),
        "batch": ("host_mate", 2, 1),
    }
    assert shop.near("web")["app"].relation == "sibling"
    assert shop.near("web")["db"].relation == "callee2"
    assert shop.near("db")["web"].relation == "caller2"
    assert shop.near("host1")["api"].relation == "guest"
    assert shop.near("host1")["rack"].relation == "part_of"
    assert shop.near("rack")["host1"].relation == "contains"


def test_a_node_outside_the_graph_has_only_itself(shop: ServiceGraph) -> None:
    assert list(shop.near("stranger")) == ["stranger"]
    assert shop.rests("stranger") == shop.needs("stranger") == frozenset()
    assert shop.path("db", "stranger") == ()


def test_what_rests_on_a_node_is_found_over_one_node_between(shop: ServiceGraph) -> None:
    assert shop.rests("db") == {"api", "web", "app"}
    assert shop.needs("web") == {"api", "db", "host1"}


def test_the_path_leads_from_the_cause_to_the_hurt(shop: ServiceGraph) -> None:
    assert shop.path("host2", "web") == ("host2", "db", "api", "web")
    assert shop.path("web", "db") == ()


def test_a_hub_keeps_its_ball_bounded_and_its_fan_true() -> None:
    graph = ServiceGraph()
    names = [f"s{number:04d}" for number in range(1_000)]
    services = tuple(Service(name=name) for name in ["hub", *names])
    edges = tuple(Edge(source=name, relation=Relation.DEPENDS_ON, target="hub") for name in names)
    graph.replace(Topology(services=services, edges=edges), T0)
    assert len(graph.near("hub")) == FAN_CAP + 1
    assert graph.near("hub")["s0000"].fan == 1_000
    assert len(graph.near("s0999")) <= 2 + FAN_CAP


def test_an_undeclared_end_of_an_edge_is_a_plain_service() -> None:
    graph = ServiceGraph()
    graph.replace(Topology(edges=(Edge(source="a", relation=Relation.DEPENDS_ON, target="b"),)), T0)
    assert graph.view().service("b") == Service(name="b")


names = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(names, names).filter(lambda pair: pair[0] != pair[1]), max_size=20))
def test_what_rests_on_a_node_needs_it_and_has_a_way_to_it(pairs: list[tuple[str, str]]) -> None:
    graph = ServiceGraph()
    graph.replace(Topology(edges=tuple(Edge(source=s, relation=Relation.DEPENDS_ON, target=t) for s, t in pairs)), T0)
    for name in graph.view().services:
        assert all(name in graph.needs(other) for other in graph.rests(name))
        assert all(graph.path(name, other) for other in graph.rests(name))


def test_a_node_is_there_since_the_version_that_brought_it_in(shop: ServiceGraph) -> None:
    """What the first version holds was there before we looked; what left and is back is new."""
    more = SHOP.replace("  batch:", "  mail: {}\n  batch:")
    shop.replace(parse_topology(more, "x"), at(60))
    shop.replace(parse_topology(more.replace("  app: {depends_on: [api]}\n", ""), "x"), at(90))
    other = ServiceGraph()
    other.load(shop.dump())
    assert [other.since(name) for name in ("web", "nobody")] == [float("-inf"), float("-inf")]
    assert other.since("mail") == at(60).timestamp()
    other.replace(parse_topology(more, "x"), at(120))
    assert other.since("app") == at(120).timestamp()
    other.replace(parse_topology(SHOP, "x"), at(150))
    assert other.since("mail") == float("-inf")  # gone, and forgotten
