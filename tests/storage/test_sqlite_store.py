"""Does the embedded store stay whole when its declaration changes, its disk fills, its snapshots tear?"""

import dataclasses
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from aiops.domain.base import stable_hash
from aiops.domain.changes import Changes
from aiops.domain.documents import ALERTS
from aiops.domain.entries import Position
from aiops.domain.errors import BadConfiguration, BadInput, Unavailable
from aiops.domain.queries import Query
from aiops.domain.snapshots import Snapshot
from aiops.storage import sqlite, sqlite_schema
from aiops.storage.filelock import EngineLock
from aiops.storage.folder import open_store
from aiops.storage.snapshots import Snapshots
from aiops.storage.sqlite_store import SqliteStore
from aiops.storage.sqlite_table import Table
from tests.builders import T0, an_alert, at
from tests.storage.conftest import ROOT


def save(store: SqliteStore, offset: int, *names: str) -> None:
    changes = Changes()
    changes.position = Position(0, offset)
    for name in names:
        changes.put(ALERTS, an_alert(name))
    store.save(changes)


def total(store: SqliteStore, query: Query) -> int:
    with store.view() as view:
        return view.find(ALERTS, query).total


def a_snapshot(offset: int) -> Snapshot:
    return Snapshot(version="1", position=Position(0, offset), taken_at=T0, parts={"p": b"%d" % offset * 100})


# one writer, many readers


def test_a_second_writer_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(BadConfiguration, match=f"process {os.getpid()}"):
        open_store(tmp_path)
    store.close()
    open_store(tmp_path).close()


def test_the_engines_lock_is_held_against_other_processes_until_released(tmp_path: Path) -> None:
    held = f"EngineLock(Path({str(tmp_path)!r}))"
    code = f"from pathlib import Path; from aiops.storage.filelock import EngineLock; {held}"

    def child() -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    with EngineLock(tmp_path) as lock:
        refused = child()
        assert refused.returncode != 0
        assert f"another engine (process {os.getpid()}) works on this folder" in refused.stderr
    lock.release()
    assert child().returncode == 0


def test_a_reader_may_come_before_the_writer(tmp_path: Path) -> None:
    reader = open_store(tmp_path, readonly=True)
    assert reader.position() is None
    assert not reader.wait(Position(0, 1), 0.01)
    with pytest.raises(Unavailable, match="not made it yet"), reader.view():
        pass
    writer = open_store(tmp_path)
    save(writer, 3, "db")
    assert reader.wait(Position(0, 3), 5)
    assert total(reader, Query()) == 1
    with pytest.raises(Unavailable, match="reading only"):
        save(reader, 4, "db")
    reader.close()
    writer.close()


def test_a_save_wakes_a_reader_that_waits(tmp_path: Path) -> None:
    writer, reader = open_store(tmp_path), open_store(tmp_path, readonly=True)
    woken: list[bool] = []
    waiter = threading.Thread(target=lambda: woken.append(reader.wait(Position(0, 1), 20)))
    waiter.start()
    save(writer, 1, "db")
    waiter.join(10)
    assert woken == [True]
    reader.close()
    writer.close()


def test_a_view_open_for_long_does_not_hold_up_saves(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    save(store, 1, "a")
    with store.view() as view:
        for offset in range(2, 12):
            save(store, offset, f"s{offset}")
        store.keep(a_snapshot(11))
        assert view.find(ALERTS, Query()).total == 1
    assert total(store, Query()) == 11
    store.close()


# what is declared


def test_fields_tags_and_text_declared_later_are_found_in_documents_saved_before(tmp_path: Path) -> None:
    bare = dataclasses.replace(ALERTS, fields={"status": ALERTS.fields["status"]}, tags={}, text=None, sorted_by=())
    store = SqliteStore(tmp_path, collections=(bare,))
    save(store, 1, "db", "web")
    save(store, 2, "db")
    with store.view() as view, pytest.raises(BadInput):
        view.find(bare, Query(where={"entity": ("db",)}))
    store.close()
    store = SqliteStore(tmp_path)
    assert total(store, Query(where={"entity": ("db",)})) == 1
    assert total(store, Query(where={"label": ("service=web",)})) == 1
    assert total(store, Query(text="db")) == 1
    save(store, 3, "db", "api")
    assert total(store, Query(text="db")) == 1
    with store.view() as view:
        assert [alert.revision for alert in view.find(ALERTS, Query(order=("entity",))).items] == [3, 3, 1]
    store.close()


def test_what_is_no_longer_declared_goes_without_harm(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    save(store, 1, "db")
    store.close()
    bare = dataclasses.replace(ALERTS, fields={}, tags={}, text=None, sorted_by=())
    store = SqliteStore(tmp_path, collections=(bare,))
    save(store, 2, "web")
    with store.view() as view:
        assert view.find(bare, Query()).total == 2
    store.close()


def test_tables_are_not_made_anew_when_nothing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path)
    save(store, 1, "db")
    store.close()
    monkeypatch.setattr(Table, "build", None)
    store = open_store(tmp_path)
    assert total(store, Query()) == 1
    store.close()


def test_a_store_of_a_newer_release_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_schema, "SCHEMA", 99)
    open_store(tmp_path).close()
    monkeypatch.undo()
    with pytest.raises(BadConfiguration, match="newer release"):
        open_store(tmp_path)
    (tmp_path / "store.db").unlink()
    open_store(tmp_path).close()  # the lock was not kept


# disks and rights


def test_a_full_disk_is_said_and_nothing_of_the_save_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path)
    save(store, 1, "db")
    store._writing()._connection.execute("PRAGMA max_page_count = 1")  # no more than there is
    with pytest.raises(Unavailable, match="disk is full"):
        save(store, 2, *(f"service-{number}" for number in range(500)))
    assert store.position() == Position(0, 1)
    assert total(store, Query()) == 1
    store._writing()._connection.execute("PRAGMA max_page_count = 1000000")
    save(store, 2, "web")
    assert total(store, Query()) == 2
    store.close()


def test_a_document_that_cannot_be_written_leaves_nothing_of_its_save(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(UnicodeEncodeError):
        save(store, 1, "db", "half a sign: \ud800")
    assert store.position() is None
    assert total(store, Query()) == 0
    save(store, 1, "db")
    assert total(store, Query()) == 1
    store.close()


def test_a_folder_that_may_only_be_read_is_said(open_folder: Path, no_writing: Callable[[Path], None]) -> None:
    open_store(open_folder).close()
    no_writing(open_folder)
    with pytest.raises(Unavailable, match="ermission denied"):
        open_store(open_folder)


def test_a_stranger_that_locks_the_store_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    store = open_store(tmp_path)
    stranger = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="another program holds it locked"):
        save(store, 1, "db")
    stranger.close()
    save(store, 1, "db")
    store.close()


def test_documents_survive_the_death_of_the_writer(tmp_path: Path) -> None:
    code = f"""
import os
from pathlib import Path
from tests.storage.test_sqlite_store import open_store, save
store = open_store(Path({str(tmp_path)!r}))
save(store, 1, "db", "web")
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == -9
    store = open_store(tmp_path)
    assert store.position() == Position(0, 1)
    assert total(store, Query(text="db")) == 1
    store.close()


# snapshots


def test_a_torn_or_damaged_snapshot_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    save(store, 10, "db")
    store.keep(a_snapshot(8))
    store.keep(a_snapshot(9))
    newest = sorted((tmp_path / "snapshots").iterdir())[-1]
    whole = newest.read_bytes()
    for damaged in (whole[:-1], whole[:20], b"", whole[:-1] + b"!", b"!" + whole[1:]):
        newest.write_bytes(damaged)
        assert store.snapshot("1") == a_snapshot(8)
    newest.write_bytes(whole)
    assert store.snapshot("1") == a_snapshot(9)
    store.close()


def test_only_the_two_newest_snapshots_stay_and_a_half_written_one_is_no_snapshot(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    save(store, 10, "db")
    for offset in (1, 2, 3, 4):
        store.keep(a_snapshot(offset))
    assert len(list((tmp_path / "snapshots").iterdir())) == 2
    newest = sorted((tmp_path / "snapshots").iterdir())[-1]
    newest.with_name(newest.name.replace("-0", "-9") + ".new").write_bytes(b"half")
    assert store.snapshot("1") == a_snapshot(4)
    store.close()
    assert open_store(tmp_path, readonly=True).snapshot("1") == a_snapshot(4)


def test_snapshots_named_by_an_earlier_release_are_read_and_go_once_two_newer_ones_are_there(tmp_path: Path) -> None:
    store, folder = open_store(tmp_path), tmp_path / "snapshots"
    save(store, 20, "db")
    for offset in (8, 9):
        store.keep(a_snapshot(offset))
    for path in folder.iterdir():
        shard, offset_, _, version = path.name.split("-")
        path.rename(folder / f"{shard}-{offset_}-{version}")
    assert store.snapshot("1") == a_snapshot(9)
    later = [msgspec.structs.replace(a_snapshot(offset), version="2") for offset in (11, 12)]
    assert store.keep(later[0], timedelta(days=7)) == [Position(0, 11)]
    assert store.snapshot("1") == a_snapshot(9)  # should the only one of this release be damaged
    assert store.keep(later[1], timedelta(days=7)) == [Position(0, 12), Position(0, 11)]
    assert store.snapshot("1") is None
    store.close()


def test_what_a_killed_writer_left_half_written_goes_with_the_next_snapshot(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    save(store, 10, "db")
    store.keep(a_snapshot(8))
    (whole,) = (tmp_path / "snapshots").iterdir()
    left = whole.with_name(whole.name + ".new")
    left.write_bytes(b"half")
    store.keep(a_snapshot(9))
    assert not left.exists()
    assert store.snapshot("1") == a_snapshot(9)
    store.close()


def test_a_snapshot_beyond_what_was_saved_is_not_used(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    save(store, 5, "db")
    store.keep(a_snapshot(4))
    store.keep(a_snapshot(6))  # as after a restore of an older store.db: what it knows of 6 is not in the documents
    assert store.snapshot("1") == a_snapshot(4)
    store.close()


# how it is asked


def test_the_page_is_the_same_whichever_way_the_planner_is_sent(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    save(store, 1, *(f"s{number:03}" for number in range(400)), *(f"t{number:03}" for number in range(3)))
    for text, expected in (("s", 400), ("t", 3)):  # by the order's index; by collecting and sorting
        seen: list[str] = []
        query = Query(text=text, order=("-entity", "count"), limit=60)
        with store.view() as view:
            while True:
                page = view.find(ALERTS, query)
                seen += [alert.entity.name for alert in page.items]
                if not page.next:
                    break
                query = Query(text=text, order=("-entity", "count"), limit=60, cursor=page.next)
        assert len(seen) == expected
        assert seen == sorted(seen, reverse=True)
    store.close()


def test_a_file_that_somebody_else_left_among_the_snapshots_is_left_alone(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    (tmp_path / "backup.snap").write_bytes(b"mine")
    (tmp_path / f"backup-{stable_hash('1')}.snap").write_bytes(b"mine too")
    for offset in range(1, 5):
        snapshot = Snapshot(version="1", position=Position(0, offset), taken_at=at(offset), parts={})
        snapshots.keep(snapshot, timedelta(0))
    found = snapshots.newest("1", Position(0, 9))
    assert found is not None
    assert found.position == Position(0, 4)
    assert {"backup.snap", f"backup-{stable_hash('1')}.snap"} <= {path.name for path in tmp_path.iterdir()}
