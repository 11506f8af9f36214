"""Whose token is this, and what may its holder do? Random tokens, of which only hashes are kept."""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock

from aiops.domain.errors import BadConfiguration

PREFIX = "aiops_"  # so that secret scanners, and people, know one when they see it


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
    """The tokens of one installation, in a SQLite file of their own (None: in memory).

    ``fixed`` ones are the operator's, of whatever form: they grant everything and are kept nowhere.
    """

    def __init__(self, path: Path | None, fixed: Iterable[str] = ()) -> None:
        self._fixed = tuple(_hash(token) for token in fixed)
        self._lock = Lock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        if path is not None:
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS tokens (id TEXT PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL,"
            " scopes TEXT NOT NULL)"
        )

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
        if any([hmac.compare_digest(fixed, _hash(token)) for fixed in self._fixed]):
            return Grant("configured", EVERYTHING)
        identifier, _, secret = token.removeprefix(PREFIX).partition("_")
        with self._lock:
            query = "SELECT hash, name, scopes FROM tokens WHERE id = ?"
            row = self._db.execute(query, (identifier,)).fetchone()
        kept, name, scopes = row or (b"", "", "")
        if not hmac.compare_digest(kept, _hash(secret)):
            return None
        return Grant(name, frozenset(Scope(scope) for scope in scopes.split()))

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
