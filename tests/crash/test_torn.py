"""What a power cut leaves behind: a torn end of the journal's log, a torn snapshot, an upgrade that was cut off."""

import contextlib
import os
import shutil
import tarfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from aiops.domain.documents import INCIDENTS, SOURCES
from aiops.domain.entries import Delivery, Position
from aiops.storage.folder import open_journal, open_store
from aiops.walking import documents_of
from tests.aiops.served import PATIENCE, Server, until
from tests.benchmarks.bench_overload import received
from tests.releases.test_upgrades import HERE, RELEASES

FRAME = 24 + 4_096  # bytes of one page in SQLite's log
KILLS = 6  # of engines that upgrade


def journal(data: Path) -> dict[int, bytes]:
    """Return the bodies of the deliveries that can be read, by offset."""
    with contextlib.closing(open_journal(data)) as one:
        entries = one.read(None, 10_000)
        assert [entry.position.offset for entry in entries] == list(range(1, len(entries) + 1))
    return {entry.position.offset: entry.payload.body for entry in entries if isinstance(entry.payload, Delivery)}


def cut(log: Path) -> None:
    """The last pages never reached the disk."""
    os.truncate(log, log.stat().st_size - FRAME // 2)


def garbled(log: Path) -> None:
    """The last page reached the disk in part."""
    with log.open("r+b") as file:
        file.seek(-FRAME // 2, os.SEEK_END)
        file.write(b"\xa5" * 300)


def longer(log: Path) -> None:
    """The file grew, what was to be written did not come."""
    with log.open("ab") as file:
        file.write(bytes(3 * FRAME))


def killed(data: Path, number: int) -> list[str]:
    """Let a server take deliveries, one after the other, kill all of it, and return their ids."""
    server = Server(data).ready()
    accepted = [server.post(title=f"check {count} failed", labels={"service": f"s{count}"}) for count in range(number)]
    children = psutil.Process(server.process.pid).children()
    server.process.kill()
    for child in children:
        child.kill()
    psutil.wait_procs(children, PATIENCE)
    server.process.wait()
    (data / "address").unlink(missing_ok=True)
    return accepted


@pytest.mark.slow
@pytest.mark.parametrize(("tear", "lost"), [(cut, 1), (garbled, 1), (longer, 0)])
def test_a_torn_end_of_the_journal_costs_no_more_than_what_was_torn(
    tmp_path: Path, tear: Callable[[Path], None], lost: int
) -> None:
    data = tmp_path / "data"
    accepted = killed(data, 12)
    whole = journal_copy(data, tmp_path / "copy")
    (log,) = (data / "journal").glob("*.db-wal")
    shutil.rmtree(data / "snapshots", ignore_errors=True)
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        (data / name).unlink(missing_ok=True)  # what is folded may be ahead of what is torn: it is folded anew
    (data / "journal" / f"{log.name.removesuffix('-wal')}-shm").unlink(missing_ok=True)  # as after a power cut
    tear(log)
    server = Server(data).ready()
    try:
        until(server.folded, "the end of the journal")
        assert server.post(title="after it") not in accepted[: len(accepted) - lost]
        until(server.folded, "the end of the journal")
        assert server.get("/api/ledger/check").json()["wrong"] == 0
    finally:
        assert server.end() == 0
    there = journal(data)
    kept = {offset: body for offset, body in whole.items() if there.get(offset) == body}
    assert len(whole) - len(kept) <= lost
    assert b"after it" in list(there.values())[-1]


def journal_copy(data: Path, copy: Path) -> dict[int, bytes]:
    """Read a copy of the journal, so that the original keeps its log."""
    shutil.copytree(data / "journal", copy / "journal")
    return journal(copy)


def shows(server: Server, number: int) -> bool:
    """Are so many alerts folded, and nothing more to come?"""
    return server.folded() and received(server) == number


def another_engine(server: Server, dead: psutil.Process | None = None) -> psutil.Process | None:
    """Return the engine that is there now, but for the dead one."""
    with contextlib.suppress(psutil.NoSuchProcess):  # a zombie, until its parent looks
        engine = server.child("engine")
        return engine if engine != dead else None
    return None


@pytest.mark.slow
@pytest.mark.parametrize("left", [0, 7, 0.5], ids=["empty", "a few bytes", "half of it"])
def test_a_torn_snapshot_is_passed_over_for_an_older_one(tmp_path: Path, left: float) -> None:
    data = tmp_path / "data"
    for number in range(2):
        server = Server(data).ready()
        server.post(title=f"check {number} failed", labels={"service": f"s{number}"})
        until(partial(shows, server, number + 1), "its alert")
        assert server.end() == 0
    newest = max((data / "snapshots").glob("*.snap"))
    size = newest.stat().st_size
    os.truncate(newest, int(left * size) if left < 1 else int(left))
    server = Server(data).ready()
    try:
        until(server.folded, "the end of the journal")
        assert received(server) == 2
        server.post(title="one more", labels={"service": "s9"})
        until(partial(shows, server, 3), "three alerts")
        assert server.get("/api/ledger/check").json()["wrong"] == 0
    finally:
        assert server.end() == 0
    assert not any(line["level"] in ("error", "critical") for line in server.lines())


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES)
def test_engines_killed_while_they_upgrade_leave_a_folder_that_is_upgraded(tmp_path: Path, release: str) -> None:
    data = tmp_path / "data"
    with tarfile.open(HERE / f"{release}.tgz") as archive:
        archive.extractall(data, filter="data")
    with contextlib.closing(open_store(data, readonly=True)) as store:
        before = store.position()
    assert before is not None
    server = Server(data)
    try:
        for kill in range(KILLS):
            engine = until(partial(another_engine, server), "an engine")
            time.sleep(0.12 * kill)  # from its first import to its first fold
            engine.kill()
            until(partial(another_engine, server, engine), "another engine")
        server.ready()
        server.post(title="lamp is broken", labels={"service": "lamp9"})
        until(server.folded, "the end of the journal")
        assert server.get("/api/ledger").json()["balances"]
    finally:
        assert server.end() == 0
    with contextlib.closing(open_store(data, readonly=True)) as store, store.view() as view:
        position = view.position()
        assert position is not None
        assert position > before
        assert sum(1 for _ in documents_of(view, INCIDENTS)) > 1
        assert all(line.balances for line in documents_of(view, SOURCES))
    assert Position(0, 1) < position
