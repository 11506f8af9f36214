"""Where does the embedded store keep its documents? In one SQLite database, written by the engine, read by all."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.documents import COLLECTIONS
from aiops.domain.entries import Position
from aiops.domain.errors import Unavailable
from aiops.domain.queries import Facets, Found, Near, Query
from aiops.domain.snapshots import Snapshot
from aiops.storage import sqlite_query, sqlite_retention, sqlite_schema
from aiops.storage.bell import Bell
from aiops.storage.durable import make_folder, on_disk
from aiops.storage.filelock import EngineLock
from aiops.storage.snapshots import Snapshots
from aiops.storage.sqlite import Readers, connect, spoken
from aiops.storage.sqlite_retention import Retention
from aiops.storage.sqlite_table import Table

T = TypeVar("T")
Tables = Mapping[str, Table[Any]]
FOR_EVER = Retention()
STORE_DB = "store.db"  # in a data folder

_POSITION = "SELECT shard, entry FROM position"
_ADVANCE = (
    "INSERT INTO position VALUES (1, ?, ?)"
    " ON CONFLICT (one) DO UPDATE SET shard = excluded.shard, entry = excluded.entry"
    " WHERE (excluded.shard, excluded.entry) > (shard, entry)"
)
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",  # what a power cut takes is folded again
    "wal_autocheckpoint = 4000",  # pages; with the cache, half again as fast as SQLite's own choice at 100k documents
    "cache_size = -32000",  # kB
    "analysis_limit = 400",  # rows of each index
)
_FIRST_ANALYSIS = 1_000  # documents written; the next is due after twice as many, and so on


class SqliteStore:
    """A Store in ``store.db`` of a data folder, with its snapshots beside it.

    Unless ``readonly`` it holds the folder's writer lock: BadConfiguration when another one does.
    """

    def __init__(
        self,
        folder: Path,
        *,
        readonly: bool = False,
        collections: Sequence[Collection[Any]] = COLLECTIONS,
        retention: Retention = FOR_EVER,
    ) -> None:
        self._path = folder / STORE_DB
        self._tables: Tables = {collection.name: Table(collection) for collection in collections}
        self._snapshots = Snapshots(folder / "snapshots")
        self._readers = Readers(self._path)
        self._bell = Bell()
        self._retention = retention
        self._is_ready = not readonly
        self._writer = None if readonly else _Writer(self._path, self._tables)

    def save(self, changes: Changes) -> None:
        """Write all, or nothing, in one transaction."""
        with spoken(self._path):
            self._writing().save(changes)
        self._bell.ring()

    def position(self) -> Position | None:
        """Return the committed position."""
        with spoken(self._path):
            if not self._check_ready():
                return None
            with self._readers.lend() as connection:
                return _position(connection)

    def wait(self, until: Position, timeout: float) -> bool:
        """Wait until ``until`` is committed, by whichever process."""

        def there() -> bool:
            position = self.position()
            return position is not None and position >= until

        return self._bell.wait(there, timeout)

    def keep(self, snapshot: Snapshot, history: timedelta = timedelta(0)) -> list[Position]:
        """Keep a snapshot, once all that was saved is on disk: a power cut must not leave it ahead of the documents.

        As of its time, documents past their retention are dropped.
        """
        with spoken(self._path), on_disk(self._path.parent):
            self._writing().sync()
            stay = self._snapshots.keep(snapshot, history)
            self._writing().drop(self._retention, snapshot.taken_at)
        return stay

    def snapshot(self, version: str, until: Position | None = None) -> Snapshot | None:
        """Return the newest readable one; one beyond the committed position (a restored backup) is of no use."""
        position = self.position()
        if position is None:
            return None
        with on_disk(self._path.parent):
            return self._snapshots.newest(version, min(position, until or position))

    def snapshots(self, version: str) -> list[Position]:
        """Return where they stand, as their files are named."""
        return self._snapshots.kept(version)

    @contextmanager
    def view(self) -> Iterator["SqliteView"]:
        """Open one consistent read, to be closed soon: while it is open, the write-ahead log only grows."""
        with spoken(self._path):
            if not self._check_ready():
                raise Unavailable(f"{self._path}: the engine has not made it yet")
            with self._readers.lend() as connection:
                connection.execute("BEGIN")
                yield SqliteView(connection, self._tables)

    def close(self) -> None:
        """Let go of all files; a second call does nothing."""
        self._readers.close()
        if self._writer is not None:
            self._writer.close()

    def _writing(self) -> "_Writer":
        if self._writer is None:
            raise Unavailable(f"{self._path}: it was opened for reading only")
        return self._writer

    def _check_ready(self) -> bool:
        """Has the engine made the tables?"""
        if not self._is_ready and self._path.exists():
            with self._readers.lend() as connection:
                self._is_ready = sqlite_schema.version(connection) > 0
        return self._is_ready


class SqliteView:
    """A View of a SqliteStore: one transaction, begun by its first read."""

    def __init__(self, connection: sqlite3.Connection, tables: Tables) -> None:
        self._connection, self._tables = connection, tables
        self._position = _position(connection)

    def position(self) -> Position | None:
        """Return the position of this state."""
        return self._position

    def get(self, collection: Collection[T], key: str) -> T | None:
        """Return one document."""
        found = self.many(collection, (key,))
        return found[0] if found else None

    def many(self, collection: Collection[T], keys: Sequence[str]) -> list[T]:
        """Return those that exist, in the order of ``keys``."""
        table = self._of(collection)
        select = f"SELECT doc FROM {table.name} JOIN {table.docs} USING (id) WHERE key = ?"
        rows = (self._connection.execute(select, (key,)).fetchone() for key in keys)
        return [table.decode(row[0]) for row in rows if row]

    def find(self, collection: Collection[T], query: Query) -> Found[T]:
        """Return one page."""
        return sqlite_query.find(self._connection, self._of(collection), query)

    def values(self, collection: Collection[T], name: str, beginning: str = "") -> Sequence[str]:
        """List the distinct ones."""
        return sqlite_query.values(self._connection, self._of(collection), name, beginning)

    def facets(self, collection: Collection[T], query: Query, names: Sequence[str]) -> Facets:
        """Count by values."""
        return sqlite_query.facets(self._connection, self._of(collection), query, names)

    def nearest(self, collection: Collection[T], query: Query, vector: bytes) -> list[Near[T]]:
        """Return the most alike, compared one by one."""
        return sqlite_query.nearest(self._connection, self._of(collection), query, vector)

    def _of(self, collection: Collection[T]) -> Table[T]:
        return cast("Table[T]", self._tables[collection.name])


class _Writer:
    """The one connection that writes."""

    def __init__(self, path: Path, tables: Tables) -> None:
        self._tables = tables
        with spoken(path), on_disk(path.parent):
            make_folder(path.parent)
            self._lock = EngineLock(path.parent, "store.lock")
            self._connection = connect(path, create=True)
        try:
            with spoken(path):
                for pragma in _PRAGMAS:
                    self._connection.execute(f"PRAGMA {pragma}")
                sqlite_schema.prepare(self._connection, path, tables.values())
        except BaseException:
            self.close()
            raise
        self._written, self._analysis_due = 0, _FIRST_ANALYSIS

    def save(self, changes: Changes) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            for collection, documents in changes:
                self._tables[collection.name].save(connection, documents)
            if position := changes.position:
                connection.execute(_ADVANCE, (position.shard, position.offset))
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        self._analyse(len(changes))

    def sync(self) -> None:
        """Put all that was saved on disk."""
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("UPDATE position SET entry = entry")  # its commit syncs the log with all before it
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def drop(self, retention: Retention, now: datetime) -> None:
        """Forget what is past its retention."""
        if retention != FOR_EVER:
            sqlite_retention.drop(self._connection, self._tables.values(), retention, now)

    def close(self) -> None:
        self._connection.close()
        self._lock.release()

    def _analyse(self, written: int) -> None:
        """Tell the query planner how the values lie, each time when there are twice as many."""
        self._written += written
        if self._written >= self._analysis_due:
            self._connection.execute("ANALYZE")
            self._analysis_due = 2 * self._written


def _position(connection: sqlite3.Connection) -> Position | None:
    row = connection.execute(_POSITION).fetchone()
    return Position(*row) if row else None
