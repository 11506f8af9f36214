"""What can be swapped, and what must each swap keep? Only where two implementations exist."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.entries import Entry, Payload, Position
from aiops.domain.queries import Facets, Found, Near, Query
from aiops.domain.snapshots import Snapshot

T = TypeVar("T")


class Readable(Protocol):
    """What the fold needs of a journal: entries in order."""

    def read(self, after: Position | None, limit: int) -> list[Entry]:
        """Return up to ``limit`` entries behind ``after`` (None: from the start), in order."""
        ...


class Journal(Readable, Protocol):
    """The truth: entries in order, durable before they are acknowledged."""

    def append(self, payloads: Sequence[Payload], at: datetime | None = None) -> list[Position]:
        """Write all payloads, or none, and return their positions; on return they are on disk.

        ``at`` replaces the wall clock (backfill, demo, tests). Raises Overloaded | Unavailable. Safe to call from any
        thread and process.
        """
        ...

    def get(self, position: Position) -> Entry | None:
        """Return one entry; None when there is none (or no longer)."""
        ...

    def last(self) -> Position | None:
        """Return the newest position; None when empty."""
        ...

    def wait(self, after: Position | None, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds for an entry behind ``after``; is there one?"""
        ...

    def size(self, after: Position | None) -> int:
        """Return how many bytes entries behind ``after`` take, counted in whole segments: at least, never less."""
        ...

    def drop_before(self, position: Position) -> None:
        """Forget whole segments whose entries all stand before ``position``."""
        ...

    def close(self) -> None:
        """Release what is held; what was appended stays."""
        ...


class View(Protocol):
    """One consistent read of a store."""

    def position(self) -> Position | None:
        """Return the position that this view shows the state of."""
        ...

    def get(self, collection: Collection[T], key: str) -> T | None:
        """Return one document; None when there is none."""
        ...

    def many(self, collection: Collection[T], keys: Sequence[str]) -> list[T]:
        """Return the documents that exist, in the order of ``keys``."""
        ...

    def find(self, collection: Collection[T], query: Query) -> Found[T]:
        """Return one page of what ``query`` asks for. BadInput names an unknown field or a foreign cursor.

        Its total is exact up to ``query.most``, and where nothing is asked for but values that the collection counts
        at write (one condition, or two of which one is crossed); beyond, it is ``most``, and it says so.
        """
        ...

    def values(self, collection: Collection[T], name: str, beginning: str = "") -> Sequence[str]:
        """Return the distinct texts of a field or tag that begin with ``beginning``, sorted; of all documents.

        BadInput: there is no such field or tag, or there are more than 10,000.
        """
        ...

    def facets(self, collection: Collection[T], query: Query, names: Sequence[str]) -> Facets:
        """Count what ``query`` matches by the values of the named fields or tags (at most 100 of each).

        Exact where up to 10,000 match or counters know (as for totals); else a store may count 10,000 only, those
        that were made last, and then says so in ``sampled``.
        """
        ...

    def nearest(self, collection: Collection[T], query: Query, vector: bytes) -> list[Near[T]]:
        """Return up to ``query.limit`` of what ``query`` matches, the most alike to ``vector`` first, then by key.

        Which are nearest may be found approximately, or among the 20,000 of highest revision; their similarity is
        exact. ``query`` has no order and no cursor; its limit is at most 100.
        """
        ...


class Store(Protocol):
    """Everything folded from the journal; written by the engine alone."""

    def save(self, changes: Changes) -> None:
        """Write all documents and the position, or be re-runnable.

        A document is replaced by one of equal or higher revision, never by an older one.
        """
        ...

    def position(self) -> Position | None:
        """Return the committed position; None before the first save."""
        ...

    def wait(self, until: Position, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds until the committed position is ``until`` or later; is it?"""
        ...

    def keep(self, snapshot: Snapshot, history: timedelta = timedelta(0)) -> list[Position]:
        """Keep a snapshot durably, and of its version those that ``staying`` names; return these, the newest first."""
        ...

    def snapshot(self, version: str, until: Position | None = None) -> Snapshot | None:
        """Return the newest readable snapshot of this version, none behind ``until``; None when there is none."""
        ...

    def snapshots(self, version: str) -> list[Position]:
        """Return where the kept snapshots of this version stand, the newest first, readable or not; none is read."""
        ...

    def view(self) -> AbstractContextManager[View]:
        """Open one consistent read."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...
