"""Does what was acknowledged survive a process that is killed, and do two processes stay out of each other's way?"""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aiops.domain.entries import Delivery, Position
from aiops.storage.segments import Segments
from aiops.storage.sqlite_journal import SqliteJournal

Appender = Callable[..., "subprocess.Popen[str]"]


def acknowledged(lines: list[str]) -> dict[int, str]:
    """Return what the children said was written; a line cut short by a kill says nothing."""
    pairs = (line.split() for line in lines if line.endswith("\n"))
    return {int(offset): body for offset, body in pairs}


def written(folder: Path) -> dict[int, str]:
    """Return all entries, after checking that they stand in order and without gaps."""
    journal = SqliteJournal(folder)
    entries = journal.read(None, 1_000_000)
    last = journal.last()
    journal.close()
    offsets = [entry.position.offset for entry in entries]
    assert offsets == list(range(1, len(offsets) + 1))
    assert last == (Position(0, offsets[-1]) if offsets else None)
    return {
        entry.position.offset: entry.payload.body.decode() for entry in entries if isinstance(entry.payload, Delivery)
    }


@pytest.mark.parametrize("segment_bytes", [2**27, 2**16])
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(
    tmp_path: Path, appender: Appender, segment_bytes: int
) -> None:
    said: dict[int, str] = {}
    for run, lines_before_the_kill in enumerate((1, 150, 700)):
        child = appender(f"run{run}", tmp_path, threads=4, count=100_000, segment_bytes=segment_bytes)
        begin(child)
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(lines_before_the_kill)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
        assert child.wait() == -signal.SIGKILL
        new = acknowledged(lines)
        assert not said.keys() & new.keys()
        said |= new
        there = written(tmp_path)
        assert said.items() <= there.items()
    assert all_pairs_whole(there)


def test_two_processes_append_at_once_while_segments_rotate(tmp_path: Path, appender: Appender) -> None:
    children = [appender(name, tmp_path, threads=2, count=300, segment_bytes=2**15) for name in ("one", "two")]
    for child in children:
        begin(child)
    outputs = [child.communicate(timeout=60)[0].splitlines(keepends=True) for child in children]
    assert [child.returncode for child in children] == [0, 0]
    said = [acknowledged(lines) for lines in outputs]
    assert not said[0].keys() & said[1].keys()
    assert min(said[0]) < max(said[1])
    assert min(said[1]) < max(said[0])
    there = written(tmp_path)
    assert there == said[0] | said[1]
    assert len(there) == 2 * 2 * 300 * 2
    assert all_pairs_whole(there)
    assert len(Segments(tmp_path).starts()) > 2


def begin(child: "subprocess.Popen[str]") -> None:
    """Let the child append."""
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def all_pairs_whole(there: dict[int, str]) -> bool:
    """Was every append written whole, its two payloads side by side?"""
    firsts = [offset for offset, body in there.items() if body.endswith(".a")]
    return 2 * len(firsts) == len(there) and all(
        there.get(offset + 1) == there[offset].replace(".a", ".b") for offset in firsts
    )
