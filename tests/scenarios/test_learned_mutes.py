"""What the engine learned is harmless: proposed, tried in shadow, accepted, and lifted where it is not like that."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from aiops.domain.acts import (
    AcceptRule,
    ApplySettings,
    ConfirmCause,
    EndRule,
    ImportTopology,
    PutRule,
    RejectRule,
)
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.documents import RULE_CHANGES, RULES
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.rules import Envelope, Rule, RuleStatus
from aiops.domain.settings import CalmSettings, MutingSettings, Settings, SuggestSettings
from correlation.embedding import choose_embedder
from tests.builders import a_mute
from tests.scenarios.world import Seen, World

HOUR, DAY = 3_600, 86_400
TEXT = "disk io high on volume sda"
LEARNS = SuggestSettings(least=10, hours=5, shadow=timedelta(days=3))
PAIRS = (("web", "api"), ("shop", "api"), ("api", "db"), ("db", "store"))


def graph(*vital: str) -> Topology:
    names = {name for pair in PAIRS for name in pair}
    services = tuple(Service(name=name, tier=1 if name in vital else 3) for name in sorted(names))
    edges = tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in PAIRS)
    return Topology(services=services, edges=edges)


@pytest.fixture
def world() -> World:
    """A world of five services in which proposals are made of ten firings, and nothing is held back."""
    world = World(choose_embedder("light"))
    world.at(0).act(ApplySettings(settings=Settings(suggest=LEARNS, calm=CalmSettings(hold_back=False))))
    world.at(0).act(ImportTopology(topology=graph()))
    return world


def hourly(
    world: World,
    hours: Sequence[int],
    service: str = "db",
    text: str = TEXT,
    *,
    severity: str = "high",
    lasts: int = 60,
) -> None:
    """Let a kind of alert come and go once in each of these hours."""
    for number in hours:
        world.at(number * HOUR).alert(service, text, severity, alertname="DiskIo")
        world.at(number * HOUR + lasts).resolved(service, text, severity, began=number * HOUR, alertname="DiskIo")


def muted(*matchers: str, **changes: object) -> PutRule:
    of_db = matchers or ("alertname=DiskIo", "service=db")
    return PutRule(rule=a_mute(*of_db, **{"id": "io", "owner": "ana", "reason": "backup", **changes}))


def rules(seen: Seen) -> dict[str, Rule]:
    return {rule.id: rule for rule in seen.all(RULES)}


def disk(seen: Seen, service: str = "db") -> Alert:
    return seen.alert(service, "disk io")


def why_not(alert: Alert) -> str:
    """Return what is told of the mute that was lifted."""
    texts = [one.text for one in alert.reasons if one.text.startswith("not muted by rule io")]
    return texts[-1].partition(": ")[2] if texts else ""


# a mute that a person makes


def test_a_mute_keeps_the_shape_of_what_it_was_made_for(world: World) -> None:
    hourly(world, range(20), lasts=120)
    world.at(20 * HOUR - 60).act(muted())
    envelope = rules(world.expect(at=20 * HOUR))["io"].envelope
    assert envelope is not None
    assert envelope.per_hour == 3
    assert envelope.longest == timedelta(minutes=4)
    assert envelope.beside == ()
    assert envelope.entities is None  # the rule names its service


def test_what_stays_within_it_is_muted(world: World) -> None:
    hourly(world, range(30))
    world.at(20 * HOUR - 60).act(muted())
    seen = world.expect(at=29 * HOUR + 30)
    assert [one.id for one in disk(seen).suppressed_by] == ["io"]
    assert len(seen.pages) == len(world.expect(at=20 * HOUR).pages)


def test_a_mute_of_something_hardly_seen_has_no_shape_and_so_has_one_that_wants_none(world: World) -> None:
    hourly(world, range(20))
    world.at(3 * HOUR - 60).act(muted())
    assert rules(world.expect(at=3 * HOUR))["io"].envelope is None
    world.at(20 * HOUR - 60).act(muted(any_shape=True))
    assert rules(world.expect(at=20 * HOUR))["io"].envelope is None


def muted_then(world: World) -> float:
    """Let a mute be made of twenty firings on db; return when the next one is due."""
    hourly(world, range(20), lasts=120)
    world.at(20 * HOUR - 60).act(muted())
    return 20 * HOUR


def test_more_in_an_hour_than_it_learned_lifts_it_and_pages(world: World) -> None:
    begins = muted_then(world)
    for number in range(5):
        world.at(begins + number * 60).alert("db", f"{TEXT}", alertname="DiskIo", said_at=begins + number)
    before, within, after = (world.expect(at=begins + seconds) for seconds in (-1, 150, 300))
    assert disk(within).suppressed
    assert not disk(after).suppressed
    assert why_not(disk(after)) == "its rate: 4 in this hour, at most 3 were learned"
    assert len(after.pages) == len(before.pages) + 1
    after.balanced()


def test_lasting_longer_than_it_learned_lifts_it_without_any_event(world: World) -> None:
    begins = muted_then(world)
    world.at(begins).alert("db", TEXT, alertname="DiskIo")
    before, within, after = (world.expect(at=begins + seconds) for seconds in (-1, 240, 300))
    assert disk(within).suppressed
    assert why_not(disk(after)).startswith("its duration: it fires for 4 min, at most 4 min were learned")
    assert len(after.pages) == len(before.pages) + 1


def test_a_kind_beside_it_that_never_was_lifts_it(world: World) -> None:
    begins = muted_then(world)
    world.at(begins).alert("db", "kernel panic", "warning", alertname="Panic")
    world.at(begins + 30).alert("db", TEXT, alertname="DiskIo")
    assert why_not(disk(world.expect(at=begins + 31))) == "what fires with it: 'Panic' on db, which never did"


def test_a_parameter_that_never_was_lifts_it(world: World) -> None:
    for number in range(20):
        text = f"disk io high on volume {('sda', 'sdb')[number % 2]}"
        hourly(world, [number], text=text)
    world.at(20 * HOUR - 60).act(muted())
    world.at(20 * HOUR).alert("db", "disk io high on volume sdb", alertname="DiskIo")
    world.at(20 * HOUR + 30).alert("db", "disk io high on volume nvme7", alertname="DiskIo")
    assert disk(world.expect(at=20 * HOUR + 1)).suppressed
    seen = world.expect(at=20 * HOUR + 31)
    assert why_not(disk(seen)) == "parameter 1: 'nvme7' is none of the 2 values that were learned"


def test_a_node_that_never_was_lifts_it(world: World) -> None:
    hourly(world, range(20))
    world.at(20 * HOUR - 60).act(muted("alertname=DiskIo"))
    world.at(20 * HOUR).alert("web", TEXT, alertname="DiskIo")
    assert why_not(disk(world.expect(at=20 * HOUR + 1), "web")) == (
        "its entity: web is none of the 1 node that were learned"
    )


def test_worse_than_its_ceiling_is_heard(world: World) -> None:
    hourly(world, range(20), severity="warning")
    world.at(20 * HOUR - 60).known_good("io", "alertname=DiskIo", "service=db", ceiling="warning")
    world.at(20 * HOUR).alert("db", TEXT, "critical", alertname="DiskIo")
    seen = world.expect(at=20 * HOUR + 30)
    worst = max(seen.alerts("db"), key=lambda alert: alert.severity.rank)
    assert not worst.suppressed
    assert "worse than when it was muted: critical > warning" in worst.reasons[-2].text + worst.reasons[-1].text


def test_two_other_services_in_its_incident_lift_it_and_when_they_are_well_it_is_muted_again(world: World) -> None:
    world.at(0).act(muted(envelope=Envelope(per_hour=100)))
    world.at(100).alert("db", TEXT, alertname="DiskIo")
    world.at(110).alert("api", "upstream timeout", alertname="Timeout")
    alone = world.expect(at=111)
    assert disk(alone).suppressed  # with one other service it is
    assert alone.incident(members=2).services == ("db", "api")  # but it is in the incident that came after it
    world.at(120).alert("web", "errors 5xx", alertname="Errors")
    seen = world.expect(at=121)
    assert why_not(disk(seen)) == "its company: api and web alert in the same incident, and nothing hides that"
    seen.balanced()
    world.at(160).resolved("web", "errors 5xx", began=120, alertname="Errors")
    again = world.expect(at=161)
    assert disk(again).suppressed
    again.balanced()


def test_what_is_muted_all_day_is_not_taken_for_part_of_an_incident(world: World) -> None:
    begins = muted_then(world)
    world.at(begins).alert("db", TEXT, alertname="DiskIo")
    world.at(begins + 10).alert("api", "upstream timeout", alertname="Timeout")
    world.at(begins + 20).alert("web", "errors 5xx", alertname="Errors")
    seen = world.expect(at=begins + 21)
    assert disk(seen).suppressed  # it fires every hour: that it does now is chance
    assert seen.incident(having="api").services == ("api", "web")


def test_what_is_business_critical_is_muted_by_name_only(world: World) -> None:
    world.at(0).act(ImportTopology(topology=graph("db")))
    hourly(world, range(20))
    world.at(20 * HOUR - 60).act(muted("alertname=DiskIo"))
    world.at(20 * HOUR).alert("db", TEXT, alertname="DiskIo")
    assert why_not(disk(world.expect(at=20 * HOUR + 1))) == (
        "its entity: db is business-critical, and the rule does not name it"
    )
    world.at(20 * HOUR + 2).act(muted())
    assert disk(world.expect(at=20 * HOUR + 3)).suppressed


def test_a_shape_that_is_left_lifts_the_mute_of_that_alert_only(world: World) -> None:
    hourly(world, range(20))
    hourly(world, range(20), "store")
    world.at(20 * HOUR - 60).act(muted("alertname=DiskIo"))
    for number in range(5):
        world.at(20 * HOUR + number).alert("db", TEXT, alertname="DiskIo", said_at=20 * HOUR + number)
    world.at(20 * HOUR + 9).alert("store", TEXT, alertname="DiskIo")
    seen = world.expect(at=20 * HOUR + 10)
    assert not disk(seen).suppressed
    assert disk(seen, "store").suppressed


# the life of a proposal


def proposal(world: World, hours: int = 20) -> str:
    hourly(world, range(hours), severity="warning")
    (rule_id,) = rules(world.expect(at=12 * HOUR))
    return rule_id


def test_a_proposal_decides_nothing_until_a_person_accepts_it(world: World) -> None:
    rule_id = proposal(world)
    seen = world.expect(at=19 * HOUR + 30)
    rule = rules(seen)[rule_id]
    assert rule.status is RuleStatus.SHADOW
    assert rule.grounds is not None
    assert rule.hits > 0
    assert not disk(seen).suppressed


def test_what_a_persons_rule_hides_already_is_not_proposed(world: World) -> None:
    world.at(1).act(muted())
    hourly(world, range(1, 15))
    assert [rule.id for rule in world.expect(at=16 * HOUR).all(RULES)] == ["io"]


def test_where_mutes_may_only_last_a_week_it_is_proposed_for_a_week(world: World) -> None:
    settings = Settings(suggest=LEARNS, muting=MutingSettings(longest=timedelta(days=7)))
    world.at(1).act(ApplySettings(settings=settings))
    hourly(world, range(1, 15))
    (rule,) = world.expect(at=16 * HOUR).all(RULES)
    assert rule.expires is not None
    assert rule.created_at is not None
    assert rule.expires - rule.created_at == timedelta(days=7)


def test_it_has_to_prove_itself_in_the_shadow_first(world: World) -> None:
    rule_id = proposal(world)
    world.at(12 * HOUR + 1).act(AcceptRule(rule_id=rule_id), actor="bob")
    refused = world.expect(at=12 * HOUR + 2).outcome_of("bob")
    assert not refused.applied
    assert refused.text == "still in shadow: 3 of 10 hits; it can be accepted then, or from 2026-03-05 19:00 UTC"
    world.at(19 * HOUR + 120).act(AcceptRule(rule_id=rule_id), actor="cem")
    assert world.expect(at=19 * HOUR + 121).outcome_of("cem").applied


def test_or_wait_there_for_a_stated_time(world: World) -> None:
    rule_id = proposal(world, hours=13)
    world.at(80 * HOUR).act(AcceptRule(rule_id=rule_id), actor="bob")
    world.at(82 * HOUR).act(AcceptRule(rule_id=rule_id), actor="cem")
    assert not world.expect(at=81 * HOUR).outcome_of("bob").applied
    assert world.expect(at=83 * HOUR).outcome_of("cem").applied


def test_accepted_it_mutes_in_the_name_of_who_accepted_it_until_it_expires(world: World) -> None:
    rule_id = proposal(world, hours=24)
    world.at(21 * HOUR).act(AcceptRule(rule_id=rule_id, days=2), actor="bob")
    hourly(world, [22 + 48], severity="warning")
    seen = world.expect(at=23 * HOUR + 10)
    assert disk(seen).suppressed_by[0].text.startswith("muted by bob until 2026-03-05 06:00 UTC")
    assert rules(seen)[rule_id].owner == "bob"
    over = world.expect(at=(22 + 48) * HOUR + 10)
    assert rules(over)[rule_id].status is RuleStatus.EXPIRED
    assert not disk(over).suppressed
    assert any("has expired" in reason.text for reason in disk(over).reasons)


def test_a_rejected_one_is_remembered(world: World) -> None:
    rule_id = proposal(world, hours=60)
    world.at(13 * HOUR).act(RejectRule(rule_id=rule_id, text="we want to hear that"))
    seen = world.expect(at=60 * HOUR)
    assert {key: rule.status for key, rule in rules(seen).items()} == {rule_id: RuleStatus.REJECTED}
    lines = [line.text for line in seen.all(RULE_CHANGES) if line.concerns == rule_id]
    assert f"rule {rule_id} rejected by ana: we want to hear that" in lines


def test_one_that_nobody_takes_ends_and_may_come_again(world: World) -> None:
    rule_id = proposal(world, hours=24)
    hourly(world, [31 * 24, 31 * 24 + 3], severity="warning")
    assert rules(world.expect(at=31 * DAY - HOUR))[rule_id].status is RuleStatus.EXPIRED
    assert rules(world.expect(at=31 * DAY + 4 * HOUR))[rule_id].status is RuleStatus.SHADOW


def test_every_change_of_it_is_in_the_audit_log(world: World) -> None:
    rule_id = proposal(world, hours=24)
    world.at(21 * HOUR).act(AcceptRule(rule_id=rule_id), actor="bob")
    world.at(23 * HOUR).act(EndRule(rule_id=rule_id), actor="cem")
    lines = [line for line in world.expect(at=24 * HOUR).all(RULE_CHANGES) if line.concerns == rule_id]
    assert [line.actor for line in sorted(lines, key=lambda line: line.at)] == ["engine", "bob", "cem"]


# harm


def outage(world: World, begins: float, *, cause: str = "db") -> None:
    """Something goes wrong in db: its disks, its callers; a person says what it was."""
    world.at(begins).alert("db", TEXT, "warning", alertname="DiskIo")
    world.at(begins + 90).alert("db", "connection refused", "critical", alertname="Down")
    world.at(begins + 120).alert("api", "upstream timeout", alertname="Timeout")
    (incident,) = [one for one in world.expect(at=begins + 121).incidents if "api" in one.services]
    world.at(begins + 200).act(ConfirmCause(incident_id=incident.incident_id, entity=cause))


def story(seen: Seen) -> str:
    (incident,) = [one for one in seen.incidents if "api" in one.services]
    return "\n".join(seen.timeline(incident))


def test_what_was_in_a_confirmed_incident_is_not_proposed(world: World) -> None:
    outage(world, 30)
    hourly(world, range(1, 24), severity="warning")
    hourly(world, range(1, 24), "shop", severity="warning")
    found = [rule for rule in rules(world.expect(at=24 * HOUR)).values() if rule.verdict is Verdict.KNOWN_GOOD]
    assert [str(rule.matchers[-1]) for rule in found] == ['entity="shop"']
    assert found[0].grounds is not None
    assert found[0].grounds.tested == 1
    assert "in or near none of 1 confirmed incident of the last 30 days" in found[0].reason


def test_after_thirty_days_it_may_be(world: World) -> None:
    outage(world, 30)
    hourly(world, range(1, 24), severity="warning")
    hourly(world, [31 * 24, 31 * 24 + 2], severity="warning")
    assert rules(world.expect(at=24 * HOUR)) == {}
    assert len(rules(world.expect(at=31 * DAY + 4 * HOUR))) == 1


def test_a_confirmation_that_is_taken_back_speaks_no_more_against_it(world: World) -> None:
    outage(world, 30)
    outage_id = world.expect(at=200).incidents[0].incident_id
    world.at(300).act(ConfirmCause(incident_id=outage_id, entity=""))
    hourly(world, range(1, 24), severity="warning")
    assert len(rules(world.expect(at=24 * HOUR))) == 1


def test_a_rule_that_hid_the_cause_is_suspended_and_its_price_is_told(world: World) -> None:
    world.at(1).act(muted())
    outage(world, 3 * HOUR)
    seen = world.expect(at=3 * HOUR + 300)
    assert rules(seen)["io"].status is RuleStatus.SUSPENDED
    assert not disk(seen).suppressed
    told = story(seen)
    assert (
        "rule io hid 1 alert, the first 90 s before anything was heard; 'disk io high on volume sda' was on its cause"
        in told
    )
    assert "it is suspended" in told
    lines = [line.text for line in seen.all(RULE_CHANGES) if line.concerns == "io"]
    assert any("suspended" in line for line in lines)


def test_a_suspended_rule_decides_again_once_a_person_accepts_it(world: World) -> None:
    world.at(1).act(muted())
    outage(world, 3 * HOUR)
    world.at(3 * HOUR + 400).act(AcceptRule(rule_id="io"), actor="bob")
    seen = world.expect(at=3 * HOUR + 401)
    assert rules(seen)["io"].status is RuleStatus.ACTIVE
    assert disk(seen).suppressed


def test_a_rule_that_hid_something_near_it_is_told_and_a_narrower_one_waits(world: World) -> None:
    world.at(1).act(muted("alertname=DiskIo"))
    hourly(world, [0], "shop", severity="warning")
    begins = 3 * HOUR
    world.at(begins).alert("store", TEXT, "warning", alertname="DiskIo")
    outage(world, begins + 60, cause="db")
    world.at(begins + 500).act(EndRule(rule_id="nothing"))
    seen = world.expect(at=begins + 501)
    narrower = rules(seen)["io-narrower"]
    assert narrower.status is RuleStatus.SHADOW
    assert narrower.replaces == "io"
    assert str(narrower.matchers[-1]) == 'entity!~"db|store"'
    assert "io-narrower, which leaves out db, store, waits to be accepted in its place" in story(seen)


def test_accepting_the_narrower_rule_ends_the_other(world: World) -> None:
    world.at(1).act(muted("alertname=DiskIo"))
    hourly(world, [0], "shop", severity="warning")
    outage(world, 3 * HOUR)
    begins = 4 * HOUR
    world.at(begins).act(AcceptRule(rule_id="io-narrower"), actor="bob")
    world.at(begins + 10).alert("shop", TEXT, "warning", alertname="DiskIo")
    world.at(begins + 10).alert("db", f"{TEXT} again", "warning", alertname="DiskIo")
    seen = world.expect(at=begins + 20)
    assert seen.outcome_of("bob").text.endswith("it replaces io")
    assert rules(seen)["io"].status is RuleStatus.EXPIRED
    assert disk(seen, "shop").suppressed_by[0].id == "io-narrower"
    assert not disk(seen).suppressed


def test_a_second_incident_narrows_what_waits_and_an_accepted_narrower_rule_stays_in_force(world: World) -> None:
    world.at(1).act(muted("alertname=DiskIo"))
    hourly(world, [0], "shop", severity="warning")
    outage(world, 3 * HOUR)
    world.at(6 * HOUR).alert("store", TEXT, "warning", alertname="DiskIo")
    world.at(6 * HOUR + 60).alert("store", "no space", "critical", alertname="Full")
    (second,) = [one for one in world.expect(at=6 * HOUR + 61).incidents if one.services == ("store",)]
    world.at(6 * HOUR + 100).act(ConfirmCause(incident_id=second.incident_id, entity="store"))
    seen = world.expect(at=6 * HOUR + 101)
    (first,) = [one for one in seen.incidents if "api" in one.services]
    assert rules(seen)["io-narrower"].offered_for == (first.incident_id, second.incident_id)
    world.at(6 * HOUR + 200).act(AcceptRule(rule_id="io-narrower"))
    seen = world.expect(at=6 * HOUR + 201)
    assert [str(one) for one in rules(seen)["io-narrower"].matchers[1:]] == ['entity!~"db"', 'entity!~"store"']
    assert {key: rule.status for key, rule in rules(seen).items()} == {
        "io": RuleStatus.EXPIRED,
        "io-narrower": RuleStatus.ACTIVE,
    }
    world.at(9 * HOUR).alert("shop", TEXT, "warning", alertname="DiskIo")
    world.at(9 * HOUR + 60).alert("shop", "carts lost", "critical", alertname="Carts")
    third = world.expect(at=9 * HOUR + 61).incidents[-1]
    world.at(9 * HOUR + 100).act(ConfirmCause(incident_id=third.incident_id, entity="web"))
    assert rules(world.expect(at=9 * HOUR + 101))["io-narrower"].status is RuleStatus.ACTIVE


def test_a_narrower_rule_that_was_rejected_is_not_offered_again(world: World) -> None:
    world.at(1).act(muted("alertname=DiskIo"))
    hourly(world, [0], "shop", severity="warning")
    outage(world, 3 * HOUR)
    world.at(3 * HOUR + 300).act(RejectRule(rule_id="io-narrower"))
    incident = world.expect(at=3 * HOUR + 301).incidents[-1]
    world.at(3 * HOUR + 400).act(ConfirmCause(incident_id=incident.incident_id, entity="db"))
    assert rules(world.expect(at=3 * HOUR + 401))["io-narrower"].status is RuleStatus.REJECTED


def test_a_proposal_that_would_have_hidden_any_of_it_is_suspended(world: World) -> None:
    rule_id = proposal(world)
    outage(world, 24 * HOUR, cause="api")
    seen = world.expect(at=24 * HOUR + 300)
    assert rules(seen)[rule_id].status is RuleStatus.SUSPENDED
    assert f"rule {rule_id} would have hidden 1 alert" in story(seen)


def test_a_cause_confirmed_three_times_is_proposed_as_known_bad(world: World) -> None:
    for number in range(3):
        outage_at(world, number * DAY)
    found = [rule for rule in rules(world.expect(at=3 * DAY)).values() if rule.verdict is Verdict.KNOWN_BAD]
    assert {str(rule.matchers[1]) for rule in found} == {'kind="DiskIo"', 'kind="Down"'}
    assert "db was the confirmed cause in 3 incidents while this fired" in found[0].reason


def outage_at(world: World, begins: float) -> None:
    """An outage of db that ends, and is confirmed."""
    world.at(begins).alert("db", TEXT, "warning", alertname="DiskIo")
    world.at(begins + 90).alert("db", "connection refused", "critical", alertname="Down")
    world.at(begins + 120).alert("api", "upstream timeout", alertname="Timeout")
    incident = world.expect(at=begins + 121).incidents[-1]
    world.at(begins + 200).act(ConfirmCause(incident_id=incident.incident_id, entity="db"))
    for service, text, severity, name, since in (
        ("db", TEXT, "warning", "DiskIo", 0),
        ("db", "connection refused", "critical", "Down", 90),
        ("api", "upstream timeout", "high", "Timeout", 120),
    ):
        world.at(begins + 600).resolved(service, text, severity, began=begins + since, alertname=name)


def test_two_in_a_hundred_of_what_is_hidden_is_put_aside_for_a_person(world: World) -> None:
    world.at(1).act(muted("alertname=DiskIo", any_shape=True))
    for number in range(1_000):
        world.at(10 + number).alert(f"n{number}", TEXT, "warning", alertname="DiskIo")
    rule = rules(world.expect(at=2_000))["io"]
    assert rule.hits == 1_000
    assert 8 <= len(rule.audit) <= 20  # it keeps the newest 20


def test_what_comes_back_together_is_one_incident_and_each_alert_says_so(world: World) -> None:
    """When what hid them ends, the first that is considered finds the others; none is considered as it was before."""
    world.at(1).silence("work", "service=~db|api|web", minutes=10)
    for seconds, service in ((60, "db"), (70, "api"), (80, "web")):
        world.at(seconds).alert(service, "connection refused", "critical", alertname="Down")
    seen = world.expect(at=700)
    incident = seen.incident(members=3)
    assert [alert.episode.incident_id for name in ("db", "api", "web") for alert in seen.alerts(name)] == [
        incident.incident_id
    ] * 3
    seen.balanced()
