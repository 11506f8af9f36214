"""What does a query ask for, checked against what its collection declares? Every store answers from this."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from aiops.domain.collection import Collection, Scalar
from aiops.domain.errors import BadInput
from aiops.domain.queries import Query
from aiops.storage.values import Stored, sorting, stored, words

MOST_DOCUMENTS = 1_000  # of one page
MOST_VALUES = 10_000  # of one condition
MOST_NEAR = 100  # documents nearest to a vector
MOST_SCANNED = 20_000  # vectors compared one by one, where there is no index of them
MOST_FACETS = 100  # values of one facet, the most frequent


@dataclass(frozen=True)
class Choice:
    """Has it (or, not ``wanted``, has it none of) these values?"""

    name: str
    is_tag: bool
    values: tuple[Stored, ...]
    wanted: bool


@dataclass(frozen=True)
class Between:
    """Is a field's value in this half-open interval? None leaves a side open, but a missing value is in none."""

    name: str
    at_least: Stored
    below: Stored


@dataclass(frozen=True)
class Sort:
    """One field of the order."""

    name: str
    descending: bool


class Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page ended: the values of the order's fields, and the key, of its last document."""

    collection: str
    order: tuple[str, ...]
    values: tuple[Stored, ...]
    key: str

    def write(self) -> str:
        """Return it as opaque text that fits into a URL."""
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(self)).decode().rstrip("=")


@dataclass(frozen=True)
class Plan:
    """A query that can be answered."""

    choices: tuple[Choice, ...]
    ranges: tuple[Between, ...]
    words: tuple[str, ...]  # beginnings of words, without repetition
    sorts: tuple[Sort, ...]  # behind them the key, ascending
    after: Cursor | None
    limit: int
    most: int


def plan(collection: Collection[Any], query: Query) -> Plan:
    """Check ``query``; BadInput names the place of what does not fit and what would."""
    if not 0 <= query.limit <= MOST_DOCUMENTS:
        fix = f"ask for 0 (only the total) to {MOST_DOCUMENTS:,} and follow the cursor"
        raise BadInput(f"{query.limit} documents cannot be one page", place="limit", fix=fix)
    return Plan(
        choices=(
            *_choices(collection, query.where.items(), "where"),
            *_choices(collection, query.every, "every"),
            *_choices(collection, query.unless.items(), "unless"),
        ),
        ranges=_ranges(collection, query),
        words=_words(collection, query.text),
        sorts=_sorts(collection, query.order),
        after=_cursor(collection, query) if query.cursor else None,
        limit=query.limit,
        most=query.most,
    )


def is_counted(collection: Collection[Any], asked: Plan) -> bool:
    """Is the total known from counters? Then every store says it exactly, however many there are."""
    names = [choice.name for choice in asked.choices]
    return (
        bool(collection.counted)
        and not (asked.ranges or asked.words)
        and all(_is_plain(collection, choice) for choice in asked.choices)
        and (len(names) <= 1 or (len(names) == 2 and names[0] != names[1] and _is_crossed(collection, *names)))
    )


def is_faceted(collection: Collection[Any], asked: Plan, name: str) -> bool:
    """Are the counts by ``name`` known from counters?"""
    if name not in collection.counted or not is_counted(collection, asked):
        return False
    others = [choice.name for choice in asked.choices if choice.name != name]
    if len(others) < len(asked.choices) and name in collection.tags:
        return False
    return not others or (len(others) == 1 and _is_crossed(collection, *others, name))


def total_of(collection: Collection[Any], asked: Plan, counted: int) -> tuple[int, bool]:
    """Return the total to be said, and whether it is all; ``counted``: what matches, or ``most`` + 1 of it."""
    if is_counted(collection, asked) or counted <= asked.most:
        return counted, True
    return asked.most, False


def _is_crossed(collection: Collection[Any], *names: str) -> bool:
    return any(name in collection.crossed for name in names)


def _is_plain(collection: Collection[Any], choice: Choice) -> bool:
    """Is it of values that are counted, so that no document has two of them?"""
    one = len(choice.values) == 1 if choice.is_tag else True
    return choice.wanted and one and choice.name in collection.counted and None not in choice.values


def plan_nearest(collection: Collection[Any], query: Query) -> Plan:
    """Check a question for what is nearest to a vector, as ``plan`` does; BadInput too for an order or a cursor."""
    if collection.vector is None:
        raise BadInput(f"{collection.name} have no vector", place="vector", fix="ask for one of another collection")
    if query.order or query.cursor:
        raise BadInput("what is nearest has its own order", place="order", fix="give neither order nor cursor")
    if query.limit > MOST_NEAR:
        raise BadInput(f"{query.limit} are too many", place="limit", fix=f"ask for at most {MOST_NEAR}")
    return plan(collection, query)


def check_facets(collection: Collection[Any], names: Sequence[str]) -> None:
    """Raise BadInput for a name that is neither a field nor a tag."""
    for name in names:
        _known(collection, name, "facets", tags=True)


def check_values(collection: Collection[Any], name: str, found: int) -> None:
    """Raise BadInput for a name that is neither a field nor a tag, and for more values than one condition can have."""
    _known(collection, name, "values", tags=True)
    if found > MOST_VALUES:
        fix = "say more of how they begin, or use another label"
        raise BadInput(f"{name} has more than {MOST_VALUES:,} values", place="values", fix=fix)


def most_frequent(counts: Mapping[Any, int]) -> dict[str, int]:
    """Return the counts of the most frequent values, by them and then by value."""
    valued = [(value, count) for value, count in counts.items() if value is not None]
    valued.sort(key=lambda pair: (-pair[1], sorting(pair[0])))
    return {str(value): count for value, count in valued[:MOST_FACETS]}


def _choices(collection: Collection[Any], asked: Iterable[tuple[str, tuple[Scalar, ...]]], place: str) -> list[Choice]:
    choices = []
    for name, values in asked:
        _known(collection, name, f"{place}.{name}", tags=True)
        if len(values) > MOST_VALUES:
            problem, fix = f"{len(values):,} values are too many", f"give at most {MOST_VALUES:,}"
            raise BadInput(problem, place=f"{place}.{name}", fix=fix)
        plain = tuple(dict.fromkeys(map(stored, values)))
        choices.append(Choice(name, name not in collection.fields, plain, wanted=place != "unless"))
    return choices


def _ranges(collection: Collection[Any], query: Query) -> tuple[Between, ...]:
    for name in query.ranges:
        _known(collection, name, f"ranges.{name}")
    sides = ((name, stored(asked.at_least), stored(asked.below)) for name, asked in query.ranges.items())
    return tuple(Between(name, low, high) for name, low, high in sides if not low is high is None)


def _words(collection: Collection[Any], text: str) -> tuple[str, ...]:
    if text and collection.text is None:
        raise BadInput(f"{collection.name} have no text to search", place="text", fix="filter by a field")
    return tuple(dict.fromkeys(words(text)))


def _sorts(collection: Collection[Any], order: tuple[str, ...]) -> tuple[Sort, ...]:
    sorts = tuple(Sort(name.removeprefix("-"), name.startswith("-")) for name in order)
    for sort in sorts:
        _known(collection, sort.name, "order")
    return sorts


def _cursor(collection: Collection[Any], query: Query) -> Cursor:
    fix = "give the cursor of the page before as it came, with the same order, or none"
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        cursor = msgspec.msgpack.decode(base64.b64decode(padded, b"-_", validate=True), type=Cursor)
    except (ValueError, msgspec.DecodeError):
        raise BadInput("this is no cursor of ours", place="cursor", fix=fix) from None
    ours = (collection.name, query.order, len(query.order))
    if (cursor.collection, cursor.order, len(cursor.values)) != ours:
        asked = f"{cursor.collection} by {', '.join(cursor.order) or 'key'}"
        raise BadInput(f"this cursor belongs to another question ({asked})", place="cursor", fix=fix)
    return msgspec.structs.replace(cursor, values=tuple(map(stored, cursor.values)))


def _known(collection: Collection[Any], name: str, place: str, *, tags: bool = False) -> None:
    names = [*collection.fields, *(collection.tags if tags else ())]
    if name not in names:
        what = "field or tag" if tags else "field"
        problem = f"{collection.name} have no {what} {name!r}"
        raise BadInput(problem, place=place, fix=f"use one of: {', '.join(names) or 'none'}")
