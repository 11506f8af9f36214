"""Whose token or session is this, and what may its holder do? Both are random; only hashes of them are kept."""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Lock

from aiops.domain.errors import BadConfiguration

PREFIX = "aiops_"  # so that secret scanners, and people, know one when they see it
SESSION = timedelta(days=30)  # that a browser stays signed in
_TABLES = (
    "CREATE TABLE IF NOT EXISTS tokens (id TEXT PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL,"
    " scopes TEXT NOT NULL)",
    # token: the hash of the one that was signed in with; a session ends with it
    "CREATE TABLE IF NOT EXISTS sessions (hash BLOB PRIMARY KEY, token BLOB NOT NULL, until REAL NOT NULL)",
)


class Scope(StrEnum):
    """What a token is good for."""

    ADMIN = "admin"  # everything
    TRIAGE = "triage"  # read, and act on incidents, rules, services
    READ = "read"
    INGEST = "ingest"  # deliver, nothing else


@dataclass(frozen=True)
class Grant:
    """Who came, with which rights."""

    name: str
    scopes: frozenset[Scope]

    def allows(self, wanted: Scope) -> bool:
        """Do the scopes include ``wanted``? Whoever may triage may read."""
        reading = wanted is Scope.READ and Scope.TRIAGE in self.scopes
        return Scope.ADMIN in self.scopes or wanted in self.scopes or reading


EVERYTHING = frozenset((Scope.ADMIN,))


class Access:
    """The tokens and sessions of one installation, in a SQLite file of their own (None: in memory).

    ``fixed`` ones are the operator's, of whatever form: they grant everything and are kept nowhere.
    """

    def __init__(self, path: Path | None, fixed: Iterable[str] = ()) -> None:
        self._fixed = tuple(_hash(token) for token in fixed)
        self._lock = Lock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        if path is not None:
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
        for table in _TABLES:
            self._db.execute(table)

    def create_token(self, name: str, scopes: Iterable[str]) -> str:
        """Return a new token; it is shown this once and cannot be read again."""
        try:
            known = sorted({Scope(scope) for scope in scopes})
        except ValueError as error:
            fix = f"use some of {', '.join(Scope)}"
            raise BadConfiguration(str(error), place="token scopes", fix=fix) from error
        identifier, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        with self._lock:
            row = (identifier, _hash(secret), name, " ".join(known))
            self._db.execute("INSERT INTO tokens (id, hash, name, scopes) VALUES (?, ?, ?, ?)", row)
        return f"{PREFIX}{identifier}_{secret}"

    def check(self, token: str) -> Grant | None:
        """Return what ``token`` grants; None when it is none of ours. Secrets are compared in constant time."""
        return self._granted(self._hash_of(token))

    def _hash_of(self, token: str) -> bytes:
        """Return what is kept of ``token``: of one that we made, the hash of its secret part; empty: it is none."""
        whole = _hash(token)
        if any([hmac.compare_digest(fixed, whole) for fixed in self._fixed]):
            return whole
        identifier, _, secret = token.removeprefix(PREFIX).partition("_")
        with self._lock:
            row = self._db.execute("SELECT hash FROM tokens WHERE id = ?", (identifier,)).fetchone()
        kept = row[0] if row else b""
        return kept if hmac.compare_digest(kept, _hash(secret)) else b""

    def _granted(self, kept: bytes) -> Grant | None:
        if kept in self._fixed:
            return Grant("configured", EVERYTHING)
        with self._lock:
            row = self._db.execute("SELECT name, scopes FROM tokens WHERE hash = ?", (kept,)).fetchone()
        return Grant(row[0], frozenset(Scope(scope) for scope in row[1].split())) if row else None

    def sign_in(self, token: str, now: datetime) -> str | None:
        """Return the id of a new session that grants what ``token`` does, for 30 days; None when it grants nothing."""
        kept = self._hash_of(token)
        if not kept:
            return None
        session, seconds = secrets.token_urlsafe(32), now.timestamp()
        row = (_hash(session), kept, seconds + SESSION.total_seconds())
        with self._lock:
            self._db.execute("DELETE FROM sessions WHERE until <= ?", (seconds,))
            self._db.execute("INSERT INTO sessions (hash, token, until) VALUES (?, ?, ?)", row)
        return session

    def session(self, session: str, now: datetime) -> Grant | None:
        """Return what a session grants; None when it is none, is over, or its token is no longer good."""
        query = "SELECT token FROM sessions WHERE hash = ? AND until > ?"
        with self._lock:
            row = self._db.execute(query, (_hash(session), now.timestamp())).fetchone()
        return self._granted(row[0]) if row else None

    def sign_out(self, session: str) -> None:
        """End a session."""
        with self._lock:
            self._db.execute("DELETE FROM sessions WHERE hash = ?", (_hash(session),))

    def revoke(self, token: str) -> None:
        """Let ``token`` be good for nothing from now on."""
        identifier = token.removeprefix(PREFIX).partition("_")[0]
        with self._lock:
            self._db.execute("DELETE FROM tokens WHERE id = ?", (identifier,))

    def close(self) -> None:
        """Release the file."""
        self._db.close()


def _hash(secret: str) -> bytes:
    """A fast hash is right here: the secret has 256 random bits, there is nothing to guess."""
    return hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=32).digest()
