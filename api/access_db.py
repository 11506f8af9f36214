"""Where are tokens, people and sessions kept? In a SQLite file of the API's own; each step of its shape is numbered."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from aiops.domain.errors import BadConfiguration

# From version n to n + 1, each in one transaction; a file's version is stamped in it.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE IF NOT EXISTS tokens (id TEXT PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL,"
        " scopes TEXT NOT NULL)",
        # token: the hash of the one that was signed in with; a session ends with it
        "CREATE TABLE IF NOT EXISTS sessions (hash BLOB PRIMARY KEY, token BLOB NOT NULL, until REAL NOT NULL)",
    ),
    (
        "ALTER TABLE tokens ADD COLUMN created REAL NOT NULL DEFAULT 0",  # seconds since 1970, as all times here
        "ALTER TABLE tokens ADD COLUMN expires REAL",  # NULL: never
        "ALTER TABLE tokens ADD COLUMN used REAL",  # to the hour; NULL: never
        # person: who signed in; empty: a token did. Roles of people from outside are those of their sign-in
        "ALTER TABLE sessions ADD COLUMN person TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE sessions ADD COLUMN role TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE people (name TEXT PRIMARY KEY, hash TEXT NOT NULL, role TEXT NOT NULL, created REAL NOT NULL,"
        " failed INTEGER NOT NULL DEFAULT 0, locked REAL NOT NULL DEFAULT 0)",
    ),
)

Row = tuple[Any, ...]


class AccessDb:
    """The file (None: in memory), shared by the threads of one process; other processes may write to it, too."""

    def __init__(self, path: Path | None) -> None:
        self._lock = Lock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        if path is not None:
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
        self._migrate(path)

    def _migrate(self, path: Path | None) -> None:
        while (version := self._version()) != len(STEPS):
            if version > len(STEPS):
                problem = f"it was written by a newer release (version {version}, this one knows {len(STEPS)})"
                raise BadConfiguration(problem, place=str(path), fix="use that release")
            self._db.execute("BEGIN IMMEDIATE")
            if self._version() == version:  # else another process was quicker
                for statement in STEPS[version]:
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {version + 1}")
            self._db.execute("COMMIT")

    def _version(self) -> int:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        return int(version)

    def all(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Run one statement; return its rows."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def one(self, query: str, values: Sequence[object] = ()) -> Row | None:
        """Run one statement; return its first row."""
        rows = self.all(query, values)
        return rows[0] if rows else None

    def change(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run one statement; return how many rows it changed."""
        with self._lock:
            return self._db.execute(statement, values).rowcount

    def close(self) -> None:
        """Release the file."""
        self._db.close()
