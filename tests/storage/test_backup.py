"""A backup is whole or none; what was accepted before it is in it; put back, it goes on as if nothing had been."""

import contextlib
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest

from aiops import fold
from aiops.domain.entries import Position
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.engine import Engine
from aiops.replay.verify import verify
from aiops.storage import backup
from aiops.storage.backup import MANIFEST, Manifest, back_up, restore
from aiops.storage.folder import open_journal, open_store
from tests.builders import a_delivery, at
from tests.properties.digest import contents

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    work(folder, 8)
    return folder


def work(folder: Path, count: int, *, snapshot: bool = True) -> None:
    """Let ``count`` more alerts come in and be folded."""
    with contextlib.closing(open_journal(folder)) as journal, contextlib.closing(open_store(folder)) as store:
        last = journal.last()
        done = last.offset if last else 0
        for number in range(done, done + count):
            body = {"title": f"service {number} is down", "severity": "high", "labels": {"service": f"s{number}"}}
            journal.append([a_delivery(body, source="test")], at=at(number))
        engine = fold.recover(store)
        while fold.step(engine, journal, store, 3):
            pass
        if snapshot:
            fold.snapshot(engine, store)


def copy(data: Path, target: Path) -> Manifest:
    return back_up(data, target, NOW, "0.1", fold.newest)


def test_what_is_put_back_is_what_was_there_and_replays_byte_equal(data: Path, tmp_path: Path) -> None:
    made = copy(data, tmp_path / "saved")
    again = tmp_path / "again"
    assert restore(tmp_path / "saved", again) == made
    assert (made.position, made.last, made.made_at) == ("0-8", "0-8", NOW)
    with contextlib.closing(open_store(data)) as one, contextlib.closing(open_store(again)) as two:
        assert contents(one) == contents(two)
        with contextlib.closing(open_journal(again)) as journal:
            assert verify(journal, two).equal


def test_what_was_accepted_and_not_folded_is_in_it_and_is_folded_after(data: Path, tmp_path: Path) -> None:
    with contextlib.closing(open_journal(data)) as journal:
        journal.append([a_delivery({"title": "late", "labels": {"service": "late"}}, source="test")], at=at(100))
    made = copy(data, tmp_path / "saved")
    assert (made.position, made.last) == ("0-8", "0-9")
    restore(tmp_path / "saved", tmp_path / "again")
    work(tmp_path / "again", 1)
    with contextlib.closing(open_store(tmp_path / "again")) as store:
        assert store.position() == Position(0, 10)


def test_tokens_are_in_it_and_locks_and_logs_are_not(data: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(data / "access.db")) as database, database:
        database.execute("CREATE TABLE tokens(name)")
        database.execute("INSERT INTO tokens VALUES ('ana')")
    copy(data, tmp_path / "saved")
    names = {path.name for path in (tmp_path / "saved").rglob("*") if path.is_file()}
    assert {"access.db", "store.db", MANIFEST} <= names
    assert not [name for name in names if name.endswith((".lock", "-wal", "-shm", ".new"))]
    with contextlib.closing(sqlite3.connect(tmp_path / "saved" / "access.db")) as database:
        assert database.execute("SELECT name FROM tokens").fetchall() == [("ana",)]


def test_its_files_are_for_the_owner_alone(data: Path, tmp_path: Path) -> None:
    copy(data, tmp_path / "saved")
    restore(tmp_path / "saved", tmp_path / "again")
    for folder in ("saved", "again"):
        files = [path for path in (tmp_path / folder).rglob("*") if path.is_file() and path.name != MANIFEST]
        assert {path.stat().st_mode & 0o077 for path in files} == {0}


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_file_that_is_not_as_it_was_refuses_the_whole(data: Path, tmp_path: Path, harm: str) -> None:
    made = copy(data, tmp_path / "saved")
    path = tmp_path / "saved" / next(name for name in made.files if name.startswith("journal"))
    if harm == "gone":
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(BadConfiguration, match="not as it was written"):
        restore(tmp_path / "saved", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_copy_that_was_not_finished_is_none(data: Path, tmp_path: Path) -> None:
    copy(data, tmp_path / "saved")
    (tmp_path / "saved" / MANIFEST).unlink()
    with pytest.raises(BadConfiguration, match="no backup"):
        restore(tmp_path / "saved", tmp_path / "again")


def test_nothing_is_ever_written_over(data: Path, tmp_path: Path) -> None:
    copy(data, tmp_path / "saved")
    with pytest.raises(BadConfiguration, match="it is there already"):
        copy(data, tmp_path / "saved")
    with pytest.raises(BadConfiguration, match="not empty"):
        restore(tmp_path / "saved", data)
    (tmp_path / "empty").mkdir()
    restore(tmp_path / "saved", tmp_path / "empty")
    assert (tmp_path / "empty" / "store.db").exists()


def test_a_folder_without_a_journal_is_none_of_ours(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="no journal is in it"):
        copy(tmp_path, tmp_path / "saved")


def test_a_copy_whose_journal_dropped_what_its_snapshot_needs_is_made_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine may keep two more snapshots, and drop entries, between the copy of the one and of the other."""
    with contextlib.closing(open_journal(data)) as journal:
        seen = journal.read(None, 1)
    firsts = iter([[], seen])
    held = backup._stands
    monkeypatch.setattr(backup, "_stands", lambda *given: held(*given) if next(firsts) else None)
    assert copy(data, tmp_path / "saved").last == "0-8"
    monkeypatch.setattr(backup, "_stands", lambda *given: None)
    with pytest.raises(Unavailable, match="faster than they are copied"):
        copy(data, tmp_path / "other")
    assert not list(tmp_path.glob("other*"))


def test_a_journal_that_lacks_what_the_snapshot_needs_is_noticed(data: Path, tmp_path: Path) -> None:
    made = copy(data, tmp_path / "saved")
    with contextlib.closing(sqlite3.connect(next((tmp_path / "saved" / "journal").glob("*.db")))) as segment, segment:
        segment.execute("DELETE FROM entries WHERE offset < 5")
    assert backup._stands(tmp_path / "saved", lambda _: None) is None
    assert made.position == "0-8"


def test_a_backup_under_load_is_whole(data: Path, tmp_path: Path) -> None:
    """While one thread appends and another folds, each copy holds what was accepted before it began, and replays."""
    stop = Event()
    journal, store = open_journal(data), open_store(data)

    def fold_on() -> None:
        engine: Engine = fold.recover(store)
        while not stop.is_set():
            if fold.step(engine, journal, store, 20):
                fold.snapshot(engine, store)

    worker = Thread(target=fold_on)
    worker.start()
    try:
        for number in range(4):
            for second in range(30):
                body = {"title": f"{number}/{second}", "labels": {"service": f"x{second}"}}
                (accepted,) = journal.append([a_delivery(body, source="test")], at=at(1_000 + 60 * number + second))
            made = copy(data, tmp_path / f"saved{number}")
            last = Position.parse(made.last)
            assert last is not None
            assert last >= accepted
    finally:
        stop.set()
        worker.join()
        store.close()
        journal.close()
    for number in range(4):
        again = tmp_path / f"again{number}"
        restore(tmp_path / f"saved{number}", again)
        work(again, 1)
        with contextlib.closing(open_journal(again)) as copied, contextlib.closing(open_store(again)) as kept:
            assert verify(copied, kept).equal


def test_the_manifest_is_readable_by_a_person(data: Path, tmp_path: Path) -> None:
    copy(data, tmp_path / "saved")
    said = json.loads((tmp_path / "saved" / MANIFEST).read_text())
    assert said["position"] == "0-8"
    assert said["release"] == "0.1"
    assert "store.db" in said["files"]
