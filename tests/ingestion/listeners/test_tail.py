"""Every line of a file comes once: through rotation of either kind, restarts, and a process that is killed."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.entries import Delivery
from aiops.storage.durable import write_file
from ingestion.listeners import files, tail
from ingestion.listeners.standing import Standing
from ingestion.listeners.tail import Tail
from tests.builders import T0, a_delivery
from tests.ingestion.listeners.rig import SlowJournal


class Desk:
    """A folder of logs, and followers of it that come and go."""

    def __init__(self, folder: Path, *patterns: str) -> None:
        self.folder, self.book = folder, folder / "files.json"
        self.log = folder / "logs" / "app.log"
        self.log.parent.mkdir(exist_ok=True)
        self.patterns = patterns or (str(self.log),)
        self.journal = SlowJournal(clock=lambda: T0)
        self.standing = Standing(name="files", source="logs", address="")
        self.keep: Callable[[Path, bytes], None] = write_file
        self.tail = self.follower()

    def follower(self) -> Tail:
        return Tail(self.journal, self.patterns, self.book, self.keep, self.standing, lambda: T0, look_every=0)

    def write(self, *lines: str, end: str = "\n") -> None:
        with self.log.open("a") as file:
            file.write("\n".join(lines) + end)

    def read(self) -> list[str]:
        """Follow until there is nothing new, and return all that ever came."""
        idle = 0
        while idle < 3:
            idle = 0 if self.tail.step() else idle + 1
        return self.lines()

    def lines(self) -> list[str]:
        found = b""
        for entry in self.journal.read(None, 10_000):
            if isinstance(entry.payload, Delivery) and entry.payload.source == "logs":
                found += entry.payload.body
                found += b"" if found.endswith(b"\n") else b"\n"
        return found.decode().splitlines()

    def restart(self, *, killed: bool = False) -> None:
        if killed:  # nothing of what is in memory is kept
            for descriptor in self.tail._open.values():
                os.close(descriptor)
        else:
            self.tail.close()
        self.tail = self.follower()

    def rename(self) -> Path:
        old = self.log.with_name(f"app.log.{len(list(self.log.parent.iterdir()))}")
        return self.log.rename(old)

    def copytruncate(self) -> None:
        copy = self.log.with_name(f"app.log.{len(list(self.log.parent.iterdir()))}")
        copy.write_bytes(self.log.read_bytes())
        os.truncate(self.log, 0)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.read()  # its pattern is known: what comes now is new
    return desk


def test_lines_are_taken_as_they_come_and_a_half_one_waits(desk: Desk) -> None:
    desk.write("one", "two")
    assert desk.read() == ["one", "two"]
    desk.write("thr", end="")
    assert desk.read() == ["one", "two"]
    desk.write("ee")
    assert desk.read() == ["one", "two", "three"]
    assert desk.standing.received == 3


def test_what_was_there_before_its_pattern_came_is_passed_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("old")
    desk.read()
    desk.write("new")
    assert desk.read() == ["new"]


def test_a_file_that_comes_later_is_read_from_its_start(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "shop=" + str(tmp_path / "logs" / "*.log"))
    desk.read()
    desk.write("first")
    assert desk.read() == ["first"]
    (delivery,) = [entry.payload for entry in desk.journal.read(None, 10)]
    assert isinstance(delivery, Delivery)
    assert delivery.query == {"path": str(desk.log), "service": "shop"}


def test_secrets_stay_out(desk: Desk) -> None:
    desk.write("password=hunter2hunter2 refused")
    assert desk.read() == ["password=[redacted] refused"]


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("way", ["rename", "copytruncate"])
def test_rotation_loses_nothing_whether_it_is_seen_or_not(desk: Desk, way: str, watched: bool) -> None:
    desk.write("one")
    desk.read()
    if not watched:
        desk.restart()
    desk.write("two", "last of the old")
    getattr(desk, way)()
    desk.write("first of the new")
    assert desk.read() == ["one", "two", "last of the old", "first of the new"]
    desk.write("more")
    assert desk.read()[-1] == "more"
    assert len(desk.lines()) == 5
    assert desk.standing.problem == ""


def test_the_end_of_a_rotated_file_is_taken_though_its_line_is_not_ended(desk: Desk) -> None:
    desk.write("one", "half a li", end="")
    desk.read()
    desk.rename()
    desk.write("new")
    assert desk.read() == ["one", "half a li", "new"]


def test_a_writer_that_has_not_moved_on_is_followed_under_the_old_name(desk: Desk) -> None:
    desk.write("one")
    desk.read()
    old = desk.rename()
    desk.log.touch()  # logrotate's create
    with old.open("a") as writer:
        writer.write("two\n")
    assert desk.read() == ["one", "two"]
    desk.write("three")
    assert desk.read() == ["one", "two", "three"]


def test_a_pattern_that_fits_rotated_files_reads_none_twice(tmp_path: Path) -> None:
    desk = Desk(tmp_path, str(tmp_path / "logs" / "app.log*"))
    desk.read()
    expected = []
    for number, way in enumerate((desk.rename, desk.copytruncate, desk.rename, desk.copytruncate)):
        desk.write(f"line {number}")
        expected.append(f"line {number}")
        desk.read()
        way()
        desk.write(f"after {number}")
        expected.append(f"after {number}")
        assert desk.read() == expected
    (tmp_path / "logs" / "app.log.9.gz").write_bytes(b"\x1f\x8bpacked")
    assert desk.read() == expected


def test_two_rotations_of_equal_beginnings_are_two_files(desk: Desk) -> None:
    desk.write("# fields: a b", "1")
    desk.read()
    desk.copytruncate()
    desk.write("# fields: a b", "2")
    assert desk.read() == ["# fields: a b", "1", "# fields: a b", "2"]


@pytest.mark.parametrize("killed", [True, False])
def test_after_a_restart_it_goes_on_where_it_was(desk: Desk, killed: bool) -> None:
    desk.write("one", "two")
    desk.read()
    desk.restart(killed=killed)
    desk.write("three")
    assert desk.read() == ["one", "two", "three"]


def test_what_the_journal_knows_the_book_need_not(desk: Desk) -> None:
    desk.write("one")
    desk.read()
    kept = desk.book.read_bytes()
    desk.write("two")
    desk.journal.append([a_delivery(source="other")] * 3)
    desk.read()
    desk.book.write_bytes(kept)
    desk.restart(killed=True)
    desk.write("three")
    assert desk.read() == ["one", "two", "three"]


def test_while_the_journal_takes_nothing_the_file_is_the_buffer(desk: Desk) -> None:
    stop = Event()
    desk.write("one")
    desk.journal.shut = True
    runs = Thread(target=desk.tail.run, args=(stop,))
    runs.start()
    try:
        while not desk.standing.problem:
            pass
        assert "disk is full" in desk.standing.problem
        desk.journal.shut = False
        while not desk.lines():
            pass
    finally:
        stop.set()
        runs.join()
    assert desk.lines() == ["one"]


def test_a_file_that_is_gone_unread_is_told(desk: Desk) -> None:
    desk.write("one")
    desk.read()
    desk.restart()
    desk.log.unlink()
    desk.write("other")
    assert desk.read() == ["one", "other"]
    assert "is gone" in desk.standing.problem


def test_a_deleted_file_is_let_go(desk: Desk) -> None:
    desk.write("one")
    desk.read()
    desk.write("two")
    desk.log.unlink()
    assert desk.read() == ["one", "two"]
    assert desk.tail._open == {}
    desk.write("again")
    assert desk.read() == ["one", "two", "again"]


def test_a_line_longer_than_a_delivery_comes_in_pieces(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "CHUNK", 10)
    desk.write("x" * 25, "y")
    assert desk.read() == ["x" * 10, "x" * 10, "x" * 5, "y"]


def test_too_many_files_are_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "MOST_FILES", 0)
    desk.write("one")
    assert desk.read() == []
    assert "is not read" in desk.standing.problem


def test_a_file_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    desk = Desk(tmp_path, str(tmp_path / "logs" / "*.log"))
    desk.read()
    desk.write("one")
    second = desk.log.with_name("another.log")
    second.write_text("two\n")
    desk.read()
    followed = desk.tail._book.files[str(second)]
    os.close(desk.tail._open.pop(str(second)))
    desk.tail._open[str(second)] = os.open(second, os.O_WRONLY)  # reading it fails from now on
    desk.write("three")
    assert "three" in desk.read()
    assert desk.standing.problem
    assert followed.offset == 4


STEPS = ("write", "write", "read", "step", "rename", "copytruncate", "restart", "kill")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=25))
def test_every_line_comes_once_and_in_order_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("tail"))
    desk.read()
    written: list[str] = []
    rotated = True  # nobody can follow what is rotated before any of it was seen
    for step in [*steps, "write", "read"]:
        if step == "write":
            written += [f"line {len(written)}", f"line {len(written) + 1}"]
            desk.write(*written[-2:])
        elif step == "step":
            desk.tail.step()
        elif step in ("rename", "copytruncate"):
            if rotated or not desk.log.exists() or not desk.log.stat().st_size:
                continue
            getattr(desk, step)()
            rotated = True
            continue
        elif step == "read":
            desk.read()
            rotated = rotated and not (desk.log.exists() and desk.log.stat().st_size)
        else:
            desk.restart(killed=step == "kill")
    assert desk.lines() == written


def test_a_head_is_known_by_no_more_than_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1_000)
    assert files.signature(str(path), 1_000).size == files.HEAD
    assert files.signature(str(path), 0) == files.Head()
