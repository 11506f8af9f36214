"""How do messages become deliveries? Gathered within a bound, written in batches, told when they are durable."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from aiops.domain.entries import Delivery
from aiops.domain.errors import Unavailable
from aiops.ports import Journal
from ingestion.listeners.standing import Standing
from ingestion.redact import redact
from ingestion.sources import syslog

LINGER = 0.1  # seconds that a first message waits for others to share its delivery
BATCH_BYTES, BATCH_MESSAGES = 256 << 10, 2_000  # of one delivery
OVERHEAD = 200  # bytes that a held message costs beside its own
PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds before an append is tried again


class Message(NamedTuple):
    """One message as it came in."""

    text: bytes
    peer: str = ""  # address of who sent it
    durable: Callable[[], None] | None = None  # called once it is on disk


class Intake:
    """Messages of one listener on their way into the journal: in order, at most ``most_bytes`` of them at once."""

    def __init__(self, journal: Journal, standing: Standing, clock: Callable[[], datetime], most_bytes: int) -> None:
        self.standing = standing
        self.clock = clock
        self._journal, self._most = journal, most_bytes
        self._held: deque[Message] = deque()
        self._bytes = 0
        self._filled, self._enough, self._room = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._room.set()
        self._closing = False

    def offer(self, message: Message) -> bool:
        """Take a message; False, and it is counted as dropped, where there is no room."""
        if self._bytes >= self._most:
            self.standing.dropped += 1
            return False
        self._hold(message)
        return True

    async def put(self, message: Message) -> None:
        """Take a message, once there is room: until then the caller reads on nothing."""
        while self._bytes >= self._most:
            self._room.clear()
            await self._room.wait()
        self._hold(message)

    def close(self) -> None:
        """No more will come: ``run`` writes what is held and ends."""
        self._closing = True
        self._filled.set()
        self._enough.set()

    async def run(self) -> None:
        """Write batch after batch until ``close``."""
        while True:
            await self._filled.wait()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), LINGER)
            if not self._held and self._closing:
                return
            await self._write(self._batch())

    def _hold(self, message: Message) -> None:
        self._held.append(message)
        self._bytes += _cost(message)
        self._filled.set()
        self._weigh(self._bytes)

    def _batch(self) -> list[Message]:
        """Cut off the oldest messages; they count as held until they are written."""
        batch: list[Message] = []
        size = 0
        while self._held and size < BATCH_BYTES and len(batch) < BATCH_MESSAGES:
            batch.append(self._held.popleft())
            size += len(batch[-1].text)
        if not self._held and not self._closing:
            self._filled.clear()
        self._weigh(self._bytes - sum(map(_cost, batch)))
        return batch

    def _weigh(self, size: int) -> None:
        """Is there enough to be written without waiting for more?"""
        if self._closing or size >= min(BATCH_BYTES, self._most // 2):
            self._enough.set()
        else:
            self._enough.clear()

    async def _write(self, batch: Sequence[Message]) -> None:
        """Append until it is done: what was taken is not given up while this process lives."""
        pause = PAUSE
        while True:
            try:
                await asyncio.to_thread(self._append, batch)
                break
            except Unavailable as error:
                self.standing.trouble(f"the journal takes nothing: {error}", self.clock())
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        self._bytes -= sum(map(_cost, batch))
        self._room.set()
        self.standing.take(len(batch), self.clock())
        for message in batch:
            if message.durable:
                message.durable()

    def _append(self, batch: Sequence[Message]) -> None:
        body = syslog.framed((message.peer, redact(message.text)) for message in batch)
        self._journal.append([Delivery(source=self.standing.source, body=body, content_type=syslog.FRAMED)])


def _cost(message: Message) -> int:
    return len(message.text) + OVERHEAD
