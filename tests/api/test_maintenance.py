"""The pages of maintenance, inhibitions and the audit log, and what their buttons do."""

from datetime import timedelta

import pytest

from tests.api.test_forms import mute
from tests.api.world import World

WINDOW = {
    "matchers": "service=db",
    "starts": "2026-03-02T10:00",
    "ends": "2026-03-02T12:00",
    "zone": "Europe/Berlin",
    "recurs": "",
    "until": "",
    "reason": "new disks",
    "owner": "dba",
}


def test_maintenance_is_planned_on_the_page_on_the_clock_of_its_zone(storm: World) -> None:
    answer = storm.send("/windows", **WINDOW)
    assert "is planned: 2026-03-02 09:00 UTC to 2026-03-02 11:00 UTC" in answer.text
    (window,) = storm.get("/api/windows")["items"]
    assert (window["zone"], window["matchers"][0]["value"]) == ("Europe/Berlin", "db")
    assert "new disks" in storm.page("/windows")
    assert storm.get("/api/alerts?entity=db")["items"][0]["suppressed_by"][0]["kind"] == "maintenance"
    storm.send(f"/windows/{window['id']}/end")
    alert = storm.get("/api/alerts?entity=db")["items"][0]
    assert alert["suppressed_by"] == []
    assert "No longer quiet; it was maintenance" in storm.page(f"/alerts/{alert['fingerprint']}")
    assert "was quiet" in storm.page("/alerts")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"matchers": "nonsense"}, "not a matcher"),
        ({"starts": "soon"}, "is no time"),
        ({"zone": "Mars/Base"}, "is no time zone"),
        ({"zone": "../etc"}, "is no time"),
        ({"owner": " "}, "is empty"),
    ],
)
def test_what_cannot_be_read_is_shown_again_with_what_was_typed(
    storm: World, changes: dict[str, str], problem: str
) -> None:
    answer = storm.send("/windows", **{**WINDOW, **changes})
    assert problem in answer.text
    assert 'value="new disks"' in answer.text
    assert storm.get("/api/windows")["total"] == 0


def test_a_recurring_window_fills_the_calendar(storm: World) -> None:
    storm.send("/windows", **{**WINDOW, "recurs": "FREQ=DAILY"})
    page = storm.page("/windows")
    assert page.count("new disks") >= 14
    assert "Tuesday 03 March" in page


def test_a_proposed_window_is_accepted_or_rejected_on_the_page(storm: World) -> None:
    for number in ("CHG1", "CHG2"):
        ticket = {"number": number, "short_description": "disks", "cmdb_ci": "db", "start_date": storm.now.isoformat()}
        ticket["end_date"] = (storm.now + timedelta(hours=1)).isoformat()
        storm.client.post("/webhooks/change_tickets", json=ticket).raise_for_status()
    assert "CHG1" in storm.page("/windows")
    storm.send("/windows/change_tickets-CHG1/accept")
    storm.send("/windows/change_tickets-CHG2/end")
    states = {one["ticket"]: one["status"] for one in storm.get("/api/windows")["items"]}
    assert states == {"CHG1": "active", "CHG2": "expired"}
    assert storm.client.post("/api/windows/change_tickets-CHG1/accept").status_code == 404


def test_inhibitions_are_listed_and_ended(storm: World) -> None:
    body = {
        "source": [{"field": "service", "value": "db"}],
        "target": [{"field": "service", "value": "api"}],
        "owner": "net",
        "reason": "it needs it",
        "expires": (storm.now + timedelta(days=3)).isoformat(),
    }
    inhibition_id = storm.post("/api/inhibitions", body)["concerns"]
    assert "it needs it" in storm.page("/windows")
    assert storm.get("/api/alerts?entity=api")["items"][0]["suppressed_by"][0]["id"] == inhibition_id
    storm.send(f"/inhibitions/{inhibition_id}/end")
    assert storm.get("/api/inhibitions")["items"][0]["ended"] is True


def test_the_log_shows_what_was_changed_from_what(storm: World) -> None:
    rule = {
        "id": "r",
        "verdict": "known_good",
        "matchers": [{"field": "service", "value": "backup"}],
        "owner": "noc",
        "reason": "noise",
        "expires": (storm.now + timedelta(days=3)).isoformat(),
    }
    storm.post("/api/rules", rule)
    storm.post("/api/rules", {**rule, "reason": "<b>nightly</b>"})
    page = storm.page("/rules/changes?concerns=r")
    assert "reason: noise → &lt;b&gt;nightly&lt;/b&gt;" in page
    assert storm.get("/api/rule-changes?concerns=r")["total"] == 2
    assert storm.get("/api/rule-changes?kind=silence")["total"] == 0


def test_a_pack_that_could_not_be_read_whole_is_shown_where_rules_are(storm: World) -> None:
    problem = {"place": "ours.yaml:14", "problem": "it hides without end", "fix": "give expires"}
    storm.post("/api/packs", {"name": "ours", "owner": "noc", "rules": 3, "problems": [problem]})
    page = storm.page("/rules")
    assert "ours.yaml:14" in page
    assert "give expires" in page


def test_what_expires_soon_stands_on_top(storm: World) -> None:
    mute(storm)
    assert "Expiring soon" in storm.page("/rules")


def test_a_mute_says_what_it_would_have_hidden(storm: World) -> None:
    page = mute(storm, do="preview").text
    assert "would have hidden 1 alert" in page
