"""What do the listeners' tests stand on? The real listeners on real sockets of the loopback, with a memory journal."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from aiops.bootstrap.sockets import bound
from aiops.domain.entries import Delivery, Payload, Position
from aiops.domain.errors import Unavailable
from aiops.domain.sections import ListenersConfig
from aiops.storage.durable import write_file
from aiops.storage.memory import MemoryJournal
from ingestion.listeners.service import Listeners
from ingestion.listeners.standing import FILE, Standing, published
from ingestion.sources import registry
from tests.builders import T0

PATIENCE = 20.0


class SlowJournal(MemoryJournal):
    """A journal that takes nothing while it is ``shut``."""

    shut = False

    def append(self, payloads: Sequence[Payload], at: datetime | None = None) -> list[Position]:
        if self.shut:
            raise Unavailable("the disk is full")
        return super().append(payloads, at)


async def until(there: Callable[[], Any], what: str) -> Any:
    """Wait for something to be true, and return it."""
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        if found := there():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"not within {PATIENCE:.0f} s: {what}")


class Rig:
    """Listeners that run, and what came of what they took."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.folder, self.journal = folder, SlowJournal(clock=lambda: T0)
        self.config = ListenersConfig(**config)
        self.sockets: dict[str, socket.socket] = {}
        self.stop = Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Rig"]:
        with bound(self.config) as self.sockets:
            listeners = Listeners(self.journal, self.config, self.sockets, self.folder, lambda: T0, write_file)
            run = asyncio.create_task(listeners.run(self.folder / FILE, self.stop))
            try:
                await until(lambda: run.done() or published(self.folder / FILE), "listeners")
                yield self
            finally:
                self.stop.set()
                await run

    def address(self, name: str) -> tuple[str, int]:
        host, port = self.sockets[name].getsockname()[:2]
        return host, port

    async def connect(
        self, name: str, tls: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.address(name), ssl=tls, server_hostname="localhost" if tls else None)

    def deliveries(self) -> list[Delivery]:
        return [entry.payload for entry in self.journal.read(None, 10_000) if isinstance(entry.payload, Delivery)]

    def texts(self) -> list[str]:
        parsed = [registry.parse(delivery, T0) for delivery in self.deliveries()]
        assert not any(one.problems for one in parsed)
        return [event.text for one in parsed for event in one.events]

    async def came(self, number: int) -> list[str]:
        """Wait until so many messages are in the journal, and return them."""
        await until(lambda: len(self.texts()) >= number, f"{number} messages")
        return self.texts()

    def standing(self, name: str) -> Standing:
        return next(one for one in published(self.folder / FILE) if one.name == name)

    async def stands(self, name: str, fits: Callable[[Standing], Any]) -> Standing:
        await until(lambda: fits(self.standing(name)), f"how {name} stands")
        return self.standing(name)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost that vouches for itself, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key
