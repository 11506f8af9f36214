"""Whose token or session is this, and what may its holder do? Both are random; only hashes of them are kept."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiops.domain.errors import BadConfiguration, Conflict
from api.access_db import AccessDb
from api.grants import EVERYTHING, SCOPES, Grant, Role, Scope, checked_name
from api.people import People

PREFIX = "aiops_"  # so that secret scanners, and people, know one when they see it
SESSION = timedelta(days=30)  # that a browser stays signed in
VOUCHED = timedelta(hours=12)  # the same of people from outside: whether they still may, only the other side knows
OVERLAP = timedelta(days=1)  # that a token which was rotated is still good, unless said otherwise
_NOTED = 3_600  # seconds: a token's last use is noted no more often


@dataclass(frozen=True)
class Token:
    """One token that we made; the secret itself is not known any more."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime | None  # None: by a release that did not note it
    expires_at: datetime | None  # None: never
    used_at: datetime | None  # to the hour; None: never


class Access:
    """The tokens, people and sessions of one installation, in a SQLite file of their own (None: in memory).

    ``fixed`` tokens are the operator's, of whatever form: they grant everything and are kept nowhere.
    """

    def __init__(self, path: Path | None, fixed: Iterable[str] = ()) -> None:
        self._fixed = tuple(_hash(token) for token in fixed)
        self._db = AccessDb(path)
        self.people = People(self._db)

    def create_token(self, name: str, scopes: Iterable[str], now: datetime, expires: datetime | None = None) -> str:
        """Return a new token; it is shown this once and cannot be read again."""
        try:
            known = sorted({Scope(scope) for scope in scopes})
        except ValueError as error:
            fix = f"use some of {', '.join(Scope)}"
            raise BadConfiguration(str(error), place="token scopes", fix=fix) from error
        identifier, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        until = expires.timestamp() if expires else None
        row = (identifier, _hash(secret), checked_name(name), " ".join(known), now.timestamp(), until)
        insert = "INSERT INTO tokens (id, hash, name, scopes, created, expires) VALUES (?, ?, ?, ?, ?, ?)"
        self._db.change(insert, row)
        return f"{PREFIX}{identifier}_{secret}"

    def anybody(self) -> bool:
        """Is there a token of ours, or somebody who may sign in?"""
        return self._db.one("SELECT 1 FROM tokens UNION SELECT 1 FROM people") is not None

    def tokens(self) -> list[Token]:
        """Return those that we made, by name."""
        rows = self._db.all("SELECT id, name, scopes, created, expires, used FROM tokens ORDER BY name, created")
        return [
            Token(key, name, tuple(map(Scope, scopes.split())), _when(created), _when(expires), _when(used))
            for key, name, scopes, created, expires, used in rows
        ]

    def rotate(self, identifier: str, now: datetime, overlap: timedelta = OVERLAP) -> str:
        """Return a token with the rights of another, which ends after ``overlap``. Conflict: there is no such one."""
        row = self._db.one("SELECT name, scopes, expires FROM tokens WHERE id = ?", (identifier,))
        if row is None:
            raise Conflict(f"there is no token with the id {identifier!r}")
        name, scopes, expires = row
        end = (now + overlap).timestamp()
        ends = "UPDATE tokens SET expires = min(coalesce(expires, ?), ?) WHERE id = ?"
        self._db.change(ends, (end, end, identifier))
        return self.create_token(name, scopes.split(), now, _when(expires))

    def revoke(self, identifier: str) -> None:
        """Let a token be good for nothing from now on. Conflict: there is no such one."""
        if not self._db.change("DELETE FROM tokens WHERE id = ?", (identifier,)):
            raise Conflict(f"there is no token with the id {identifier!r}")

    def check(self, token: str, now: datetime) -> Grant | None:
        """Return what ``token`` grants; None when it is none of ours. Secrets are compared in constant time."""
        return self._granted(self._hash_of(token), now)

    def _hash_of(self, token: str) -> bytes:
        """Return what is kept of ``token``: of one that we made, the hash of its secret part; empty: it is none."""
        whole = _hash(token)
        if any([hmac.compare_digest(fixed, whole) for fixed in self._fixed]):
            return whole
        identifier, _, secret = token.removeprefix(PREFIX).partition("_")
        row = self._db.one("SELECT hash FROM tokens WHERE id = ?", (identifier,))
        kept: bytes = row[0] if row else b""
        return kept if hmac.compare_digest(kept, _hash(secret)) else b""

    def _granted(self, kept: bytes, now: datetime) -> Grant | None:
        if kept in self._fixed:
            return Grant("configured", EVERYTHING)
        seconds = now.timestamp()
        query = "SELECT name, scopes, used FROM tokens WHERE hash = ? AND (expires IS NULL OR expires > ?)"
        row = self._db.one(query, (kept, seconds))
        if row is None:
            return None
        name, scopes, used = row
        if used is None or seconds - used > _NOTED:
            self._db.change("UPDATE tokens SET used = ? WHERE hash = ?", (seconds, kept))
        return Grant(name, frozenset(Scope(scope) for scope in scopes.split()))

    def sign_in(self, token: str, now: datetime) -> str | None:
        """Return the id of a new session that grants what ``token`` does, for 30 days; None when it grants nothing."""
        kept = self._hash_of(token)
        return self._session(now, token=kept) if kept and self._granted(kept, now) else None

    def welcome(self, name: str, password: str, now: datetime) -> str | None:
        """Return the id of a new session of one of our people; None: wrong name or password, or too many wrong ones."""
        grant = self.people.check(name, password, now)
        return self._session(now, person=grant.name) if grant else None

    def admit(self, name: str, role: Role, now: datetime) -> str:
        """Return the id of a new session of somebody whom another authority vouches for."""
        return self._session(now, person=name, role=role, lasts=VOUCHED)

    def _session(
        self, now: datetime, token: bytes = b"", person: str = "", role: str = "", lasts: timedelta = SESSION
    ) -> str:
        session = secrets.token_urlsafe(32)
        row = (_hash(session), token, (now + lasts).timestamp(), person, role)
        self._db.change("DELETE FROM sessions WHERE until <= ?", (now.timestamp(),))
        self._db.change("INSERT INTO sessions (hash, token, until, person, role) VALUES (?, ?, ?, ?, ?)", row)
        return session

    def session(self, session: str, now: datetime) -> Grant | None:
        """Return what a session grants; None when it is none, is over, or whoever signed in may no longer."""
        query = "SELECT token, person, role FROM sessions WHERE hash = ? AND until > ?"
        row = self._db.one(query, (_hash(session), now.timestamp()))
        if row is None:
            return None
        token, person, role = row
        if role:
            return Grant(person, SCOPES[Role(role)])
        return self.people.grant(person) if person else self._granted(token, now)

    def sign_out(self, session: str) -> None:
        """End a session."""
        self._db.change("DELETE FROM sessions WHERE hash = ?", (_hash(session),))

    def close(self) -> None:
        """Release the file."""
        self._db.close()


def _when(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _hash(secret: str) -> bytes:
    """A fast hash is right here: the secret has 256 random bits, there is nothing to guess."""
    return hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=32).digest()
