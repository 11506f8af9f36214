"""Can everybody ask why, and what became of what they sent?"""

import asyncio
import html
from typing import Any

import pytest
from msgspec import structs

import api.candidates
import api.routes.services
from aiops.domain.alerts import Fate
from aiops.domain.documents import INCIDENTS, RULES, SCOPES, TEMPLATES
from aiops.domain.graph import Topology
from aiops.domain.incidents import Candidate
from aiops.domain.reasons import Reason
from aiops.domain.records import SampledLine, ScopeRecord, Template
from tests.api.conftest import SERVICES
from tests.api.world import World, an_incident
from tests.builders import at


def fingerprint(world: World, service: str) -> str:
    found: str = world.get(f"/api/alerts?entity={service}")["items"][0]["fingerprint"]
    return found


@pytest.mark.parametrize(
    ("query", "services"),
    [
        ("severity=warning", ["backup"]),
        ("entity=db,api", ["api", "db"]),
        ("label=alertname%3Ddb down", ["db"]),
        ("text=disk", ["backup"]),
        ("status=resolved", []),
        ("suppressed=true", []),
    ],
)
def test_alerts_are_found_by_what_they_are(storm: World, query: str, services: list[str]) -> None:
    assert sorted(item["entity"]["name"] for item in storm.get(f"/api/alerts?{query}")["items"]) == services


def test_an_alert_opens_its_payload_events_and_fate(storm: World) -> None:
    detail = storm.get(f"/api/alerts/{fingerprint(storm, 'db')}")
    assert '"db is down"' in detail["payload"]["body"]
    assert detail["payload"]["source"] == "alertmanager"
    assert detail["events_total"] == 1
    assert detail["fate"]["fate"] == Fate.GROUPED


def test_an_alert_is_found_by_its_episode_too(storm: World) -> None:
    alert = storm.get(f"/api/alerts/{fingerprint(storm, 'db')}")["alert"]
    assert storm.get(f"/api/alerts/{alert['episode']['episode_id']}")["alert"] == alert


def test_a_payload_that_the_journal_forgot_is_said_to_be_gone(storm: World) -> None:
    alert = fingerprint(storm, "db")
    last = storm.journal.last()
    assert last is not None
    storm.journal.drop_before(last)
    assert storm.get(f"/api/alerts/{alert}")["payload"] is None


def test_an_incident_explains_cause_company_and_impact_in_one_text(storm: World) -> None:
    number = storm.first_incident()["number"]
    text = storm.get(f"/api/explain/{number}")["text"]
    assert text.startswith(f"#{number} ")
    assert "candidate 1: db" in text
    assert "api joined because db, which it calls, alerted 20 s earlier" in text


def test_the_page_shows_the_same_text(storm: World) -> None:
    key = storm.first_incident()["incident_id"]
    text = storm.get(f"/api/explain/{key}")["text"]
    page = html.unescape(storm.page(f"/why/{key}"))
    assert all(line.strip() in page for line in text.splitlines())


def test_an_alert_explains_every_step_of_its_way(storm: World) -> None:
    explanation = storm.get(f"/api/explain/{fingerprint(storm, 'api')}")
    headings = [step["heading"] for step in explanation["steps"]]
    assert "Which service it is about" in headings
    assert "Why it belongs together" in headings
    assert explanation["kind"] == "alert"


def test_no_reason_is_told_twice(storm: World) -> None:
    steps = storm.get("/api/explain/1")["steps"]
    texts = [step["reason"]["text"] for step in steps if not step["under"]]
    assert len(set(texts)) == len(texts)


def candidate(entity: str, probability: float, *evidence: str) -> Candidate:
    reasons = tuple(Reason(step="cause", text=text) for text in evidence)
    return Candidate(entity=entity, probability=probability, share=1.0, evidence=reasons)


def explained(world: World, **changes: Any) -> list[str]:
    world.put(INCIDENTS, an_incident(7, **changes))
    text: str = world.get("/api/explain/7")["text"]
    return text.splitlines()


def test_each_candidate_is_followed_by_its_own_evidence(world: World) -> None:
    same = "its alert 'slow' (usual rate 0.1/h)"
    first, second = candidate("db", 0.6, "alerted first", same), candidate("api", 0.2, same)
    lines = explained(world, candidates=(first, second), reasons=first.evidence)
    assert lines[2:] == [
        "Why this cause",
        "  - candidate 1: db, 60%, explains 100% of the services",
        "      - alerted first",
        f"      - {same}",
        "  - candidate 2: api, 20%, explains 100% of the services",
        f"      - {same}",
    ]


def test_where_there_is_nothing_to_compare_no_percentage_is_explained(world: World) -> None:
    abstained = "only db alerts; nothing to compare"
    lines = explained(world, candidates=(candidate("db", 0.9),), abstained=abstained)
    assert lines[2:] == ["Why this cause", f"  - {abstained}", "  - candidate 1: db"]


def test_what_is_neither_alert_nor_incident_has_no_explanation(storm: World) -> None:
    storm.get("/api/explain/nothing", 404)


def test_the_ledger_balances_and_its_total_is_the_sum(storm: World) -> None:
    book = storm.get("/api/ledger")
    assert book["balances"] is True
    assert book["total"]["received"] == sum(line["received"] for line in book["sources"]) == 4
    assert book["pending"] == 0


def test_what_the_engine_has_not_come_to_is_pending(storm: World) -> None:
    storm.engine_runs = False
    delivery = storm.post("/webhooks/acme", {"title": "x"}, 202)["delivery_id"]
    assert storm.get("/api/ledger")["pending"] == 1
    entry = storm.get(f"/api/ledger/{delivery}")
    assert entry["pending"] is True
    assert "not come to it yet" in entry["text"]


def test_a_deliverys_fate_is_told_event_by_event(storm: World) -> None:
    delivery = str(storm.alert("db", 60))
    entry = storm.get(f"/api/ledger/{delivery}")
    assert entry["delivery"]["events"] == 1
    assert entry["events_total"] == 1
    assert entry["events"][0]["event"]["title"] in entry["text"]


def test_one_events_fate_is_the_present_one_of_its_episode(storm: World) -> None:
    event = storm.get(f"/api/alerts/{fingerprint(storm, 'api')}")["alert"]["event_id"]
    entry = storm.get(f"/api/ledger/{event}")
    assert [fate["fate"] for fate in entry["fates"]] == [Fate.GROUPED]


def test_what_could_not_be_read_is_said_with_place_and_fix(storm: World) -> None:
    delivery = storm.post("/webhooks/alertmanager", {"version": "4", "alerts": [{"labels": 7}, 3]}, 202)["delivery_id"]
    entry = storm.get(f"/api/ledger/{delivery}")
    assert entry["delivery"]["rejected"] >= 1
    assert "rejected alerts[" in entry["text"]


@pytest.mark.parametrize("key", ["0-999", "0-999-0", "nothing", "0-1"])
def test_an_id_that_is_no_delivery_is_a_404(storm: World, key: str) -> None:
    storm.get(f"/api/ledger/{key}", 404)


RULE = {
    "verdict": "known_good",
    "matchers": [{"field": "service", "value": "backup"}],
    "owner": "noc",
    "reason": "it does that every night",
    "expires": "2026-03-03T09:00:00Z",
}


def test_a_rule_hides_at_once_what_its_preview_said(storm: World) -> None:
    preview = storm.post("/api/rules/preview", {"matchers": RULE["matchers"]})
    assert (preview["alerts"], preview["incidents"], preview["critical"]) == (1, 1, 0)
    assert [example["entity"] for example in preview["examples"]] == ["backup"]
    storm.post("/api/rules", RULE)
    hidden = storm.get("/api/alerts?suppressed=true")["items"]
    assert [alert["entity"]["name"] for alert in hidden] == ["backup"]
    assert storm.get("/api/incidents?muted=true")["total"] == 1
    assert storm.get("/api/status")["suppressed_alerts"] == 1


def test_a_preview_counts_criticals_and_changes_nothing(storm: World) -> None:
    before = storm.journal.last()
    preview = storm.post("/api/rules/preview", {"matchers": [{"field": "severity", "value": "critical"}]})
    assert (preview["alerts"], preview["critical"], preview["incidents"]) == (3, 3, 1)
    assert storm.journal.last() == before


def test_the_worst_example_comes_first_and_there_are_at_most_five(world: World) -> None:
    for number in range(7):
        world.alert(f"svc-{number}", number, severity="warning" if number else "critical", team="x")
    preview = world.post("/api/rules/preview", {"matchers": [{"field": "team", "value": "x"}]})
    assert [example["severity"] for example in preview["examples"]] == ["critical", *["warning"] * 4]


@pytest.mark.parametrize(
    "matchers",
    [
        [],
        [{"field": "service", "value": ""}],
        [{"field": "", "value": "x"}],
        [{"field": "a", "operator": "=~", "value": "("}],
    ],
    ids=["none", "empty value", "no field", "broken expression"],
)
def test_matchers_that_cannot_be_are_refused(storm: World, matchers: list[dict[str, str]]) -> None:
    assert storm.post("/api/rules", {**RULE, "matchers": matchers}, 400)["fix"]
    assert storm.post("/api/rules/preview", {"matchers": matchers}, 400)["place"]


@pytest.mark.parametrize("field", ["owner", "reason"])
def test_a_rule_without_owner_or_reason_is_refused(storm: World, field: str) -> None:
    assert storm.post("/api/rules", {**RULE, field: " "}, 400)["place"] == field


def test_what_hides_without_an_end_is_refused_by_the_book(storm: World) -> None:
    assert "expires" in storm.post("/api/rules", {**RULE, "expires": None}, 409)["detail"]


def test_a_rule_is_dated_and_signed(storm: World) -> None:
    made = storm.post("/api/rules", {**RULE, "id": "backup"}, headers={"x-aiops-actor": "ana"})
    rule = storm.get("/api/rules")["items"][0]
    assert (rule["id"], rule["created_by"]) == (made["concerns"], "ana")
    assert rule["created_at"] == "2026-03-02T09:10:00Z"


def test_the_same_request_makes_the_same_rule(storm: World) -> None:
    key = {"idempotency-key": "one"}
    assert storm.post("/api/rules", RULE, headers=key) == storm.post("/api/rules", RULE, headers=key)
    assert storm.get("/api/rules")["total"] == 1


def test_an_ended_rule_hides_nothing_and_stays_in_the_list(storm: World) -> None:
    storm.post("/api/rules", {**RULE, "id": "backup"})
    assert storm.client.delete("/api/rules/backup").status_code == 200
    assert storm.get("/api/alerts?suppressed=true")["total"] == 0
    assert storm.get("/api/rules")["items"][0]["status"] == "expired"


def test_ending_what_is_not_there_is_a_conflict(storm: World) -> None:
    assert storm.client.delete("/api/rules/nothing").status_code == 409


def test_a_silence_begins_now_and_can_be_ended(storm: World) -> None:
    silence = {"matchers": RULE["matchers"], "owner": "noc", "reason": "upgrade", "ends_at": "2026-03-02T10:00:00Z"}
    storm.post("/api/silences", {**silence, "id": "upgrade"})
    assert storm.get("/api/silences")["items"][0]["starts_at"] == "2026-03-02T09:10:00Z"
    assert storm.get("/api/alerts?suppressed=true")["total"] == 1
    assert storm.client.delete("/api/silences/upgrade").status_code == 200
    assert storm.get("/api/alerts?suppressed=true")["total"] == 0


def test_a_template_is_labelled_in_place(storm: World) -> None:
    template = next(one for one in storm.get("/api/templates")["items"] if "disk" in one["text"])
    body = {"verdict": "known_good", "reason": "harmless", "days": 7}
    storm.post(f"/api/templates/{template['template_id']}/verdict", body)
    with storm.store.view() as view:
        (rule,) = (view.get(RULES, f"template-{template['template_id']}"),)
    assert rule is not None
    assert storm.get("/api/alerts?suppressed=true")["items"][0]["entity"]["name"] == "backup"


def test_patterns_are_listed(storm: World) -> None:
    assert storm.get("/api/patterns") == {"items": [], "total": 0, "next": "", "exact": True}


def test_scopes_are_listed_without_their_samples(world: World) -> None:
    sample = (SampledLine(masked="disk <num> full", count=9, template_id="t"),)
    scope = ScopeRecord(scope="logs/db", lines=2_000, templates=150, similarity=0.4, depth=4, sample=sample)
    world.put(SCOPES, scope)
    world.put(SCOPES, ScopeRecord(scope="logs/web", lines=9_000, version=2, similarity=0.5, depth=3, chosen_at=at(7)))
    larger, sick = world.get("/api/scopes")["items"]
    assert (larger["scope"], larger["version"], larger["waiting"], larger["health"]) == ("logs/web", 2, False, [])
    assert (sick["waiting"], sick["health"]) == (True, ["too many: 150 templates for 2,000 messages"])
    assert "sample" not in sick
    page = world.page("/patterns")
    assert "too many: 150 templates for 2,000 messages" in page
    assert "its own, version 2" in page


def test_a_template_with_a_successor_is_not_listed(world: World) -> None:
    for key, successor in {"old": "new", "new": ""}.items():
        template = Template(
            template_id=key, scope="s", text=f"{key} text", first_seen=at(0), last_seen=at(0), successor=successor
        )
        world.put(TEMPLATES, template)
    assert [one["template_id"] for one in world.get("/api/templates")["items"]] == ["new"]
    assert "old text" not in world.page("/patterns")


def test_lineage_of_templates_is_told_both_ways(world: World) -> None:
    shapes = (("old", "job <*> <*>", "", "new"), ("new", "job <*> ended", "", ""))
    parts = (("part", "job <*> began", "old", ""), ("orphan", "job <*> hung", "forgotten", ""))
    for key, text, origin, successor in (*shapes, *parts):
        found = Template(template_id=key, scope="s", text=text, first_seen=at(0), last_seen=at(0))
        world.put(TEMPLATES, structs.replace(found, origin=origin, successor=successor))
    page = world.page("/patterns")
    assert page.count("before the last choice of settings part of: job &lt;*&gt; &lt;*&gt;") == 1
    assert page.count("before the last choice of settings part of: forgotten") == 1
    assert 'href="/templates/new/label?' in world.page("/templates/old/label")
    assert "no longer in use" not in world.page("/templates/new/label")


def test_the_graph_is_shown_with_health_and_edges(storm: World) -> None:
    services = storm.get("/api/services")
    by_name = {item["name"]: item for item in services["items"]}
    assert by_name["db"]["worst"] == "critical"
    assert by_name["backup"]["service"] is None
    assert {(edge["source"], edge["target"]) for edge in services["edges"]} == {("web", "api"), ("api", "db")}
    assert services["unmapped"]["unmapped"] == 1


def test_a_graph_can_be_checked_without_changing_it(storm: World) -> None:
    answer = storm.client.post("/api/services/check", content="services:\n  a: {depends_on: [b]}\n  b: {}\n")
    assert (answer.json()["services"], answer.json()["edges"]) == (2, 1)
    assert storm.get("/api/services")["graph_version"] == 1


@pytest.mark.parametrize("text", [b"services: [", b"\xff\xfe", b"servces:\n  a: {}\n"])
def test_a_graph_that_cannot_be_read_names_its_place(storm: World, text: bytes) -> None:
    answer = storm.client.post("/api/services", content=text)
    assert answer.status_code == 400
    assert answer.json()["place"]


def test_counts_for_charts(storm: World) -> None:
    items = storm.get("/api/rollups?name=alerts&since=2026-03-02T09:00:00Z")["items"]
    assert {item["key"]: item["count"] for item in items} == {"critical": 3, "warning": 1}


def test_status_and_metrics_agree(storm: World) -> None:
    status, metrics = storm.get("/api/status"), storm.client.get("/metrics").text
    assert status["open_incidents"] == 2
    assert status["lag"] == 0
    assert "aiops_open_incidents 2.0" in metrics
    assert 'aiops_events_total{fate="grouped",source="alertmanager"} 3.0' in metrics
    assert 'aiops_events_received_total{source="alertmanager"} 4.0' in metrics
    assert "aiops_ledger_balances 1.0" in metrics


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/rules", {"verdict": "known_good", "expires": "2026-03-31T00:00:00"}),
        ("/api/rules", {"verdict": "known_bad", "review": "2026-03-31T00:00:00"}),
        ("/api/rules", {"verdict": "known_good", "expires": "9999-12-31T23:59:59-23:00"}),
        ("/api/silences", {"ends_at": "2026-03-31T00:00:00"}),
        ("/api/silences", {"ends_at": "2026-03-31T00:00:00Z", "starts_at": "2026-03-30T00:00:00"}),
    ],
)
def test_a_time_without_a_zone_is_refused_by_its_field(storm: World, path: str, body: dict[str, str]) -> None:
    matchers = [{"field": "service", "value": "backup"}]
    problem = storm.post(path, {"matchers": matchers, "owner": "noc", "reason": "x", **body}, 400)
    assert problem["place"] == list(body)[-1]
    assert problem["fix"]


def test_a_preview_looks_at_the_worst_first_and_says_when_there_are_more(
    storm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        storm.alert(f"aaa-{number}", 100 + number, severity="info")
    monkeypatch.setattr(api.candidates, "MOST", 4)
    found = storm.post("/api/rules/preview", {"matchers": [{"field": "service", "operator": "=~", "value": ".+"}]})
    assert (found["looked_at"], found["complete"], found["critical"]) == (4, False, 3)


@pytest.mark.parametrize("path", ["/api/services", "/api/services/check"])
def test_a_graph_of_more_than_a_megabyte_is_too_large(world: World, path: str) -> None:
    assert world.client.post(path, content=b"# " + b"x" * 1_000_000).status_code == 413


def test_a_large_graph_is_read_beside_the_event_loop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def in_loop(text: str, place: str) -> Topology:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return Topology()

    monkeypatch.setattr(api.routes.services, "parse_topology", in_loop)
    assert world.client.post("/api/services/check", content=b"# " + b"x" * 100_000).status_code == 200


@pytest.mark.parametrize("value", ["2026-13-45", "0b_", "!!float x", "!!bool x", "? [a]", "!!timestamp x", "[" * 3_000])
def test_a_value_that_yaml_cannot_make_is_refused(world: World, value: str) -> None:
    assert world.client.post("/api/services/check", content=value).json()["detail"].startswith("not readable as YAML")


def test_the_fate_of_log_lines_says_how_many_were_counted(world: World) -> None:
    answer = world.client.post("/webhooks/logs", content=b"one line\nanother line\n").json()
    said = world.get(f"/api/ledger/{answer['delivery_id']}")["text"]
    assert said.endswith("2 observed: counted, not stored one by one")


def test_a_fate_that_changed_says_why(world: World) -> None:
    world.client.post("/api/services", content=SERVICES)
    first = world.alert("db", 0)
    assert "not standalone any more" not in world.get(f"/api/ledger/{first}")["text"]
    world.alert("api", 20)
    said = world.get(f"/api/ledger/{first}")["text"]
    assert f"{first}-0 grouped: " in said
    assert "grouped, not standalone any more: " in said
