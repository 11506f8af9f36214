"""Rules and silences as a person writes them: what is given is what is kept, and what is wrong is named."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.aiops.cli.line import Line
from tests.api.world import World

PACK = """
- id: disk-noise
  verdict: known_good
  owner: noc
  reason: the backup fills the disk every night
  expires: 2026-03-20
  match: {service: backup, template: "disk <*> % full"}
  cases:
    match: [{service: backup, message: "disk 91 % full"}]
    no_match: [{service: db, message: "disk 91 % full"}]
- id: db-down
  verdict: known_bad
  owner: dba
  reason: orders are lost
  review: 2026-03-20
  match: {service: db}
"""
MINE = ("--owner", "noc", "--reason", "nightly backup")


def rules(aiops: Line) -> dict[str, dict[str, Any]]:
    return {rule["id"]: rule for rule in aiops.json("rules")}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_rule_from_flags_is_kept_as_it_was_said(aiops: Line, storm: World) -> None:
    told = aiops("rules", "add", "-m", "service=backup", "-m", "severity!=critical", *MINE, "--for", "12h")
    assert told.startswith("known good by rule ")
    (rule,) = rules(aiops).values()
    assert [(one["field"], one["operator"], one["value"]) for one in rule["matchers"]] == [
        ("service", "=", "backup"),
        ("severity", "!=", "critical"),
    ]
    assert (rule["verdict"], rule["owner"], rule["reason"]) == ("known_good", "noc", "nightly backup")
    assert moment(rule["expires"]) == storm.now + timedelta(hours=12)


def test_a_rule_that_raises_is_reviewed_and_does_not_expire(aiops: Line, storm: World) -> None:
    aiops("rules", "add", "--verdict", "known_bad", "-m", "service=db", *MINE, "--for", "90d")
    (rule,) = rules(aiops).values()
    assert (rule["expires"], moment(rule["review"])) == (None, storm.now + timedelta(days=90))


def test_a_rule_mutes_what_fires_and_lets_go_when_it_is_ended(aiops: Line, storm: World) -> None:
    aiops("rules", "add", "-m", "service=backup", *MINE)
    assert "(1 of them suppressed)" in aiops("status")
    (rule_id,) = rules(aiops)
    aiops("rules", "expire", rule_id)
    assert "(0 of them suppressed)" in aiops("status")
    assert rules(aiops)[rule_id]["status"] == "expired"


def test_a_rule_of_a_pack_that_a_person_ended_stays_ended_until_a_person_has_it_back(aiops: Line, storm: World) -> None:
    Path("pack.yaml").write_text(PACK)
    aiops("rules", "sync", "pack.yaml")
    aiops("rules", "expire", "disk-noise")
    told = aiops("rules", "sync", "pack.yaml")
    assert "`aiops rules enable disk-noise` brings it back" in told
    assert rules(aiops)["disk-noise"]["status"] == "expired"
    aiops("rules", "enable", "disk-noise")
    assert rules(aiops)["disk-noise"]["status"] == "active"
    assert moment(rules(aiops)["disk-noise"]["expires"]) == datetime(2026, 3, 20, tzinfo=UTC)
    aiops("rules", "diff", "pack.yaml")
    assert aiops.chatter == "0 differences\n"


def test_a_rule_that_a_pack_no_longer_had_comes_back_with_it(aiops: Line, storm: World) -> None:
    Path("pack.yaml").write_text(PACK)
    aiops("rules", "sync", "pack.yaml")
    Path("pack.yaml").write_text(PACK[PACK.index("- id: db-down") :])
    aiops("rules", "sync", "pack.yaml")
    assert rules(aiops)["disk-noise"]["status"] == "expired"
    Path("pack.yaml").write_text(PACK)
    aiops("rules", "sync", "pack.yaml")
    assert rules(aiops)["disk-noise"]["status"] == "active"


def test_a_rule_in_force_and_one_that_never_was_cannot_be_had_back(aiops: Line, storm: World) -> None:
    Path("pack.yaml").write_text(PACK)
    aiops("rules", "sync", "pack.yaml")
    for name in ("disk-noise", "no-such-rule"):
        aiops("rules", "enable", name, code=5)
        assert f"no rule {name} has ended" in aiops.chatter


def test_a_list_of_rules_shows_who_answers_and_until_when(aiops: Line, storm: World) -> None:
    aiops("rules", "add", "-m", "service=~back.*", *MINE)
    head, line = aiops("rules", "list").splitlines()
    assert head.split()[:6] == ["Id", "Verdict", "Status", "Matches", "Owner", "Reason"]
    assert 'service=~"back.*"' in line
    assert "2026-04-01 09:10:00" in line
    assert aiops.chatter == "1 of 1 rules\n"


def test_a_pack_is_added_rule_by_rule_under_its_own_ids(aiops: Line, storm: World) -> None:
    Path("pack.yaml").write_text(PACK)
    assert len(aiops("rules", "add", "pack.yaml").splitlines()) == 2
    kept = rules(aiops)
    assert set(kept) == {"disk-noise", "db-down"}
    assert kept["disk-noise"]["cases"]["match"]
    aiops("rules", "lint", code=1)
    assert "db-down: no_negative_case: has no example of what it must leave alone" in aiops.data
    assert "disk-noise" not in aiops.data


def test_one_bad_rule_refuses_the_whole_pack(aiops: Line, world: World) -> None:
    Path("pack.yaml").write_text(PACK.replace("owner: dba", "ownr: dba"))
    aiops("rules", "add", "pack.yaml", code=2)
    assert "pack.yaml" in aiops.chatter
    assert rules(aiops) == {}


def test_a_preview_changes_nothing(aiops: Line, storm: World) -> None:
    shown = aiops("rules", "preview", "-m", "service=~.*")
    assert shown.splitlines()[0] == (
        "would hide 4 firing alerts (3 critical) and 2 whole incidents; 4 alerts were looked at"
    )
    assert aiops.json("rules", "preview", "-m", "service=db")[0]["alerts"] == 1
    assert rules(aiops) == {}
    assert "would hide 0 firing alerts" in aiops("rules", "preview", "-m", "service=nowhere")


def test_rules_without_findings_are_sound(aiops: Line, storm: World) -> None:
    Path("pack.yaml").write_text(PACK.partition("- id: db-down")[0])
    aiops("rules", "add", "pack.yaml")
    assert aiops("rules", "lint") == ""
    assert aiops.chatter == "all rules are sound\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give a pack, or matchers with -m"),
        (("pack.yaml", "-m", "service=db"), "give a pack, or matchers with -m"),
        (("-m", "service", *MINE), "--match"),
        (("-m", "service=~(", *MINE), "--match"),
        (("-m", "service=db", "--verdict", "fine", *MINE), "'fine' is no verdict"),
        (("-m", "service=db", "--for", "soon", *MINE), "'soon' is not a duration"),
        (("-m", "service=db", "--for", f"{10**12}d", *MINE), "--for"),
        (("-m", "service=db", "--owner", "noc"), "reason"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    aiops: Line, world: World, words: tuple[str, ...], said: str
) -> None:
    Path("pack.yaml").write_text(PACK)
    aiops("rules", "add", *words, code=2)
    assert said in aiops.chatter
    assert rules(aiops) == {}


def test_a_rule_that_is_not_there_cannot_be_ended(aiops: Line, world: World) -> None:
    aiops("rules", "expire", "no-such-rule", code=5)
    assert "no-such-rule" in aiops.chatter


@pytest.mark.parametrize(
    ("label", "message", "code", "matching"),
    [
        ("service=backup", "disk 91 % full", 0, "disk-noise"),
        ("service=backup", "disk is broken", 1, ""),
        ("service=db", "anything", 0, "db-down"),
        ("service=web", "disk 91 % full", 1, ""),
        ("nonsense", "disk 91 % full", 1, ""),
    ],
)
def test_a_pack_is_tried_out_on_an_alert(aiops: Line, label: str, message: str, code: int, matching: str) -> None:
    Path("pack.yaml").write_text(PACK)
    shown = aiops("rules", "test", "pack.yaml", "--label", label, "--message", message, code=code)
    assert [line.split()[0] for line in shown.splitlines()[1:]] == ([matching] if matching else [])


def test_trying_out_a_bad_pack_names_its_problems(aiops: Line) -> None:
    Path("pack.yaml").write_text(PACK.replace("owner: dba", "ownr: dba"))
    aiops("rules", "test", "pack.yaml", "--label", "service=backup", "--message", "disk 91 % full", code=2)
    assert "pack.yaml:" in aiops.chatter
    assert "disk-noise" in aiops.data


def test_a_silence_holds_for_as_long_as_it_was_said(aiops: Line, storm: World) -> None:
    told = aiops("silences", "add", "-m", "service=db", "--for", "90m", "--owner", "ana", "--reason", "upgrade")
    assert told == 'silenced by ana until 2026-03-02 10:40 UTC: upgrade; where service="db"\n'
    (silence,) = aiops.json("silences")
    assert moment(silence["ends_at"]) == storm.now + timedelta(minutes=90)
    assert (silence["owner"], silence["reason"]) == ("ana", "upgrade")
    assert "(1 of them suppressed)" in aiops("status")


def test_a_silence_is_ended_now(aiops: Line, storm: World) -> None:
    aiops("silences", "add", "-m", "service=db", "--owner", "ana", "--reason", "upgrade")
    (silence,) = aiops.json("silences", "list")
    aiops("silences", "expire", silence["id"])
    assert "(0 of them suppressed)" in aiops("status")
    aiops("silences", "expire", "no-such-silence", code=5)


def test_a_list_of_silences_says_what_each_matches(aiops: Line, storm: World) -> None:
    aiops("silences", "add", "-m", "service=~d.*", "-m", "severity=critical", "--owner", "ana", "--reason", "upgrade")
    _, line = aiops("silences").splitlines()
    assert 'service=~"d.*" severity="critical"' in line
    assert aiops.chatter == "1 of 1 silences\n"


@pytest.mark.parametrize("missing", ["--owner", "--reason", "--match"])
def test_a_silence_needs_matcher_owner_and_reason(aiops: Line, world: World, missing: str) -> None:
    given = {"--match": "service=db", "--owner": "ana", "--reason": "upgrade"}
    words = [word for name, value in given.items() if name != missing for word in (name, value)]
    aiops("silences", "add", *words, code=2)
    assert missing in aiops.chatter
