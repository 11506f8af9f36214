"""What did the nodes of one incident say of themselves? Distinct kinds of alert, and which only tell of others."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec
import re2

from aiops.domain.events import Severity

MOST_NODES = 200  # alerting nodes looked at, the earliest
CONSEQUENCE = 0.3  # factor for kinds that tell that something else failed
CONSEQUENCES = (  # words, in lower case and without blanks, - and _
    "notraffic",
    "nodata",
    "norequest",
    "nodatabaseoperation",
    "trafficdrop",
    "probe",
    "blackbox",
    "synthetic",
    "absent",
)
OWN = 2.0  # factor for kinds that tell of the state of the node itself: no callee can be behind these
OWNS = ("crash", "oom", "outofmemory", "notready", "failedpod", "containerwaiting", "imagepull", "evict", "throttl")
COMPLAINTS = (  # what whoever calls somebody that fails says of it
    "error",
    "latenc",
    "slow",
    "timeout",
    "timedout",
    "responsetime",
    "5xx",
    "unavailable",
    "availability",
    "refused",
    "unreachable",
    "failurerate",
    "failedrequest",
    "successrate",
)
MOST_CALLERS = 20  # of one sign
CALLS = "calls: "  # begins the kind of what is told of a node's calls
_JOINTS = str.maketrans("", "", " -_")
_WORDS = re2.compile("[A-Za-z0-9]+|[^A-Za-z0-9]+")
_DIGITS = "0123456789"


class Sign(msgspec.Struct, frozen=True, array_like=True):
    """One distinct kind of alert on one node: what ranking counts."""

    node: str
    kind: str
    name: str
    started: float  # of the first episode
    severity: Severity  # the worst
    callers: tuple[str, ...] = ()  # whose calls to the node it is about, by name; where its alerts say so

    def joined(self, other: "Sign | None") -> "Sign":
        """Return both as one."""
        if other is None:
            return self
        worse = max(other, self, key=lambda sign: sign.severity.rank)
        first = other if other.started <= self.started else self
        callers = tuple(sorted({*self.callers, *other.callers}))[:MOST_CALLERS]
        return msgspec.structs.replace(first, severity=worse.severity, callers=callers)

    @property
    def of_calls(self) -> bool:
        """Is it an alert on somebody else, about the calls of this node?"""
        return self.kind.startswith(CALLS)

    @property
    def consequence(self) -> bool:
        """Does it tell that something else failed?"""
        return starves(self.name)

    @property
    def complains(self) -> bool:
        """Does it tell of calls that fail or take long, and so perhaps of whom it calls?"""
        return _tells(self.name, COMPLAINTS) and not self.consequence

    @property
    def own(self) -> bool:
        """Does it tell of the state of the node itself?"""
        return _tells(self.name, OWNS)

    @property
    def factor(self) -> float:
        """How much more (or less) than others does its kind tell of the node itself?"""
        if self.consequence:
            return CONSEQUENCE
        return OWN if self.own else 1.0


@lru_cache(maxsize=20_000)
def _tells(name: str, words: tuple[str, ...]) -> bool:
    folded = name.lower().translate(_JOINTS)
    return any(word in folded for word in words)


def starves(name: str) -> bool:
    """Does what is called so tell that something else failed, as nothing comes from there?"""
    return _tells(name, CONSEQUENCES)


@lru_cache(maxsize=20_000)
def stem(kind: str) -> str:
    """Return the kind without its numbers: cores 3 and 7 that are busy are one sort of thing, as are p50 and p99.

    A number is a word of digits, or the digits that end one; ids of templates (hexadecimal) stay what they are.
    """
    return "".join(_without_number(word) for word in _WORDS.findall(kind))


def _without_number(word: str) -> str:
    letters = word.rstrip(_DIGITS)
    return f"{letters}#" if letters != word and (not letters or letters.isalpha()) else word


def with_calls(signs: Iterable[Sign]) -> list[Sign]:
    """Return the signs and, for each that is about the calls of some nodes only, what it tells of these nodes.

    Who asks for what cannot be served fails with each that it asks; who fails does so for all that ask. Whom it asked
    is left out of the kind, and so are numbers: two databases that refuse the same caller tell one sort of thing of it.
    """
    found = list(signs)
    told: dict[tuple[str, str], Sign] = {}
    for sign in found:
        for caller in sign.callers:
            kind, name = f"{CALLS}{stem(sign.kind)}", f"{sign.name} in its calls to {sign.node}"
            one = msgspec.structs.replace(sign, node=caller, kind=kind, name=name, callers=())
            told[caller, kind] = one.joined(told.get((caller, kind)))
    return found + list(told.values())


Signs = Mapping[str, Sequence[Sign]]  # by node


def by_node(signs: Iterable[Sign]) -> dict[str, list[Sign]]:
    """Return the signs of each named node, of at most ``MOST_NODES``."""
    found: dict[str, list[Sign]] = {}
    for sign in signs:
        if not sign.node.startswith("?") and (sign.node in found or len(found) < MOST_NODES):
            found.setdefault(sign.node, []).append(sign)
    return found


def onset(node: str, signs: Signs) -> float:
    """Return when the node's first sign began; infinity for a silent one."""
    return min((sign.started for sign in signs.get(node, ())), default=float("inf"))


def alerts(node: str, signs: Signs) -> bool:
    """Did a named node alert itself? Else it is only told of its calls."""
    return not all(sign.of_calls for sign in signs[node])
