"""What one may ask: why, what became of it, which messages, which services, how far."""

from pathlib import Path

import pytest

from aiops.domain.documents import PATTERNS, SCOPES, SOURCES
from aiops.domain.records import Pattern, ScopeRecord, SourceRecord
from tests.aiops.cli.line import Line
from tests.api.world import World
from tests.builders import a_delivery

GRAPH = "services:\n  web: {owner: shop, depends_on: [db]}\n  db: {owner: dba}\n"


def test_an_incident_is_explained_with_its_reasons_in_sections(aiops: Line, storm: World) -> None:
    told = aiops("explain", "1")
    for heading in ("Why this cause", "Why it belongs together", "Who is hurt"):
        assert heading in told
    assert "api joined because db, which it calls, alerted 20 s earlier" in told
    assert aiops("explain", "#1") == told
    assert aiops("explain", storm.first_incident()["incident_id"]) == told


def test_an_alert_is_explained_by_its_fingerprint(aiops: Line, storm: World) -> None:
    fingerprint = storm.get("/api/alerts", params={"text": "disk"})["items"][0]["fingerprint"]
    told = aiops("explain", fingerprint)
    assert "disk 91 % full" in told
    assert aiops.json("explain", fingerprint)[0]["text"].strip() == told.strip()


def test_what_is_unknown_cannot_be_explained(aiops: Line, world: World) -> None:
    for key in ("99", "nothing", "../../etc"):
        assert aiops("explain", key, code=5) == ""


def test_the_ledger_has_a_line_for_each_source_and_a_total(aiops: Line, storm: World) -> None:
    storm.journal.append([a_delivery("no document", source="acme")])
    lines = {line["source"]: line for line in aiops.json("ledger")}
    assert set(lines) == {"alertmanager", "acme", "total"}
    assert (lines["acme"]["received"], lines["acme"]["rejected"]) == (1, 1)
    assert lines["total"]["received"] == 5
    assert lines["alertmanager"]["grouped"] == 3
    assert aiops.chatter == "0 entries are not folded yet; the ledger balances\n"


def test_the_ledger_counts_what_is_not_folded_yet(aiops: Line, storm: World) -> None:
    storm.engine_runs = False
    storm.alert("db", 100)
    storm.alert("db", 101)
    aiops("ledger")
    assert aiops.chatter.startswith("2 entries are not folded yet")


def test_a_ledger_that_does_not_balance_fails_the_check_alone(aiops: Line, storm: World) -> None:
    assert aiops("ledger", "check")
    storm.put(SOURCES, SourceRecord(source="forged", received=3, rejected=1))
    aiops("ledger")
    assert "DOES NOT BALANCE" in aiops.chatter
    aiops("ledger", "check", code=1)


def test_a_delivery_and_an_event_are_looked_up(aiops: Line, storm: World) -> None:
    by_delivery, by_event = aiops("ledger", "0-2"), aiops("ledger", "0-2-0")
    assert by_delivery.startswith("delivery 0-2 from alertmanager: 1 event\n")
    assert "0-2-0 grouped: db is down" in by_delivery
    assert "0-2-0 grouped: db is down" in by_event
    aiops("ledger", "0-999", code=5)


def test_services_are_listed_with_what_is_not_in_the_graph(aiops: Line, storm: World) -> None:
    services = {one["name"]: one for one in aiops.json("services")}
    assert set(services) == {"web", "api", "db", "backup"}
    assert services["backup"]["service"] is None
    assert "4 of 4 services; graph version 1" in aiops.chatter
    assert "3 of 4 alerts name a service of the graph" in aiops.chatter
    assert "not in the graph: service=backup (1 alerts)" in aiops.chatter
    aiops("services", "list", "--limit", "2")
    assert "2 of 4 services" in aiops.chatter


def test_a_graph_is_imported_and_counts_its_versions(aiops: Line, world: World) -> None:
    for owner, version in (("dba", 1), ("dbas", 2)):
        Path("services.yaml").write_text(GRAPH.replace("dba", owner))
        aiops("services", "import", "services.yaml")
        aiops("services")
        assert f"graph version {version}" in aiops.chatter
    table = aiops("services")
    assert "dbas" in table
    assert table.splitlines()[0].split()[:1] == ["Name"]


def test_a_bad_graph_is_refused_and_changes_nothing(aiops: Line, storm: World) -> None:
    Path("services.yaml").write_text(GRAPH.replace("[db]", "[dbx]"))
    aiops("services", "import", "services.yaml", code=2)
    assert "dbx" in aiops.chatter
    aiops("services")
    assert "graph version 1" in aiops.chatter


def test_templates_are_listed_the_most_frequent_first(aiops: Line, storm: World) -> None:
    storm.alert("db", 200, alertname="again")
    first, *_ = aiops.json("patterns", "templates")
    assert (first["text"], first["count"]) == ("db is down", 2)
    aiops("patterns", "templates", "--limit", "1")
    assert aiops.chatter == "1 of 4 templates\n"


def test_scopes_are_listed_with_their_health(aiops: Line, storm: World) -> None:
    storm.put(SCOPES, ScopeRecord(scope="logs/db", lines=9, templates=3, version=2, similarity=0.5, depth=4))
    cells = ["logs/db", "9", "3", "own,", "version", "2", "0.5", "4", "good"]
    assert aiops("patterns", "scopes").splitlines()[1].split() == cells


def test_patterns_are_listed_with_their_cohesion(aiops: Line, storm: World) -> None:
    storm.put(
        PATTERNS, Pattern(pattern_id="p1", name="disks fill", template_ids=("t1",), templates_total=1, cohesion=0.5)
    )
    assert aiops("patterns").splitlines()[1].split() == ["p1", "disks", "fill", "1", "0", "0.50"]
    assert aiops("patterns", "list") == aiops("patterns")


def test_a_template_is_labelled_and_its_alerts_with_it(aiops: Line, storm: World) -> None:
    (disk,) = (one for one in aiops.json("patterns", "templates") if "disk" in one["text"])
    for verdict, suppressed in (("known_good", 1), ("known_bad", 0), ("known_good", 1), ("unknown", 0)):
        aiops("patterns", "label", disk["template_id"], verdict, "--reason", "we looked", "--days", "7")
        assert f"({suppressed} of them suppressed)" in aiops("status")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("no-such-template", "known_good", "--reason", "r"), 5),
        (("t", "fine", "--reason", "r"), 2),
        (("t", "known_good"), 2),
        (("t", "known_good", "--reason", "r", "--days", "0"), 2),
    ],
)
def test_a_label_that_cannot_be_is_refused(aiops: Line, world: World, words: tuple[str, ...], code: int) -> None:
    aiops("patterns", "label", *words, code=code)
    assert aiops.data == ""
    assert aiops.chatter


def test_the_status_says_how_far_and_what_is_open(aiops: Line, storm: World) -> None:
    told = dict(line.split("  ", 1) for line in aiops("status").splitlines())
    stood = {name.strip(): text.strip() for name, text in told.items()}
    assert stood["open incidents"] == "2"
    assert stood["firing alerts"] == "4 (0 of them suppressed)"
    assert stood["engine"] == "entry 0-5, 0 behind"
    assert stood["work left undone"] == "none"
    assert aiops.json("status")[0]["open_incidents"] == 2


def test_the_status_of_nothing_is_nothing(aiops: Line, world: World) -> None:
    assert "entry none, 0 behind" in aiops("status")


@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "table"])
@pytest.mark.parametrize(
    "words",
    [
        ("incidents",), ("rules",), ("silences",), ("patterns",), ("patterns", "templates"), ("services",), ("ledger",),
        ("status",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_list_comes_in_every_form_also_empty(
    aiops: Line, world: World, words: tuple[str, ...], form: str
) -> None:
    aiops(*words, "-o", form)


@pytest.mark.parametrize("limit", ["0", "1001", "many"])
@pytest.mark.parametrize("family", ["incidents", "rules", "silences", "patterns", "services"])
def test_a_list_is_bounded(aiops: Line, family: str, limit: str) -> None:
    aiops(family, "list", "--limit", limit, code=2)
    assert "--limit" in aiops.chatter
