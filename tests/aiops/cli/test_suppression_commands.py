"""Windows, inhibitions, packs, the audit log and what other tools bring, from the command line."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from aiops.domain.documents import RULES
from aiops.domain.rules import RuleStatus
from tests.aiops.cli.line import Line
from tests.api.world import World

PACK = """
pack: ours
owner: noc
origin: git
---
id: disk-noise
verdict: known_good
reason: the backup fills the disk every night
expires: 2026-03-20
match: {service: backup}
"""


def write(text: str) -> None:
    Path("packs").mkdir(exist_ok=True)
    (Path("packs") / "ours.yaml").write_text(text)


def test_maintenance_is_planned_listed_and_ended(aiops: Line, storm: World) -> None:
    told = aiops("windows", "add", "-m", "service=db", "--for", "2h", "--owner", "dba", "--reason", "disks")
    assert told.startswith("maintenance window-")
    (window,) = aiops.json("windows")
    assert (window["status"], window["owner"]) == ("active", "dba")
    opens, closes = (datetime.fromisoformat(window[name]) for name in ("opens", "closes"))
    assert (opens, closes - opens) == (storm.now, timedelta(hours=2))
    assert "(1 of them suppressed)" in aiops("status")
    aiops("windows", "expire", window["id"])
    assert "(0 of them suppressed)" in aiops("status")


def test_a_recurring_window_says_when_it_opens(aiops: Line, storm: World) -> None:
    when = ("--from", "2026-03-08T02:00+01:00", "--for", "90m", "--recurs", "FREQ=WEEKLY", "--zone", "Europe/Berlin")
    aiops("windows", "add", "-m", "service=db", *when, "--owner", "dba", "--reason", "vacuum")
    (window,) = aiops.json("windows", "--within", "7d")
    assert window["opens"].startswith("2026-03-08T01:00")
    assert aiops.json("windows", "--within", "1d") == []
    aiops("windows", "add", "-m", "a=b", "--from", "soon", "--owner", "x", "--reason", "y", code=2)
    assert "--from" in aiops.chatter


def test_a_proposed_window_is_accepted(aiops: Line, storm: World) -> None:
    ticket = {
        "number": "CHG1",
        "short_description": "disks",
        "start_date": storm.now.isoformat(),
        "end_date": (storm.now + timedelta(hours=1)).isoformat(),
        "cmdb_ci": "db",
    }
    storm.client.post("/webhooks/change_tickets", json=ticket).raise_for_status()
    assert "(0 of them suppressed)" in aiops("status")
    aiops("windows", "accept", "change_tickets-CHG1")
    assert "(1 of them suppressed)" in aiops("status")


def test_an_inhibition_hides_while_its_source_fires(aiops: Line, storm: World) -> None:
    sides = ("--source", "service=db", "--target", "service=~api|web")
    aiops("inhibitions", "add", *sides, "--owner", "net", "--reason", "they need it")
    assert "(2 of them suppressed)" in aiops("status")
    (one,) = aiops.json("inhibitions")
    aiops("inhibitions", "expire", one["id"])
    assert "(0 of them suppressed)" in aiops("status")


def test_silences_that_end_soon_are_listed_alone(aiops: Line, storm: World) -> None:
    for length in ("2h", "3d"):
        aiops("silences", "add", "-m", "service=db", "--for", length, "--owner", "ana", "--reason", length)
    assert [one["reason"] for one in aiops.json("silences", "--expiring", "24h")] == ["2h"]
    aiops("silences", "--expiring", "soon", code=2)


def test_packs_are_synced_one_bad_rule_is_named_and_the_way_back_is_the_same(aiops: Line, storm: World) -> None:
    write(PACK + "---\nid: broken\nverdict: known_good\nreason: x\nmatch: {a: b}\n")
    aiops("rules", "diff", "packs", code=1)
    assert "new disk-noise" in aiops.data
    aiops("rules", "sync", "packs", "--dry-run", code=1)
    assert aiops.json("rules") == []
    aiops("rules", "sync", "packs", code=1)
    assert "ours.yaml:12: rule broken: it hides without end; give expires" in aiops.data
    assert [(rule["id"], rule["owner"], rule["pack"]) for rule in aiops.json("rules")] == [
        ("disk-noise", "noc", "ours")
    ]
    (pack,) = aiops.json("rules", "packs")
    assert (pack["origin"], len(pack["problems"])) == ("git", 1)
    exported = aiops("rules", "export", "--pack", "ours")
    write(exported)
    assert aiops("rules", "diff", "packs") == ""
    aiops("rules", "sync", "packs")
    write("pack: ours\nowner: noc\n")
    aiops("rules", "sync", "packs")
    assert [rule["status"] for rule in aiops.json("rules")] == ["expired"]


def test_a_sync_tells_which_rules_it_leaves_out_for_narrower_ones(aiops: Line, storm: World) -> None:
    write(PACK)
    aiops("rules", "sync", "packs")
    with storm.store.view() as view:
        rule = view.get(RULES, "disk-noise")
    assert rule is not None
    less = msgspec.structs.replace(rule, id="disk-noise-narrower", replaces="disk-noise", pack="")
    storm.put(RULES, msgspec.structs.replace(rule, status=RuleStatus.EXPIRED), less)
    told = "left out disk-noise: disk-noise-narrower was accepted in its place; end that to have it back"
    for command in (("diff", "packs"), ("sync", "packs", "--dry-run"), ("sync", "packs")):
        assert aiops("rules", *command).strip() == told
    assert "in place of disk-noise of pack ours" in storm.page("/rules")


def test_the_log_says_who_changed_what(aiops: Line, storm: World) -> None:
    aiops("silences", "add", "-m", "service=db", "--owner", "ana", "--reason", "disks")
    aiops("rules", "add", "-m", "service=backup", "--owner", "noc", "--reason", "noise")
    newest, oldest = aiops.json("rules", "log")
    assert (newest["kind"], oldest["kind"], newest["actor"], newest["before"]) == ("rule", "silence", "cli", "")
    assert [line["concerns"] for line in aiops.json("rules", "log", oldest["concerns"])] == [oldest["concerns"]]


def test_what_an_alertmanager_had_comes_over_and_what_does_not_is_listed(aiops: Line, storm: World) -> None:
    later = (storm.now + timedelta(hours=2)).isoformat()
    silence = {"id": "a1", "matchers": [{"name": "service", "value": "db"}], "createdBy": "ana", "comment": "disks"}
    Path("silences.json").write_text(json.dumps([{**silence, "startsAt": storm.now.isoformat(), "endsAt": later}]))
    aiops("rules", "import", "--from", "alertmanager", "silences.json")
    assert "(1 of them suppressed)" in aiops("status")
    Path("am.yml").write_text("route: {receiver: ops, group_wait: 30s, routes: [{match: {team: db}, receiver: dba}]}\n")
    aiops("rules", "import", "--from", "alertmanager", "am.yml", code=1)
    assert "route: routes are configuration; give --routes-to FILE" in aiops.data
    aiops("rules", "import", "--from", "alertmanager", "am.yml", "--routes-to", "aiops.toml", code=1)
    assert "2 routes for aiops.toml in aiops.toml" in aiops.data
    assert "am.yml: route: group_wait: not carried over" in aiops.data
    aiops("config", "check")
    aiops("rules", "import", "--from", "nagios", "am.yml", code=2)


def test_the_rules_of_keep_come_over_in_shadow(aiops: Line, storm: World) -> None:
    rules = [{"name": "lab", "cel_query": 'service == "db" || service == "api"'}]
    Path("keep.json").write_text(json.dumps(rules))
    aiops("rules", "import", "--from", "keep", "keep.json", "--dry-run")
    assert aiops.json("rules") == []
    aiops("rules", "import", "--from", "keep", "keep.json")
    assert [rule["status"] for rule in aiops.json("rules")] == ["shadow"]
    assert "(0 of them suppressed)" in aiops("status")


def test_a_preview_looks_back(aiops: Line, storm: World) -> None:
    told = aiops("rules", "preview", "-m", "service=db", "--days", "30")
    assert "in the past 30 days: 1 alert, 1 critical, 0 known bad" in told
    assert "in the past" not in aiops("rules", "preview", "-m", "service=db", "--days", "0")
