"""What is but a consequence of something else that fires, by whose word, and who is judged anew when that changes?"""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.acts import EndInhibition, PutInhibition
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.documents import INHIBITIONS
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Severity, Status
from aiops.domain.graph import EntityKind, GraphView
from aiops.domain.matching import Matcher, parse_matcher
from aiops.domain.rules import Inhibition
from aiops.domain.settings import MutingSettings
from aiops.domain.timers import Timers
from correlation.topology import ServiceGraph, parse_topology
from rules import inhibition
from rules.inhibition import LEVELS, Inhibitor
from tests.builders import T0, an_alert, an_entity, an_episode, at

NO_GRAPH = ServiceGraph().view()
ESTATE = """
services:
  app: {runs_on: [host1, host2]}
  batch: {runs_on: [host1]}
  mail: {runs_on: [host3]}
hosts:
  host1: {part_of: [rack]}
  host2: {part_of: [rack]}
  host3: {}
"""


def matchers(*texts: str) -> tuple[Matcher, ...]:
    return tuple(parse_matcher(text, "test") for text in texts)


def a_rule(key: str = "switch", source: str = "kind=down", target: str = "kind=slow", **changes: Any) -> Inhibition:
    rule = Inhibition(
        id=key,
        source=matchers(source),
        target=matchers(target),
        equal=("rack",),
        owner="net",
        reason="its ports are down with it",
        expires=at(3_600),
    )
    return msgspec.structs.replace(rule, **changes)


def an_inhibitor(*rules: Inhibition, **settings: Any) -> Inhibitor:
    part = Inhibitor(MutingSettings(**settings), Timers())
    for rule in rules:
        part.act(PutInhibition(inhibition=rule), "ana", T0)
    return part


def fires(name: str, kind: str, rack: str = "1", **changes: Any) -> Alert:
    """An alert whose ``kind`` is its label, too: matchers see the alert's own kind under that name."""
    episode = an_episode(name, fingerprint=name, kind_key=kind)
    said = {"title": kind, "labels": {"rack": rack}, "fingerprint": name, "episode": episode}
    return an_alert(name, **{**said, **changes})


def heard(part: Inhibitor, *alerts: Alert, view: GraphView = NO_GRAPH) -> None:
    for alert in alerts:
        part.note(alert, view)


def over(part: Inhibitor, alert: Alert, seconds: float = 0, view: GraphView = NO_GRAPH, hit: bool = False) -> list[str]:
    return [one.id for one in part.over(alert, view, at(seconds), hit)]


def estate() -> GraphView:
    graph = ServiceGraph()
    graph.replace(parse_topology(ESTATE, "x"), T0)
    return graph.view()


def goes_down(name: str, kind: EntityKind = EntityKind.HOST, **changes: Any) -> Alert:
    entity = an_entity(name, kind=kind)
    return fires(f"{name}-down", "down", **{"entity": entity, **changes})


# rules


def test_a_target_is_quiet_while_a_source_with_the_same_labels_fires() -> None:
    part = an_inhibitor(a_rule())
    here, there = fires("port1", "slow"), fires("port2", "slow", rack="2")
    heard(part, here, there)
    assert over(part, here) == []
    heard(part, fires("switch", "down"))
    (found,) = part.over(here, NO_GRAPH, T0, hit=False)
    assert (found.kind, found.id, found.until) == ("inhibition", "switch", at(3_600))
    assert found.text == "inhibited by net while down of switch fires: its ports are down with it"
    assert over(part, there) == []


def test_a_source_on_no_node_is_named_so() -> None:
    part = an_inhibitor(a_rule())
    heard(part, fires("switch", "down", entity=an_entity("")))
    assert "while down of no node fires" in part.over(fires("port", "slow"), NO_GRAPH, T0, hit=False)[0].text


def test_an_inhibition_hides_nothing_from_its_end_on_timer_or_not() -> None:
    part = an_inhibitor(a_rule())
    heard(part, fires("switch", "down"))
    assert over(part, fires("port", "slow"), 3_599) == ["switch"]
    assert over(part, fires("port", "slow"), 3_600) == []


def test_labels_that_neither_has_are_the_same() -> None:
    part = an_inhibitor(a_rule())
    heard(part, fires("switch", "down", labels={}))
    assert over(part, fires("port", "slow", labels={})) == ["switch"]
    assert over(part, fires("port", "slow")) == []


def test_what_is_source_and_target_inhibits_neither_itself_nor_its_like() -> None:
    part = an_inhibitor(a_rule(source="kind=~down|both", target="kind=~slow|both"))
    one, two = fires("one", "both"), fires("two", "both")
    heard(part, one, two)
    assert (over(part, one), over(part, two)) == ([], [])
    assert over(part, fires("port", "slow")) == ["switch"]
    heard(part, fires("switch", "down"))
    assert over(part, one) == ["switch"]  # what is only a source hides what is both


def test_a_hit_is_counted_where_an_event_came_in_and_something_is_hidden() -> None:
    part = an_inhibitor(a_rule())
    part.drain()
    over(part, fires("port", "slow"), 10, hit=True)
    heard(part, fires("switch", "down"))
    over(part, fires("port", "slow"), 20)
    assert [one for collection, one in part.drain() if collection is INHIBITIONS] == []
    over(part, fires("port", "slow"), 30, hit=True)
    (kept,) = [one for collection, one in part.drain() if collection is INHIBITIONS]
    assert (kept.hits, kept.last_hit) == (1, at(30))


def test_whoever_stands_behind_a_source_is_judged_anew_when_it_comes_and_goes() -> None:
    part = an_inhibitor(a_rule())
    heard(part, fires("port1", "slow"), fires("port2", "slow"), fires("far", "slow", rack="2"))
    switch = fires("switch", "down")
    assert part.note(switch, NO_GRAPH) == ["port1", "port2"]
    assert part.note(switch, NO_GRAPH) == []
    assert part.note(fires("switch2", "down"), NO_GRAPH) == []  # they are quiet already, because of the first
    assert part.note(msgspec.structs.replace(switch, status=Status.RESOLVED), NO_GRAPH) == ["port1", "port2"]
    assert over(part, fires("port1", "slow")) == ["switch"]
    gone = fires("switch2", "down", status=Status.RESOLVED)
    assert part.note(gone, NO_GRAPH) == ["port1", "port2"]
    assert over(part, fires("port1", "slow")) == []


def test_what_was_over_already_concerns_nobody() -> None:
    part = an_inhibitor(a_rule())
    heard(part, fires("port", "slow"))
    assert part.note(fires("switch", "down", status=Status.RESOLVED), NO_GRAPH) == []


def test_an_inhibition_that_ends_hides_nothing_and_concerns_those_that_it_hid() -> None:
    part = an_inhibitor(a_rule())
    switch, port = fires("switch", "down"), fires("port", "slow")
    heard(part, switch, port)
    hidden = msgspec.structs.replace(port, suppressed_by=part.over(port, NO_GRAPH, T0, hit=False))
    assert list(part.concerned("switch", [switch, hidden, fires("x", "other")])) == [switch, hidden]
    assert part.act(EndInhibition(inhibition_id="switch"), "bob", at(60)) == (
        "inhibition switch ended by bob",
        "switch",
    )
    assert over(part, port) == []
    assert list(part.concerned("switch", [switch, hidden])) == [hidden]
    with pytest.raises(Conflict, match="or it has ended"):
        part.act(EndInhibition(inhibition_id="switch"), "bob", at(60))


def test_one_that_expires_is_kept_as_ended_at_its_own_end() -> None:
    part = an_inhibitor(a_rule())
    part.turn("switch", at(4_000))
    part.turn("switch", at(4_000))  # it is no more: nothing happens
    kept = [one for collection, one in part.drain() if collection is INHIBITIONS][-1]
    assert (kept.ended, kept.expires) == (True, at(3_600))


def test_one_that_is_put_anew_keeps_its_hits_and_says_the_new_word() -> None:
    part = an_inhibitor(a_rule())
    switch, port = fires("switch", "down"), fires("port", "slow")
    heard(part, switch, port)
    over(part, port, 5, hit=True)
    part.act(PutInhibition(inhibition=a_rule(target="kind=late")), "bob", at(10))
    assert over(part, port) == []
    kept = [one for collection, one in part.drain() if collection is INHIBITIONS][-1]
    assert (kept.hits, kept.last_hit, kept.created_by, kept.created_at) == (1, at(5), "ana", T0)
    assert str(kept.target[0]) == 'kind="late"'


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"expires": T0}, "inhibition switch, expires"),
        ({"expires": T0 + MutingSettings().longest + timedelta(seconds=1)}, "inhibition switch, expires"),
        ({"source": "kind=~.*"}, "inhibition switch, source"),
        ({"target": "kind=~.*"}, "inhibition switch, target"),
        ({"owner": ""}, "inhibition switch"),
        ({"reason": ""}, "inhibition switch"),
    ],
)
def test_what_could_not_stand_is_refused_by_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(BadInput) as refused:
        an_inhibitor(a_rule(**changes))
    assert refused.value.place.startswith(place)


def test_one_may_last_as_long_as_a_mute() -> None:
    an_inhibitor(a_rule(expires=T0 + MutingSettings().longest))


def test_there_are_no_more_than_can_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inhibition, "MOST", 1)
    part = an_inhibitor(a_rule("a"))
    with pytest.raises(Conflict, match="end some first"):
        part.act(PutInhibition(inhibition=a_rule("b")), "ana", T0)
    part.act(PutInhibition(inhibition=a_rule("a")), "ana", T0)  # in its own place


# the graph


def test_what_runs_only_on_a_host_that_is_down_is_quiet() -> None:
    part, view = an_inhibitor(), estate()
    heard(part, goes_down("host1"), view=view)
    (found,) = part.over(fires("batch", "slow"), view, T0, hit=False)
    assert found.id == "graph:host1"
    assert found.text == "batch depends on where it runs: host1 is down (down)"
    assert over(part, fires("app", "slow"), view=view) == []  # it runs on host2, too
    heard(part, goes_down("host2"), view=view)
    assert over(part, fires("app", "slow"), view=view) == ["graph:host1"]
    assert over(part, fires("mail", "slow"), view=view) == []


def test_a_rack_takes_its_hosts_and_all_on_them_with_it() -> None:
    part, view = an_inhibitor(), estate()
    heard(part, goes_down("host1"), goes_down("rack", EntityKind.SITE), view=view)
    for name in ("host1", "app", "batch"):
        assert over(part, fires(name, "slow"), view=view) == ["graph:rack"]  # the outermost is named
    assert over(part, fires("mail", "slow"), view=view) == []
    assert over(part, fires("rack", "slow"), view=view) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": Severity.WARNING},
        {"verdict": Verdict.KNOWN_GOOD},
        {"entity": an_entity("host1", kind=EntityKind.SERVICE)},
        {"entity": an_entity("host1", kind=EntityKind.HOST, known=False)},
        {"status": Status.RESOLVED},
    ],
    ids=["it only warns", "it is known good", "it is a service", "the graph knows it not", "it is over"],
)
def test_a_host_is_not_down_for_whatever_it_says(changes: dict[str, Any]) -> None:
    part, view = an_inhibitor(), estate()
    heard(part, goes_down("host1", **changes), view=view)
    assert over(part, fires("batch", "slow"), view=view) == []


def test_the_graph_may_be_switched_off() -> None:
    part, view = an_inhibitor(by_graph=False), estate()
    heard(part, goes_down("host1"), view=view)
    assert over(part, fires("batch", "slow"), view=view) == []


@pytest.mark.parametrize(("seconds", "found"), [(-301, []), (-300, ["graph:host1"]), (50, ["graph:host1"])])
def test_what_began_long_before_its_host_went_down_has_a_cause_of_its_own(seconds: float, found: list[str]) -> None:
    part, view = an_inhibitor(), estate()
    heard(part, goes_down("host1"), view=view)
    alert = fires("batch", "slow", episode=an_episode("batch", kind_key="slow", started_at=at(seconds)))
    assert over(part, alert, view=view) == found


def test_whoever_runs_on_a_host_is_judged_anew_when_it_goes_down_and_comes_back() -> None:
    part, view = an_inhibitor(), estate()
    heard(part, fires("batch", "slow"), fires("app", "slow"), fires("mail", "slow"), view=view)
    assert sorted(part.note(goes_down("host1"), view)) == ["app", "batch"]
    again = goes_down("host1", fingerprint="another")
    assert part.note(again, view) == []  # it is down already
    assert sorted(part.note(goes_down("host1", status=Status.RESOLVED), view)) == ["app", "batch"]
    assert over(part, fires("batch", "slow"), view=view) == ["graph:host1"]
    part.note(goes_down("host1", fingerprint="another", status=Status.RESOLVED), view)
    assert over(part, fires("batch", "slow"), view=view) == []


def test_no_more_levels_are_followed_than_estates_have() -> None:
    nodes = [f"n{number}" for number in range(LEVELS + 2)]
    lines = [f"  {one}: {{part_of: [{two}]}}" for one, two in pairwise(nodes)]
    graph = ServiceGraph()
    graph.replace(parse_topology("\n".join(["hosts:", *lines, f"  {nodes[-1]}: {{}}"]), "x"), T0)
    part, view = an_inhibitor(), graph.view()
    heard(part, *(fires(name, "slow") for name in nodes), view=view)
    turned = part.note(goes_down(nodes[-1]), view)
    quiet = [name for name in nodes if over(part, fires(name, "slow"), view=view)]
    assert quiet == nodes[1:-1] == sorted(turned)


# laws

NAMES, KINDS, RACKS = ("a", "b", "c", "d"), ("down", "slow", "both", "other"), ("1", "2")
STEPS = st.tuples(st.sampled_from(NAMES), st.sampled_from(KINDS), st.sampled_from(RACKS), st.booleans())
BOTH = a_rule(source="kind=~down|both", target="kind=~slow|both")


def by_definition(alert: Alert, present: dict[str, Alert]) -> bool:
    """Is there another that fires, a source in the same rack, and no target itself where this one is a source, too?"""
    kind = alert.episode.kind_key
    others = [one for name, one in present.items() if name != alert.fingerprint and one.labels == alert.labels]
    sources = [one for one in others if one.episode.kind_key in ("down", "both")]
    if kind == "both":
        sources = [one for one in sources if one.episode.kind_key == "down"]
    return kind in ("slow", "both") and bool(sources)


@given(st.lists(STEPS, max_size=25))
def test_whatever_comes_and_goes_each_is_quiet_just_where_the_rule_says_and_is_judged_when_that_changes(
    steps: list[tuple[str, str, str, bool]],
) -> None:
    part = an_inhibitor(BOTH)
    present: dict[str, Alert] = {}
    for name, kind, rack, firing in steps:
        alert = fires(name, kind, rack, status=Status.FIRING if firing else Status.RESOLVED)
        before = {key: by_definition(one, present) for key, one in present.items() if key != name}
        present.pop(name, None)
        if firing:
            present[name] = alert
        turned = part.note(alert, NO_GRAPH)
        assert [bool(over(part, one)) for one in present.values()] == [
            by_definition(one, present) for one in present.values()
        ]
        changed = {key for key, was in before.items() if by_definition(present[key], present) is not was}
        assert changed <= set(turned)
        twin = Inhibitor(MutingSettings(), Timers())
        twin.load(part.dump())
        assert twin.dump() == part.dump()
        assert [over(twin, one) for one in present.values()] == [over(part, one) for one in present.values()]
