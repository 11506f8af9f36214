"""What does a services.yaml say, and what is said of one that cannot be used?"""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from aiops.domain.graph import EntityKind, Relation
from correlation.topology import BadTopology, parse_topology

SHOP = """
services:
  Web: {owner: shop, tier: 1, business_service: checkout, depends_on: [api], runs_on: [host1], aliases: [web-frontend]}
  api:
  db1: {kind: host, runbook: https://wiki/db}
hosts: {host1: {part_of: [rack1]}}
mapping:
  labels: [app, host]
  strip_port: false
  look_ups:
    - {label: instance, rows: {"10.0.0.1": {service: API, owner: core, severity: high}, "10.0.0.2": web}}
    - {label: team, file: teams.csv}
"""


def problems(text: str, files: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(BadTopology) as caught:
        parse_topology(text, "services.yaml", (files or {}).__getitem__ if files is not None else None)
    return str(caught.value).splitlines()


def test_all_that_may_stand_in_the_file_is_read() -> None:
    topology = parse_topology(SHOP, "services.yaml", lambda name: "team,owner\nblue, Blue Team \n\n")
    services = {service.name: service for service in topology.services}
    assert list(services) == ["web", "api", "db1", "host1", "rack1"]
    web = services["web"]
    assert (web.owner, web.tier, web.business_service, web.aliases) == ("shop", 1, "checkout", ("web-frontend",))
    assert [services[name].kind for name in ("db1", "host1")] == [EntityKind.HOST, EntityKind.HOST]
    assert services["rack1"].kind is EntityKind.CLUSTER  # named by part_of only
    assert [(edge.source, edge.relation, edge.target) for edge in topology.edges] == [
        ("web", Relation.DEPENDS_ON, "api"),
        ("web", Relation.RUNS_ON, "host1"),
        ("host1", Relation.PART_OF, "rack1"),
    ]
    assert topology.mapping.labels == ("app", "host")
    assert not topology.mapping.strip_port
    instance, team = topology.mapping.look_ups
    assert instance.rows["10.0.0.1"] == {"service": "api", "owner": "core", "severity": "high"}
    assert instance.rows["10.0.0.2"] == {"service": "web"}
    assert team.rows == {"blue": {"owner": "Blue Team"}}


def test_cycles_are_allowed_and_empty_files_too() -> None:
    assert len(parse_topology("services: {a: {depends_on: [b]}, b: {depends_on: [a]}}", "x").edges) == 2
    assert parse_topology("", "x").services == ()


def test_every_problem_is_named_with_its_place_and_fix() -> None:
    text = """
services:
  web: {depends_on: [apii, 7], tier: 9, ownr: shop}
  api: {kind: servce, aliases: [web], depends_on: [api]}
  API: {}
mappings: {}
"""
    assert problems(text) == [
        "services.yaml: mappings: unknown key 'mappings'; did you mean 'mapping'?",
        "services.yaml: services.web.ownr: unknown key 'ownr'; did you mean 'owner'?",
        "services.yaml: services.web.tier: 9 is no tier; write 1 (business-critical) to 4 (nobody minds)",
        "services.yaml: services.api.kind: unknown kind 'servce'; did you mean 'service'?",
        "services.yaml: services.API: 'api' is declared twice (names do not differ by case); keep one of them",
        "services.yaml: services.web.depends_on[0]: 'apii' is not declared; did you mean 'api'?",
        "services.yaml: services.web.depends_on[1]: '7' is not declared; declare it under services",
        "services.yaml: services.api.depends_on[0]: 'api' points at itself; leave it out",
    ]


def test_an_alias_must_lead_to_one_node() -> None:
    text = "services: {a: {aliases: [x, b]}, b: {aliases: [x]}}"
    assert problems(text) == [
        "services.yaml: a.aliases[1]: 'b' already means 'b'; keep one of them",
        "services.yaml: b.aliases[0]: 'x' already means 'a'; keep one of them",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: [a]", "services: ['a'] is not a table"),
        ("services: {a: {depends_on: b}}", "services.a.depends_on: 'b' is not a list"),
        ("services: {a: {aliases: [{x: 1}]}}", "services.a.aliases[0]: {'x': 1} is not a text"),
        ("services: {a: {owner: true}}", "services.a.owner: True is not a text"),
        ("services: {a: {}, a: {}}", "stands here twice"),
        ("services: {a: ", "not readable as YAML"),
        ("mapping: {strip_port: maybe}", "mapping.strip_port: 'maybe' is neither true nor false"),
        ("mapping: {look_ups: {label: x}}", "mapping.look_ups: {'label': 'x'} is not a list"),
        ("mapping: {look_ups: [{label: x}]}", "mapping.look_ups[0]: needs either rows or a file"),
        ("mapping: {look_ups: [{label: x, file: a.csv}]}", "files cannot be read here"),
        ("mapping: {look_ups: [{label: x, rows: {a: {service: b, team: c}}}]}", "unknown key 'team'"),
        ("mapping: {look_ups: [{label: x, rows: {a: {severity: bad}}}]}", "unknown severity 'bad'"),
    ],
)
def test_what_cannot_be_used_is_named(text: str, said: str) -> None:
    assert any(said in line for line in problems(text))


def test_a_file_that_cannot_be_read_or_has_other_columns_is_named() -> None:
    def missing(name: str) -> str:
        raise FileNotFoundError(name)

    with pytest.raises(BadInput, match=r"look_ups\[0\]\.file: 'a\.csv' cannot be read"):
        parse_topology("mapping: {look_ups: [{label: x, file: a.csv}]}", "s", missing)
    with pytest.raises(BadInput, match="unknown key 'team'"):
        parse_topology("mapping: {look_ups: [{label: x, file: a.csv}]}", "s", lambda _: "x,team\n1,2\n")


def test_a_look_up_may_be_yaml_too() -> None:
    topology = parse_topology("mapping: {look_ups: [{label: x, file: a.yaml}]}", "s", lambda _: "h1: db\n")
    assert topology.mapping.look_ups[0].rows == {"h1": {"service": "db"}}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["services", "hosts", "mapping", "depends_on", "labels", "look_ups", "rows", "a"]),
                inner,
            )
        ),
    )
)
def test_any_document_is_a_topology_or_a_named_problem(document: object) -> None:
    named: tuple[Problem, ...] = ()
    try:
        parse_topology(yaml.safe_dump(document), "services.yaml")
    except BadTopology as error:
        named = error.problems
    assert all(problem.place.startswith("services.yaml") and problem.fix for problem in named)
