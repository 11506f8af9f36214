"""Maintenance, inhibition and expiry: what is quiet, why, and what happens when that ends."""

from datetime import datetime, timedelta

import msgspec
import pytest

from aiops.domain.acts import ApplySettings, EndInhibition, EndWindow, ImportTopology, PutInhibition, PutRule, PutWindow
from aiops.domain.alerts import Fate, Verdict
from aiops.domain.documents import INHIBITIONS, RULE_CHANGES, RULES, WINDOWS
from aiops.domain.entries import Delivery
from aiops.domain.events import Status
from aiops.domain.graph import Edge, EntityKind, Relation, Service, Topology
from aiops.domain.matching import Matcher, parse_matcher
from aiops.domain.rules import Inhibition, Rule, RuleStatus, Window
from aiops.domain.settings import MutingSettings, Settings
from tests.scenarios.world import T0, World


def matchers(*texts: str) -> tuple[Matcher, ...]:
    return tuple(parse_matcher(text, "test") for text in texts)


def later(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def a_window(start: float, end: float, **changes: object) -> PutWindow:
    window = Window(
        id="upgrade",
        matchers=matchers("service=db"),
        owner="dba",
        reason="upgrade",
        starts_at=later(start),
        ends_at=later(end),
    )
    return PutWindow(window=msgspec.structs.replace(window, **changes))


def an_inhibition(minutes: float = 60) -> PutInhibition:
    rule = Inhibition(
        id="switch",
        source=matchers("alertname=SwitchDown"),
        target=matchers("alertname=PortDown"),
        equal=("rack",),
        owner="net",
        reason="its ports are down with it",
        expires=later(minutes),
    )
    return PutInhibition(inhibition=rule)


def estate() -> ImportTopology:
    """Two hosts in a rack; app runs on both, batch on one, mail beside the rack."""
    nodes = {"rack1": EntityKind.SITE, "host1": EntityKind.HOST, "host2": EntityKind.HOST, "host3": EntityKind.HOST}
    services = [Service(name=name, kind=kind) for name, kind in nodes.items()]
    services += [Service(name=name) for name in ("app", "batch", "mail")]
    on = [("app", "host1"), ("app", "host2"), ("batch", "host1"), ("mail", "host3")]
    edges = [Edge(source=one, relation=Relation.RUNS_ON, target=two) for one, two in on]
    edges += [Edge(source=host, relation=Relation.PART_OF, target="rack1") for host in ("host1", "host2")]
    return ImportTopology(topology=Topology(services=tuple(services), edges=tuple(edges)))


def test_planned_work_keeps_quiet_while_it_lasts_and_what_still_fires_is_told_then(world: World) -> None:
    world.topology("api -> db")
    world.at(0).act(a_window(5, 15))
    world.at(6 * 60).alert("db", "connection refused", "critical")
    during = world.expect(at=14 * 60)
    (suppression,) = during.alert("db").suppressed_by
    assert suppression.kind == "maintenance"
    assert suppression.text == "maintenance upgrade (dba) until 2026-03-02 09:15 UTC: upgrade"
    assert during.alert("db").status is Status.FIRING
    assert (during.pages, {record.fate for record in during.events()}) == ([], {Fate.SUPPRESSED})
    after = world.expect(at=16 * 60)
    assert after.alert("db").lifted == suppression
    assert [page.event for page in after.pages] == ["opened"]
    assert [window.status for window in after.all(WINDOWS)] == [RuleStatus.EXPIRED]
    after.balanced()


def test_what_resolves_during_planned_work_is_never_told(world: World) -> None:
    world.topology("api -> db")
    world.at(0).act(a_window(0, 15))
    world.at(60).alert("db", "connection refused", "critical")
    world.at(120).resolved("db", "connection refused", "critical", began=60)
    seen = world.expect(at=20 * 60)
    assert (seen.alert("db").status, seen.pages) == (Status.RESOLVED, [])


def test_a_recurring_window_opens_again(world: World) -> None:
    world.topology("api -> db")
    day = 86_400
    world.at(0).act(a_window(10, 20, recurs="FREQ=DAILY", zone="Europe/Berlin", until=T0 + timedelta(days=5)))
    world.at(day + 11 * 60).alert("db", "connection refused", "critical")
    seen = world.expect(at=day + 12 * 60)
    assert [one.id for one in seen.alert("db").suppressed_by] == ["upgrade"]
    assert seen.pages == []
    (window,) = world.expect(at=day + 21 * 60).all(WINDOWS)
    assert window.opens == T0 + timedelta(days=2, minutes=10)
    assert window.hits == 1


def test_a_window_that_is_ended_early_hides_nothing_more(world: World) -> None:
    world.topology("api -> db")
    world.at(0).act(a_window(0, 60))
    world.at(60).alert("db", "connection refused", "critical")
    world.at(120).act(EndWindow(window_id="upgrade"))
    seen = world.expect(at=180)
    assert not seen.alert("db").suppressed
    assert [page.event for page in seen.pages] == ["opened"]


def a_ticket(**changes: object) -> Delivery:
    ticket = {
        "number": "CHG0030001",
        "short_description": "Patch the database",
        "state": "scheduled",
        "start_date": later(5).isoformat(),
        "end_date": later(30).isoformat(),
        "cmdb_ci": "db",
        "assigned_to": "ana",
    }
    body = msgspec.json.encode({**ticket, **changes})
    return Delivery(source="change_tickets", body=body, content_type="application/json")


@pytest.mark.parametrize(
    ("policy", "status", "quiet"), [("propose", RuleStatus.PROPOSED, False), ("make", RuleStatus.ACTIVE, True)]
)
def test_a_change_ticket_proposes_a_window_or_makes_it(
    world: World, policy: str, status: RuleStatus, quiet: bool
) -> None:
    world.topology("api -> db")
    world.at(0).act(ApplySettings(settings=Settings(muting=MutingSettings(from_tickets=policy))))  # type: ignore[arg-type]
    world.add(60, a_ticket())
    world.at(6 * 60).alert("db", "connection refused", "critical")
    seen = world.expect(at=8 * 60)
    (window,) = seen.all(WINDOWS)
    assert (window.ticket, window.status, window.owner) == ("CHG0030001", status, "ana")
    assert window.reason == "CHG0030001: Patch the database"
    assert seen.alert("db").suppressed is quiet


def test_accepting_a_proposed_window_makes_it_count_and_a_cancelled_ticket_ends_it(world: World) -> None:
    world.topology("api -> db")
    world.add(60, a_ticket())
    (proposed,) = world.expect(at=100).all(WINDOWS)
    world.at(120).act(PutWindow(window=msgspec.structs.replace(proposed, status=RuleStatus.ACTIVE)))
    world.at(6 * 60).alert("db", "connection refused", "critical")
    assert world.expect(at=7 * 60).alert("db").suppressed
    world.add(8 * 60, a_ticket(state="canceled"))
    seen = world.expect(at=9 * 60)
    assert not seen.alert("db").suppressed
    assert [window.status for window in seen.all(WINDOWS)] == [RuleStatus.EXPIRED]


def test_an_inhibited_alert_pages_when_its_source_is_over(world: World) -> None:
    world.topology("api -> sw", "api -> p1", "api -> p2")
    world.at(0).act(an_inhibition())
    world.at(10).alert("p1", "port is down", "critical", alertname="PortDown", rack="a")
    world.at(20).alert("p2", "port is down", "critical", alertname="PortDown", rack="b")
    world.at(30).alert("sw", "switch is down", "critical", alertname="SwitchDown", rack="a")
    seen = world.expect(at=40)
    assert [one.kind for one in seen.alert("p1").suppressed_by] == ["inhibition"]
    assert "while switch is down of sw fires" in seen.alert("p1").suppressed_by[0].text
    assert not seen.alert("p2").suppressed_by  # another rack
    assert not seen.alert("sw").suppressed_by
    world.at(600).resolved("sw", "switch is down", "critical", began=30, alertname="SwitchDown", rack="a")
    after = world.expect(at=700)
    assert not after.alert("p1").suppressed_by
    assert after.alert("p1").lifted
    after.balanced()


@pytest.mark.parametrize("how", ["ended", "expired"])
def test_an_inhibition_that_is_no_longer_in_force_hides_nothing(world: World, how: str) -> None:
    world.topology("api -> sw", "api -> p1")
    world.at(0).act(an_inhibition(2 if how == "expired" else 60))
    world.at(30).alert("sw", "switch is down", "critical", alertname="SwitchDown", rack="a")
    world.at(40).alert("p1", "port is down", "critical", alertname="PortDown", rack="a")
    assert world.expect(at=60).alert("p1").suppressed
    if how == "ended":
        world.at(100).act(EndInhibition(inhibition_id="switch"))
    seen = world.expect(at=130)
    assert not seen.alert("p1").suppressed
    assert [(one.ended, one.hits) for one in seen.all(INHIBITIONS)] == [(True, 1)]


def test_known_bad_is_never_inhibited(world: World) -> None:
    world.topology("api -> sw", "api -> p1")
    world.at(0).act(an_inhibition()).known_bad("ports", "alertname=PortDown")
    world.at(30).alert("sw", "switch is down", "critical", alertname="SwitchDown", rack="a")
    world.at(40).alert("p1", "port is down", "critical", alertname="PortDown", rack="a")
    assert not world.expect(at=60).alert("p1").suppressed


def test_a_rack_without_power_is_one_page_and_what_stands_beside_it_still_pages(world: World) -> None:
    world.at(0).act(estate())
    world.at(10).alert("rack1", "no power", "critical")
    for second, name in enumerate(("host1", "host2", "app", "batch"), 11):
        world.at(second).alert(name, "unreachable", "critical")
    world.at(20).alert("mail", "queue is stuck", "critical")
    seen = world.expect(at=300)
    assert {name: bool(seen.alert(name).suppressed_by) for name in ("rack1", "host1", "app", "batch", "mail")} == {
        "rack1": False,
        "host1": True,
        "app": True,
        "batch": True,
        "mail": False,
    }
    assert "rack1 is down" in seen.alert("app").suppressed_by[0].text
    titles = [page.title for page in seen.pages if page.event == "opened"]
    assert len(titles) == 2, titles  # the rack, and mail
    seen.balanced()


def test_one_host_of_two_takes_down_only_what_runs_nowhere_else(world: World) -> None:
    world.at(0).act(estate())
    world.at(10).alert("app", "errors", "critical").alert("batch", "stopped", "critical")
    world.at(15).alert("host1", "unreachable", "critical")
    seen = world.expect(at=20)
    assert seen.alert("batch").suppressed
    assert not seen.alert("app").suppressed
    world.at(600).resolved("host1", "unreachable", "critical", began=15)
    assert not world.expect(at=700).alert("batch").suppressed


def test_what_was_broken_long_before_its_host_still_pages(world: World) -> None:
    world.at(0).act(estate()).alert("batch", "stopped", "critical")
    world.at(900).alert("host1", "unreachable", "critical")
    assert not world.expect(at=910).alert("batch").suppressed


def test_the_graph_inhibits_nothing_where_that_is_switched_off_or_the_host_only_warns(world: World) -> None:
    world.at(0).act(estate()).act(ApplySettings(settings=Settings(muting=MutingSettings(by_graph=False))))
    world.at(10).alert("host1", "unreachable", "critical").alert("batch", "stopped", "critical")
    assert not world.expect(at=20).alert("batch").suppressed


def test_an_expired_rule_says_so_at_its_next_hit(world: World) -> None:
    world.topology("api -> db")
    world.at(0).known_good("lag", 'service="db"', days=1 / 24)
    world.at(4000).alert("db", "replica lag 40 s", "high")
    seen = world.expect(at=4100)
    alert = seen.alert("db")
    assert alert.verdict is Verdict.UNKNOWN
    assert any(
        "rule lag (ana) hid such alerts until 2026-03-02 10:00 UTC and has expired" in one.text for one in alert.reasons
    )
    (rule,) = seen.all(RULES)
    assert (rule.status, rule.missed) == (RuleStatus.EXPIRED, 1)


def test_a_rule_may_name_alternatives(world: World) -> None:
    world.topology("api -> db", "api -> web", "api -> mail")
    rule = Rule(
        id="either",
        verdict=Verdict.KNOWN_GOOD,
        matchers=matchers("severity=warning"),
        any_of=(matchers("service=db"), matchers("service=web", "annotation.summary=~.*lag.*")),
        owner="ana",
        reason="noise",
        expires=T0 + timedelta(days=3),
    )
    world.at(0).act(PutRule(rule=rule))
    world.at(10).alert("db", "disk slow", "warning").alert("web", "lag of 3 s", "warning")
    world.at(10).alert("mail", "lag of 3 s", "warning")
    seen = world.expect(at=20)
    assert [seen.alert(name).suppressed for name in ("db", "web", "mail")] == [True, True, False]


def test_every_change_is_in_the_audit_log_with_before_and_after(world: World) -> None:
    world.at(0).known_good("lag", 'service="db"', days=1)
    world.at(10).known_good("lag", 'service="db2"', days=1)
    world.at(20).act(a_window(5, 15)).act(an_inhibition()).silence("s", "service=web", minutes=1)
    seen = world.expect(at=90_000)
    lines = sorted(seen.all(RULE_CHANGES), key=lambda line: (line.at, line.change_id))
    told = [(line.kind, line.concerns, line.actor, bool(line.before), bool(line.after)) for line in lines]
    assert told[:2] == [("rule", "lag", "ana", False, True), ("rule", "lag", "ana", True, True)]
    assert sorted(told[2:5]) == [
        ("inhibition", "switch", "ana", False, True),
        ("silence", "s", "ana", False, True),
        ("window", "upgrade", "ana", False, True),
    ]
    ended = [(line.kind, line.actor, bool(line.after)) for line in lines[5:]]
    assert sorted(ended) == [(kind, "engine", False) for kind in ("inhibition", "rule", "silence", "window")]
    assert "db2" in lines[1].after
    assert '"value":"db"' in lines[1].before
