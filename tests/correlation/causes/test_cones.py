"""Who would explain whom?"""

import pytest

from aiops.domain.events import Severity
from correlation.causes.cones import MOST_ASKED, company, nearest, starving
from correlation.causes.signs import CONSEQUENCE, OWN, Sign, by_node
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
