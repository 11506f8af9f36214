"""Signatures from the command line: what is put is what raises, and what is wrong is named and stops no other."""

import json
from pathlib import Path

import pytest

from tests.aiops.cli.line import Line
from tests.api.test_signatures import BAD, MANY, RULE
from tests.api.world import World

CASES = "cases: {match: [{action: repo.destroy}], no_match: [{action: repo.create}]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sigma"
    folder.mkdir()
    (folder / "github.yaml").write_text(RULE + CASES)
    return folder


def ids(aiops: Line, *asked: str) -> list[str]:
    return [one["id"] for one in aiops.json("rules", "sigma", "list", *asked)]


def test_a_folder_is_put_listed_and_removed(aiops: Line, world: World, folder: Path) -> None:
    (folder / "many.yaml").write_text(MANY)
    aiops("rules", "sigma", "add", "sigma", "--owner", "security")
    assert "2 signatures put" in aiops.chatter
    assert sorted(ids(aiops)) == ["many_deleted", "repository_deleted"]
    assert ids(aiops, "--pack", "many") == ["many_deleted"]
    assert "ended by" in aiops("rules", "sigma", "remove", "many_deleted")
    assert ids(aiops) == ["repository_deleted"]
    aiops("rules", "sigma", "remove", "--pack", "github")
    assert ids(aiops) == []
    assert len(ids(aiops, "--ended")) == 2


def test_a_bad_rule_is_named_and_stops_no_other(aiops: Line, world: World, folder: Path) -> None:
    (folder / "bad.yaml").write_text(BAD)
    (folder / "latin.yaml").write_bytes(b"title: \xff")
    told = aiops("rules", "sigma", "add", "sigma", code=1)
    assert "sigma/bad.yaml:1" in told
    assert "latin.yaml: cannot be read" in told
    assert ids(aiops) == ["repository_deleted"]


def test_a_pack_of_ours_is_put_by_its_name(aiops: Line, world: World) -> None:
    aiops("rules", "sigma", "add", "okta", "--owner", "security")
    assert set(ids(aiops, "--pack", "okta")) == set(ids(aiops, "okta")) > {"okta_password_guessing"}
    aiops("rules", "sigma", "check", "ghost", code=2)
    assert "a pack of ours: cloudtrail, github, kubernetes, okta" in aiops.chatter


def test_nothing_is_removed_unless_it_is_named(aiops: Line, world: World) -> None:
    aiops("rules", "sigma", "remove", code=2)
    assert "give ids, or --pack NAME" in aiops.chatter


def test_a_folder_is_proved_without_a_server(aiops: Line, folder: Path) -> None:
    aiops("rules", "sigma", "test", "sigma")
    assert "1 of 1 rule can be loaded; 0 findings" in aiops.chatter
    (folder / "github.yaml").write_text(RULE + CASES.replace("create", "destroy"))
    told = aiops("rules", "sigma", "test", "sigma", code=1)
    assert "cases.no_match[0]: the signature fits this case" in told
    assert ids(aiops, "sigma") == ["repository_deleted"]


def test_a_record_says_which_rules_fit(aiops: Line, folder: Path, tmp_path: Path) -> None:
    record = tmp_path / "event.json"
    record.write_text(json.dumps({"action": "repo.destroy"}))
    assert "repository_deleted" in aiops("rules", "sigma", "test", "sigma", "--record", str(record))
    record.write_text(json.dumps({"action": "repo.create"}))
    aiops("rules", "sigma", "test", "sigma", "--record", str(record), code=1)
    record.write_text("no json")
    aiops("rules", "sigma", "test", "sigma", "--record", str(record), code=2)
    assert "no JSON object" in aiops.chatter
