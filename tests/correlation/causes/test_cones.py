"""Who would explain whom?"""

import pytest

from aiops.domain.events import Severity
from correlation.causes.cones import company, starving
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
