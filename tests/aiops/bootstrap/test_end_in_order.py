"""SIGTERM while all doors are busy: every process ends in time and without a word, and nothing it promised is lost."""

import itertools
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from aiops.bootstrap.process import GRACE
from aiops.domain.entries import Delivery
from aiops.storage.folder import open_journal
from tests.aiops.served import Senders, Server, until

PAGE = 1_000
PAUSE = 0.002  # seconds between two lines of a file
SOON = 10.0  # seconds in which the next start is of use


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


class Relp(Thread):
    """Sends lines over RELP, each once the one before it was acknowledged, until nobody answers."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._file = self._socket.makefile("rwb")

    def run(self) -> None:
        with self._socket:
            offer = b"relp_version=0\nrelp_software=test\ncommands=syslog"
            if not self._frame(1, "open", offer):
                return
            for number in itertools.count(2):
                line = f"relp line {number}."
                if not self._frame(number, "syslog", f"<13>Mar  2 09:00:00 db1 app: {line}".encode()):
                    return
                self.acknowledged.append(line)

    def _frame(self, number: int, command: str, data: bytes) -> bool:
        """Send one frame; was it acknowledged?"""
        try:
            self._file.write(f"{number} {command} {len(data)} ".encode() + data + b"\n")
            self._file.flush()
            head = self._file.readline().split(b" ", 3)
            if len(head) < 4:
                return False
            while not self._ends(head):
                head[3] += self._file.readline()
        except OSError:
            return False
        return head[0] == str(number).encode() and head[3].startswith(b"200")

    @staticmethod
    def _ends(head: list[bytes]) -> bool:
        return len(head[3]) >= int(head[2]) + 1


class Writer(Thread):
    """A program that writes its log, whoever reads it."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.lines: list[str] = []
        self._path, self._over = path, Event()

    def run(self) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            for number in itertools.count():
                if self._over.wait(PAUSE):
                    return
                self.lines.append(f"file line {number}.")
                file.write(f"{self.lines[-1]}\n")
                file.flush()

    def end(self) -> None:
        self._over.set()
        self.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "app.log").touch()
    relp = f"relp = '127.0.0.1:{free_port()}'"
    (tmp_path / "aiops.toml").write_text(f"[listeners]\n{relp}\nfiles = ['{tmp_path}/app.log']\n", "utf-8")
    one = Server(tmp_path / "data").ready()
    until(lambda: one.get("/api/status").json()["listeners"], "listeners")
    yield one
    if one.process.poll() is None:
        one.end()


def written(data: Path) -> list[bytes]:
    """Return the bodies of all deliveries in the journal."""
    journal = open_journal(data)
    entries = journal.read(None, PAGE)
    while more := journal.read(entries[-1].position, PAGE):
        entries += more
    journal.close()
    return [entry.payload.body for entry in entries if isinstance(entry.payload, Delivery)]


def times(lines: list[str], bodies: list[bytes]) -> Counter[str]:
    """How often is each of these lines in the journal?"""
    everything = b"\n".join(bodies).decode()
    return Counter({line: everything.count(line) for line in lines})


def port_of(server: Server) -> int:
    text = (server.data.parent / "aiops.toml").read_text("utf-8")
    return int(text.partition("127.0.0.1:")[2].partition("'")[0])


@pytest.mark.slow
def test_an_end_under_load_loses_nothing_at_any_door_and_the_next_start_is_fast(server: Server) -> None:
    children = psutil.Process(server.process.pid).children()
    assert len(children) == 5
    relp, log = Relp(port_of(server)), Writer(server.data.parent / "app.log")
    relp.start()
    log.start()
    with Senders(server) as senders:
        senders.more()
        until(lambda: len(relp.acknowledged) > 20, "acknowledged lines")
        began = time.monotonic()
        assert server.end() == 0
        assert time.monotonic() - began < GRACE
    relp.join()
    assert not any(child.is_running() for child in children)
    assert "Traceback" not in server.log.read_text("utf-8")
    assert [line for line in server.lines() if line["level"] in ("error", "critical")] == []
    bodies = written(server.data)
    assert sum(any(title.encode() in body for body in bodies) for title in senders.accepted.values()) == len(
        senders.accepted
    )
    assert set(times(relp.acknowledged, bodies).values()) == {1}
    began = time.monotonic()
    again = Server(server.data).ready()
    assert time.monotonic() - began < SOON
    log.end()
    until(lambda: times(log.lines[-1:], written(server.data))[log.lines[-1]], "the last line of the file")
    until(again.folded, "the end of the journal")
    assert again.end() == 0
    assert set(times(log.lines, written(server.data)).values()) == {1}
    assert "Traceback" not in again.log.read_text("utf-8")
