"""Mappings, sources and dead-man switches as a person keeps them on the command line."""

import io
from datetime import timedelta
from pathlib import Path

import pytest

from tests.aiops.cli.line import Line
from tests.api.world import World

MAPPING = """source: acme
fields:
  title: subject
  status: {expr: state, map: {ok: resolved}, default: firing}
  service: service
identity: [check]
"""
ALERT = {"subject": "disk full", "title": "misread", "service": "db", "check": 1, "rack": 4}


@pytest.fixture
def acme(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aiops: Line) -> World:
    """A sender that nobody described, and a mapping in a file beside."""
    monkeypatch.setattr("aiops.cli.mappings.now", lambda: world.now)
    Path("acme.yaml").write_text(MAPPING)
    world.post("/webhooks/acme", ALERT, 202)
    return world


def test_a_mapping_is_checked_without_a_server(aiops: Line) -> None:
    Path("good.yaml").write_text(MAPPING)
    Path("bad.yaml").write_text(MAPPING.replace("title", "titel"))
    aiops("mappings", "check", "good.yaml")
    assert "all mappings are sound" in aiops.chatter
    told = aiops("mappings", "check", "good.yaml", "bad.yaml", code=1)
    assert told == "bad.yaml:3: fields.titel: 'titel' is not known; did you mean 'title'?\n"


def test_a_mapping_is_previewed_put_listed_and_ended(aiops: Line, acme: World) -> None:
    told = aiops("mappings", "preview", "acme.yaml")
    assert "acme: 1 event in the newest 1 kept deliveries, 0 problems, 0 without identity" in told
    assert "not read: rack (1), title (1)" in told
    assert "firing  warning  db  disk full" in told
    assert aiops("mappings", "put", "acme.yaml") == "acme is read by version 1 of its mapping from here on\n"
    (listed,) = aiops.json("mappings")
    assert (listed["source"], listed["version"], listed["put_by"]) == ("acme", 1, "cli")
    assert aiops("mappings", "end", "acme") == "acme is read without a mapping from here on\n"
    assert aiops.json("mappings") == []
    assert [one["version"] for one in aiops.json("mappings", "list", "--ended")] == [1]


def test_a_mapping_that_reads_nothing_is_put_only_by_force(aiops: Line, acme: World) -> None:
    Path("acme.yaml").write_text(MAPPING.replace("fields:", "events: nothing\nfields:"))
    aiops("mappings", "put", "acme.yaml", code=2)
    assert "reads nothing of the last 1 deliveries" in aiops.chatter
    aiops("mappings", "put", "acme.yaml", "--force")


def test_what_came_before_is_read_anew(aiops: Line, acme: World) -> None:
    aiops("mappings", "put", "acme.yaml")
    told = aiops("mappings", "reparse", "acme", "--since", "6h")
    assert told == "acme: 1 of its kept deliveries were read anew, 1 event superseded\n"
    assert {one["title"]: one["status"] for one in acme.get("/api/alerts")["items"]} == {
        "misread": "resolved",
        "disk full": "firing",
    }
    aiops("ledger", "check")


def test_a_time_that_is_none_is_refused(aiops: Line, acme: World) -> None:
    aiops("mappings", "reparse", "acme", "--since", "soon", code=2)
    assert "--since" in aiops.chatter


def test_a_source_is_set_and_listed(aiops: Line, acme: World) -> None:
    told = aiops("sources", "set", "acme", "--expire-after", "6h", "--rate", "20")
    assert told == "acme: alerts expire after 6 h, 20 a second of deliveries\n"
    (listed,) = aiops.json("sources")
    assert (listed["settings"]["rate"], listed["record"]["deliveries"]) == (20, 1)
    assert "6 h" in aiops("sources")
    aiops("sources", "set", "acme", "--rate", "-1", code=2)


def test_a_secret_comes_in_by_standard_input(aiops: Line, acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct-horse-battery\n"))
    assert aiops("sources", "secret", "github") == "1 secret of github good from now on, shown as github\n"
    assert acme.client.post("/webhooks/github", json={}).status_code == 401
    assert aiops("sources", "secret", "github", "--forget") == "0 secrets of github good from now on\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    aiops("sources", "secret", "github", code=2)
    assert "no secret came in" in aiops.chatter


def test_a_switch_is_set_listed_and_ended(aiops: Line, acme: World) -> None:
    told = aiops("watches", "add", "-m", "alertname=Watchdog", "--every", "5m", "--owner", "noc", "--id", "beat")
    assert told == 'alertname="Watchdog" must be heard every 5 min\n'
    acme.now += timedelta(minutes=6)
    acme.post("/webhooks/acme", ALERT, 202)
    (listed,) = aiops.json("watches")
    assert (listed["id"], bool(listed["silent_since"]), listed["owner"]) == ("beat", True, "noc")
    assert aiops("watches", "end", "beat") == 'alertname="Watchdog" is watched no longer\n'
    assert aiops.json("watches") == []
    aiops("watches", "end", "beat", code=5)


def test_a_switch_watches_one_thing(aiops: Line, acme: World) -> None:
    aiops("watches", "add", "--every", "5m", code=2)
    aiops("watches", "add", "--every", "5m", "--source", "acme", "-m", "a=b", code=2)
    aiops("watches", "add", "--every", "often", "--source", "acme", code=2)
    aiops("watches", "add", "--every", "26h", "--source", "acme")
    assert "26 h" in aiops("watches")
