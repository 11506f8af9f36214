"""Runbooks from the command line: written, brought in from files, shown for an incident, ended."""

from pathlib import Path
from typing import Any

import pytest

from aiops.client import Client
from tests.aiops.cli.line import Line
from tests.api.world import World

ADD = ("runbooks", "add", "--name", "Database is down", "--owner", "dba")


def test_a_runbook_is_added_listed_shown_and_ended(aiops: Line, world: World) -> None:
    Path("db.md").write_text("1. Fail over.\n")
    told = aiops(*ADD, "--id", "db", "--alert", "db down", "-m", "env=~prod.*", "--file", "db.md")
    assert told.startswith("runbook Database is down added by ")
    (listed,) = aiops.json("runbooks")
    assert (listed["id"], listed["alerts"]) == ("db", ["db down"])
    assert 'env=~"prod.*"' in aiops("runbooks", "list", "--text", "database")
    assert "1. Fail over." in aiops("runbooks", "show", "db")
    aiops("runbooks", "end", "db")
    assert aiops.json("runbooks") == []
    aiops("runbooks", "show", "none", code=5)


def test_to_compare_files_costs_a_request_for_a_hundred_pages_not_one_for_each(
    aiops: Line, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("books").mkdir()
    for number in range(30):
        (Path("books") / f"b{number}.md").write_text("Mend it.\n")
    aiops("runbooks", "sync", "books")
    asked: list[str] = []
    get = Client.get

    def noted(self: Client, path: str, *rest: Any) -> object:
        asked.append(path)
        return get(self, path, *rest)

    monkeypatch.setattr(Client, "get", noted)
    assert aiops("runbooks", "sync", "books") == ""
    assert asked == ["/api/runbooks"]


def test_an_incident_says_which_fit_and_why(aiops: Line, storm: World) -> None:
    aiops(*ADD, "--alert", "db down", "--url", "https://wiki.example.com/db")
    number = str(storm.first_incident()["number"])
    (one,) = aiops.json("runbooks", "for", number)
    assert one["url"] == "https://wiki.example.com/db"
    assert "it is for the alert db down" in aiops("runbooks", "for", number)


def test_files_are_synchronised_and_what_is_wrong_in_them_is_said(aiops: Line, world: World) -> None:
    Path("books").mkdir()
    for name in ("DiskFull", "QueueLong"):
        (Path("books") / f"{name}.md").write_text(f"# {name}\nMend it.\n")
    assert aiops("runbooks", "sync", "books", "--dry-run").splitlines() == ["put DiskFull", "put QueueLong"]
    assert aiops.json("runbooks") == []
    aiops("runbooks", "sync", "books")
    assert [one["pack"] for one in aiops.json("runbooks")] == ["books", "books"]
    assert aiops("runbooks", "sync", "books") == ""
    (Path("books") / "QueueLong.md").unlink()
    (Path("books") / "bad.yaml").write_text("- {name: A, text: b}\n")
    assert "bad.yaml:1: owner" in aiops("runbooks", "sync", "books", code=1)
    assert len(aiops.json("runbooks")) == 2
    (Path("books") / "bad.yaml").unlink()
    assert "runbook QueueLong ended" in aiops("runbooks", "sync", "books")
    assert [one["id"] for one in aiops.json("runbooks")] == ["DiskFull"]
