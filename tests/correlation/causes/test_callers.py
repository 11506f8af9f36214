"""What does an alert about the calls of one node tell of that node?"""

import pytest

from aiops.domain.events import Severity
from aiops.domain.graph import GraphView
from correlation.background import Rates
from correlation.causes.experience import Experience
from correlation.causes.signs import Sign, with_calls
from correlation.members import CALLERS, caller_of
from correlation.rootcause import ALONE, Verdict, weigh
from tests.builders import T0, an_alert, an_entity, at
from tests.correlation.rig import Rig, a_graph

TWINS = a_graph(web="left right", left="db1 db2", right="db1 db2")
REFUSED = "refused queries"


def a_sign(node: str, *callers: str, kind: str = REFUSED, seconds: float = 0) -> Sign:
    return Sign(node, kind, kind, T0.timestamp() + seconds, Severity.HIGH, callers)


def an_outage(experience: Experience, number: int, caller: str, *, told: bool, cause: str = "") -> Verdict:
    """Both databases refuse what one of the twins asks; a person may name the cause."""
    callers = (caller,) if told else ()
    signs = [
        a_sign("db1", *callers),
        a_sign("db2", *callers),
        a_sign("left", kind="slow"),
        a_sign("right", kind="slow"),
    ]
    verdict = weigh(signs, TWINS, Rates(), at(600), experience)
    experience.count(f"incident-{number}", verdict.weighing)
    if cause:
        experience.confirm(f"incident-{number}", cause)
    return verdict


def first_after_lessons(caller: str, *, told: bool) -> str:
    experience = Experience()
    for number in range(20):
        twin = ("left", "right")[number % 2]
        an_outage(experience, number, twin, told=told, cause=twin)
    return an_outage(experience, 99, caller, told=told).candidates[0].entity


def test_of_two_alike_the_one_whose_calls_fail_is_named_once_people_taught_it() -> None:
    assert [first_after_lessons(twin, told=True) for twin in ("left", "right")] == ["left", "right"]
    assert first_after_lessons("left", told=False) == first_after_lessons("right", told=False)


def test_what_two_databases_refuse_the_same_caller_is_one_thing_told_of_it() -> None:
    signs = [
        a_sign("db1", "left", kind="port 5432 refused", seconds=9),
        a_sign("db2", "left", kind="port 5433 refused"),
    ]
    *same, told = with_calls(signs)
    assert same == signs
    assert (told.node, told.kind, told.started) == ("left", "calls: port # refused", T0.timestamp())
    assert (told.name, told.of_calls, told.callers) == ("port 5433 refused in its calls to db2", True, ())


def test_what_is_about_all_calls_is_told_of_nobody_else() -> None:
    assert with_calls([a_sign("db1")]) == [a_sign("db1")]


def test_a_sign_is_about_the_calls_of_all_that_its_alerts_name() -> None:
    assert a_sign("db1", "right").joined(a_sign("db1", "left", "right")).callers == ("left", "right")
    assert {sign.node for sign in with_calls([a_sign("db1", "left", "right")])} == {"db1", "left", "right"}


def test_it_is_said_whom_it_called() -> None:
    silent = weigh([a_sign("db1", "left")], TWINS, Rates(), at(600), Experience())
    said = next(one for one in silent.candidates if one.entity == "left")
    texts = [reason.text for reason in said.evidence]
    assert "an alert about its calls, 'refused queries in its calls to db1' (never seen before)" in texts
    assert not any("alerted" in text for text in texts)  # it did not: db1 did


def test_an_alert_alone_is_compared_with_nothing_whosever_calls_it_is_about() -> None:
    alone = weigh([a_sign("db1", "left")], TWINS, Rates(), at(600), Experience())
    assert (alone.abstained, alone.weighing.claim) == ("only db1 alerts: nothing to compare it with", None)
    assert sum(one.probability for one in alone.candidates) <= ALONE
    assert not any("alerted" in reason.text for one in alone.candidates for reason in one.evidence)
    two = weigh([a_sign("db1", "left", "right")], TWINS, Rates(), at(600), Experience())
    assert two.abstained == alone.abstained
    beside = weigh([a_sign("db1", "left"), a_sign("web", seconds=9)], TWINS, Rates(), at(600), Experience())
    assert beside.weighing.claim is not None


def test_who_is_told_of_its_calls_to_one_complains_of_no_other() -> None:
    graph = a_graph(left="db1 safe", right="db1")
    signs = [a_sign("db1", "left", kind="errors"), a_sign("right", kind="errors")]
    names = {one.entity for one in weigh(signs, graph, Rates(), at(600), Experience()).candidates}
    assert names == {"db1", "left", "right"}


@pytest.mark.parametrize("label", CALLERS)
def test_the_caller_is_read_from_its_label(label: str) -> None:
    assert caller(TWINS.view(), **{label: " Left "}) == "left"


def test_a_caller_is_one_that_the_graph_has_and_not_the_node_itself() -> None:
    view = TWINS.view()
    assert [caller(view, caller=name) for name in ("", "curl", "db1")] == ["", "", ""]
    assert caller(view, caller="curl", client="right") == "right"


def test_where_only_one_calls_it_nothing_is_told_of_that_one() -> None:
    assert caller(a_graph(left="db1", right="db2").view(), caller="left") == ""
    assert caller(a_graph(left="db1", right="db1").view(), caller="left") == "left"


def caller(view: GraphView, **labels: str) -> str:
    return caller_of(an_alert("db1", entity=an_entity("db1"), labels=labels), view)


def test_an_alert_that_names_a_caller_makes_it_a_candidate() -> None:
    for labels, expected in (({"caller": "left"}, True), ({}, False)):
        rig = Rig(TWINS)
        rig.fire(0, "db1", "refused", labels=labels)
        rig.wait(60)
        (incident,) = rig.incidents.values()
        texts = [reason.text for one in incident.candidates if one.entity == "left" for reason in one.evidence]
        assert any("about its calls" in text for text in texts) is expected
