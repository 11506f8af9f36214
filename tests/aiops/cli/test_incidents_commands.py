"""Incidents are listed, told, worked on and watched; what a person types is what happens."""

import csv
import io
import json

import pytest

from tests.aiops.cli.line import Line
from tests.api.test_divided import looks_like_two
from tests.api.test_similar import placed
from tests.api.world import World


def numbers(aiops: Line, *words: str) -> list[int]:
    return [one["number"] for one in aiops.json("incidents", "list", *words)]


def test_the_worst_comes_first_with_its_cause(aiops: Line, storm: World) -> None:
    head, first, second = aiops("incidents").splitlines()
    assert head.split() == [
        "#",
        "Severity",
        "Status",
        "Incident",
        "Root",
        "cause",
        "Alerts",
        "Services",
        "Opened",
        "Assignee",
    ]
    assert first.startswith("1  critical  open    db: db is down (3 services)  db ")
    assert second.startswith("2  warning   open    backup: disk 91 % full")
    assert aiops.chatter == "2 of 2 incidents\n"


def test_a_family_without_a_command_lists(aiops: Line, storm: World) -> None:
    assert aiops("incidents") == aiops("incidents", "list")
    assert aiops("incidents", "-o", "json") == aiops("incidents", "list", "-o", "json")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), [1, 2]),
        (("--service", "web"), [1]),
        (("--service", "web", "--service", "backup"), [1, 2]),
        (("--service", "nowhere"), []),
        (("--text", "disk"), [2]),
        (("--text", "no such words"), []),
        (("--limit", "1"), [1]),
    ],
    ids=str,
)
def test_a_list_is_narrowed(aiops: Line, storm: World, words: tuple[str, ...], expected: list[int]) -> None:
    assert numbers(aiops, *words) == expected


def test_what_is_over_is_listed_only_when_asked_for(aiops: Line, storm: World) -> None:
    aiops("incidents", "resolve", "2")
    assert numbers(aiops) == [1]
    assert sorted(numbers(aiops, "--all")) == [1, 2]


def test_a_bounded_list_says_how_many_there_are(aiops: Line, storm: World) -> None:
    aiops("incidents", "list", "--limit", "1")
    assert aiops.chatter == "1 of 2 incidents\n"


def test_data_is_for_programs_and_chatter_is_not_in_it(aiops: Line, storm: World) -> None:
    assert [one["title"] for one in aiops.json("incidents")] == [
        "db: db is down (3 services)",
        "backup: disk 91 % full",
    ]
    lines = aiops("incidents", "-o", "ndjson").splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2]
    rows = list(csv.DictReader(io.StringIO(aiops("incidents", "-o", "csv"))))
    assert [(row["#"], row["severity"], row["services"]) for row in rows] == [
        ("1", "critical", "3"),
        ("2", "warning", "1"),
    ]


def test_an_incident_is_told_with_evidence_members_and_story(aiops: Line, storm: World) -> None:
    told = aiops("incidents", "show", "1")
    assert told.startswith("#1 critical open: db: db is down (3 services) | cause: db ")
    assert "2 of 2 other affected services depend on db" in told
    assert "Impact: business services checkout" in told
    members = told.partition("Alerts (3 of 3)\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[2] for line in members] == ["db", "api", "web"]
    assert "api joined because db, which it calls, alerted 20 s earlier" in told.partition("Story")[2]


def test_it_is_found_by_number_with_or_without_its_mark_and_by_id(aiops: Line, storm: World) -> None:
    by_id = storm.first_incident()["incident_id"]
    assert aiops("incidents", "show", "1") == aiops("incidents", "show", "#1") == aiops("incidents", "show", by_id)
    detail = aiops.json("incidents", "show", "1")[0]
    assert detail["incident"]["incident_id"] == by_id
    assert len(detail["members"]) == 3


def test_an_incident_that_nothing_explains_says_so(aiops: Line, world: World) -> None:
    world.alert("lonely", 0)
    told = aiops("incidents", "show", "1")
    assert "Impact: " in told
    assert "Alerts (1 of 1)" in told


def test_work_is_told_in_the_story_with_who_did_it(aiops: Line, storm: World) -> None:
    assert aiops("incidents", "ack", "1") == "acknowledged #1\n"
    assert aiops("incidents", "assign", "1", "ana") == "#1 assigned to ana\n"
    aiops("incidents", "comment", "#1", "looking at db1")
    assert aiops("incidents", "resolve", "1", "--text", "restarted the pooler") == "resolved #1\n"
    story = aiops("incidents", "show", "1").partition("Story")[2]
    for said in ("acknowledged", "ana", "looking at db1", "restarted the pooler"):
        assert said in story
    assert story.count("(cli)") == 4


def test_an_assignee_can_be_taken_away(aiops: Line, storm: World) -> None:
    aiops("incidents", "assign", "1", "ana")
    assert storm.first_incident()["assignee"] == "ana"
    aiops("incidents", "assign", "1", "")
    assert storm.first_incident()["assignee"] == ""


@pytest.mark.parametrize(
    "words", [("show",), ("ack",), ("assign", "ana"), ("comment", "hello"), ("resolve",)], ids=lambda words: words[0]
)
def test_one_that_is_not_there_is_refused(aiops: Line, world: World, words: tuple[str, ...]) -> None:
    command, *more = words
    assert aiops("incidents", command, "99", *more, code=5) == ""
    assert aiops.chatter.startswith("aiops: ")
    assert "99" in aiops.chatter


def test_an_act_that_does_not_fit_is_refused_with_its_reason(aiops: Line, storm: World) -> None:
    aiops("incidents", "ack", "1")
    aiops("incidents", "ack", "1", code=5)
    assert "somebody has it already" in aiops.chatter
    aiops("incidents", "resolve", "1")
    aiops("incidents", "ack", "1", code=5)
    assert "resolved" in aiops.chatter


def test_a_watch_prints_what_is_there_then_only_what_changed(
    aiops: Line, storm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(seconds: float) -> None:
        assert seconds == 5
        storm.post("/api/incidents/2/acknowledge")

    monkeypatch.setattr("aiops.cli.incidents.time.sleep", meanwhile)
    lines = aiops("incidents", "watch", "--every", "5", "--looks", "2").splitlines()
    assert len(lines) == 3
    assert sorted(lines[:2]) == [
        "#1 critical open: db: db is down (3 services) | cause: db 90% | 3 alerts",
        "#2 warning open: backup: disk 91 % full | cause: backup | 1 alert",
    ]
    assert lines[2].startswith("#2 warning acknowledged: ")


def test_a_watch_does_not_sleep_after_its_last_look(aiops: Line, storm: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("aiops.cli.incidents.time.sleep", slept.append)
    aiops("incidents", "watch", "--looks", "3")
    assert slept == [2.0, 2.0]


def test_a_hostile_title_does_not_drive_the_terminal(aiops: Line, world: World) -> None:
    world.alert("db", 0, summary="\x1b[2Jdb\x07 down\nrm -rf")
    for words in (("incidents",), ("incidents", "show", "1"), ("explain", "1")):
        shown = aiops(*words)
        assert all(character.isprintable() or character == "\n" for character in shown)
    assert aiops("incidents").count("\n") == 2  # one line an incident, whatever its title


def test_no_incident_is_an_empty_list_and_no_error(aiops: Line, world: World) -> None:
    assert aiops.json("incidents") == []
    assert aiops.chatter == "0 of 0 incidents\n"


def test_similar_incidents_are_listed_with_what_was_done(aiops: Line, world: World) -> None:
    placed(world)
    told = aiops("incidents", "similar", "1")
    assert "cause db; resolved by ana after 20 min; ana: restarted the pooler; ana: the pool is exhausted" in told
    assert [one["incident"]["number"] for one in aiops.json("incidents", "similar", "1")] == [2]
    assert aiops.json("incidents", "similar", "3") == []
    assert "nothing similar enough is known" in aiops.chatter


def test_alerts_are_moved_split_off_and_merged(aiops: Line, storm: World) -> None:
    episodes = {one["entity"]["name"]: one["episode_id"] for one in aiops.json("incidents", "show", "1")[0]["members"]}
    assert episodes["web"] in aiops("incidents", "show", "1")
    said = aiops("incidents", "split", "1", episodes["web"], "--text", "its own trouble")
    assert said.startswith("split 1 alert off #1 into #3; from now on ")
    assert aiops("incidents", "move", "#1", "3", episodes["api"]).startswith("moved 1 alert of #1 to #3; ")
    assert aiops("incidents", "merge", "1", "3").startswith("merged #3 into #1; ")
    assert numbers(aiops) == [1, 2]


def test_pins_are_listed_and_revoked(aiops: Line, storm: World) -> None:
    (web,) = [one for one in aiops.json("incidents", "show", "1")[0]["members"] if one["entity"]["name"] == "web"]
    aiops("incidents", "split", "1", web["episode_id"], "--text", "its own trouble")
    head, line = aiops("pins").splitlines()
    assert head.split()[:3] == ["#", "Status", "Says"]
    assert "apart from" in line
    assert "its own trouble" in line
    assert aiops("pins", "revoke", "#1").startswith("pin #1 no longer counts: ")
    assert aiops.json("pins", "list") == []
    assert len(aiops.json("pins", "list", "--all")) == 1


def test_what_looks_like_two_is_told_with_the_command_that_splits_it(aiops: Line, world: World) -> None:
    looks_like_two(world)
    told = aiops("incidents", "show", "1")
    assert "Maybe two: this looks like two: index explains 3 of its 9 services, pay-db 2 others; " in told
    (command,) = [line.strip() for line in told.splitlines() if line.strip().startswith("aiops incidents split")]
    assert command == "aiops incidents split 1 --service=pay --service=pay-db"
    assert aiops(*command.split()[1:]).startswith("split 2 alerts off #1 into #2; ")
    assert sorted(numbers(aiops)) == [1, 2]
    assert "Maybe two" not in aiops("incidents", "show", "1")
