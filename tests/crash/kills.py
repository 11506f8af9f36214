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
from aiops.domain.entries import Position
from tests.aiops.served import ROLES, Server
from tests.crash.load import Address

PATIENCE = 60.0  # seconds for the server to come back
SNAPSHOT_WAIT = 8.0  # seconds to catch a snapshot half written
BEGINNING = Position(0, 0)


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
        self.torn = 0  # snapshots that a kill left half written
        self.server: Server
        self._data = data

    def start(self) -> None:
        """Start it, and wait until it works."""
        (self._data / "address").unlink(missing_ok=True)  # the dead left theirs
        self.server = Server(self._data)
        self._wait(lambda: bool(address_of(self._data)), "an address")
        self.server.url = self.address.url = address_of(self._data)
        self._come_back()

    def strike(self, strike: Strike) -> float:
        """Kill, wait until all is well again, and return how many seconds that took."""
        time.sleep(strike.delay)
        self._kill(strike)
        struck = time.monotonic()
        if strike.kind in RESTARTED:
            self.start()
        else:
            self._come_back()
        return time.monotonic() - struck

    def _kill(self, strike: Strike) -> None:
        match strike.kind:
            case Kind.SNAPSHOT:
                self._in_snapshot()
            case Kind.RECOVERY:
                self._in_recovery(strike.second)
            case Kind.TREE:
                self._all()
            case Kind.SUPERVISOR:
                self._supervisor()
            case Kind.SHUTDOWN:
                self._in_shutdown(strike.second)
            case role:
                self._one(role.value)

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

    def _come_back(self) -> None:
        """Wait for all processes, and until what has come by then is folded."""
        self._wait(lambda: len(self._children()) == len(ROLES) and self._status() is not None, "all processes")
        _, last = self._status() or (BEGINNING, BEGINNING)
        self._wait(lambda: (self._status() or (BEGINNING, last))[0] >= last, f"the engine at {last}")

    def _one(self, role: str) -> None:
        child = self._children()[role]
        child.kill()
        child.wait()

    def _in_snapshot(self) -> None:
        """Kill the engine as soon as a new file is there that is not a whole snapshot yet."""
        folder, until = self._data / "snapshots", time.monotonic() + SNAPSHOT_WAIT
        engine, old = self._children()["engine"], set(folder.glob("*.new"))
        while not (begun := set(folder.glob("*.new")) - old) and time.monotonic() < until:
            pass  # it lasts a few milliseconds
        engine.kill()
        engine.wait()
        self.torn += any(path.exists() for path in begun)

    def _in_recovery(self, second: float) -> None:
        self._one("engine")
        self._wait(lambda: "engine" in self._children(), "the next engine")
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
        time.sleep(second * 0.4)  # a shutdown takes about 0.3 s
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

    def _folded(self) -> bool:
        status = self._status()
        return status is not None and status[0] == status[1]

    def _status(self) -> tuple[Position, Position] | None:
        """Return (up to which is folded, the newest in the journal); None while nobody answers."""
        try:
            response = httpx.get(f"{self.server.url}/api/status", timeout=5, trust_env=False)
        except httpx.HTTPError:
            return None
        if not response.is_success:
            return None
        folded, last = (Position.parse(response.json()[name] or "") or BEGINNING for name in ("position", "last"))
        return folded, last

    def _wait(self, there: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not there():
            code = self.server.process.poll()
            assert code is None, f"the server ended by itself ({code}): {self.server.log.read_text()[-2000:]}"
            assert time.monotonic() < until, f"not within {PATIENCE:.0f} s: {what}"
            time.sleep(0.02)
