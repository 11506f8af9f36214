"""Are we an Alertmanager to those who know one: Prometheus, rulers, amtool?"""

from typing import Any

import pytest

from aiops.domain.documents import ALERTS
from aiops.domain.events import Status
from aiops.domain.queries import Query
from tests.api.world import World
from tests.builders import at

UUID_LENGTH = 36


def posted(service: str, **changes: Any) -> dict[str, Any]:
    """What Prometheus would post of ``service``."""
    labels = {"alertname": "Down", "service": service, "severity": "critical"}
    return {
        "labels": labels,
        "annotations": {"summary": f"{service} is down"},
        "startsAt": at(0).isoformat(),
        **changes,
    }


def silence(**changes: Any) -> dict[str, Any]:
    """What amtool would post."""
    body = {
        "matchers": [{"name": "service", "value": "db", "isRegex": False, "isEqual": True}],
        "startsAt": at(500).isoformat(),
        "endsAt": at(4_000).isoformat(),
        "createdBy": "ana",
        "comment": "new disks",
    }
    return body | changes


def services(world: World, query: str = "") -> list[str]:
    return sorted(alert["labels"]["service"] for alert in world.get(f"/api/v2/alerts{query}"))


def test_alerts_are_taken_with_an_empty_answer_and_are_there(world: World) -> None:
    answer = world.client.post("/api/v2/alerts", json=[posted("db"), posted("web")])
    assert (answer.status_code, answer.content) == (200, b"")
    assert services(world) == ["db", "web"]


def test_the_older_api_says_success(world: World) -> None:
    answer = world.client.post("/api/v1/alerts", json=[posted("db")])
    assert (answer.status_code, answer.content) == (200, b'{"status":"success"}')
    assert services(world) == ["db"]


@pytest.mark.parametrize("bad", [{"labels": {}}, {}, "db", None])
def test_one_bad_alert_is_told_and_the_good_ones_are_kept(world: World, bad: Any) -> None:
    answer = world.client.post("/api/v2/alerts", json=[posted("db"), bad, posted("web")])
    assert (answer.status_code, answer.content) == (400, b'"at least one label pair required"')
    assert services(world) == ["db", "web"]


def test_the_older_api_tells_of_a_bad_alert_in_its_own_words(world: World) -> None:
    answer = world.client.post("/api/v1/alerts", json=[{"labels": {}}])
    said = b'{"status":"error","errorType":"bad_data","error":"at least one label pair required"}'
    assert (answer.status_code, answer.content) == (400, said)


def test_what_is_no_json_is_refused_with_a_json_text(world: World) -> None:
    answer = world.client.post("/api/v2/alerts", content=b"[{", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert isinstance(answer.json(), str)


def test_an_end_that_is_past_resolves(world: World) -> None:
    world.client.post("/api/v2/alerts", json=[posted("db")])
    world.client.post("/api/v2/alerts", json=[posted("db", endsAt=at(590).isoformat())])
    assert services(world) == []
    with world.store.view() as view:
        assert [alert.status for alert in view.find(ALERTS, Query()).items] == [Status.RESOLVED]


def test_an_alert_is_shown_as_alertmanager_shows_it(world: World) -> None:
    ends = at(900).isoformat()
    world.client.post("/api/v2/alerts", json=[posted("db", endsAt=ends, generatorURL="http://prom/graph")])
    (alert,) = world.get("/api/v2/alerts")
    assert alert == {
        "annotations": {"summary": "db is down"},
        "endsAt": "2026-03-02T09:15:00.000Z",
        "fingerprint": alert["fingerprint"],
        "receivers": [{"name": "aiops"}],
        "startsAt": "2026-03-02T09:00:00.000Z",
        "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"},
        "updatedAt": "2026-03-02T09:10:00.000Z",
        "generatorURL": "http://prom/graph",
        "labels": {"alertname": "Down", "service": "db", "severity": "critical"},
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('?filter=service="db"', ["db"]),
        ('?filter=service=~"d.*|web"', ["db", "web"]),
        ('?filter=service!="db"&filter=alertname="Down"', ["cache", "web"]),
        ("?silenced=false", ["cache", "web"]),
        ("?active=false", ["db"]),
        ("?active=true&silenced=true&inhibited=true&unprocessed=true", ["cache", "db", "web"]),
    ],
)
def test_alerts_are_found_as_amtool_asks_for_them(world: World, query: str, found: list[str]) -> None:
    world.post("/api/v2/silences", silence())
    world.client.post("/api/v2/alerts", json=[posted("db"), posted("web"), posted("cache")])
    assert services(world, query) == found


def test_a_filter_that_is_none_is_refused_with_a_json_text(world: World) -> None:
    answer = world.client.get("/api/v2/alerts", params={"filter": "service"})
    assert answer.status_code == 400
    assert "service" in answer.json()


def test_a_silence_is_ours_and_hides_until_it_is_ended(world: World) -> None:
    made = world.post("/api/v2/silences", silence())["silenceID"]
    assert len(made) == UUID_LENGTH
    assert [one["id"] for one in world.get("/api/silences")["items"]] == [made]
    world.client.post("/api/v2/alerts", json=[posted("db")])
    (alert,) = world.get("/api/v2/alerts")
    assert alert["status"] == {"inhibitedBy": [], "mutedBy": [], "silencedBy": [made], "state": "suppressed"}
    ended = world.client.delete(f"/api/v2/silence/{made}")
    assert (ended.status_code, ended.content) == (200, b"")
    assert world.get("/api/v2/alerts")[0]["status"]["state"] == "active"
    assert world.get(f"/api/v2/silence/{made}")["status"] == {"state": "expired"}


def test_silences_are_shown_as_alertmanager_shows_them(world: World) -> None:
    made = world.post("/api/v2/silences", silence())["silenceID"]
    assert world.get("/api/v2/silences") == [
        {
            "id": made,
            "status": {"state": "active"},
            "updatedAt": "2026-03-02T09:10:00.000Z",
            "comment": "new disks",
            "createdBy": "ana",
            "endsAt": "2026-03-02T10:06:40.000Z",
            "matchers": [{"isEqual": True, "isRegex": False, "name": "service", "value": "db"}],
            "startsAt": "2026-03-02T09:08:20.000Z",
        }
    ]
    assert world.get('/api/v2/silences?filter=service="web"') == []
    assert len(world.get('/api/v2/silences?filter=service="db"')) == 1


@pytest.mark.parametrize(("equal", "regex"), [(True, True), (True, False), (False, True), (False, False)])
def test_every_kind_of_matcher_comes_back_as_it_was_sent(world: World, equal: bool, regex: bool) -> None:
    matchers = [{"isEqual": equal, "isRegex": regex, "name": "service", "value": "d.*"}, *silence()["matchers"]]
    world.post("/api/v2/silences", silence(matchers=matchers))
    assert world.get("/api/v2/silences")[0]["matchers"] == matchers


def test_a_silence_is_replaced_under_its_id(world: World) -> None:
    made = world.post("/api/v2/silences", silence())["silenceID"]
    again = world.post("/api/v2/silences", silence(id=made, endsAt=at(9_000).isoformat()))["silenceID"]
    assert again == made
    assert [one["endsAt"] for one in world.get("/api/v2/silences")] == ["2026-03-02T11:30:00.000Z"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (silence(matchers=[]), 400),
        (silence(comment=""), 400),
        (silence(endsAt=at(100).isoformat()), 400),
        (silence(id="00000000-0000-0000-0000-000000000000"), 404),
        ({"matchers": "service"}, 400),
    ],
    ids=["no matchers", "no comment", "ends before it starts", "unknown", "malformed"],
)
def test_a_silence_that_cannot_be_is_refused_with_a_json_text(world: World, body: Any, status: int) -> None:
    answer = world.client.post("/api/v2/silences", json=body)
    assert answer.status_code == status
    assert isinstance(answer.json(), str)


def test_a_silence_that_is_not_there_cannot_be_ended(world: World) -> None:
    assert world.client.delete("/api/v2/silence/none").status_code == 404


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
def test_it_says_that_it_is_well(world: World, path: str) -> None:
    answer = world.client.get(path)
    assert (answer.status_code, answer.content) == (200, b"OK")


def test_its_status_has_all_that_clients_require(world: World) -> None:
    status = world.get("/api/v2/status")
    assert status["cluster"]["status"] == "disabled"
    assert set(status) == {"cluster", "config", "uptime", "versionInfo"}
    assert set(status["versionInfo"]) == {"branch", "buildDate", "buildUser", "goVersion", "revision", "version"}
    assert world.get("/api/v2/receivers") == [{"name": "aiops"}]
