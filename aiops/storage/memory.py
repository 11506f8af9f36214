"""Where is it kept when it need not outlive the process? Replay, previews and tests."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import inf
from typing import Any, TypeVar, cast

from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.entries import Entry, Payload, Position, encode_payload, stamp
from aiops.domain.errors import Unavailable
from aiops.domain.queries import Facets, Found, Near, Query
from aiops.domain.snapshots import Snapshot, staying
from aiops.storage import memory_query
from aiops.storage.bell import Bell
from aiops.storage.clock import wall_clock

T = TypeVar("T")
Documents = Mapping[str, Mapping[str, Any]]  # collection -> key -> document


class MemoryJournal:
    """A Journal that is gone with its process."""

    def __init__(self, shard: int = 0, clock: Callable[[], datetime] = wall_clock) -> None:
        self._shard, self._clock = shard, clock
        self._entries: list[Entry] = []
        self._dropped = 0  # how many entries are no longer held
        self._lock = threading.Lock()
        self._closed = False
        self._bell = Bell(poll=inf)

    def append(self, payloads: Sequence[Payload], at: datetime | None = None) -> list[Position]:
        """Add entries; "on disk" means nothing here."""
        with self._lock:
            if self._closed:
                raise Unavailable("the journal is closed")
            first = self._dropped + len(self._entries) + 1
            positions = [Position(self._shard, first + index) for index in range(len(payloads))]
            when = stamp(at or self._clock())
            pairs = zip(positions, payloads, strict=True)
            self._entries += [Entry(position=place, received_at=when, payload=payload) for place, payload in pairs]
        self._bell.ring()
        return positions

    def read(self, after: Position | None, limit: int) -> list[Entry]:
        """Return up to ``limit`` entries behind ``after``."""
        with self._lock:
            first = max(0, (after.offset if after else 0) - self._dropped)
            return self._entries[first : first + limit]

    def get(self, position: Position) -> Entry | None:
        """Return one entry, if it is held."""
        with self._lock:
            index = position.offset - 1 - self._dropped
            held = 0 <= index < len(self._entries) and position.shard == self._shard
            return self._entries[index] if held else None

    def last(self) -> Position | None:
        """Return the newest position."""
        with self._lock:
            offset = self._dropped + len(self._entries)
            return Position(self._shard, offset) if offset else None

    def size(self, after: Position | None) -> int:
        """Return how many bytes the payloads behind ``after`` would take on disk."""
        return sum(len(encode_payload(entry.payload)) for entry in self.read(after, len(self._entries)))

    def wait(self, after: Position | None, timeout: float) -> bool:
        """Wait for an entry behind ``after``."""
        return self._bell.wait(lambda: bool(self.read(after, 1)), timeout)

    def drop_before(self, position: Position) -> None:
        """Forget all entries before ``position`` but the newest: here each is a segment of its own."""
        with self._lock:
            count = max(0, min(position.offset - 1 - self._dropped, len(self._entries) - 1))
            del self._entries[:count]
            self._dropped += count

    def close(self) -> None:
        """Take no more."""
        self._closed = True


class MemoryStore:
    """A Store that is gone with its process."""

    def __init__(self) -> None:
        self._documents: dict[str, dict[str, Any]] = {}
        self._position: Position | None = None
        self._snapshots: dict[str, list[Snapshot]] = {}
        self._views = 0  # open ones: what they look at is copied before it changes
        self._lock = threading.Lock()
        self._bell = Bell(poll=inf)

    def save(self, changes: Changes) -> None:
        """Take documents of equal or higher revision, and the position where it goes forward."""
        with self._lock:
            for collection, documents in changes:
                self._take(collection, documents)
            if changes.position and (self._position is None or changes.position > self._position):
                self._position = changes.position
        self._bell.ring()

    def _take(self, collection: Collection[Any], documents: list[Any]) -> None:
        present = self._documents.setdefault(collection.name, {})
        if self._views:
            present = self._documents[collection.name] = dict(present)
        for document in documents:
            key = collection.key(document)
            earlier = present.get(key)
            if earlier is None or document.revision >= earlier.revision:
                present[key] = document

    def position(self) -> Position | None:
        """Return the committed position."""
        return self._position

    def wait(self, until: Position, timeout: float) -> bool:
        """Wait until ``until`` is committed."""
        return self._bell.wait(lambda: self._position is not None and self._position >= until, timeout)

    def keep(self, snapshot: Snapshot, history: timedelta = timedelta(0)) -> list[Position]:
        """Keep it in place of one of its position, and of its version those that need stay."""
        with self._lock:
            kept = {one.position: one for one in [*self._snapshots.get(snapshot.version, []), snapshot]}
            stay = staying({position: one.taken_at for position, one in kept.items()}, history)
            self._snapshots[snapshot.version] = [kept[position] for position in reversed(stay)]
        return stay

    def snapshot(self, version: str, until: Position | None = None) -> Snapshot | None:
        """Return the newest of ``version``."""
        kept = [one for one in self._snapshots.get(version, []) if until is None or one.position <= until]
        return kept[-1] if kept else None

    def snapshots(self, version: str) -> list[Position]:
        """Return where they stand."""
        return [one.position for one in reversed(self._snapshots.get(version, []))]

    @contextmanager
    def view(self) -> Iterator["MemoryView"]:
        """Open one consistent read: later saves are not seen."""
        with self._lock:
            self._views += 1
            view = MemoryView(dict(self._documents), self._position)
        try:
            yield view
        finally:
            with self._lock:
                self._views -= 1

    def close(self) -> None:
        """Nothing is held but memory."""


class MemoryView:
    """A View of a MemoryStore."""

    def __init__(self, documents: Documents, position: Position | None) -> None:
        self._documents, self._position = documents, position

    def position(self) -> Position | None:
        """Return the position of this state."""
        return self._position

    def get(self, collection: Collection[T], key: str) -> T | None:
        """Return one document."""
        return self._of(collection).get(key)

    def many(self, collection: Collection[T], keys: Sequence[str]) -> list[T]:
        """Return those that exist, in the order of ``keys``."""
        present = self._of(collection)
        return [present[key] for key in keys if key in present]

    def find(self, collection: Collection[T], query: Query) -> Found[T]:
        """Return one page."""
        return memory_query.find(collection, self._of(collection), query)

    def values(self, collection: Collection[T], name: str, beginning: str = "") -> Sequence[str]:
        """List the distinct ones."""
        return memory_query.values(collection, self._of(collection), name, beginning)

    def facets(self, collection: Collection[T], query: Query, names: Sequence[str]) -> Facets:
        """Count by values."""
        return memory_query.facets(collection, self._of(collection), query, names)

    def nearest(self, collection: Collection[T], query: Query, vector: bytes) -> list[Near[T]]:
        """Return the most alike, compared one by one."""
        return memory_query.nearest(collection, self._of(collection), query, vector)

    def _of(self, collection: Collection[T]) -> Mapping[str, T]:
        return cast("Mapping[str, T]", self._documents.get(collection.name, {}))
