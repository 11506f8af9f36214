"""Which process dies when, and how does the server come back?"""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx
import psutil

from aiops.bootstrap.address import address_of
from tests.aiops.served import ROLES, Server
from tests.crash.load import Address

PATIENCE = 60.0  # seconds for the server to come back
SNAPSHOT_WAIT = 8.0  # seconds to catch a snapshot half written


class Kind(StrEnum):
    """What is killed (all by SIGKILL), and when."""

    API = "api"
    ENGINE = "engine"
    LEARNER = "learner"
    RESPONDER = "responder"
    SNAPSHOT = "engine in a snapshot"
    RECOVERY = "engine, and the next in its recovery"
    TREE = "all at once"
    SUPERVISOR = "supervisor alone"
    SHUTDOWN = "all during a shutdown"


RESTARTED = (Kind.TREE, Kind.SUPERVISOR, Kind.SHUTDOWN)  # by us; after the others the supervisor does it


@dataclass(frozen=True)
class Strike:
    """One kill."""

    kind: Kind
    delay: float  # seconds from the last return to the kill
    second: float  # seconds from the signal, or the next start, to the (second) kill


def schedule(seed: int, number: int) -> list[Strike]:
    """Return ``number`` kills: every kind in turn, shuffled; each third restarts all, so that no pause grows long."""
    rng = random.Random(f"{seed}-kills")
    kinds: list[Kind] = []
    while len(kinds) < number:
        singles, restarts = [kind for kind in Kind if kind not in RESTARTED], list(RESTARTED)
        rng.shuffle(singles)
        rng.shuffle(restarts)
        for restart in restarts:
            kinds += [singles.pop(), singles.pop(), restart]
    return [Strike(kind, rng.uniform(0.05, 1.5), rng.uniform(0.0, 0.8)) for kind in kinds[:number]]


class Victim:
    """The real server on one folder, started again whenever all of it was killed."""

    def __init__(self, data: Path) -> None:
        self.address = Address()
        self.missed = 0  # snapshots that were not caught half written
        self._data = data
        self._start()

    def strike(self, strike: Strike) -> float:
        """Kill, wait until all is well again, and return how many seconds that took."""
        time.sleep(strike.delay)
        {
            Kind.SNAPSHOT: self._in_snapshot,
            Kind.RECOVERY: lambda: self._in_recovery(strike.second),
            Kind.TREE: self._all,
            Kind.SUPERVISOR: self._supervisor,
            Kind.SHUTDOWN: lambda: self._in_shutdown(strike.second),
        }.get(strike.kind, lambda: self._one(strike.kind.value))()
        struck = time.monotonic()
        if strike.kind in RESTARTED:
            self._start()
        else:
            self._wait(self._well, "all processes, and readiness")
        return time.monotonic() - struck

    def stop(self) -> int:
        """Let it fold what there is, end it in order, and return its exit code."""
        self._wait(self._folded, "the end of the journal")
        return self.server.end()

    def abandon(self) -> None:
        """Leave no process behind."""
        if self.server.process.poll() is None:
            self._all()

    def lines(self) -> list[dict[str, object]]:
        """Return the log of all lives."""
        return self.server.lines()

    def _start(self) -> None:
        (self._data / "address").unlink(missing_ok=True)  # the dead left theirs
        self.server = Server(self._data)
        self._wait(lambda: bool(address_of(self._data)), "an address")
        self.server.url = self.address.url = address_of(self._data)
        self._wait(self._well, "readiness")

    def _one(self, role: str) -> None:
        self._dead = self._children()[role]
        self._dead.kill()
        self._dead.wait()

    def _in_snapshot(self) -> None:
        engine, folder = self._children()["engine"], self._data / "snapshots"
        until = time.monotonic() + SNAPSHOT_WAIT
        while not any(folder.glob("*.new")):
            if time.monotonic() > until:
                self.missed += 1
                break
        self._dead = engine
        engine.kill()
        engine.wait()

    def _in_recovery(self, second: float) -> None:
        self._one("engine")
        first = self._dead
        self._wait(lambda: self._children().get("engine", first) != first, "the next engine")
        time.sleep(second)
        self._one("engine")

    def _all(self) -> None:
        children = self._children().values()
        self.server.process.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        self.server.process.wait()
        psutil.wait_procs(list(children), PATIENCE)

    def _supervisor(self) -> None:
        children = list(self._children().values())
        self.server.process.kill()
        self.server.process.wait()
        _, alive = psutil.wait_procs(children, 15)
        assert not alive, f"they outlived the supervisor: {alive}"

    def _in_shutdown(self, second: float) -> None:
        self.server.process.terminate()
        time.sleep(second)
        self._all()

    def _children(self) -> dict[str, psutil.Process]:
        """Return the living processes by role."""
        return dict(self._found())

    def _found(self) -> Iterator[tuple[str, psutil.Process]]:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.server.process.pid).children():
                with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                    command = child.cmdline()
                    yield from ((role, child) for role in ROLES if f"aiops.bootstrap.{role}" in command)

    def _well(self) -> bool:
        return len(self._children()) == len(ROLES) and self._says("/readyz") is not None

    def _folded(self) -> bool:
        status = self._says("/api/status")
        return status is not None and status.json()["lag"] == 0

    def _says(self, path: str) -> httpx.Response | None:
        try:
            response = httpx.get(self.server.url + path, timeout=5, trust_env=False)
        except httpx.HTTPError:
            return None
        return response if response.is_success else None

    def _wait(self, there: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not there():
            code = self.server.process.poll()
            assert code is None, f"the server ended by itself ({code}): {self.server.log.read_text()[-2000:]}"
            assert time.monotonic() < until, f"not within {PATIENCE:.0f} s: {what}"
            time.sleep(0.02)
