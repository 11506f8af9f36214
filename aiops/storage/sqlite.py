"""How do we talk to SQLite: open a database, share its readers, put its errors into words?"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from aiops.domain.errors import Unavailable

IDLE_READERS = 4  # connections kept open for the next reader
PATIENCE = 5.0  # seconds to wait for a lock that only a stranger can hold

_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full: make room",
    sqlite3.SQLITE_READONLY: "it may only be read: check the rights of the folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check that the folder exists, and its rights",
    sqlite3.SQLITE_PERM: "access is denied: check the rights of the folder",
    sqlite3.SQLITE_AUTH: "access is denied: check the rights of the folder",
    sqlite3.SQLITE_BUSY: "another program holds it locked: end that program",
    sqlite3.SQLITE_LOCKED: "another program holds it locked: end that program",
    sqlite3.SQLITE_IOERR: "the disk fails: look at the system's log",
    sqlite3.SQLITE_CORRUPT: "its content is damaged: restore it from a backup",
    sqlite3.SQLITE_NOTADB: "it is no database: restore it from a backup",
}


@contextlib.contextmanager
def spoken(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the outside (disk, rights, locks) into Unavailable; our mistakes stay what they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        words = _WORDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if words is None:
            raise
        raise Unavailable(f"{path}: {words} ({error})") from error


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open a database, to be used by one thread at a time; transactions are begun by hand."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
        timeout=PATIENCE,
    )


class Readers:
    """Connections that only read, lent to one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextlib.contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """Lend one for a ``with`` block; what transaction it leaves open is ended."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._take_back(connection)

    def close(self) -> None:
        """Close those that are idle now, and the others when they come back; from now on none is kept for a next."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = connect(self.path)
        connection.execute("PRAGMA query_only = 1")
        return connection

    def _take_back(self, connection: sqlite3.Connection) -> None:
        try:
            connection.rollback()
        except sqlite3.Error:
            connection.close()
            raise
        with self._lock:
            if not self._closed and len(self._idle) < IDLE_READERS:
                self._idle.append(connection)
                return
        connection.close()
