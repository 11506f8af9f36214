"""How far may what is accepted run ahead of the engine? Beyond that nothing more is taken, and who sends is told so."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from aiops.domain.entries import Entry, Payload, Position
from aiops.domain.errors import Overloaded, Unavailable
from aiops.domain.words import plural
from aiops.ports import Journal

FRESH = 1.0  # seconds that a look at how far the engine is behind is believed
RETRY_AFTER = 10.0  # seconds


class BoundedJournal:
    """A Journal whose ``append`` raises Overloaded while more than ``most`` entries wait to be folded (0: never).

    For those who bring something in. The engine, and the workers behind it, write to the journal itself: what they
    append is what lets it catch up.
    """

    def __init__(
        self,
        journal: Journal,
        committed: Callable[[], Position | None],
        most: int,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal, self._committed, self._most, self._tick = journal, committed, most, tick
        self._looked, self._waiting = float("-inf"), 0

    def append(self, payloads: Sequence[Payload], at: datetime | None = None) -> list[Position]:
        """Write all payloads; Overloaded while too many wait already."""
        if self._most and self._look() > self._most:
            waiting = plural(self._waiting, "entry") if self._waiting == 1 else f"{self._waiting:,} entries"
            said = f"{waiting} wait for the engine, more than the {self._most:,} of server.most_behind"
            raise Overloaded(said, retry_after=RETRY_AFTER)
        return self._journal.append(payloads, at)

    def _look(self) -> int:
        """Return how many entries wait, as of lately; a store that cannot say counts as where it was."""
        now = self._tick()
        if now - self._looked >= FRESH:
            self._looked = now
            try:
                last, done = self._journal.last(), self._committed()
            except Unavailable:
                return self._waiting
            self._waiting = (last.offset if last else 0) - (done.offset if done else 0)
        return self._waiting

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

    def drop_before(self, position: Position) -> None:
        """Forget old segments."""
        self._journal.drop_before(position)

    def close(self) -> None:
        """Release what is held."""
        self._journal.close()
