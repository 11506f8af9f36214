"""Does the embedded journal rotate, drop, refuse and recover as it says?"""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aiops.domain.entries import Delivery, Position, Tick
from aiops.domain.errors import Overloaded, Unavailable
from aiops.storage import segment_writer, sqlite
from aiops.storage.filelock import FileLock
from aiops.storage.segments import Segments
from aiops.storage.sqlite_journal import SqliteJournal
from tests.builders import T0, a_delivery

KILOBYTE = "x" * 1_000


def filled(folder: Path, count: int = 200) -> SqliteJournal:
    """A journal of small segments with ``count`` entries of a kilobyte."""
    journal = SqliteJournal(folder, clock=lambda: T0, segment_bytes=2**15)
    for number in range(count):
        journal.append([a_delivery(f"{number + 1} {KILOBYTE}")])
    return journal


def numbers(journal: SqliteJournal, after: Position | None = None) -> list[int]:
    payloads = [entry.payload for entry in journal.read(after, 100_000)]
    return [int(payload.body.split()[0]) for payload in payloads if isinstance(payload, Delivery)]


def test_segments_are_named_by_their_first_offset_and_read_as_one(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    starts = Segments(tmp_path).starts()
    assert starts[0] == 1
    assert len(starts) > 3
    assert (tmp_path / "00000000000000000001.db").exists()
    assert numbers(journal) == list(range(1, 201))
    across = starts[1] - 2
    assert numbers(journal, Position(0, across))[:3] == [across + 1, across + 2, across + 3]
    entry = journal.get(Position(0, starts[2]))
    assert entry is not None
    assert entry.position.offset == starts[2]
    journal.close()


def test_its_size_is_that_of_the_segments_that_hold_what_waits(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    files = [path for path in tmp_path.iterdir() if path.name[0] == "0"]
    assert journal.size(None) == sum(path.stat().st_size for path in files)
    newest = Segments(tmp_path).starts()[-1]
    held = [path for path in files if path.name.startswith(f"{newest:020}")]
    assert journal.size(Position(0, newest)) == sum(path.stat().st_size for path in held) < journal.size(None)
    assert journal.size(Position(0, 200)) == 0
    journal.close()


def test_a_reopened_journal_goes_on_where_it_was(tmp_path: Path) -> None:
    filled(tmp_path, 50).close()
    journal = SqliteJournal(tmp_path, segment_bytes=2**15)
    assert journal.last() == Position(0, 50)
    assert journal.append([a_delivery("51 x")]) == [Position(0, 51)]
    assert numbers(journal) == list(range(1, 52))
    journal.close()


def test_dropping_takes_whole_segments_only_and_never_the_newest(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    starts = Segments(tmp_path).starts()
    journal.drop_before(Position(0, starts[2] - 1))
    assert Segments(tmp_path).starts() == starts[1:]
    assert numbers(journal)[0] == starts[1]
    assert journal.get(Position(0, 1)) is None
    journal.drop_before(Position(0, 10_000))
    assert Segments(tmp_path).starts() == starts[-1:]
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {f"{starts[-1]:020}", "lock"}
    assert journal.append([a_delivery("201 x")]) == [Position(0, 201)]
    journal.close()


def test_a_writer_whose_segment_another_process_dropped_appends_to_the_newest(tmp_path: Path) -> None:
    one, other = (SqliteJournal(tmp_path, segment_bytes=2**15) for _ in range(2))
    one.append([a_delivery("1 x")])
    for number in range(2, 100):
        other.append([a_delivery(f"{number} {KILOBYTE}")])
    other.drop_before(Position(0, 99))
    assert one.append([a_delivery("100 x")]) == [Position(0, 100)]
    assert numbers(other)[-1] == numbers(one)[-1] == 100
    one.close()
    other.close()


def test_an_empty_newest_segment_tells_what_came_before(tmp_path: Path) -> None:
    journal = filled(tmp_path, 10)
    Segments(tmp_path).create(11)  # as a process that was killed just after it began a segment leaves it
    assert journal.last() == Position(0, 10)
    assert not journal.wait(Position(0, 10), 0.01)
    assert journal.append([a_delivery("11 x")]) == [Position(0, 11)]
    assert numbers(journal) == list(range(1, 12))
    journal.close()


def test_a_segment_that_was_never_finished_is_begun_anew(tmp_path: Path) -> None:
    journal = filled(tmp_path, 1)
    (tmp_path / "00000000000000000002.new").write_bytes(b"half of a database")
    (tmp_path / "00000000000000000002.new-wal").write_bytes(b"half of a log")
    for number in range(2, 60):
        journal.append([a_delivery(f"{number} {KILOBYTE}")])
    assert numbers(journal) == list(range(1, 60))
    journal.close()


def test_an_append_of_another_journal_object_wakes_who_waits(tmp_path: Path) -> None:
    reader, writer = SqliteJournal(tmp_path), SqliteJournal(tmp_path)
    woken: list[bool] = []
    waiter = threading.Thread(target=lambda: woken.append(reader.wait(None, 20)))
    waiter.start()
    writer.append([Tick()])
    waiter.join(10)
    assert woken == [True]
    reader.close()
    writer.close()


def test_readers_and_writers_go_on_while_segments_rotate(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path, segment_bytes=2**15)

    def follow(_: int) -> list[int]:
        seen: list[int] = []
        while len(seen) < 150:
            after = Position(0, seen[-1]) if seen else None
            assert journal.wait(after, 20)
            seen += numbers(journal, after)
        return seen

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(follow, number) for number in range(3)]
        for number in range(150):
            journal.append([a_delivery(f"{number + 1} {KILOBYTE}")])
        assert [reader.result(30) for reader in readers] == [list(range(1, 151))] * 3
    journal.close()


def test_too_much_that_waits_is_refused_at_once_and_what_waited_is_written(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path, most_payloads=5)
    with ThreadPoolExecutor(2) as pool:
        with FileLock(tmp_path / "lock"):
            waiting = pool.submit(journal.append, [Tick()] * 5)
            while not journal._group._payloads:  # until the other thread has handed them over
                threading.Event().wait(0.001)
            with pytest.raises(Overloaded, match="5 payloads"):
                journal.append([Tick()])
        assert waiting.result(10) == [Position(0, offset) for offset in range(1, 6)]
    assert journal.append([Tick()]) == [Position(0, 6)]
    journal.close()


def test_bytes_that_wait_are_bounded_too_but_one_large_append_alone_is_not_refused_for_ever(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path, most_bytes=100)
    assert journal.append([a_delivery("x" * 5_000)]) == [Position(0, 1)]
    with ThreadPoolExecutor(1) as pool, FileLock(tmp_path / "lock"):
        waiting = pool.submit(journal.append, [Tick()])
        while not journal._group._payloads:
            threading.Event().wait(0.001)
        with pytest.raises(Overloaded):
            journal.append([a_delivery("x" * 5_000)])
    assert waiting.result(10) == [Position(0, 2)]
    journal.close()


def test_an_append_that_cannot_begin_is_taken_back(tmp_path: Path) -> None:
    impatient = SqliteJournal(tmp_path, patience=0.05)
    with FileLock(tmp_path / "lock"), pytest.raises(Unavailable, match="could not be written to for"):
        impatient.append([a_delivery("given up")])
    impatient.close()
    journal = SqliteJournal(tmp_path)
    assert journal.append([a_delivery("1 x")]) == [Position(0, 1)]
    assert numbers(journal) == [1]
    journal.close()


def test_a_mistake_of_ours_reaches_the_caller_and_the_next_append_works(tmp_path: Path) -> None:
    times = iter([T0.replace(tzinfo=None), T0])
    journal = SqliteJournal(tmp_path, clock=lambda: next(times))
    with pytest.raises(ValueError, match="time zone"):
        journal.append([Tick()])
    assert journal.append([Tick()]) == [Position(0, 1)]
    journal.close()


def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = filled(tmp_path, 1)

    def small(path: Path, *, create: bool = False) -> sqlite3.Connection:
        connection = sqlite.connect(path, create=create)
        connection.execute("PRAGMA max_page_count = 6")
        return connection

    monkeypatch.setattr(segment_writer, "connect", small)
    journal._writer._disconnect()
    with pytest.raises(Unavailable, match="disk is full"):
        journal.append([a_delivery(f"{number} {KILOBYTE}") for number in range(2, 50)])
    assert numbers(journal) == [1]
    monkeypatch.undo()
    assert journal.append([a_delivery("2 x")]) == [Position(0, 2)]
    assert numbers(journal) == [1, 2]
    journal.close()


def test_a_segment_that_a_stranger_locks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    journal = filled(tmp_path, 1)
    stranger = sqlite3.connect(tmp_path / "00000000000000000001.db", isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="another program holds it locked"):
        journal.append([a_delivery("2 x")])
    stranger.execute("ROLLBACK")
    stranger.close()
    assert journal.append([a_delivery("2 x")]) == [Position(0, 2)]
    journal.close()


def test_a_folder_that_may_only_be_read_is_said_at_the_append(
    open_folder: Path, no_writing: Callable[[Path], None]
) -> None:
    journal = filled(open_folder / "journal", 1)
    journal._writer._disconnect()
    no_writing(open_folder / "journal")
    with pytest.raises(Unavailable, match="journal"):
        journal.append([a_delivery("2 x")])
    journal.close()


def test_a_folder_that_cannot_be_made_is_said_at_once(open_folder: Path, no_writing: Callable[[Path], None]) -> None:
    no_writing(open_folder)
    with pytest.raises(Unavailable, match="ermission denied"):
        SqliteJournal(open_folder / "journal")


def test_damaged_content_is_said(tmp_path: Path) -> None:
    filled(tmp_path, 1).close()
    (tmp_path / "00000000000000000001.db").write_bytes(b"not a database, whatever its name says" * 200)
    journal = SqliteJournal(tmp_path)
    with pytest.raises(Unavailable, match="backup"):
        journal.read(None, 10)
    with pytest.raises(Unavailable, match="backup"):
        journal.append([Tick()])
    journal.close()


def test_a_closed_journal_is_not_read(tmp_path: Path) -> None:
    journal = filled(tmp_path, 1)
    journal.close()
    with pytest.raises(Unavailable, match="closed"):
        journal.read(None, 1)


def test_every_commit_is_synced(tmp_path: Path) -> None:
    journal = filled(tmp_path, 1)
    connection = journal._writer._connection
    assert connection is not None
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    journal.close()
