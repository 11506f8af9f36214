"""Runbooks over the API and the pages: kept by acts, and shown on the incidents that they fit."""

import json
from typing import Any

import pytest

from tests.api.world import World, alertmanager

BODY: dict[str, Any] = {"id": "db-down", "name": "Database is down", "owner": "dba", "text": "1. Fail over."}


def books(world: World) -> list[dict[str, Any]]:
    incident = world.first_incident()["incident_id"]
    found: list[dict[str, Any]] = world.get(f"/api/incidents/{incident}/runbooks")["items"]
    return found


def block(page: str, name: str) -> str:
    start = page.index(f'id="{name}"')
    return page[start : page.index("</section>", start)]


def test_a_runbook_is_put_shown_listed_without_its_text_and_ended(world: World) -> None:
    assert world.post("/api/runbooks", BODY)["concerns"] == "db-down"
    listed = world.get("/api/runbooks?text=database")
    assert (listed["total"], listed["items"][0]["name"], listed["items"][0].get("text", "")) == (1, BODY["name"], "")
    assert world.get("/api/runbooks?text=network")["total"] == 0
    assert world.get("/api/runbooks/db-down")["text"] == "1. Fail over."
    world.client.delete("/api/runbooks/db-down").raise_for_status()
    assert world.get("/api/runbooks")["total"] == 0
    assert world.get("/api/runbooks/db-down")["ended_by"]
    assert world.client.get("/api/runbooks/none").status_code == 404
    assert world.client.delete("/api/runbooks/none").status_code == 409


def test_texts_come_with_the_list_where_they_are_asked_for_a_hundred_at_once(world: World) -> None:
    for number in range(101):
        world.post("/api/runbooks", {**BODY, "id": f"b{number}", "name": f"{number:03}", "text": f"text {number}"})
    first = world.get("/api/runbooks?whole=true&limit=1000")
    second = world.get(f"/api/runbooks?whole=true&limit=1000&cursor={first['next']}")
    assert [len(first["items"]), len(second["items"]), second["next"]] == [100, 1, ""]
    assert [one["text"] for one in (*first["items"], *second["items"])] == [f"text {number}" for number in range(101)]


def test_an_id_is_made_from_the_command_so_that_a_repeat_is_the_same_runbook(world: World) -> None:
    body = {name: value for name, value in BODY.items() if name != "id"}
    for _ in range(2):
        world.post("/api/runbooks", body, headers={"idempotency-key": "k"})
    assert world.get("/api/runbooks")["total"] == 1


@pytest.mark.parametrize(
    "changes", [{"owner": ""}, {"text": ""}, {"url": "ftp://x"}, {"url": "https://[x"}, {"colour": "red"}]
)
def test_what_is_of_no_use_is_refused(world: World, changes: dict[str, str]) -> None:
    assert world.client.post("/api/runbooks", json={**BODY, **changes}).status_code in (400, 422)
    assert world.get("/api/runbooks")["total"] == 0


def test_an_incident_shows_those_for_its_alerts_with_the_reason(storm: World) -> None:
    storm.post("/api/runbooks", {**BODY, "alerts": ["DB down"]})
    storm.post("/api/runbooks", {**BODY, "id": "web", "matchers": [{"field": "service", "value": "web"}]})
    found = books(storm)
    assert [one["runbook_id"] for one in found] == ["db-down", "web"]
    assert found[0]["why"] == "it is for the alert db down; dba answers for it"
    shown = storm.page(f"/incidents/{storm.first_incident()['incident_id']}")
    assert "1. Fail over." in block(shown, "advice")
    assert "it is for the alert db down" in block(shown, "advice")
    said = storm.get(f"/api/explain/{storm.first_incident()['number']}")["text"]
    assert "What to do" in said
    assert "Database is down: db-down (it is for the alert db down; dba answers for it)" in said


def test_what_an_alert_names_itself_comes_first_and_then_what_its_service_names(world: World) -> None:
    services = "services:\n  db: {runbook: https://wiki.example.com/db}\n"
    world.client.post("/api/services", content=services).raise_for_status()
    world.post("/api/runbooks", {**BODY, "alerts": ["db down"]})
    body = json.loads(alertmanager("db").body)
    body["alerts"][0]["annotations"]["runbook_url"] = "https://runbooks.example.com/db-down.md"
    world.client.post("/webhooks/alertmanager", json=body).raise_for_status()
    found = books(world)
    assert [one.get("url", "") for one in found] == [
        "https://runbooks.example.com/db-down.md",
        "https://wiki.example.com/db",
        "",
    ]
    assert [one["title"] for one in found] == ["db-down", "db", "Database is down"]
    assert found[0]["why"] == "the alert db is down names it"
    assert found[1]["why"] == "it is the runbook of db"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://[x"])
def test_a_link_that_no_browser_should_follow_is_shown_as_words(world: World, link: str) -> None:
    world.alert("db", runbook=link)
    (one,) = books(world)
    assert one.get("url", "") == ""
    shown = world.page(f"/incidents/{world.first_incident()['incident_id']}")
    assert f'href="{link}' not in shown


def test_only_where_none_is_for_its_alerts_one_is_found_by_what_it_says(world: World) -> None:
    world.alert("db", summary="replica is behind its primary")
    replica = {**BODY, "id": "replica", "name": "Replica lag", "text": "The replica is behind its primary."}
    world.post("/api/runbooks", replica)
    (one,) = books(world)
    assert one["by_text"]
    assert "it says" in one["why"]
    world.post("/api/runbooks", {**BODY, "alerts": ["db down"]})
    assert [one["runbook_id"] for one in books(world)] == ["db-down"]


def test_a_runbook_that_was_replaced_or_ended_is_offered_as_it_is_now(world: World) -> None:
    world.alert("db")
    world.post("/api/runbooks", {**BODY, "alerts": ["db down"]})
    assert books(world)[0]["title"] == "Database is down"
    world.post("/api/runbooks", {**BODY, "name": "Call the dba", "alerts": ["db down"]})
    assert books(world)[0]["title"] == "Call the dba"
    world.client.delete("/api/runbooks/db-down").raise_for_status()
    assert books(world) == []


def test_a_runbook_is_written_changed_and_ended_on_its_page(storm: World) -> None:
    form = {"name": "Orders", "owner": "dba", "alerts": "db down\r\napi down", "matchers": "service=db", "url": ""}
    answer = storm.send("/runbooks", **form, text="1. Look.\r\n2. <b>Mend.</b>")
    assert "runbook Orders added" in answer.text
    (one,) = storm.get("/api/runbooks")["items"]
    assert one["alerts"] == ["db down", "api down"]
    shown = storm.page(f"/runbooks/{one['id']}")
    assert "<pre>1. Look.\n2. &lt;b&gt;Mend.&lt;/b&gt;</pre>" in shown  # its lines stay lines
    storm.send("/runbooks", **{**form, "id": one["id"], "owner": "noc"}, text="1. Look.")
    assert [book["owner"] for book in storm.get("/api/runbooks")["items"]] == ["noc"]
    assert "Orders" in storm.page("/runbooks")
    assert "Orders" not in storm.page("/runbooks?text=network")
    storm.send(f"/runbooks/{one['id']}/end")
    assert storm.get("/api/runbooks")["total"] == 0
    assert "ended by" in storm.page(f"/runbooks/{one['id']}")
    assert "/runbooks" in storm.page("/rules")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"matchers": "nonsense"}, "not a matcher"), ({"owner": " "}, "is empty"), ({"url": "wiki"}, "is no link")],
)
def test_what_cannot_be_read_is_shown_again(world: World, changes: dict[str, str], problem: str) -> None:
    form = {"name": "Orders", "owner": "dba", "alerts": "", "matchers": "", "url": "", "text": "look", **changes}
    answer = world.send("/runbooks", **form)
    assert problem in answer.text
    assert 'value="Orders"' in answer.text
    assert world.get("/api/runbooks")["total"] == 0
