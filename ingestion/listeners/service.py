"""Which listeners run, and how do they begin and end? All of them in one process, each with bounds of its own."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread

from aiops.domain.errors import BadConfiguration
from aiops.domain.sections import ListenersConfig
from aiops.ports import Journal
from ingestion.listeners.intake import Intake
from ingestion.listeners.network import Datagrams, Streams, SyslogStreams
from ingestion.listeners.relp import RelpStreams
from ingestion.listeners.standing import Standing, publish
from ingestion.listeners.tail import Tail

NETWORK = {"syslog_udp": socket.SOCK_DGRAM, "syslog_tcp": socket.SOCK_STREAM, "syslog_tls": socket.SOCK_STREAM}
NETWORK["relp"] = socket.SOCK_STREAM
SYSLOG, FILES = "syslog", "logs"  # sources
BOOK = "files.json"  # in the data folder: how far the followed files are read
PUBLISH = 0.5  # seconds between two looks at how the listeners stand
RECEIVE_BUFFER = 4 << 20  # bytes that the system may hold of datagrams, where it grants so much


@dataclass(frozen=True)
class Listeners:
    """What all of them need."""

    journal: Journal
    config: ListenersConfig
    sockets: Mapping[str, socket.socket]  # bound; by key of NETWORK
    folder: Path  # the data folder
    clock: Callable[[], datetime]
    keep: Callable[[Path, bytes], None]  # writes a file durably

    async def run(self, file: Path, stop: Event) -> None:
        """Listen until ``stop``; then take what is still under way and write it. How they stand is left in ``file``."""
        standings: list[Standing] = []
        # A task that fails ends all of this with its error: the supervisor starts the process again.
        async with asyncio.TaskGroup() as tasks, AsyncExitStack() as running:
            for name, sock in self.sockets.items():
                standings.append(_standing(name, sock))
                await running.enter_async_context(self._listen(name, sock, standings[-1], tasks))
            if self.config.files:
                standings.append(Standing(name="files", source=FILES, address=", ".join(self.config.files)))
                await running.enter_async_context(self._follow(standings[-1]))
            while not stop.is_set():
                publish(file, standings)
                await asyncio.to_thread(stop.wait, PUBLISH)
        publish(file, standings)

    @asynccontextmanager
    async def _listen(
        self, name: str, sock: socket.socket, standing: Standing, tasks: asyncio.TaskGroup
    ) -> AsyncIterator[None]:
        intake = Intake(self.journal, standing, self.clock, self.config.buffer_bytes)
        writing = tasks.create_task(intake.run())
        datagrams = name == "syslog_udp"
        async with self._datagrams(intake, sock, tasks) if datagrams else self._streams(name, intake, sock):
            yield
        intake.close()
        await writing

    @asynccontextmanager
    async def _datagrams(self, intake: Intake, sock: socket.socket, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        loop = asyncio.get_running_loop()
        datagrams = Datagrams(intake, self.config.longest_message, sock)
        transport, _ = await loop.create_datagram_endpoint(lambda: datagrams, sock=sock)
        counting = tasks.create_task(datagrams.count_lost())
        yield
        counting.cancel()
        transport.close()

    @asynccontextmanager
    async def _streams(self, name: str, intake: Intake, sock: socket.socket) -> AsyncIterator[None]:
        kind = RelpStreams if name == "relp" else SyslogStreams
        streams: Streams = kind(intake, self.config.most_connections, self.config.longest_message)
        server = await streams.serve(sock, tls(self.config) if name == "syslog_tls" else None)
        yield
        server.close()
        await streams.end()

    @asynccontextmanager
    async def _follow(self, standing: Standing) -> AsyncIterator[None]:
        stop = Event()
        tail = Tail(self.journal, self.config.files, self.folder / BOOK, self.keep, standing, self.clock)
        thread = Thread(target=tail.run, args=(stop,), name="files", daemon=True)
        thread.start()
        yield
        stop.set()
        await asyncio.to_thread(thread.join)


def _standing(name: str, sock: socket.socket) -> Standing:
    host, port = sock.getsockname()[:2]
    return Standing(name=name, source=SYSLOG, address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def tls(config: ListenersConfig) -> ssl.SSLContext:
    """Return how TLS is spoken; BadConfiguration when certificate and key do not serve."""
    if not config.certificate or not config.key:
        fix = "name both listeners.certificate and listeners.key"
        raise BadConfiguration("TLS needs a certificate and its key", place="listeners.syslog_tls", fix=fix)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(config.certificate, config.key)
        if config.client_ca:
            context.load_verify_locations(config.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        fix = "name PEM files that belong together and can be read"
        raise BadConfiguration(f"cannot be used: {error}", place="listeners.certificate", fix=fix) from error
    return context
