"""Which stored alerts do these matchers match, and how many? The indexes count or narrow, then each is tried itself."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import msgspec

from aiops.domain.alerts import Alert
from aiops.domain.collection import Scalar
from aiops.domain.documents import ALERTS
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.matching import OWN_FIELDS, Matcher, Operator, all_match, fields_of
from aiops.domain.queries import Query
from aiops.ports import View
from api.matched import LABEL, split
from rules.holding import at_least

MOST = 10_000  # alerts that are tried
SECONDS = 0.4  # after which no further page is read
PAGE = 250  # small: between two pages one looks at the clock
MOST_SURE = 10_000  # candidates that are counted anyway, by which the store chooses its way
MOST_COUNTED = 1_000_000  # candidates, from which is told how many match in all
FEW = 2_500  # alerts that are tried one by one rather than narrowed
EARLY = 40  # tokens of a message by whose words it is surely found: full text covers the beginning
MOST_LISTED = 200  # values that a condition lists: more of them cost more than trying
_FIELDS = ("source", "severity", "entity", "pattern", "owner")  # own fields of an alert that every store indexes
_TEXTS = ("title", "template")  # those that stand in the full text
_BESIDE = ("annotation.", "parameter.")  # what no store indexes
_Values = tuple[Scalar, ...]


@dataclass
class Tried:
    """What matches among the candidates that were tried."""

    matched: dict[str, Alert] = field(default_factory=dict)
    total: int = 0  # candidates there are, by what is indexed
    tried: int = 0

    @property
    def complete(self) -> bool:
        """Was everything tried that may match?"""
        return self.tried >= self.total


@dataclass(frozen=True)
class Count:
    """How many match in all: counted, or told from a sample of all candidates, between two numbers (95 %)."""

    about: int = 0
    at_least: int = 0
    at_most: int = 0
    sample: int = 0  # candidates that were tried
    candidates: int = 0

    @property
    def complete(self) -> bool:
        """Is it exact?"""
        return self.sample >= self.candidates

    @property
    def between(self) -> tuple[int, int]:
        """Return the interval."""
        return self.at_least, self.at_most

    def plus(self, other: "Count") -> "Count":
        """Return the count of both, which have nothing in common."""
        return Count(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Count)))


def counted(view: View, ways: Sequence["Way"], base: Query, seconds: float = SECONDS) -> tuple[Count, Count]:
    """Count what ``base`` asks for and ``ways`` match (one must hold whole), and how many of these are critical.

    What the indexes do not know is told from a sample: the first by their key, which is a hash, so it is as good as
    drawn by lot.
    """
    found = critical = Count()
    until = time.monotonic() + seconds
    for number, way in enumerate(ways):
        share = (until - time.monotonic()) / (len(ways) - number)
        ordered = msgspec.structs.replace(base, order=())
        one = _by_index(view, way, ordered) if way.exact and not number else _by_lot(view, ways, number, ordered, share)
        found, critical = found.plus(one[0]), critical.plus(one[1])
    return found, critical


def _by_index(view: View, way: "Way", base: Query) -> tuple[Count, Count]:
    """Let the store count."""
    worst = msgspec.structs.replace(base, every=(*base.every, ("severity", (Severity.CRITICAL,))))
    found, critical = (view.find(ALERTS, _asked(way, one, limit=0)).total for one in (base, worst))
    return Count(found, found, found, found, found), Count(critical, critical, critical, found, found)


def _by_lot(view: View, ways: Sequence["Way"], number: int, base: Query, seconds: float) -> tuple[Count, Count]:
    """Tell what the way of this number matches and none before it does."""
    seen = matching(view, [ways[number]], base, seconds, total=MOST_COUNTED)
    held = [alert for alert in seen.matched.values() if not any(way.holds(alert) for way in ways[:number])]
    critical = sum(alert.severity is Severity.CRITICAL for alert in held)
    return _told(seen, len(held)), _told(seen, critical)


def _told(seen: Tried, held: int) -> Count:
    if seen.complete or not seen.tried:
        return Count(held, held, held, seen.tried, seen.total)
    low, high = at_least(held, seen.tried), 1 - at_least(seen.tried - held, seen.tried)
    return Count(
        about=round(seen.total * held / seen.tried),
        at_least=max(held, int(seen.total * low)),
        at_most=min(seen.total - seen.tried + held, round(seen.total * high + 0.5)),
        sample=seen.tried,
        candidates=seen.total,
    )


def matching(
    view: View,
    ways: Sequence["Way"],
    base: Query,
    seconds: float = SECONDS,
    most: int | None = None,
    total: int = MOST_SURE,
    page: int | None = None,
) -> Tried:
    """Try what ``base`` asks for against ``ways`` (one must hold whole), in its order, up to MOST and ``seconds``.

    ``most`` and ``page``: other limits than MOST and PAGE. ``total``: how far candidates are counted, which costs.
    """
    found = Tried()
    until = time.monotonic() + seconds
    for number, way in enumerate(ways):
        share = (until - time.monotonic()) / (len(ways) - number)
        base = msgspec.structs.replace(base, most=total, limit=PAGE if page is None else page)
        _try(view, way, base, found, time.monotonic() + share, MOST if most is None else most)
    return found


def _try(view: View, way: "Way", base: Query, found: Tried, until: float, most: int) -> None:
    few = bool(base.where) and view.find(ALERTS, msgspec.structs.replace(base, limit=0)).total <= FEW
    narrow = replace(way, query=Query()) if few else way  # where there are few, the full text is the dearer way to them
    query = _asked(narrow, base, limit=min(base.limit, most))
    begun = found.tried
    while True:
        page = view.find(ALERTS, query)
        if not query.cursor:
            found.total += page.total + (not page.exact)
        found.tried += len(page.items)
        found.matched |= {one.fingerprint: one for one in page.items if way.holds(one)}
        if not page.next or found.tried - begun >= most or time.monotonic() > until:
            return
        query = msgspec.structs.replace(query, cursor=page.next, most=MOST_SURE)


def _asked(way: "Way", base: Query, limit: int) -> Query:
    """Return ``base`` narrowed by what the indexes know of ``way``."""
    narrow = way.query
    return msgspec.structs.replace(
        base,
        every=(*base.every, *narrow.every),
        unless={**base.unless, **narrow.unless},
        text=narrow.text,
        limit=limit,
        most=base.most if limit else MOST_COUNTED,
    )


@dataclass(frozen=True)
class Way:
    """Matchers of which all must hold, and what the indexes know of them: what matches is among what this finds."""

    matchers: tuple[Matcher, ...]
    query: Query
    exact: bool = False  # everything that this finds matches

    def holds(self, alert: Alert) -> bool:
        """Do all of them hold?"""
        return all_match(self.matchers, fields_of(alert))


def narrowed(view: View, matchers: tuple[Matcher, ...]) -> Way:
    """Return the matchers with all that the indexes know of them."""
    every: list[tuple[str, _Values]] = []
    unless: dict[str, _Values] = {}
    words: list[str] = []
    exact = True
    for matcher in matchers:
        known = _known(view, matcher)
        if known is None:
            exact = False
            if matcher.field in _TEXTS and matcher.operator is Operator.EQUAL:
                words.append(_plain(matcher.value))
            continue
        name, empty, listed = known
        if empty:
            unless[name] = (*unless.get(name, ()), *listed)
        else:
            every.append((name, listed))
    return Way(matchers, Query(every=tuple(every), unless=unless, text=" ".join(filter(None, words))), exact)


def _known(view: View, matcher: Matcher) -> tuple[str, bool, _Values] | None:
    """Return field or tag, whether a missing value satisfies the matcher, and the values that then do not, else do.

    None: the indexes do not know.
    """
    if matcher.field in _FIELDS:
        name, beginning = matcher.field, ""
    elif matcher.field in OWN_FIELDS or matcher.field.startswith(_BESIDE):
        return None
    else:
        name, beginning = LABEL, f"{matcher.field}="
    try:
        empty, listed = split(view, ALERTS, matcher, name, beginning)
    except BadInput:  # it has too many values
        return None
    return (name, empty, tuple(listed)) if len(listed) <= MOST_LISTED else None


def _plain(pattern: str) -> str:
    """Return the longest tokens of a pattern that stand in every message of that shape as they are."""
    tokens = [token for token in pattern.split()[:EARLY] if token.isascii() and "<" not in token]
    return " ".join(sorted(tokens, key=len, reverse=True)[:3])
