"""Who may do what? Scopes of tokens, and the roles that people have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from aiops.domain.errors import BadInput


class Scope(StrEnum):
    """What a token is good for."""

    ADMIN = "admin"  # everything
    TRIAGE = "triage"  # read, and act on incidents, rules, services
    READ = "read"
    INGEST = "ingest"  # deliver, nothing else


class Role(StrEnum):
    """What somebody does here."""

    ADMIN = "admin"
    ON_CALL = "on-call"
    NOC = "noc"
    VIEWER = "viewer"
    INTEGRATION = "integration"  # no person: a sender


SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.ADMIN: frozenset((Scope.ADMIN,)),
    Role.ON_CALL: frozenset((Scope.TRIAGE,)),
    Role.NOC: frozenset((Scope.TRIAGE,)),
    Role.VIEWER: frozenset((Scope.READ,)),
    Role.INTEGRATION: frozenset((Scope.INGEST,)),
}
EVERYTHING = SCOPES[Role.ADMIN]
LONGEST_NAME = 100  # characters


@dataclass(frozen=True)
class Grant:
    """Who came, with which rights."""

    name: str
    scopes: frozenset[Scope]

    def allows(self, wanted: Scope) -> bool:
        """Do the scopes include ``wanted``? Whoever may triage may read."""
        reading = wanted is Scope.READ and Scope.TRIAGE in self.scopes
        return Scope.ADMIN in self.scopes or wanted in self.scopes or reading


def highest(roles: Iterable[Role]) -> Role | None:
    """Return the role that may most (they are declared in that order); None: there is none."""
    given = set(roles)
    return next((role for role in Role if role in given), None)


def checked_name(name: str) -> str:
    """Return a name that journal, pages and logs may bear. BadInput: it is none."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput(f"{name!r:.120} is no name", place="name", fix=f"give up to {LONGEST_NAME} printable characters")
    return name
