"""What waits for a person's word: over the API and on its page; and the alerts that come and go."""

from datetime import timedelta

import msgspec
import pytest

from aiops.domain.alerts import Suppression, Verdict
from aiops.domain.documents import ALERTS, INCIDENTS, RULES, TIMELINE
from aiops.domain.incidents import Candidate, TimelineItem
from aiops.domain.matching import Matcher
from aiops.domain.reasons import Reason
from aiops.domain.rules import Envelope, Grounds, Rule, RuleStatus, Threshold
from tests.api.world import World, an_incident
from tests.builders import T0, an_alert, at

PROPOSED = {
    "id": "chatty",
    "verdict": "known_good",
    "matchers": [{"field": "service", "value": "db"}],
    "owner": "noc",
    "reason": "fired 90 times there within 6 days",
    "expires": (T0 + timedelta(days=30)).isoformat(),
    "status": "shadow",
}
LEARNED = Rule(
    id="suggested-1",
    verdict=Verdict.KNOWN_GOOD,
    matchers=(Matcher(field="service", value="cache"),),
    owner="engine",
    reason="fired 90 times there within 6 days, in 40 hours; 88 of 90 episodes ended by themselves",
    expires=T0 + timedelta(days=30),
    status=RuleStatus.SHADOW,
    grounds=Grounds(firings=90, episodes=90, entities=1, hours=40, days=6, ended=88, near=0, bound=0.97, tested=7),
    envelope=Envelope(per_hour=6, longest=timedelta(minutes=20), beside=(), entities=("cache",)),
    created_at=T0,
    hits=3,
)


def test_a_proposed_rule_is_accepted_by_one_click_and_decides(storm: World) -> None:
    storm.post("/api/rules", PROPOSED)
    (one,) = storm.get("/api/rules/suggestions")["items"]
    assert (one["rule"]["id"], one.get("waits", "")) == ("chatty", "")
    shown = storm.page("/rules/suggestions")
    assert "fired 90 times there within 6 days" in shown
    assert storm.send("/rules/chatty/accept").status_code == 200
    assert storm.get("/api/rules/suggestions")["total"] == 0
    (rule,) = storm.get("/api/rules")["items"]
    assert rule["status"] == "active"
    assert storm.get("/api/alerts", params={"quiet": "rule"})["total"] == 1


def test_a_rejected_one_is_remembered_and_shown_as_such(storm: World) -> None:
    storm.post("/api/rules", PROPOSED)
    storm.post("/api/rules/chatty/reject", {"text": "we want it"})
    assert storm.get("/api/rules/suggestions")["total"] == 0
    (one,) = storm.get("/api/rules/suggestions", params={"status": "rejected"})["items"]
    assert one["rule"]["id"] == "chatty"
    shown = storm.page("/rules/suggestions")
    assert "remembered, and not proposed again" in shown
    assert "Nothing is proposed" in shown


def test_one_that_is_still_in_shadow_says_what_it_has_to_show_and_how_it_was_tested(world: World) -> None:
    world.put(RULES, LEARNED)
    (one,) = world.get("/api/rules/suggestions")["items"]
    assert one["waits"].startswith("still in shadow: 3 of 28 hits")
    assert one["tested"].startswith("tested on 7 confirmed incidents of the last 30 days: none of them")
    shown = world.page("/rules/suggestions")
    for text in (
        one["waits"],
        one["tested"][1:],
        "at most 6 an hour on each node",
        "over within 20 min",
        "only on cache",
    ):
        assert text in shown
    assert "Accept suggested-1" not in shown
    assert "Reject suggested-1" in shown


def test_an_alert_is_shelved_from_its_page_comes_back_and_is_listed_meanwhile(storm: World) -> None:
    key = storm.get("/api/alerts", params={"entity": "db"})["items"][0]["fingerprint"]
    assert storm.send(f"/alerts/{key}/shelve", minutes="60", text="the vendor is on it").status_code == 200
    shown = storm.page(f"/alerts/{key}")
    assert "Shelved: shelved by" in shown
    assert "the vendor is on it" in shown
    assert "db is down" in storm.page("/alerts?quiet=shelved")
    assert "api is down" not in storm.page("/alerts?quiet=shelved")
    assert storm.send(f"/silences/shelf-{key}/end").status_code == 200
    assert storm.get("/api/alerts", params={"quiet": "shelved"})["total"] == 0
    assert "No longer quiet; it was shelved by" in storm.page(f"/alerts/{key}")


@pytest.mark.parametrize("minutes", ["", "soon", "-5"])
def test_no_length_of_time_shelves_nothing(storm: World, minutes: str) -> None:
    key = storm.get("/api/alerts")["items"][0]["fingerprint"]
    assert storm.send(f"/alerts/{key}/shelve", minutes=minutes).status_code == 400
    assert storm.get("/api/silences")["total"] == 0


def test_what_flaps_or_is_held_back_has_a_list_and_says_so(world: World) -> None:
    held = Suppression(kind="held", id="h", text="held back until 09:05, as 40 of the last 41 ended within 60 s")
    flapping = an_alert("db", fingerprint="f", flapping=7)
    world.put(ALERTS, flapping, an_alert("web", fingerprint="h", suppressed_by=(held,)))
    assert [one["fingerprint"] for one in world.get("/api/alerts", params={"quiet": "flapping"})["items"]] == ["f"]
    assert "heard" in world.page("/alerts?quiet=flapping")
    assert "40 of the last 41" in world.page("/alerts?quiet=held")
    firing = world.page("/alerts")
    assert ">flapping</span>" in firing
    assert ">held back</span>" in firing
    assert "Held back: held back until 09:05" in world.page("/alerts/h")
    assert "changed 7 times" in world.page("/alerts/f")


def test_the_bound_that_an_alert_broke_is_on_its_page(world: World) -> None:
    why = "not muted by rule r (noc): its rate: 9 in this hour, at most 6 were learned"
    broke = Reason(step="verdict", text=why, evidence={"rule": "r", "bound": "its rate"})
    world.put(ALERTS, an_alert("db", fingerprint="f", reasons=(broke,)))
    assert "Not muted by rule r (noc): its rate: 9 in this hour, at most 6 were learned" in world.page("/alerts/f")


def test_what_mutes_hid_of_a_confirmed_incident_is_on_its_page_with_what_to_do(world: World) -> None:
    cause = Candidate(entity="db", probability=1.0, share=1.0, confirmed=True)
    line = TimelineItem(
        incident_id="incident-1",
        item_id="incident-1-000001",
        at=at(60),
        kind="audit",
        text="rule r hid 2 alerts, the first 4 min before anything was heard",
    )
    less = msgspec.structs.replace(
        LEARNED, id="r-narrower", replaces="r", offered_for=("incident-1",), grounds=None, envelope=None
    )
    world.put(INCIDENTS, an_incident(candidates=(cause,)))
    assert "no rule hid an alert of it" in world.page("/incidents/1")
    world.put(TIMELINE, line)
    world.put(RULES, less)
    shown = world.page("/incidents/1")
    assert "rule r hid 2 alerts, the first 4 min before anything was heard" in shown
    assert "/rules/r-narrower/accept" in shown
    told = world.get("/api/incidents/1/harm")
    assert [one["text"] for one in told["items"]] == [line.text]
    assert [one["id"] for one in told["narrower"]] == ["r-narrower"]
    assert world.get("/api/incidents/7/harm", status=404)
    assert "What mutes hid" not in World.page(other(world), "/incidents/2")


def test_a_narrower_rule_is_offered_on_every_incident_that_it_would_have_left_alone(world: World) -> None:
    cause = Candidate(entity="db", probability=1.0, share=1.0, confirmed=True)
    several = [an_incident(number, candidates=(cause,)) for number in (1, 2, 3)]
    merged = msgspec.structs.replace(several[1], merged_from=("incident-0",))
    world.put(INCIDENTS, several[0], merged, several[2])
    less = msgspec.structs.replace(LEARNED, id="r-narrower", offered_for=("incident-0", "incident-1"), grounds=None)
    world.put(RULES, less)
    offers = ["/rules/r-narrower/accept" in world.page(f"/incidents/{number}") for number in (1, 2, 3)]
    assert offers == [True, True, False]


def other(world: World) -> World:
    world.put(INCIDENTS, an_incident(2))
    return world


def test_a_sample_of_what_rules_hid_is_offered_to_be_looked_at(world: World) -> None:
    world.put(ALERTS, an_alert("db", fingerprint="f"))
    world.put(RULES, msgspec.structs.replace(LEARNED, status=RuleStatus.ACTIVE, audit=("f", "forgotten")))
    (one,) = world.get("/api/rules/sample")["items"]
    assert (one["rule"]["id"], [alert["fingerprint"] for alert in one["alerts"]]) == ("suggested-1", ["f"])
    assert 'href="/alerts/f"' in world.page("/rules/suggestions")


def test_findings_come_over_the_api_and_stand_at_their_rules(world: World) -> None:
    rule = msgspec.structs.replace(LEARNED, status=RuleStatus.ACTIVE, envelope=None, hits=9, last_hit=T0)
    narrow = msgspec.structs.replace(
        rule, id="narrow", matchers=(*rule.matchers, Matcher(field="severity", value="info")), created_at=at(9)
    )
    world.put(RULES, rule, narrow)
    found = world.get("/api/rules/lint", params={"kind": "subsumed"})["items"]
    assert [(one["id"], one["kind"]) for one in found] == [("narrow", "subsumed")]
    assert "subsumed: adds nothing to rule suggested-1" in world.page("/rules")
    assert world.client.get("/api/rules/lint?shift=long").status_code == 400


def test_n_of_m_is_said_in_the_form_and_over_the_api(storm: World) -> None:
    limit = {"times": 3, "of": 5, "within": "PT600S"}
    storm.post("/api/rules", {**PROPOSED, "status": "active", "threshold": limit})
    (rule,) = storm.get("/api/rules")["items"]
    assert msgspec.convert(rule["threshold"], Threshold) == Threshold(times=3, of=5, within=timedelta(minutes=10))
    assert "until 3 of an alert&#39;s last 5 states within 10 min fire" in storm.page("/rules")
    form = {"field": ["service"], "operator": ["="], "value": ["backup"], "use": ["0"], "until": "2h", "owner": "ana"}
    sent = {**form, "reason": "it does that", "do": "mute"}
    assert "threshold: N of M is not said in whole" in storm.send("/mute", **sent, times="2").text
    storm.send("/mute", **sent, times="2", of="4", within="30")
    rules = [one for one in storm.get("/api/rules")["items"] if one["id"] != "chatty"]
    assert msgspec.convert(rules[0]["threshold"], Threshold) == Threshold(times=2, of=4, within=timedelta(minutes=30))
