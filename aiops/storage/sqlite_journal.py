"""Where does the embedded journal keep its entries? In SQLite segments that any number of processes append to."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection

from aiops.domain.entries import Entry, Payload, Position, decode_payload, encode_payload, stamp
from aiops.domain.errors import Unavailable
from aiops.storage.bell import Bell
from aiops.storage.clock import wall_clock
from aiops.storage.commit_group import CommitGroup
from aiops.storage.durable import on_disk
from aiops.storage.segment_writer import SegmentWriter
from aiops.storage.segments import Segments
from aiops.storage.sqlite import Readers, spoken
from aiops.storage.values import microseconds, moment

SEGMENT_BYTES = 128 * 2**20
MOST_PAYLOADS = 20_000  # waiting for the disk
MOST_BYTES = 64 * 2**20
PATIENCE = 10.0  # seconds until an append that could not begin is given up


class SqliteJournal:
    """A Journal in a folder: group commit, write-ahead log, synced before ``append`` returns.

    A write to disk is shared by all that wait in this process; processes take turns by a file lock.
    """

    def __init__(
        self,
        folder: Path,
        *,
        shard: int = 0,
        clock: Callable[[], datetime] = wall_clock,
        segment_bytes: int = SEGMENT_BYTES,
        most_payloads: int = MOST_PAYLOADS,
        most_bytes: int = MOST_BYTES,
        patience: float = PATIENCE,
    ) -> None:
        self._folder, self._shard, self._patience = folder, shard, patience
        with on_disk(folder):
            self._segments = Segments(folder)
            self._writer = SegmentWriter(self._segments, clock, segment_bytes)
        self._group = CommitGroup(self._writer.write, most_payloads, most_bytes)
        self._bell = Bell()
        self._readers: Readers | None = None  # of the segment that was the newest when somebody last looked
        self._lock = threading.Lock()
        self._closed = False

    def append(self, payloads: Sequence[Payload], at: datetime | None = None) -> list[Position]:
        """Write all payloads, or none; on return they are on disk."""
        encoded = [encode_payload(payload) for payload in payloads]
        if not encoded:
            return []
        first = self._group.write(encoded, None if at is None else microseconds(stamp(at)), self._patience)
        self._bell.ring()
        return [Position(self._shard, offset) for offset in range(first, first + len(encoded))]

    def read(self, after: Position | None, limit: int) -> list[Entry]:
        """Return up to ``limit`` entries behind ``after``; where those were dropped, from the oldest there is."""
        offset = after.offset if after else 0
        entries: list[Entry] = []
        with spoken(self._folder), on_disk(self._folder):
            for start in self._segments.holding(offset + 1):
                if len(entries) < limit:
                    entries += self._read(start, offset, limit - len(entries))
        return entries

    def get(self, position: Position) -> Entry | None:
        """Return one entry."""
        if position.shard != self._shard or position.offset < 1:
            return None
        before = Position(self._shard, position.offset - 1)
        return next((entry for entry in self.read(before, 1) if entry.position == position), None)

    def last(self) -> Position | None:
        """Return the newest position."""
        with spoken(self._folder), on_disk(self._folder):
            offset = self._last()
        return Position(self._shard, offset) if offset else None

    def wait(self, after: Position | None, timeout: float) -> bool:
        """Wait for an entry behind ``after``, appended by whichever process."""
        offset = after.offset if after else 0
        with spoken(self._folder), on_disk(self._folder):
            return self._bell.wait(lambda: self._last() > offset, timeout)

    def size(self, after: Position | None) -> int:
        """Return how many bytes the segments take that hold what stands behind ``after``; nothing: 0."""
        offset = after.offset if after else 0
        with spoken(self._folder), on_disk(self._folder):
            return self._segments.size(offset + 1) if self._last() > offset else 0

    def drop_before(self, position: Position) -> None:
        """Forget whole segments before ``position``, never the one being written."""
        self._writer.drop_before(position.offset)

    def close(self) -> None:
        """Write what waits, then let go of all files; a second call does nothing."""
        self._group.close()
        self._writer.close()
        with self._lock:
            self._closed = True
            readers, self._readers = self._readers, None
        if readers is not None:
            readers.close()

    def _last(self) -> int:
        """Return the newest offset; 0 when empty. An empty segment tells by its name what came before."""
        starts = self._segments.starts()
        if not starts:
            return 0
        with self._open(starts[-1]) as connection:
            (offset,) = connection.execute("SELECT max(offset) FROM entries").fetchone()
        return starts[-1] - 1 if offset is None else int(offset)

    def _read(self, start: int, after: int, limit: int) -> list[Entry]:
        query = "SELECT offset, received_at, payload FROM entries WHERE offset > ? ORDER BY offset LIMIT ?"
        with self._open(start) as connection:
            rows = connection.execute(query, (after, limit)).fetchall()
        return [
            Entry(position=Position(self._shard, offset), received_at=moment(at), payload=decode_payload(payload))
            for offset, at, payload in rows
        ]

    @contextmanager
    def _open(self, start: int) -> Iterator[Connection]:
        """Lend a connection to one segment; only those to the newest stay open."""
        path = self._segments.path(start)
        with self._lock:
            if self._closed:
                raise Unavailable("the journal is closed")
            newest = self._readers
            if newest is None or newest.path < path:
                newest, outdated = Readers(path), newest
                self._readers = newest
                if outdated is not None:
                    outdated.close()
        readers = newest if newest.path == path else Readers(path)
        try:
            with readers.lend() as connection:
                yield connection
        finally:
            if readers is not newest:
                readers.close()
