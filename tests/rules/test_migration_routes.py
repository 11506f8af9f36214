"""A tree of routes comes over as a list that tells the same receivers; what is otherwise is said."""

import tomllib
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.routes import Route, check_routes
from rules.migration_routes import routes_of, written

TREE = """
route:
  receiver: ops
  group_by: [alertname]
  routes:
    - matchers: ['team = "db"']
      receiver: dba
      routes:
        - match: {env: prod}
          receiver: dba-on-call
        - match_re: {env: "dev|test"}
    - matchers: ['team=~"web.*"', 'env!="dev"']
      receiver: web team!
      mute_time_intervals: [night]
receivers:
  - name: dba
    slack_configs: [{channel: '#db'}]
    email_configs: [{to: dba@example.org}]
"""


def read(text: str) -> tuple[list[Route], dict[str, str]]:
    routes, problems = routes_of(yaml.safe_load(text), "am.yml")
    assert all(problem.fix for problem in problems)
    return routes, {f"{problem.place}: {problem.problem}": problem.fix for problem in problems}


def told(routes: list[Route], labels: dict[str, str]) -> list[str]:
    """Say whom our routes tell of an incident whose alerts have these labels."""
    names: list[str] = []
    for route in routes:
        if all(matcher.test()(labels.get(matcher.field, "")) for matcher in route.matchers("test")):
            names.append(route.name)
            if not route.goes_on:
                break
    return names


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({}, "ops"),
        ({"team": "db"}, "dba-2"),  # of the two that tell dba, the deeper one comes first
        ({"team": "db", "env": "prod"}, "dba-on-call"),
        ({"team": "db", "env": "test"}, "dba"),  # it tells the receiver above it
        ({"team": "web1", "env": "prod"}, "web-team-"),
        ({"team": "web1", "env": "dev"}, "ops"),
    ],
)
def test_the_deepest_route_that_matches_is_told(labels: dict[str, str], receiver: str) -> None:
    assert told(read(TREE)[0], labels) == [receiver]


def test_what_does_not_come_over_is_said_with_its_place() -> None:
    said = read(TREE)[1]
    assert "am.yml: route: group_by: not carried over" in said
    assert any(text.startswith("am.yml: route.routes[1].mute_time_intervals: when a route is on") for text in said)
    assert "am.yml: receivers: how dba is reached (slack, email) does not come over" in said
    assert "am.yml: receivers: how ops is reached (not in the file) does not come over" in said


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ({"match": {"severity": "page"}}, "no incident has the severity page"),
        ({"match_re": {"severity": "critical|ticket"}}, "no incident has the severity ticket"),
        ({"match": {"owner": "x"}}, "owner is the owner of its services here, not a label"),
        ({"matchers": ["a~b"]}, "not a matcher: 'a~b': this route and those below it do not come over"),
        ({"match_re": {"a": "("}}, "do not come over"),
        ({"match": {"a": "x"}, "continue": True}, "the routes above it are told too"),
        (7, "no object"),
    ],
)
def test_what_is_otherwise_here_is_said(route: Any, said: str) -> None:
    text = yaml.safe_dump({"route": {"receiver": "ops", "routes": [route]}})
    assert any(said in problem and "am.yml: route" in problem for problem in read(text)[1])


def test_a_severity_that_there_is_comes_over_as_it_is() -> None:
    text = yaml.safe_dump({"route": {"receiver": "ops", "routes": [{"match_re": {"severity": "critical|warning"}}]}})
    assert not any("severity" in problem for problem in read(text)[1])


def test_a_configuration_without_routes_has_none() -> None:
    assert routes_of({"route": [1]}, "am.yml") == ([], [])
    assert routes_of({}, "am.yml") == ([], [])


def test_what_is_written_is_read_by_our_configuration() -> None:
    routes = read(TREE)[0]
    document = tomllib.loads(written(routes))
    again = msgspec.convert(document["decisions"]["paging"]["routes"], tuple[Route, ...])
    assert list(again) == routes
    check_routes(again, (), "routes")


LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "y"]), max_size=3)
MATCH = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "y"]), max_size=2)


def trees(goes_on: st.SearchStrategy[bool]) -> st.SearchStrategy[dict[str, Any]]:
    leaf = st.fixed_dictionaries({"match": MATCH, "continue": goes_on})
    return st.recursive(
        leaf,
        lambda inner: st.fixed_dictionaries(
            {"match": MATCH, "continue": goes_on, "routes": st.lists(inner, max_size=3)}
        ),
        max_leaves=8,
    )


def named(tree: dict[str, Any], name: str = "r") -> dict[str, Any]:
    """Give every route a receiver of its own; the top takes all and goes on nowhere."""
    routes = [named(one, f"{name}_{number}") for number, one in enumerate(tree.get("routes", ()))]
    return {**tree, "receiver": name, "routes": routes}


def alertmanager(route: dict[str, Any], labels: dict[str, str]) -> list[str]:
    """Say whom an Alertmanager tells, by its documentation."""
    found: list[str] = []
    for one in route["routes"]:
        if all(labels.get(key, "") == value for key, value in one["match"].items()):
            found += alertmanager(one, labels)
            if not one["continue"]:
                break
    return found or [route["receiver"]]


@given(trees(st.just(False)), LABELS)
def test_without_continue_the_same_one_is_told(tree: dict[str, Any], labels: dict[str, str]) -> None:
    top = {**named(tree), "match": {}}
    assert told(routes_of({"route": top}, "am.yml")[0], labels) == alertmanager(top, labels)


@given(trees(st.booleans()), LABELS)
def test_with_continue_nobody_is_forgotten(tree: dict[str, Any], labels: dict[str, str]) -> None:
    top = {**named(tree), "match": {}, "continue": False}
    assert set(alertmanager(top, labels)) <= set(told(routes_of({"route": top}, "am.yml")[0], labels))
