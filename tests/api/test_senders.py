"""Settings, dead-man switches and test alerts: over the API and on the page of integrations."""

from datetime import timedelta

import pytest

from aiops.domain.entries import Tick
from api.routes.standins import DOORS, STANDINS
from ingestion.sources.registry import SOURCES
from tests.api.world import World

FALCO = {"rule": "shell in container", "priority": "Critical", "output": "x", "time": "2026-03-02T09:10:00Z"}


def later(world: World, **span: float) -> None:
    world.now += timedelta(**span)
    world.journal.append([Tick()])


def test_an_alert_of_a_sender_that_never_tells_the_end_ends_after_a_day_or_as_it_was_set(world: World) -> None:
    assert world.client.put("/api/sources/falco", json={"expire_after": "2h"}).status_code == 200
    world.post("/webhooks/falco", FALCO, 202)
    later(world, minutes=119)
    assert world.get("/api/alerts")["items"][0]["status"] == "firing"
    later(world, minutes=2)
    (alert,) = world.get("/api/alerts")["items"]
    assert alert["status"] == "resolved"
    assert any("as operator set for falco" in reason["text"] for reason in alert["reasons"])


@pytest.mark.parametrize(
    ("body", "place"), [({"expire_after": "soon"}, "expire_after"), ({"rate": -1}, "rate"), ({"burst": 0}, "burst")]
)
def test_settings_that_could_not_work_are_refused(world: World, body: dict[str, object], place: str) -> None:
    answer = world.client.put("/api/sources/acme", json=body)
    assert (answer.status_code, answer.json()["place"]) == (400, place)


def test_silence_is_on_the_page_until_it_beats(world: World) -> None:
    world.post("/api/watches", {"id": "beat", "source": "acme", "every": "5m", "owner": "noc"})
    assert "none yet" in world.page("/integrations")
    later(world, minutes=6)
    assert "silent 1m" in world.page("/integrations")
    assert [one["title"] for one in world.get("/api/alerts")["items"]] == ["Nothing is heard of acme"]
    world.post("/webhooks/acme", {"title": "x"}, 202)
    assert world.get("/api/watches")["items"][0]["silent_since"] is None
    assert "silent 1m" not in world.page("/integrations")
    world.client.delete("/api/watches/beat")
    assert world.get("/api/watches")["items"] == []


def test_the_page_sets_watches_and_settings(world: World) -> None:
    assert "must be heard every 5 min" in world.send("/watches", about='alertname="Watchdog"', every="5m").text
    assert "acme must be heard every 26 h" in world.send("/watches", about="acme", every="26h").text
    ids = [one["id"] for one in world.get("/api/watches")["items"]]
    assert len(ids) == 2
    assert "is watched no longer" in world.send(f"/watches/{ids[0]}/end").text
    told = world.send("/integrations/acme/settings", expire_after="6h", rate="20", burst="50").text
    assert "acme: alerts expire after 6 h, 20 a second of deliveries" in told
    assert 'value="21600s"' in told
    cleared = world.send("/integrations/acme/settings", expire_after="", rate="", burst="").text
    assert "acme: alerts expire as its parser says, any number of deliveries" in cleared


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/watches", {"about": "acme", "every": "soon"}),
        ("/watches", {"about": "", "every": "5m"}),
        ("/watches", {"about": 'a="b', "every": "5m"}),
        ("/integrations/acme/settings", {"rate": "many"}),
        ("/integrations/acme/settings", {"burst": "many"}),
        ("/integrations/acme/settings", {"burst": "inf"}),
        ("/mappings/acme/reparse", {"since": "once"}),
    ],
)
def test_what_a_form_cannot_mean_is_told(world: World, path: str, form: dict[str, str]) -> None:
    assert world.send(path, **form).status_code == 400


def test_a_test_alert_goes_the_whole_way_and_its_end_is_linked(world: World) -> None:
    shown = world.send("/integrations/generic/test").text
    (alert,) = world.get("/api/alerts")["items"]
    incident = world.first_incident()
    assert f"/alerts/{alert['fingerprint']}" in shown
    assert f"/incidents/{incident['incident_id']}" in shown
    assert "is standalone" in shown


def test_a_test_line_says_what_became_of_it(world: World) -> None:
    assert "detector" in world.send("/integrations/logs/test").text or world.get("/api/alerts")["total"] == 1


def test_a_test_alert_that_is_not_folded_yet_says_so(world: World) -> None:
    world.engine_runs = False
    assert "It is not read yet" in world.send("/integrations/generic/test").text


def test_what_a_sender_leaves_out_is_a_warning_on_the_page(world: World) -> None:
    world.post("/webhooks/alertmanager", {"version": "4", "truncatedAlerts": 3, "alerts": []}, 202)
    shown = world.page("/integrations")
    assert "sender truncates: 3 alerts of the group were not sent" in shown
    assert "warned of" in shown


def test_every_sender_that_is_known_and_every_stand_in_is_listed(world: World) -> None:
    shown = world.page("/integrations")
    assert all(name in shown for name in SOURCES)
    assert all(where in shown for _, where in STANDINS)
    listed = ", ".join(where for _, where in STANDINS)
    versions = ("/services/collector/event/1.0", "/services/collector/raw/1.0")
    doors = {path.replace(":path", "").replace("{id}", "{alias}") for path in DOORS if path not in versions}
    assert {door for door in doors if door not in listed} == set()


def test_a_sender_that_sent_nothing_yet_shows_its_command_when_it_is_chosen(world: World) -> None:
    assert "/webhooks/zabbix" not in world.page("/integrations")
    assert "curl http://127.0.0.1:8080/webhooks/zabbix" in world.page("/integrations?source=zabbix")
    assert world.client.get("/integrations?source=a%20b").status_code == 400


def test_an_alert_that_is_acknowledged_upstream_shows_it(world: World) -> None:
    body = {"event": {"id": "e1", "event_type": "incident.acknowledged", "occurred_at": "2026-03-02T09:09:00Z"}}
    body["event"]["data"] = {"id": "P1", "type": "incident", "title": "db down", "status": "acknowledged"}  # type: ignore[assignment]
    world.post("/webhooks/pagerduty", body, 202)
    (alert,) = world.get("/api/alerts")["items"]
    assert (alert["acknowledged"], alert["status"]) == (True, "firing")
    assert "acknowledged in pagerduty" in world.page(f"/alerts/{alert['fingerprint']}")
