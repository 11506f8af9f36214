"""May this delivery come in now? How many a second a source may deliver, and which of its headers are looked at."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from aiops.domain.documents import MAPPINGS, SOURCE_SETTINGS
from aiops.domain.errors import Overloaded, Unavailable
from aiops.domain.queries import Query
from aiops.domain.senders import SourceMapping, SourceSettings
from aiops.ports import Store
from ingestion.senders import Senders, reading

FRESH = 1.0  # seconds that what people set is believed before it is looked up again


@dataclass(frozen=True)
class Turned:
    """How many deliveries of a source were told to come later, since this process began."""

    count: int = 0
    last: datetime | None = None


@dataclass
class Bucket:
    """Fills by ``rate`` a second up to ``burst``; each delivery takes one."""

    left: float
    at: float  # monotonic seconds

    def take(self, rate: float, burst: int, now: float) -> float:
        """Take one; return 0, or how many seconds later one will be there."""
        self.left = min(float(burst), self.left + (now - self.at) * rate)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) / rate


class Gate:
    """What one API process knows of the sources that people said something of."""

    def __init__(self, store: Store, tick: Callable[[], float] = time.monotonic) -> None:
        self._store, self._tick, self._lock = store, tick, Lock()
        self._looked = float("-inf")
        self._settings: dict[str, SourceSettings] = {}
        self._buckets: dict[str, Bucket] = {}
        self._mappings: list[SourceMapping] = []
        self.headers: tuple[str, ...] = ()  # that mappings look at, in lower case
        self.senders: Senders = Senders()  # reads as the engine does
        self.turned: dict[str, Turned] = {}
        self.turned_away = 0  # deliveries told to come later, for whatever reason

    @property
    def stale(self) -> bool:
        """Is it time to look again?"""
        return self._tick() - self._looked >= FRESH

    def look(self) -> None:
        """Read what people set; blocks: call it from a thread. While the store is away, what was known holds."""
        with self._lock, suppress(Unavailable):
            self._looked = self._tick()
            with self._store.view() as view:
                settings = view.find(SOURCE_SETTINGS, Query(limit=1_000)).items
                mappings = view.find(MAPPINGS, Query(where={"active": (True,)}, limit=1_000)).items
            self._settings = {one.source: one for one in settings}
            self._buckets = {name: bucket for name, bucket in self._buckets.items() if name in self._settings}
            if mappings != self._mappings:
                self._mappings, self.senders = mappings, reading(mappings)
                self.headers = tuple(sorted({name for one in mappings for name in one.headers}))

    def admit(self, source: str, now: datetime) -> None:
        """Overloaded, with when to come again, where the source delivers more often than it may."""
        settings = self._settings.get(source)
        if settings is None or settings.rate is None:
            return
        with self._lock:
            tick = self._tick()
            bucket = self._buckets.setdefault(source, Bucket(float(settings.burst), tick))
            wait = bucket.take(settings.rate, settings.burst, tick)
            if not wait:
                return
            before = self.turned.get(source, Turned())
            self.turned[source] = replace(before, count=before.count + 1, last=now)
        said = f"{source} delivers more than the {settings.rate:g} a second that {settings.put_by} set for it"
        raise Overloaded(said, retry_after=wait)
