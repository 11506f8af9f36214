"""What is due, and when? One heap for the whole engine, so that timers run in one order in every replay."""

import heapq
from datetime import datetime

from aiops.domain.base import Noun


class Timer(Noun, frozen=True, kw_only=True, order=True):
    """Something to do at ``due``: ``kind`` names the step, ``key`` what it concerns."""

    due: datetime
    kind: str
    key: str


class Timers:
    """Timers by (kind, key); setting one again moves it. Ties run in the order of kind, then key."""

    def __init__(self) -> None:
        self._due: dict[tuple[str, str], datetime] = {}
        self._heap: list[tuple[datetime, str, str]] = []
        self.popped: Timer | None = None  # the last one: at work, or done
        self.skipped: set[Timer] = set()  # not to run: the engine failed on them

    def set(self, kind: str, key: str, due: datetime) -> None:
        """Let ``kind`` of ``key`` run at ``due`` (and not at an earlier setting)."""
        if self._due.get((kind, key)) == due:
            return
        self._due[kind, key] = due
        heapq.heappush(self._heap, (due, kind, key))
        if len(self._heap) > 64 + 4 * len(self._due):  # moved timers leave their old heap items behind
            self._heap = [(when, *name) for name, when in self._due.items()]
            heapq.heapify(self._heap)

    def waits(self, kind: str, key: str) -> bool:
        """Is it set, and has not run yet?"""
        return (kind, key) in self._due

    def cancel(self, kind: str, key: str) -> None:
        """Forget it; nothing happens when it was not set."""
        self._due.pop((kind, key), None)

    def next_due(self) -> datetime | None:
        """Return when the first timer runs; None when there is none."""
        while self._heap:
            due, kind, key = self._heap[0]
            if self._due.get((kind, key)) == due:
                return due
            heapq.heappop(self._heap)
        return None

    def pop(self, until: datetime) -> Timer | None:
        """Take the first timer that is due at ``until`` or before; None when there is none."""
        while (due := self.next_due()) is not None and due <= until:
            _, kind, key = heapq.heappop(self._heap)
            del self._due[kind, key]
            self.popped = Timer(due=due, kind=kind, key=key)
            if self.popped not in self.skipped:
                return self.popped
        return None

    def dump(self) -> list[Timer]:
        """Return all timers, for a snapshot."""
        return sorted(Timer(due=due, kind=kind, key=key) for (kind, key), due in self._due.items())

    def load(self, timers: list[Timer]) -> None:
        """Replace all timers by those of a snapshot."""
        self._due = {(timer.kind, timer.key): timer.due for timer in timers}
        self._heap = [(timer.due, timer.kind, timer.key) for timer in timers]
        heapq.heapify(self._heap)
