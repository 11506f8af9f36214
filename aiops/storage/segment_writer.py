"""Where does the next group of entries go, and when does a new segment begin?"""

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import datetime

from aiops.domain.entries import stamp
from aiops.storage.commit_group import Ticket
from aiops.storage.durable import on_disk
from aiops.storage.filelock import FileLock
from aiops.storage.segments import Segments
from aiops.storage.sqlite import connect, spoken
from aiops.storage.values import microseconds


class SegmentWriter:
    """Appends to the newest segment, one process at a time; used by one thread."""

    def __init__(self, segments: Segments, clock: Callable[[], datetime], segment_bytes: int) -> None:
        self._segments, self._clock, self._segment_bytes = segments, clock, segment_bytes
        self._lock = FileLock(segments.folder / "lock")
        self._start = 0  # first offset of the segment that is open
        self._connection: sqlite3.Connection | None = None

    def write(self, group: list[Ticket]) -> None:
        """Write a whole group, or nothing of it, and tell every ticket its first offset."""
        with spoken(self._segments.folder), on_disk(self._segments.folder), self._lock:
            try:
                firsts = self._commit(group)
            except BaseException:
                self._disconnect()
                raise
        for ticket, first in firsts:
            ticket.answer.set_result(first)

    def drop_before(self, offset: int) -> None:
        """Forget whole segments before ``offset``."""
        with spoken(self._segments.folder), on_disk(self._segments.folder), self._lock:
            self._segments.drop_before(offset)

    def close(self) -> None:
        """Close the segment; a second call does nothing."""
        self._disconnect()
        self._lock.close()

    def _commit(self, group: list[Ticket]) -> list[tuple[Ticket, int]]:
        connection, offset = self._newest()
        now = microseconds(stamp(self._clock()))
        firsts, rows = [], []
        for ticket in group:
            if not ticket.answer.set_running_or_notify_cancel():
                continue  # its caller has given up
            firsts.append((ticket, offset))
            at = now if ticket.at is None else ticket.at
            rows += [(number, at, payload) for number, payload in enumerate(ticket.payloads, offset)]
            offset += len(ticket.payloads)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
        return firsts

    def _newest(self) -> tuple[sqlite3.Connection, int]:
        """Return a connection to the segment to write to, and the next offset; begin a new one where it is full."""
        starts = self._segments.starts()
        if not starts:
            self._segments.create(1)
            starts = [1]
        connection = self._connect(starts[-1])
        (following,) = connection.execute("SELECT max(offset) + 1 FROM entries").fetchone()
        if following is None or self._bytes(connection) < self._segment_bytes:
            return connection, following or self._start
        self._segments.create(following)
        return self._connect(following), following

    def _connect(self, start: int) -> sqlite3.Connection:
        """Return the connection to one segment; the one before, in which nothing more happens, is closed."""
        if self._connection is None or self._start != start:
            self._disconnect()
            self._connection = connect(self._segments.path(start))
            self._connection.execute("PRAGMA synchronous = FULL")
            self._start = start
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):  # whatever is wrong with it, a new one comes next
                self._connection.close()
            self._connection = None

    @staticmethod
    def _bytes(connection: sqlite3.Connection) -> int:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        return int(pages) * int(size)
