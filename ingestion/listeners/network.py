"""Who sends syslog over the network? UDP, TCP and TLS, each peer within bounds."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from ingestion.listeners.framing import Frame, Splitter
from ingestion.listeners.intake import Intake, Message

CHUNK = 16 << 10  # bytes read at once
PARTIAL = 30.0  # seconds that a message may take from its first byte to its last
HANDSHAKE = 10.0  # seconds for TLS
COUNT_LOST = 1.0  # seconds between two looks at what the system dropped
GRACE = 1.0  # seconds at the end in which peers may finish what they were sending
_LOOPBACK = ("127.", "::1", "::ffff:127.")

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Heard: TypeAlias = Callable[[], None]  # called at each whole message
Peers = dict[asyncio.Task[None], float]  # who is connected -> when a whole message last came (monotonic)


def peer_of(address: object) -> str:
    """Return the address that stands for a host; empty for this machine, which relays for others."""
    host = str(address[0]) if isinstance(address, tuple) and address else ""
    return "" if host.startswith(_LOOPBACK) else host.removeprefix("::ffff:").partition("%")[0]


class Datagrams(asyncio.DatagramProtocol):
    """One message a datagram; what finds no room is dropped and counted, since a sender cannot be told to wait."""

    def __init__(self, intake: Intake, longest: int, sock: socket.socket) -> None:
        self._intake, self._longest, self._socket = intake, longest, sock

    async def count_lost(self) -> None:
        """What the system dropped before it could be read is as lost as what found no room here."""
        inode, counted = str(os.fstat(self._socket.fileno()).st_ino), 0
        while True:
            lost = lost_before(inode)
            self._intake.standing.dropped += lost - counted
            counted = lost
            await asyncio.sleep(COUNT_LOST)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """Take what came."""
        text = data.strip(b"\r\n\x00 ")
        if len(text) > self._longest:
            self._intake.standing.truncated += 1
        if text:
            self._intake.offer(Message(text[: self._longest], peer_of(addr)))

    def error_received(self, exc: Exception) -> None:
        """Say it."""
        self._intake.standing.trouble(f"receiving: {exc}", self._intake.clock())


def lost_before(inode: str) -> int:
    """Return how many datagrams the system dropped because a socket's buffer was full (Linux; elsewhere 0)."""
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            for row in Path(table).read_text("ascii").splitlines()[1:]:
                columns = row.split()
                if columns[9] == inode:
                    return int(columns[12])
    return 0


class Streams:
    """Connections of one listener; when one too many comes, the one that was longest without a message goes."""

    def __init__(self, intake: Intake, most: int) -> None:
        self.intake = intake
        self._most = most
        self._peers: Peers = {}
        self.ending = asyncio.Event()

    async def serve(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> asyncio.Server:
        """Begin to listen."""
        patience = HANDSHAKE if tls else None
        return await asyncio.start_server(
            self._connected, sock=sock, ssl=tls, ssl_handshake_timeout=patience, limit=CHUNK
        )

    async def end(self) -> None:
        """Tell every peer that no more is read, take what is still under way, and let go."""
        self.ending.set()
        if self._peers:
            await asyncio.wait(self._peers, timeout=GRACE)
        for task in list(self._peers):
            task.cancel()

    async def converse(self, reader: Reader, writer: Writer, heard: Heard) -> None:
        """Take what the peer sends until it ends."""
        raise NotImplementedError

    async def _connected(self, reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._peers) >= self._most:
            self.intake.standing.refused += 1
            min(self._peers, key=lambda one: self._peers[one]).cancel()
        self._peers[task] = monotonic()
        self.intake.standing.connections = len(self._peers)
        farewell = asyncio.create_task(self.farewell(writer))
        try:
            await self.converse(reader, writer, lambda: self._peers.__setitem__(task, monotonic()))
        except (OSError, ssl.SSLError) as error:
            self.intake.standing.trouble(f"a connection broke: {error}", self.intake.clock())
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            farewell.cancel()
            self._peers.pop(task, None)
            self.intake.standing.connections = len(self._peers)
            writer.close()

    async def farewell(self, writer: Writer) -> None:
        """At the end half-close: a sender that looks (rsyslog does) sends no more, and what it sent is still read."""
        await self.ending.wait()
        with contextlib.suppress(OSError):
            if writer.can_write_eof():
                writer.write_eof()
            else:  # TLS
                writer.close()


class SyslogStreams(Streams):
    """Syslog over TCP or TLS. Where there is no room nothing is read: the peer's own queue fills."""

    def __init__(self, intake: Intake, most: int, longest: int) -> None:
        super().__init__(intake, most)
        self._longest = longest

    async def converse(self, reader: Reader, writer: Writer, heard: Heard) -> None:
        """Read messages of either framing; one that takes too long is taken as far as it came, and the peer goes."""
        splitter, peer = Splitter(self._longest), peer_of(writer.get_extra_info("peername"))
        began: float | None = None  # when the message began that is not whole yet
        while True:
            left = None if began is None else max(0.0, began + PARTIAL - monotonic())
            try:
                data = await asyncio.wait_for(reader.read(CHUNK), left)
            except TimeoutError:
                data = b""
            for frame in splitter.feed(data):
                began = None
                heard()
                await self._put(frame, peer)
            if not data:
                break
            began = (began or monotonic()) if splitter.pending else None
        if last := splitter.rest():
            await self._put(last, peer)

    async def _put(self, frame: Frame, peer: str) -> None:
        self.intake.standing.truncated += frame.cut
        await self.intake.put(Message(frame.text, peer))
