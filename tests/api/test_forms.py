"""Do the forms of the pages work as a browser without JavaScript sends them?"""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import pytest

import api.candidates
from aiops.domain.collection import Collection
from aiops.storage.memory import MemoryView
from api.ui.muting import safe_back
from tests.api.elements import Elements
from tests.api.world import World


@pytest.mark.parametrize(
    "url", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "evil", "/\nx"]
)
def test_the_way_back_never_leaves_the_site(url: str) -> None:
    assert safe_back(url) == "/"


def test_acting_on_one_incident_leads_back_to_it_and_says_what_was_done(storm: World) -> None:
    answer = storm.send("/incidents/1/act", act="acknowledge")
    assert answer.history[0].status_code == 303
    assert answer.url.path == "/incidents/1"
    assert 'class="said good"' in answer.text
    assert storm.get("/api/incidents/1")["incident"]["status"] == "acknowledged"


def test_what_was_refused_is_said_on_the_page(storm: World) -> None:
    storm.send("/incidents/1/act", act="resolve", text="")
    answer = storm.send("/incidents/1/act", act="resolve", text="")
    assert "Refused: " in answer.text


@pytest.mark.parametrize("fields", [{"act": "comment", "text": " "}, {"act": "explode"}, {}])
def test_a_form_that_makes_no_sense_is_answered_with_a_page(storm: World, fields: dict[str, str]) -> None:
    answer = storm.send("/incidents/1/act", **fields)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


def test_the_chosen_incidents_are_acted_on_and_the_filter_is_kept(world: World) -> None:
    for number, service in enumerate(("db", "mail", "ci")):
        world.alert(service, number)
    ids = [item["incident_id"] for item in world.get("/api/incidents?sort=number")["items"]]
    answer = world.send("/act", act="acknowledge", id=ids[:2], back="/?view=all&q=mail")
    assert dict(parse_qsl(answer.url.query.decode()))["q"] == "mail"
    assert "2 done" in answer.text
    states = [item["status"] for item in world.get("/api/incidents?sort=number")["items"]]
    assert states == ["acknowledged", "acknowledged", "open"]


def test_all_that_match_are_acted_on_also_those_on_other_pages(world: World) -> None:
    for number in range(60):
        world.alert(f"svc-{number}", number, severity="warning" if number % 2 else "critical")
    world.send("/act", act="acknowledge", all="1", back="/?sev=critical")
    assert world.get("/api/incidents?status=acknowledged")["total"] == 30
    assert world.get("/api/incidents?status=acknowledged&severity=critical")["total"] == 30


def test_nothing_chosen_does_nothing(storm: World) -> None:
    before = storm.journal.last()
    assert storm.send("/act", act="acknowledge", back="/").status_code == 200
    assert storm.journal.last() == before


def test_merging_puts_the_others_into_the_first(world: World) -> None:
    world.alert("db")
    world.alert("mail", 1)
    first, second = world.get("/api/incidents?sort=number")["items"]
    world.send("/act", act="merge", id=[first["incident_id"], second["incident_id"]], back="/")
    assert world.get("/api/incidents/2")["incident"]["merged_into"] == first["incident_id"]
    assert "Merged into" in world.page("/incidents/2")


def test_choosing_none_of_the_candidates_is_an_answer(storm: World) -> None:
    answer = storm.send("/incidents/1/act", act="cause", entity="")
    assert 'class="said good"' in answer.text


def mute(world: World, **changes: str | list[str]) -> Any:
    fields: dict[str, str | list[str]] = {
        "use": ["0"],
        "field": ["entity", ""],
        "operator": ["=", "="],
        "value": ["backup", ""],
        "until": "2h",
        "reason": "it does that every night",
        "owner": "noc",
        "back": "/?view=all",
        "do": "mute",
    }
    return world.send("/mute", **{**fields, **changes})


def test_the_mute_form_offers_shape_and_service_and_shows_what_it_hides(storm: World) -> None:
    page = storm.page("/mute?incident=2")
    values = [field.get("value") for field in Elements(page).all("input") if field.get("name") == "value"]
    assert values[:2] == ["disk <num> % full", "backup"]
    assert "hides 1 alert; 1 incident would go quiet altogether" in page


def test_muting_hides_for_a_time_and_can_be_undone_where_it_is_said(storm: World) -> None:
    answer = mute(storm)
    assert answer.url.path == "/"
    page = answer.text
    assert storm.get("/api/rules")["items"][0]["expires"] == "2026-03-02T11:10:00Z"
    assert storm.get("/api/incidents?muted=true")["total"] == 1
    (undo,) = re.findall(r'action="(/rules/[^"]+/end)"[^>]*id="undo"', page)
    storm.send(undo, back="/")
    assert storm.get("/api/incidents?muted=true")["total"] == 0


def test_previewing_changes_nothing_and_keeps_what_was_typed(storm: World) -> None:
    before = storm.journal.last()
    page = mute(storm, do="preview", reason="typed so far").text
    assert "hides 1 alert" in page
    assert 'value="typed so far"' in page
    assert storm.journal.last() == before


def test_hiding_criticals_asks_once_more(storm: World) -> None:
    page = mute(storm, value=["db", ""]).text
    assert "it hides 1 critical alert; tick the box" in page
    assert storm.get("/api/rules")["total"] == 0
    mute(storm, value=["db", ""], sure="1")
    assert storm.get("/api/rules")["total"] == 1


@pytest.mark.parametrize("changes", [{"reason": ""}, {"owner": " "}, {"use": []}, {"value": ["", ""]}])
def test_a_mute_without_reason_owner_or_matcher_makes_no_rule(
    storm: World, changes: dict[str, str | list[str]]
) -> None:
    mute(storm, **changes)
    assert storm.get("/api/rules")["total"] == 0


def test_the_header_says_how_much_is_muted(storm: World) -> None:
    mute(storm)
    assert "1 mute · 1 hidden" in storm.page("/status")


def test_a_template_is_labelled_from_its_page_and_shows_its_verdict(storm: World) -> None:
    template = next(one for one in storm.get("/api/templates")["items"] if "disk" in one["text"])
    path = f"/templates/{template['template_id']}/label"
    answer = storm.send(path, verdict="known_bad", reason="fills for good", days="7", back="/patterns")
    assert answer.url.path == "/patterns"
    assert "known bad" in answer.text


def test_a_label_may_have_a_threshold_on_its_page_and_in_the_api(storm: World) -> None:
    template = next(one for one in storm.get("/api/templates")["items"] if "disk" in one["text"])["template_id"]
    path, sent = f"/templates/{template}/label", {"verdict": "known_good", "reason": "it does that"}
    assert "threshold: N of M is not said in whole" in storm.send(path, **sent, times="3").text
    assert storm.get("/api/rules")["items"] == []
    storm.send(path, **sent, times="3", of=" 5 ", within="10")
    (rule,) = storm.get("/api/rules")["items"]
    assert rule["threshold"] == {"times": 3, "of": 5, "within": "PT600S"}
    limit = {"times": 2, "of": 4, "within": "PT30M"}
    storm.post(f"/api/templates/{template}/verdict", {**sent, "verdict": "known_bad", "threshold": limit})
    (rule,) = storm.get("/api/rules")["items"]
    assert (rule["verdict"], rule["threshold"]) == ("known_bad", {**limit, "within": "PT1800S"})
    storm.post(f"/api/templates/{template}/verdict", {**sent, "threshold": {**limit, "times": 9}}, status=409)


def test_a_rule_that_judges_a_shape_only_for_one_service_is_shown_as_partly(storm: World) -> None:
    rule = {
        "verdict": "known_good",
        "matchers": [{"field": "template", "value": "disk <*> % full"}, {"field": "service", "value": "backup"}],
        "owner": "noc",
        "reason": "x",
        "expires": "2026-03-03T00:00:00Z",
    }
    storm.post("/api/rules", rule)
    assert "partly known good" in storm.page("/patterns")


def test_rules_show_owner_reason_end_and_what_is_odd_about_them(storm: World) -> None:
    mute(storm)
    page = storm.page("/rules")
    assert "it does that every night" in page
    assert "expires soon" in page
    assert "up to warning" in page
    assert "no example of what it must leave alone" not in page


def test_a_mute_of_a_shape_everywhere_is_asked_for_an_example(storm: World) -> None:
    mute(storm, field=["template", ""], value=["disk <*> % full", ""])
    assert "no example of what it must leave alone" in storm.page("/rules")


def test_a_mute_wakes_when_the_alert_gets_worse_than_it_was(storm: World) -> None:
    assert "worse than warning is not hidden" in storm.page("/mute?incident=2")
    mute(storm)
    rule = storm.get("/api/rules")["items"][0]
    assert rule["ceiling"] == "warning"
    assert rule["cases"]["no_match"][0]["labels"] == {"entity": "another than backup"}
    storm.alert("backup", 500, summary="disk 99 % full", severity="critical")
    alerts = storm.get("/api/alerts?entity=backup")["items"]
    assert {alert["severity"]: bool(alert["suppressed_by"]) for alert in alerts} == {"warning": True, "critical": False}


def test_renewing_a_mute_keeps_the_severity_of_what_it_hides_already(storm: World) -> None:
    mute(storm)
    mute(storm)
    assert [rule["ceiling"] for rule in storm.get("/api/rules")["items"]] == ["warning", "warning"]


def test_a_mute_made_before_anything_matches_has_no_ceiling(storm: World) -> None:
    mute(storm, value=["nothing-yet", ""])
    assert storm.get("/api/rules")["items"][0]["ceiling"] is None


def test_a_rule_is_ended_from_the_list(storm: World) -> None:
    mute(storm)
    rule = storm.get("/api/rules")["items"][0]["id"]
    assert storm.send(f"/rules/{rule}/end").url.path == "/rules"
    assert storm.get("/api/rules")["items"][0]["status"] == "expired"


def test_a_rule_that_was_ended_says_by_whom_and_is_had_back_from_the_list(storm: World) -> None:
    mute(storm)
    before = storm.get("/api/rules")["items"][0]
    ended = storm.send(f"/rules/{before['id']}/end").text
    assert f'action="/rules/{before["id"]}/enable"' in ended
    assert "ended by " in storm.page("/rules")
    back = storm.send(f"/rules/{before['id']}/enable")
    assert back.url.path == "/rules"
    after = storm.get("/api/rules")["items"][0]
    said = ("status", "matchers", "expires", "ceiling", "owner", "reason")
    assert [after[name] for name in said] == [before[name] for name in said]
    assert "ended by " not in storm.page("/rules")


def test_a_graph_is_imported_by_pasting(world: World) -> None:
    answer = world.send("/services/import", services="services:\n  a: {depends_on: [b]}\n  b: {}\n")
    assert answer.url.path == "/services"
    assert world.get("/api/services")["total"] == 2


def test_a_graph_that_cannot_be_read_says_where(world: World) -> None:
    assert world.send("/services/import", services="services: [").status_code == 400


@pytest.mark.parametrize("source", ["alertmanager", "generic", "acme"])
def test_the_test_alert_takes_the_same_way_as_everyones(world: World, source: str) -> None:
    answer = world.send(f"/integrations/{source}/test")
    assert "Taken as delivery" in answer.text
    assert world.get("/api/alerts")["items"][0]["labels"]["service"] == "aiops-test"


def test_what_a_sender_got_wrong_is_shown_where_it_is_connected(world: World) -> None:
    world.post("/webhooks/alertmanager", {"version": "4", "alerts": [3]}, 202)
    assert "alerts[0]" in world.page("/integrations")


def test_the_copyable_command_names_the_token_where_one_is_needed(world: World, locked: World) -> None:
    assert "Authorization" not in world.page("/integrations")
    token = locked.app.state.desk.access.create_token("ana", ["admin"], locked.now)
    locked.client.headers["authorization"] = f"Bearer {token}"
    assert "Authorization: Bearer $TOKEN" in locked.page("/integrations")


@pytest.mark.parametrize("back", ["http://[x", "//[x", "/\\\\[x", "javascript:alert(1)"])
@pytest.mark.parametrize("all_", ["", "1"])
def test_a_way_back_that_is_no_url_leads_to_the_list(storm: World, back: str, all_: str) -> None:
    answer = storm.send("/act", act="acknowledge", id=storm.first_incident()["incident_id"], all=all_, back=back)
    assert (answer.status_code, answer.url.path) == (200, "/")


@pytest.mark.parametrize("source", ["a%20b", "x" * 65, "n\u00e4me", "detector:x"])
def test_no_test_alert_comes_in_under_a_name_that_no_sender_may_have(world: World, source: str) -> None:
    assert world.send(f"/integrations/{source}/test").status_code == 400
    assert world.journal.last() is None


def test_a_pasted_graph_of_more_than_a_megabyte_is_too_large(world: World) -> None:
    assert world.send("/services/import", services="# " + "x" * 1_000_000).status_code == 413


def test_a_page_looks_for_no_more_outcomes_than_one_request_can_have(
    storm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    many = MemoryView.many

    def counted(view: MemoryView, kind: Collection[Any], keys: Sequence[str]) -> list[Any]:
        asked.append(len(keys))
        return many(view, kind, keys)

    monkeypatch.setattr(MemoryView, "many", counted)
    storm.page("/?did=x&of=1001")
    storm.page("/?did=x&of=10000000")
    assert max(asked) == 1
    storm.page("/?did=x&of=1000")
    assert max(asked) == 1_000


def test_muting_asks_once_more_where_not_every_alert_was_tried(storm: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.candidates, "MOST", 2)
    wide = {"operator": ["=~", "="], "value": ["(backup|x).*", ""]}  # which no index knows
    answer = mute(storm, **wide)
    assert "only 2 firing alerts were tried" in answer.text
    assert 'name="sure"' in answer.text
    assert storm.get("/api/rules")["total"] == 0
    mute(storm, sure="1", **wide)
    assert storm.get("/api/rules")["total"] == 1
