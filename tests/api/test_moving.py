"""Do alerts go where a person says, over the API and with the forms of the pages; and can that be taken back?"""

from typing import Any

import pytest

from tests.api.world import World


@pytest.fixture
def outage(storm: World) -> World:
    """The storm: #1 of db, api and web, #2 of backup."""
    assert [one["episodes"] for one in storm.get("/api/incidents?sort=number")["items"]] == [3, 1]
    return storm


def members(world: World, number: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get(f"/api/incidents/{number}")["members"]
    return found


def names(world: World, number: int) -> list[str]:
    return sorted(one["entity"]["name"] for one in members(world, number))


def episode(world: World, service: str, number: int = 1) -> str:
    (found,) = [one["episode_id"] for one in members(world, number) if one["entity"]["name"] == service]
    return str(found)


def test_an_alert_is_moved_to_another_incident(outage: World) -> None:
    body = {"other_id": "2", "episodes": [episode(outage, "web")], "text": "not the database"}
    said = outage.post("/api/incidents/1/move", body)["text"]
    assert said.startswith("moved 1 alert of #1 to #2; from now on ")
    assert (names(outage, 1), names(outage, 2)) == (["api", "db"], ["backup", "web"])
    (web,) = [one for one in members(outage, 2) if one["entity"]["name"] == "web"]
    assert web["link"]["text"] == "moved from #1 to #2: operator says so: not the database"
    for number in (1, 2):
        story = [item["text"] for item in outage.get(f"/api/incidents/{number}")["timeline"]]
        assert any("not the database" in text for text in story)


def test_alerts_are_split_off_and_named_by_fingerprint_too(outage: World) -> None:
    fingerprint = outage.get("/api/alerts?match=service%3Dweb")["items"][0]["fingerprint"]
    outage.post("/api/incidents/1/split", {"episodes": [fingerprint, episode(outage, "api")]})
    assert (names(outage, 1), names(outage, 3)) == (["db"], ["api", "web"])
    assert outage.get("/api/incidents/3")["incident"]["split_from"] == outage.first_incident()["incident_id"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("split", {"episodes": ["no such"]}, "has no alert 'no such' that can be moved"),
        ("split", {"episodes": []}, "no alert is chosen"),
        ("move", {"other_id": "1", "episodes": ["x"]}, "are in #1 already"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(outage: World, path: str, body: Any, said: str) -> None:
    answer = outage.post(f"/api/incidents/1/{path}", body, status=409)
    assert said in answer["detail"]


def test_splitting_everything_off_is_refused(outage: World) -> None:
    every = [one["episode_id"] for one in members(outage, 1)]
    answer = outage.post("/api/incidents/1/split", {"episodes": every}, status=409)
    assert "leave at least one of them in it" in answer["detail"]


def test_closed_incidents_keep_their_alerts(outage: World) -> None:
    outage.post("/api/incidents/2/resolve", {})
    outage.post("/api/incidents/2/close")
    body = {"other_id": "2", "episodes": [episode(outage, "web")]}
    assert "#2 is closed" in outage.post("/api/incidents/1/move", body, status=409)["detail"]
    assert outage.post("/api/incidents/1/move", {**body, "other_id": "77"}, status=404)


def test_pins_are_listed_and_revoked(outage: World) -> None:
    outage.post("/api/incidents/1/split", {"episodes": [episode(outage, "web")], "text": "its own trouble"})
    (pin,) = outage.get("/api/pins")["items"]
    assert (pin["pin_id"], pin["together"], pin["actor"], pin["text"]) == ("1", False, "operator", "its own trouble")
    assert [sort["node"] for sort in pin["these"]] == ["web"]
    assert {sort["node"] for sort in pin["those"]} == {"db", "api"}
    assert outage.get("/api/pins?incident=3")["total"] == 1
    assert outage.get("/api/pins?incident=2")["total"] == 0
    outage.post("/api/pins/1/revoke", {"text": "it was one"})
    assert outage.get("/api/pins?status=active")["total"] == 0
    (pin,) = outage.get("/api/pins")["items"]
    assert (pin["ended_by"], pin["ended_text"]) == ("operator", "it was one")
    assert "no pin '1' in force" in outage.post("/api/pins/1/revoke", {}, status=409)["detail"]


def test_ticked_members_are_moved_with_the_form_and_undo_brings_them_back(outage: World) -> None:
    shown = outage.page("/incidents/1")
    assert f'name="episode" value="{episode(outage, "web")}"' in shown
    assert '<option value="#2">' in shown
    ticked = [episode(outage, "web"), episode(outage, "api")]
    answer = outage.send("/incidents/1/members", act="move", other="#2", episode=ticked, text="the backup")
    assert answer.url.path == "/incidents/1"
    assert "moved 2 alerts of #1 to #2" in answer.text
    assert names(outage, 2) == ["api", "backup", "web"]
    undo = answer.text.split('id="undo"')[0].rsplit('action="', 1)[1].split('"')[0]
    again = outage.send(undo, back="/incidents/1")
    assert "moved 2 alerts of #2 to #1" in again.text
    assert (names(outage, 1), names(outage, 2)) == (["api", "db", "web"], ["backup"])


def undone(world: World, answer: Any) -> None:
    undo = answer.text.split('id="undo"')[0].rsplit('action="', 1)[1].split('"')[0]
    world.send(undo, back="/")


def test_a_split_is_undone_by_the_form(outage: World) -> None:
    answer = outage.send("/incidents/1/members", act="split", episode=[episode(outage, "web")])
    assert names(outage, 1) == ["api", "db"]
    assert "Split off" in outage.page("/incidents/3")
    undone(outage, answer)
    assert names(outage, 1) == ["api", "db", "web"]


def test_a_merge_and_a_move_of_everything_are_undone_by_splitting_off_what_came(outage: World) -> None:
    ids = [one["incident_id"] for one in outage.get("/api/incidents?sort=number")["items"]]
    undone(outage, outage.send("/act", act="merge", id=ids, back="/"))
    assert (names(outage, 1), names(outage, 3)) == (["api", "db", "web"], ["backup"])
    undone(outage, outage.send("/incidents/3/members", act="move", other="1", episode=[episode(outage, "backup", 3)]))
    assert (names(outage, 1), names(outage, 4)) == (["api", "db", "web"], ["backup"])


@pytest.mark.parametrize("fields", [{"act": "move", "other": ""}, {"act": "move", "other": "99"}, {"act": "dance"}])
def test_a_form_that_makes_no_sense_is_answered_with_a_page(outage: World, fields: dict[str, str]) -> None:
    answer = outage.send("/incidents/1/members", episode=[episode(outage, "web")], **fields)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"].startswith("text/html")


def test_only_what_moved_alerts_can_be_undone_so(outage: World) -> None:
    done = outage.post("/api/incidents/1/acknowledge")
    assert outage.send(f"/moves/{done['command_id']}/undo").status_code == 404
    assert outage.send("/moves/none/undo").status_code == 404


def test_the_page_of_pins_says_what_follows_and_revokes(outage: World) -> None:
    assert "None. Move, split off or merge" in outage.page("/pins")
    outage.send("/incidents/1/members", act="split", episode=[episode(outage, "web")], text="its own")
    shown = outage.page("/pins")
    assert "stay apart from" in shown
    assert "its own" in shown
    assert "pin #1" in outage.page("/incidents/1")
    assert "pin #1" in outage.page("/incidents/3")
    outage.send("/pins/1/revoke")
    assert "None. Move" in outage.page("/pins")
    assert "ended" in outage.page("/pins?all=1")


def test_what_people_taught_is_listed_and_on_the_page_of_pins(outage: World) -> None:
    assert outage.get("/api/pins/lessons")["items"] == []
    assert "What follows from what" not in outage.page("/pins")
    outage.post("/api/incidents/1/cause", {"entity": "db"})
    first, *others = outage.get("/api/pins/lessons")["items"]
    assert first["text"].startswith("1 of 3 alerts followed one of ")
    assert {one["relation"] for one in (first, *others)} >= {"self", "callee", "caller", "host"}
    shown = outage.page("/pins")
    assert "What follows from what" in shown
    assert first["text"].split(",")[0] in shown
    assert "none of 3 alerts" not in shown


def test_a_closed_incident_offers_no_ticks(outage: World) -> None:
    outage.post("/api/incidents/2/resolve", {})
    outage.post("/api/incidents/2/close")
    assert 'name="episode"' not in outage.page("/incidents/2")
