"""How far may what is accepted run ahead of the engine? Beyond that nothing more is taken, and who sends is told so."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from aiops.domain.entries import Entry, Payload, Position
from aiops.domain.errors import Overloaded, Unavailable
from aiops.ports import Journal

FRESH = 1.0  # seconds that a look at how far the engine is behind is believed
RETRY_AFTER = 10.0  # seconds


class Bounds(NamedTuple):
    """How much may wait for the engine; 0: any."""

    entries: int = 0
    size: int = 0  # bytes on disk, in whole segments of the journal


class BoundedJournal:
    """A Journal whose ``append`` raises Overloaded while more than ``most`` waits to be folded.

    For those who bring something in. The engine, and the workers behind it, write to the journal itself: what they
    append is what lets it catch up.
    """

    def __init__(
        self,
        journal: Journal,
        committed: Callable[[], Position | None],
        most: Bounds,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal, self._committed, self._most, self._tick = journal, committed, most, tick
        self._looked, self._full = float("-inf"), ""

    def append(self, payloads: Sequence[Payload], at: datetime | None = None) -> list[Position]:
        """Write all payloads; Overloaded while too much waits already."""
        if any(self._most) and (full := self._look()):
            raise Overloaded(full, retry_after=RETRY_AFTER)
        return self._journal.append(payloads, at)

    def _look(self) -> str:
        """Say what is too much, as of lately; empty: nothing. A store that cannot say counts as where it was."""
        now = self._tick()
        if now - self._looked >= FRESH:
            self._looked = now
            try:
                self._full = self._too_much()
            except Unavailable:
                return self._full
        return self._full

    def _too_much(self) -> str:
        last, done = self._journal.last(), self._committed()
        waiting = (last.offset if last else 0) - (done.offset if done else 0)
        if 0 < self._most.entries < waiting:
            bound = f"the {self._most.entries:,} of server.most_behind"
            return f"{waiting:,} entries wait for the engine, more than {bound}"
        size = self._journal.size(done) if self._most.size and waiting > 0 else 0
        if size > self._most.size:
            bound = f"the {self._most.size:,} of server.most_behind_bytes"
            return f"{size:,} bytes of the journal wait for the engine, more than {bound}"
        return ""

    def read(self, after: Position | None, limit: int) -> list[Entry]:
        """Return entries in order."""
        return self._journal.read(after, limit)

    def get(self, position: Position) -> Entry | None:
        """Return one entry."""
        return self._journal.get(position)

    def last(self) -> Position | None:
        """Return the newest position."""
        return self._journal.last()

    def wait(self, after: Position | None, timeout: float) -> bool:
        """Wait for an entry."""
        return self._journal.wait(after, timeout)

    def size(self, after: Position | None) -> int:
        """Return how much lies behind a position."""
        return self._journal.size(after)

    def drop_before(self, position: Position) -> None:
        """Forget old segments."""
        self._journal.drop_before(position)

    def close(self) -> None:
        """Release what is held."""
        self._journal.close()
