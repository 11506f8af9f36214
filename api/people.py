"""Who are the people that sign in here with a name and a password? Only argon2id hashes of passwords are kept."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore

import argon2

from aiops.domain.errors import BadInput, Conflict, Overloaded
from api.access_db import AccessDb
from api.grants import SCOPES, Grant, Role, checked_name

LEAST = 12  # characters of a password: length is what guessing costs
MOST = 1_000  # beyond, hashing would be a way to keep us busy
TRIES = 5  # wrong passwords in a row, then each next one waits
LOCKED = timedelta(minutes=1)
AT_ONCE = 2  # passwords that are compared at a time: each takes 64 MiB for some tenths of a second
PATIENCE = 5.0  # seconds that one waits for its turn
_hasher = argon2.PasswordHasher()  # the library's present choice: argon2id, RFC 9106's low-memory profile
_NOBODY = _hasher.hash("nobody has this password")  # compared for unknown names: they must take as long
_turns = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Person:
    """One who may sign in."""

    name: str
    role: Role
    created_at: datetime
    locked: bool  # too many wrong passwords


class People:
    """The people of one installation."""

    def __init__(self, db: AccessDb) -> None:
        self._db = db

    def add(self, name: str, password: str, role: str, now: datetime) -> None:
        """Add somebody. BadInput: a name or password that is none, an unknown role; Conflict: the name is taken."""
        name = checked_name(name)
        if self._db.one("SELECT 1 FROM people WHERE name = ?", (name,)):
            raise Conflict(f"there is somebody called {name!r}")
        row = (name, _hashed(password), _role(role).value, now.timestamp())
        self._db.change("INSERT INTO people (name, hash, role, created) VALUES (?, ?, ?, ?)", row)

    def set_password(self, name: str, password: str) -> None:
        """Give somebody another password; sessions under the old one end. Conflict: there is no such name."""
        self._change("UPDATE people SET hash = ?, failed = 0, locked = 0 WHERE name = ?", (_hashed(password),), name)

    def set_role(self, name: str, role: str) -> None:
        """Give somebody another role, at once also in open sessions."""
        self._change("UPDATE people SET role = ? WHERE name = ?", (_role(role).value,), name, keep=True)

    def remove(self, name: str) -> None:
        """Let somebody in no more, from now on."""
        self._change("DELETE FROM people WHERE name = ?", (), name)

    def list(self, now: datetime) -> list[Person]:
        """Return everybody, by name."""
        rows = self._db.all("SELECT name, role, created, locked FROM people ORDER BY name")
        return [
            Person(
                name,
                Role(role),
                datetime.fromtimestamp(at, UTC),
                now.timestamp() < locked,
            )
            for name, role, at, locked in rows
        ]

    def check(self, name: str, password: str, now: datetime) -> Grant | None:
        """Return what somebody may do; None: wrong name or password, or too many wrong ones just now.

        Overloaded: too many are signing in at this moment.
        """
        row = self._db.one("SELECT hash, role, locked FROM people WHERE name = ?", (name,))
        kept, role, locked = row or (_NOBODY, Role.VIEWER, 0.0)
        good = _verified(kept, password)
        if row is None or now.timestamp() < locked:
            return None
        if not good:
            wrong = "UPDATE people SET failed = failed + 1, locked = iif(failed + 1 >= ?, ?, locked) WHERE name = ?"
            self._db.change(wrong, (TRIES, (now + LOCKED).timestamp(), name))
            return None
        again = _hasher.hash(password) if _hasher.check_needs_rehash(kept) else kept
        change = "UPDATE people SET failed = 0, locked = 0, hash = ? WHERE name = ? AND hash = ?"
        return Grant(name, SCOPES[Role(role)]) if self._db.change(change, (again, name, kept)) else None

    def any(self) -> bool:
        """Is there anybody?"""
        return self._db.one("SELECT 1 FROM people") is not None

    def knows(self, name: str) -> bool:
        """Is there somebody of this name?"""
        return self._db.one("SELECT 1 FROM people WHERE name = ?", (name,)) is not None

    def grant(self, name: str) -> Grant | None:
        """Return what somebody may do now; None: there is no such name any more."""
        row = self._db.one("SELECT role FROM people WHERE name = ?", (name,))
        return Grant(name, SCOPES[Role(row[0])]) if row else None

    def _change(self, statement: str, values: tuple[object, ...], name: str, *, keep: bool = False) -> None:
        if not self._db.change(statement, (*values, name)):
            raise Conflict(f"there is nobody called {name!r}")
        if not keep:
            self._db.change("DELETE FROM sessions WHERE person = ?", (name,))


def _verified(kept: str, password: str) -> bool:
    """Compare, a few at a time; unknown names and absurd lengths take as long as all others."""
    if not _turns.acquire(timeout=PATIENCE):
        raise Overloaded("too many are signing in at this moment", retry_after=PATIENCE)
    try:
        _hasher.verify(kept, password[:MOST])
    except argon2.exceptions.VerificationError:
        return False
    finally:
        _turns.release()
    return len(password) <= MOST


def _hashed(password: str) -> str:
    if not LEAST <= len(password) <= MOST:
        raise BadInput("it is too short or too long", place="password", fix=f"give {LEAST} to {MOST} characters")
    return _hasher.hash(password)


def _role(role: str) -> Role:
    people = [one.value for one in Role if one is not Role.INTEGRATION]
    if role not in people:
        raise BadInput(f"{role!r} is no role of a person", place="role", fix=f"use one of {', '.join(people)}")
    return Role(role)
