"""Who would explain whom?"""

import pytest

from aiops.domain.events import Severity
from correlation.causes.cones import MOST_ASKED, company, nearest, starving, unheard
from correlation.causes.signs import CONSEQUENCE, OWN, Sign, by_node
from correlation.topology import ServiceGraph, parse_topology
from tests.builders import T0
from tests.correlation.rig import a_graph


def a_sign(node: str, name: str) -> Sign:
    return Sign(node=node, kind=name, name=name, started=0.0, severity=Severity.HIGH)


@pytest.mark.parametrize(
    ("name", "factor"),
    [("NoRequestsReceived", CONSEQUENCE), ("no traffic", CONSEQUENCE), ("KubePodCrashLooping", OWN), ("slow", 1.0)],
)
def test_kinds_tell_of_others_or_of_the_node_itself(name: str, factor: float) -> None:
    assert a_sign("db", name).factor == factor


def test_only_who_says_nothing_else_starves() -> None:
    signs = by_node([a_sign("a", "no traffic"), a_sign("b", "no traffic"), a_sign("b", "errors")])
    assert starving(signs) == {"a"}


def test_one_that_starves_alone_has_no_company_and_all_callees_of_one_caller_have() -> None:
    graph = a_graph(web="a b c")
    assert company("a", {"a"}, graph) == 0.0
    assert company("a", {"a", "b", "c"}, graph) == 1.0


def test_whose_caller_starves_has_company() -> None:
    graph = a_graph(web="a x", a="b")
    assert company("b", {"a", "b"}, graph) == 1.0


def test_of_many_nodes_those_are_asked_that_hurt_then_what_they_need_then_others_as_they_come() -> None:
    others = [f"other-{number}" for number in range(2 * MOST_ASKED)]
    asked = nearest([*others, "db", "api", "web"], ["web", "gone"], a_graph(web="api", api="db"))
    assert asked[:4] == ["web", "db", "api", "other-0"]
    assert len(asked) == MOST_ASKED


def test_of_whom_all_callers_complain_and_who_says_nothing_is_unheard() -> None:
    graph = a_graph(web="api ads", api="db", batch="ads")
    signs = by_node([a_sign("web", "HTTP errors"), a_sign("api", "latency high")])
    assert unheard(signs, graph) == {"db": ("api",)}  # ads may well be: batch has nothing against it


def test_who_alerts_is_not_unheard() -> None:
    signs = by_node([a_sign("web", "errors"), a_sign("api", "errors"), a_sign("db", "NoRequests")])
    assert unheard(signs, a_graph(web="api", api="db")) == {}


@pytest.mark.parametrize("said", [["disk full"], ["errors", "OOMKilled"], ["NoRequests"]])
def test_who_tells_of_its_own_state_or_of_no_calls_complains_of_nobody(said: list[str]) -> None:
    signs = by_node([a_sign("web", "errors"), *(a_sign("api", name) for name in said)])
    assert unheard(signs, a_graph(web="api", api="db")) == {}


def test_one_alone_is_compared_with_none() -> None:
    assert unheard(by_node([a_sign("api", "errors")]), a_graph(web="api", api="db")) == {}


def test_a_host_is_not_called_so_nobody_complains_of_it() -> None:
    text = "services: {api: {runs_on: [h], depends_on: [db]}, db: {}, web: {depends_on: [api]}}\nhosts: {h: {}}"
    graph = ServiceGraph()
    graph.replace(parse_topology(text, "x"), T0)
    assert unheard(by_node([a_sign("web", "errors"), a_sign("api", "errors")]), graph) == {"db": ("api",)}
