"""Which stored alerts do these matchers match? What is indexed narrows first, then they are tried themselves."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from aiops.domain.alerts import Alert
from aiops.domain.changes import ALERTS
from aiops.domain.matching import OWN_FIELDS, Matcher, Operator, all_match, fields_of
from aiops.domain.queries import Query
from aiops.ports import View

MOST = 10_000  # alerts that are tried
SECONDS = 0.35  # after which no further page is read
PAGE = 250  # small: between two pages one looks at the clock
MOST_COUNTED = 1_000_000  # candidates, from which is told how many match in all
FEW = 500  # alerts that are tried one by one rather than narrowed
EARLY = 40  # tokens of a message by whose words it is surely found: full text covers the beginning
_FIELDS = ("source", "severity", "entity", "pattern", "owner")  # own fields of an alert that every store indexes
_TEXTS = ("title", "template")  # those that stand in the full text
_Values = tuple[str, ...]


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

    @property
    def estimate(self) -> int:
        """Return how many match in all, if those that were not tried are like those that were."""
        return round(len(self.matched) * self.total / self.tried) if self.tried else 0


def matching(view: View, ways: Sequence["Way"], base: Query, seconds: float = SECONDS) -> Tried:
    """Try what ``base`` asks for against ``ways`` (one must hold whole), in its order, up to MOST and ``seconds``."""
    found = Tried()
    until = time.monotonic() + seconds
    for number, way in enumerate(ways):
        share = (until - time.monotonic()) / (len(ways) - number)
        _try(view, way, base, found, time.monotonic() + share)
    return found


def _try(view: View, way: "Way", base: Query, found: Tried, until: float) -> None:
    few = bool(base.where) and view.find(ALERTS, msgspec.structs.replace(base, limit=0)).total <= FEW
    narrow = Query() if few else way.query  # where there are few anyway, the full text is the dearer way to them
    where, text = {**narrow.where, **base.where}, narrow.text
    query = msgspec.structs.replace(base, where=where, text=text, limit=min(PAGE, MOST), most=MOST_COUNTED)
    begun = found.tried
    while True:
        page = view.find(ALERTS, query)
        if not query.cursor:
            found.total += page.total
        found.tried += len(page.items)
        found.matched |= {one.fingerprint: one for one in page.items if way.holds(one)}
        if not page.next or found.tried - begun >= MOST or time.monotonic() > until:
            return
        query = msgspec.structs.replace(query, cursor=page.next, most=0)


@dataclass(frozen=True)
class Way:
    """Matchers of which all must hold, and what the indexes know of them: what matches is among what this finds."""

    matchers: tuple[Matcher, ...]
    query: Query

    def holds(self, alert: Alert) -> bool:
        """Do all of them hold?"""
        return all_match(self.matchers, fields_of(alert))


def narrowed(view: View, matchers: tuple[Matcher, ...]) -> Way:
    """Return the matchers with all that the indexes know of them."""
    where: dict[str, _Values] = {}
    words: list[str] = []
    labels: list[_Values] = []
    for matcher in matchers:
        values = _values(matcher)
        if matcher.field in _FIELDS and values:
            where.setdefault(matcher.field, values)
        elif matcher.field not in OWN_FIELDS and "." not in matcher.field and values:
            labels.append(tuple(f"{matcher.field}={value}" for value in values))
        elif matcher.field in _TEXTS and matcher.operator is Operator.EQUAL:
            words.append(_plain(matcher.value))
    if labels:
        where["label"] = _rarest(view, labels)
    return Way(matchers, Query(where=where, text=" ".join(filter(None, words))))


def _values(matcher: Matcher) -> _Values:
    """Return the texts of which the field must have one; empty: the indexes do not know."""
    if matcher.operator is Operator.EQUAL:
        return (matcher.value,) if matcher.value else ()
    if matcher.operator is not Operator.REGEX:
        return ()
    words = tuple(matcher.value.split("|"))
    return words if all(_is_word(word) for word in words) else ()


def _rarest(view: View, labels: Sequence[_Values]) -> _Values:
    """Return the label that fewest alerts have: a query can ask for one."""
    if len(labels) == 1:
        return labels[0]
    counts = [view.find(ALERTS, Query(where={"label": values}, limit=0)).total for values in labels]
    return labels[counts.index(min(counts))]


def _plain(pattern: str) -> str:
    """Return the longest tokens of a pattern that stand in every message of that shape as they are."""
    tokens = [token for token in pattern.split()[:EARLY] if token.isascii() and "<" not in token]
    return " ".join(sorted(tokens, key=len, reverse=True)[:3])


def _is_word(text: str) -> bool:
    return text.isascii() and bool(text) and text.replace("-", "").replace("_", "").isalnum()
