"""The counters of the embedded store: exact after every save, made anew with the tables, and cheap to ask."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aiops.domain.alerts import Alert
from aiops.domain.changes import Changes
from aiops.domain.documents import ALERTS, COLLECTIONS, INCIDENTS
from aiops.domain.entries import Position
from aiops.domain.events import Severity, Status
from aiops.domain.incidents import Incident
from aiops.domain.queries import Query
from aiops.storage import sqlite_query
from aiops.storage.sqlite_store import SqliteStore
from tests.builders import an_alert, an_incident


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path)) as made:
        yield made


def save(store: SqliteStore, offset: int, *documents: Alert | Incident) -> None:
    changes = Changes()
    changes.position = Position(0, offset)
    for document in documents:
        if isinstance(document, Alert):
            changes.put(ALERTS, document)
        else:
            changes.put(INCIDENTS, document)
    store.save(changes)


def counters(folder: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        return connection.execute("SELECT * FROM alerts_counts ORDER BY a, x, b, y").fetchall()


def test_a_crossed_field_is_a_counted_field_and_nothing_counted_is_ever_dropped() -> None:
    for collection in COLLECTIONS:
        assert {*collection.crossed} <= {*collection.counted} & {*collection.fields}
        assert {*collection.counted} <= {*collection.fields, *collection.tags}
        assert not (collection.counted and collection.dated), "the counters are not told what retention drops"


def test_a_document_that_is_saved_again_is_counted_once(store: SqliteStore) -> None:
    for offset in (1, 2, 2, 3):
        save(store, offset, an_alert("db", count=offset))
    with store.view() as view:
        assert view.find(ALERTS, Query(most=0)).total == 1
        assert view.facets(ALERTS, Query(), ("status",)) == {"status": {"firing": 1}}


def test_a_value_that_nothing_has_any_more_leaves_no_counter(store: SqliteStore, tmp_path: Path) -> None:
    save(store, 1, an_alert("db", owner="dba"))
    save(store, 2, *(an_alert("db", owner=f"owner-{number}") for number in range(20)), an_alert("db", owner="shop"))
    assert {x for a, x, *_ in counters(tmp_path) if a == "owner"} == {"shop"}
    assert 0 not in {row[-1] for row in counters(tmp_path)}


def test_an_older_revision_changes_no_counter(store: SqliteStore, tmp_path: Path) -> None:
    save(store, 5, an_alert("db", status=Status.RESOLVED))
    before = counters(tmp_path)
    save(store, 4, an_alert("db", status=Status.FIRING))
    assert counters(tmp_path) == before


def test_a_save_that_fails_leaves_the_counters_as_they_were(store: SqliteStore, tmp_path: Path) -> None:
    save(store, 1, an_alert("db"))
    before = counters(tmp_path)
    with pytest.raises(AttributeError):
        save(store, 2, an_alert("web"), an_alert("bad", severity="none that there is"))
    assert counters(tmp_path) == before
    save(store, 3, an_alert("api"))
    with store.view() as view:
        assert view.find(ALERTS, Query(most=0)).total == 2


def test_counters_made_anew_are_those_that_were_kept(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path)) as store:
        save(
            store,
            1,
            *(an_alert(f"s{number % 3}", owner=f"o{number % 2}", fingerprint=str(number)) for number in range(9)),
        )
        save(store, 2, *(an_alert("s0", status=Status.RESOLVED, fingerprint=str(number)) for number in range(4)))
    kept = counters(tmp_path)
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        connection.execute("UPDATE shapes SET shape = '' WHERE name = 'alerts'")
        connection.commit()
    SqliteStore(tmp_path).close()
    assert counters(tmp_path) == kept


def test_a_tag_is_counted_alone_and_with_a_crossed_field(store: SqliteStore) -> None:
    save(
        store,
        1,
        an_incident(incident_id="a", services=("db", "web"), severity=Severity.HIGH),
        an_incident(incident_id="b", services=("db",), severity=Severity.INFO),
    )
    with store.view() as view:
        assert view.facets(INCIDENTS, Query(), ("service",)) == {"service": {"db": 2, "web": 1}}
        of_web = Query(where={"service": ("web",)}, most=0)
        assert view.find(INCIDENTS, of_web).total == 1
        assert view.facets(INCIDENTS, of_web, ("severity",)) == {"severity": {"high": 1}}
        either = view.find(INCIDENTS, Query(where={"service": ("db", "web")}, most=9))
        assert either.total == 2  # not three: a document with both is one


def test_facets_of_much_that_no_counter_knows_are_of_the_last_made_and_say_so(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_query, "MOST_COUNTED", 3)
    for number in range(5):
        labels = {"host": f"h{number}"}
        save(store, number + 1, an_alert(f"s{number}", message="disk full", owner=f"o{number}", labels=labels))
    with store.view() as view:
        facets = view.facets(ALERTS, Query(text="disk"), ("owner", "label"))
        assert facets.sampled == {"owner": 3, "label": 3}
        assert facets["owner"] == {"o2": 1, "o3": 1, "o4": 1}
        assert facets["label"] == {"host=h2": 1, "host=h3": 1, "host=h4": 1}
        exact = view.facets(ALERTS, Query(), ("owner",))
        assert (len(exact["owner"]), exact.sampled) == (5, {})


def test_asking_for_counters_reads_no_documents(store: SqliteStore) -> None:
    save(store, 1, *(an_alert(f"s{number}") for number in range(20)))
    with store.view() as view:
        seen: list[str] = []
        view._connection.set_trace_callback(seen.append)
        view.find(ALERTS, Query(where={"status": ("firing",)}, limit=0))
        view.facets(ALERTS, Query(where={"status": ("firing",)}), ("severity", "owner"))
        view._connection.set_trace_callback(None)
    assert seen
    assert all("alerts_counts" in statement for statement in seen)
