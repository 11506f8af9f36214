"""Can a mapping be tried on what came, saved, ended, and what came before be read anew, over the API and the page?"""

from typing import Any

import pytest

from aiops.domain.entries import Position
from api import mapped
from tests.api.world import World
from tests.builders import at

MAPPING = """source: acme
events: "items[] || [@]"
fields:
  title: subject
  status: {expr: state, map: {ok: resolved}, default: firing}
  service: service
identity: [check]
"""
ALERT = {"subject": "disk full", "title": "misread", "service": "db", "check": 1, "extra": {"rack": 4}}


def put(world: World, text: str = MAPPING, status: int = 200, path: str = "/api/mappings") -> Any:
    answer = world.client.post(path, content=text)
    assert answer.status_code == status, answer.text
    return answer.json()


def preview(world: World, text: str = MAPPING) -> Any:
    return put(world, text, path="/api/mappings/preview")


def deliver(world: World, body: Any = ALERT, source: str = "acme") -> str:
    delivery_id: str = world.post(f"/webhooks/{source}", body, 202)["delivery_id"]
    return delivery_id


def titles(world: World) -> set[str]:
    return {alert["title"] for alert in world.get("/api/alerts")["items"]}


def test_a_preview_shows_what_would_be_read_and_changes_nothing(world: World) -> None:
    delivery_id = deliver(world)
    found = preview(world)
    assert (found["source"], found["in_force"], found["deliveries"], found["events"]) == ("acme", 0, 1, 1)
    assert found["unmapped"] == {"title": 1, "extra.rack": 1}
    (sample,) = found["samples"]
    assert (sample["delivery_id"], sample["events"][0]["title"]) == (delivery_id, "disk full")
    assert world.get("/api/mappings")["total"] == 0
    assert titles(world) == {"misread"}


def test_a_preview_counts_and_warns_of_what_has_no_identity(world: World) -> None:
    deliver(world, {"items": [ALERT, {"subject": "nameless"}]})
    found = preview(world)
    assert (found["events"], found["unnamed"]) == (2, 1)
    assert "1 of the events have nothing at `identity`" in found["warnings"][0]["problem"]
    without = preview(world, MAPPING.replace("identity: [check]\n", ""))
    assert without["unnamed"] == 2
    assert without["warnings"][0]["problem"].startswith("no identity")


def test_a_preview_warns_of_a_parser_whose_place_is_taken(world: World) -> None:
    found = preview(world, MAPPING.replace("acme", "grafana"))
    assert "there is a parser of grafana" in found["warnings"][0]["problem"]


def test_what_is_wrong_is_told_with_place_and_fix(world: World) -> None:
    for path in ("/api/mappings", "/api/mappings/preview"):
        problem = put(world, MAPPING.replace("title", "titel"), 400, path)
        assert problem["place"] == "mapping:4: fields.titel"
        assert problem["fix"] == "did you mean 'title'?"
    assert world.client.post("/api/mappings", content=b"\xff\xfe").status_code == 400


def test_a_mapping_holds_from_where_it_was_put_until_it_ends(world: World) -> None:
    assert put(world)["text"] == "acme is read by version 1 of its mapping from here on"
    deliver(world)
    assert titles(world) == {"disk full"}
    world.client.delete("/api/mappings/acme")
    deliver(world, {**ALERT, "check": 2})
    assert titles(world) == {"disk full", "misread"}
    (ended,) = world.get("/api/mappings?ended=true")["items"]
    assert (ended["version"], ended["ended_by"]) == (1, "operator")
    assert world.client.delete("/api/mappings/acme").status_code == 409


def test_one_that_reads_nothing_of_what_was_sent_is_refused_unless_it_is_meant(world: World) -> None:
    deliver(world)
    other = MAPPING.replace('"items[] || [@]"', "nothing")
    problem = put(world, other, 400)
    assert "reads nothing of the last 1 deliveries of acme" in problem["detail"]
    put(world, other, path="/api/mappings?force=true")


def test_what_came_in_for_all_is_previewed_where_it_fits(world: World) -> None:
    deliver(world, {**ALERT, "acme": True}, "auto")
    deliver(world, {"title": "other"}, "auto")
    found = preview(world, MAPPING.replace("events", "match: {body: acme}\nevents"))
    assert found["deliveries"] == 1


def test_a_door_keeps_the_headers_that_a_mapping_looks_at_and_never_a_token(world: World) -> None:
    match = "match: {header: {X-Acme: '^4', Authorization: '.'}}"
    matched = f"source: acme\n{match}\nfields: {{title: subject}}\nidentity: [check]\n"
    put(world, matched)
    world.app.state.desk.gate.look()
    answer = world.post("/webhooks/auto", ALERT, 202, headers={"X-Acme": "42", "Authorization": "Bearer secret"})
    entry = world.journal.get(Position.parse(answer["delivery_id"]) or Position(0, 0))
    assert entry is not None
    kept = getattr(entry.payload, "headers", {})
    assert kept.get("x-acme") == "42"
    assert "authorization" not in kept


def test_a_door_says_what_it_would_read_without_keeping_it(world: World) -> None:
    put(world)
    before = world.journal.last()
    world.app.state.desk.gate.look()
    found = world.post("/webhooks/acme?check=1", ALERT, 200)
    assert found["events"][0]["title"] == "disk full"
    assert world.client.post("/webhooks/acme?check=1", json=[7]).status_code == 422
    assert world.journal.last() == before


def reparse(world: World, status: int = 200, **query: str) -> Any:
    answer = world.client.post("/api/mappings/acme/reparse", params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_what_came_before_is_read_anew_by_an_act_and_says_so(world: World) -> None:
    delivery_id = deliver(world)
    put(world)
    found = reparse(world)
    assert (found["deliveries"], found["superseded"], found["next"]) == (1, 1, "")
    alerts = {one["title"]: one for one in world.get("/api/alerts")["items"]}
    assert (alerts["misread"]["status"], alerts["disk full"]["status"]) == ("resolved", "firing")
    assert any("read anew" in reason["text"] for reason in alerts["misread"]["reasons"])
    fates = {one["event"]["event_id"]: one["fate"] for one in world.get(f"/api/ledger/{delivery_id}")["events"]}
    assert fates == {f"{delivery_id}-0": "superseded", f"{delivery_id}-0-r1": "grouped"}
    assert world.get("/api/ledger")["balances"]


def test_what_was_read_anew_can_be_read_anew_once_more(world: World) -> None:
    deliver(world, [ALERT, 7])
    put(world)
    assert reparse(world)["superseded"] == 1
    assert reparse(world)["superseded"] == 1
    (line,) = world.get("/api/ledger")["sources"]
    assert (line["received"], line["superseded"], line["rejected"]) == (6, 4, 1)
    assert world.get("/api/ledger")["balances"]


def test_many_deliveries_are_read_anew_in_bounded_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for check in range(5):
        deliver(world, {**ALERT, "check": check})
    put(world)
    monkeypatch.setattr(mapped, "CHUNK", 2)
    parts, cursor = [], ""
    while True:
        found = reparse(world, cursor=cursor, since=at(0).isoformat())
        parts.append(found["deliveries"])
        if not (cursor := found["next"]):
            break
    assert parts == [2, 2, 1]
    assert world.get("/api/ledger")["sources"][0]["superseded"] == 5


def test_a_part_is_bounded_by_bytes_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for check in range(3):
        deliver(world, {**ALERT, "check": check})
    put(world)
    monkeypatch.setattr(mapped, "CHUNK_BYTES", 10)
    first = reparse(world)
    assert first["deliveries"] == 1
    assert reparse(world, cursor=first["next"])["deliveries"] == 1


def test_nothing_to_read_anew_is_said(world: World) -> None:
    put(world)
    reparse(world, 404)
    deliver(world)
    reparse(world, 404, since=at(100_000).isoformat())


def test_logs_that_are_read_anew_take_the_alerts_along_that_were_made_of_them(world: World) -> None:
    answer = world.client.post(
        "/webhooks/logs?service=db", content=b"ERROR no route", headers={"content-type": "text/plain"}
    )
    assert answer.status_code == 202
    assert world.client.post("/api/mappings/logs/reparse").json()["deliveries"] == 1
    lines = {line["source"]: line for line in world.get("/api/ledger")["sources"]}
    assert (lines["logs"]["observed"], lines["logs"]["superseded"]) == (1, 1)
    assert lines["detector:log_errors"]["superseded"] == 1
    assert world.get("/api/ledger")["balances"]


def test_the_page_previews_saves_and_ends(world: World) -> None:
    deliver(world)
    assert "title: " in world.page("/mappings?source=acme")
    shown = world.send("/mappings", text=MAPPING, do="preview")
    assert shown.status_code == 200
    assert "disk full" in shown.text
    assert "extra.rack" in shown.text
    assert world.get("/api/mappings")["total"] == 0
    saved = world.send("/mappings", text=MAPPING.replace("\n", "\r\n"), do="save")
    assert "acme is read by version 1" in saved.text
    assert world.get("/api/mappings")["items"][0]["text"] == MAPPING
    anew = world.send("/mappings/acme/reparse", since="1d")
    assert "1 of its kept deliveries were read anew" in anew.text
    ended = world.send("/mappings/acme/end")
    assert "acme is read without a mapping" in ended.text


def test_the_page_shows_what_is_wrong_beside_the_text(world: World) -> None:
    wrong = MAPPING.replace("title", "titel")
    shown = world.send("/mappings", text=wrong, do="save")
    assert shown.status_code == 400
    assert "mapping:4: fields.titel" in shown.text
    assert "titel: subject" in shown.text


def test_the_page_saves_what_reads_nothing_only_when_it_is_meant(world: World) -> None:
    deliver(world)
    other = MAPPING.replace('"items[] || [@]"', "nothing")
    shown = world.send("/mappings", text=other, do="save")
    assert shown.status_code == 400
    assert 'name="force"' in shown.text
    assert "acme is read by version 1" in world.send("/mappings", text=other, do="save", force="1").text


def test_the_page_says_that_there_was_nothing_to_read_anew(world: World) -> None:
    put(world)
    assert "Nothing was read anew" in world.send("/mappings/acme/reparse", since="1h").text


def test_a_hostile_body_is_shown_as_text(world: World) -> None:
    deliver(world, {**ALERT, "subject": "<script>alert(1)</script>"})
    shown = world.send("/mappings", text=MAPPING, do="preview")
    assert "<script>alert(1)" not in shown.text
