"""Without a server the same app answers, over the same folder: the whole command line, end to end."""

import contextlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from aiops.domain.changes import Changes
from aiops.domain.documents import INCIDENTS
from aiops.domain.queries import Query
from aiops.storage.filelock import EngineLock
from aiops.storage.folder import open_store
from tests.aiops.cli.line import Line

SERVICES = "services:\n  web: {owner: shop, depends_on: [db]}\n  db: {owner: dba}\n"
LOG = "".join(f"INFO request {number} took {number % 97} ms\n" for number in range(50))
LOG += "ERROR connection to 10.0.0.1 refused\n"


@pytest.fixture
def aiops(aiops: Line) -> Line:
    Path("services.yaml").write_text(SERVICES)
    Path("app.log").write_text(LOG)
    return aiops


@pytest.fixture
def with_incident(aiops: Line) -> Line:
    aiops("ingest", "app.log", "--service", "db")
    assert aiops.chatter.startswith("51 lines accepted in 1 deliver")
    return aiops


@pytest.fixture
def folded(with_incident: Line) -> Line:
    with_incident("status")  # what the ingest left to be folded is folded now
    return with_incident


def test_a_log_file_becomes_an_incident_that_is_worked_on_and_explained(with_incident: Line) -> None:
    aiops = with_incident
    (incident,) = json.loads(aiops("incidents", "-o", "json"))
    assert incident["number"] == 1
    assert incident["candidates"][0]["entity"] == "db"
    assert aiops("incidents", "ack", "1").strip() == "acknowledged #1"
    aiops("incidents", "assign", "1", "ana")
    aiops("incidents", "comment", "#1", "looking at db1")
    shown = aiops("incidents", "show", "1")
    assert "looking at db1" in shown
    assert "acknowledged" in shown
    assert "Why this cause" in aiops("explain", "1")
    assert aiops("incidents", "resolve", "1", "--text", "restarted").strip() == "resolved #1"
    assert json.loads(aiops("incidents", "-o", "json")) == []
    assert "#1 high resolved" in aiops("incidents", "watch", "--looks", "1")
    assert "ana" in aiops("incidents", "list", "--all", "-o", "csv")


def test_every_line_is_in_the_ledger_and_the_replay_is_equal(with_incident: Line) -> None:
    aiops = with_incident
    lines = {line["source"]: line for line in json.loads(aiops("ledger", "check", "-o", "json"))}
    assert lines["logs"]["received"] == lines["logs"]["observed"] == 51
    assert "balances" in aiops.chatter
    assert "delivery 0-1 from logs: 51 events" in aiops("ledger", "0-1")
    assert aiops("replay").startswith("byte-equal: ")


@pytest.mark.parametrize(
    "words", [("incidents",), ("status",), ("rules", "lint"), ("incidents", "ack", "1"), ("replay",)], ids=" ".join
)
@pytest.mark.parametrize("made", [False, True])
def test_looking_into_a_folder_that_holds_nothing_says_so_and_makes_nothing(
    aiops: Line, tmp_path: Path, words: tuple[str, ...], made: bool
) -> None:
    folder = tmp_path / "aiops-dta"
    if made:
        folder.mkdir()
    aiops("--data", str(folder), *words, code=2)
    assert "there is no data folder" in aiops.chatter
    assert str(folder) in aiops.chatter
    assert (list(folder.iterdir()) == []) if made else not folder.exists()


def test_a_doctor_makes_nothing_of_an_empty_folder_either(aiops: Line, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = {one["name"]: one["text"] for one in aiops.json("--data", str(tmp_path / "empty"), "doctor")}
    assert "`aiops serve` makes it" in found["store"]
    assert list((tmp_path / "empty").iterdir()) == []


def test_the_service_graph_is_imported_and_listed(aiops: Line) -> None:
    assert "2 nodes, 1 edges" in aiops("services", "import", "services.yaml")
    records = {record["name"]: record for record in json.loads(aiops("services", "-o", "json"))}
    assert records["web"]["edges"][0]["target"] == "db"
    assert "dba" in aiops("services")
    assert "dba" not in aiops("services", "list", "--at", "2020-01-01T00:00:00Z")


def test_rules_are_previewed_added_linted_and_ended(with_incident: Line) -> None:
    aiops = with_incident
    assert "would hide 1 firing alerts" in aiops("rules", "preview", "-m", "service=db")
    aiops("rules", "add", "-m", "service=db", "--owner", "dba", "--reason", "known", "--for", "30d")
    (rule,) = json.loads(aiops("rules", "-o", "json"))
    assert rule["verdict"] == "known_good"
    assert rule["expires"]
    aiops("rules", "add", "-m", "service=db", "--verdict", "known_bad", "--owner", "dba", "--reason", "bad")
    assert "no example of what it must leave alone" in aiops("rules", "lint", code=1)
    aiops("rules", "expire", rule["id"])
    status = {one["id"]: one["status"] for one in json.loads(aiops("rules", "list", "-o", "json"))}
    assert status[rule["id"]] == "expired"
    aiops("rules", "expire", "no-such-rule", code=5)


def test_a_pack_is_added_with_its_ids(aiops: Line, tmp_path: Path) -> None:
    rule = (
        "- id: noise\n  verdict: known_good\n  owner: noc\n  reason: known\n  expires: {expires}\n"
        '  match: {{service: db, template: "sync <*> done"}}\n'
    )
    soon = datetime.now(UTC).date() + timedelta(days=30)
    (tmp_path / "pack.yaml").write_text(rule.format(expires="2099-01-01"))
    aiops("rules", "add", "pack.yaml", code=5)  # an end so far away is refused by the engine
    (tmp_path / "pack.yaml").write_text(rule.format(expires=soon).replace("id: noise", "idd: noise"))
    aiops("rules", "add", "pack.yaml", code=2)
    assert json.loads(aiops("rules", "-o", "json")) == []
    (tmp_path / "pack.yaml").write_text(rule.format(expires=soon))
    aiops("rules", "add", "pack.yaml")
    (added,) = json.loads(aiops("rules", "-o", "json"))
    assert (added["id"], added["expires"], added["pack"]) == ("noise", f"{soon}T00:00:00Z", "pack")


def test_silences_are_added_listed_and_ended(with_incident: Line) -> None:
    aiops = with_incident
    aiops("silences", "add", "-m", "service=~d.*", "--for", "1h", "--owner", "ana", "--reason", "upgrade")
    (silence,) = json.loads(aiops("silences", "-o", "json"))
    assert silence["owner"] == "ana"
    assert "(1 of them suppressed)" in aiops("status")
    aiops("silences", "expire", silence["id"])
    assert "(0 of them suppressed)" in aiops("status")


def test_templates_are_listed_and_labelled(with_incident: Line) -> None:
    aiops = with_incident
    templates = json.loads(aiops("patterns", "templates", "-o", "json"))
    error = [one for one in templates if "refused" in one["text"]][-1]
    aiops("patterns", "label", error["template_id"], "known_good", "--reason", "harmless")
    assert "(1 of them suppressed)" in aiops("status")
    assert json.loads(aiops("patterns", "-o", "json")) == []  # nothing was clustered yet


def test_a_document_that_was_altered_is_named_by_the_replay(folded: Line, tmp_path: Path) -> None:
    aiops = folded
    with contextlib.closing(open_store(tmp_path / "aiops-data")) as store:
        with store.view() as view:
            (incident,) = view.find(INCIDENTS, Query()).items
            forged = Changes()
            forged.position = view.position()
        forged.put(INCIDENTS, msgspec.structs.replace(incident, assignee="mallory", revision=incident.revision))
        store.save(forged)
    told = aiops("replay", code=1)
    assert "documents differ after" in told.splitlines()[0]
    assert f"incidents {incident.incident_id}: " in told
    assert "assignee: 'mallory' in the store, '' again" in told
    (found,) = aiops.json("replay", code=1)
    assert "assignee" in found["differences"][0]["fields"]


def test_a_document_that_is_gone_is_named_by_the_replay(folded: Line, tmp_path: Path) -> None:
    aiops = folded
    with contextlib.closing(sqlite3.connect(tmp_path / "aiops-data" / "store.db")) as database, database:
        (key,) = database.execute("SELECT key FROM incidents").fetchone()
        database.execute("DELETE FROM incidents")
    assert f"incidents {key}: the replay has it, the store has not" in aiops("replay", code=1)


def test_a_folder_of_a_newer_release_is_refused_by_every_command_that_needs_it(aiops: Line, tmp_path: Path) -> None:
    (tmp_path / "aiops-data").mkdir()
    with contextlib.closing(sqlite3.connect(tmp_path / "aiops-data" / "store.db")) as database:
        database.execute("PRAGMA user_version = 99")
    aiops("incidents", code=3)
    assert "written by a newer release" in aiops.chatter


def test_what_is_not_there_is_refused(with_incident: Line) -> None:
    aiops = with_incident
    aiops("incidents", "show", "99", code=5)
    aiops("explain", "nothing", code=5)
    assert "aiops: " in aiops.chatter


def test_a_folder_that_an_engine_works_on_but_no_server_answers_for_is_refused(
    with_incident: Line, tmp_path: Path
) -> None:
    aiops = with_incident
    with EngineLock(tmp_path / "aiops-data"):
        aiops("status", code=3)
    assert "another engine" in aiops.chatter


def test_doctor_finds_all_well(with_incident: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "0")
    findings = json.loads(with_incident("doctor", "-o", "json"))
    assert {finding["name"] for finding in findings if not finding["well"]} == set()


def test_the_replay_tells_what_other_rules_would_have_changed(folded: Line, tmp_path: Path) -> None:
    aiops = folded
    (tmp_path / "mute.yaml").write_text(
        f"- id: mute-db\n  verdict: known_good\n  owner: noc\n  reason: known\n"
        f"  expires: {datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}\n  match: {{service: db}}\n"
    )
    told = aiops("replay", "--rules", "mute.yaml", "--html", "report.html")
    assert "1 rule in place of history's" in told
    assert "wholly muted" in told
    assert "wholly muted" in (tmp_path / "report.html").read_text()
    (found,) = aiops.json("replay", "--rules", "mute.yaml")
    assert [one["kind"] for one in found["divergence"]["incidents"]] == ["muted"]
    assert "nothing that a person would have seen differs" in aiops("replay", "--since", "1h")


def test_a_time_or_file_of_a_replay_that_is_none_is_refused(folded: Line, tmp_path: Path) -> None:
    aiops = folded
    aiops("replay", "--since", "yesterday", code=2)
    assert "say 7d, or 2026-11-24T03:00Z" in aiops.chatter
    (tmp_path / "bad.yaml").write_text("- id: x\n")
    aiops("replay", "--rules", "bad.yaml", code=3)
    aiops("replay", "--since", "2020-01-01", "--until", "2020-01-02", code=2)
    assert "holds nothing of that time" in aiops.chatter


def test_a_backup_is_put_back_into_a_new_folder(folded: Line) -> None:
    aiops = folded
    assert "entries up to 0-" in aiops("backup", "saved")
    aiops("backup", "saved", code=3)
    assert "start the server on it" in aiops("--data", "again", "restore", "saved")
    (before,), (after,) = (aiops.json("--data", data, "incidents") for data in ("aiops-data", "again"))
    assert before == after
    aiops("--data", "again", "restore", "saved", code=3)
