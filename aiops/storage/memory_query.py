"""Which documents does a query find among those in memory?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from aiops.domain.collection import Collection
from aiops.domain.queries import Facets, Found, Near, Query
from aiops.storage.nearest import ranked
from aiops.storage.plan import (
    MOST_SCANNED,
    Between,
    Choice,
    Cursor,
    Plan,
    check_facets,
    check_values,
    most_frequent,
    plan,
    plan_nearest,
    total_of,
)
from aiops.storage.values import Stored, sorting, stored, words

T = TypeVar("T")


class Row(Generic[T]):
    """A document as queries see it."""

    def __init__(self, collection: Collection[T], key: str, document: T) -> None:
        self.key, self.document, self._collection = key, document, collection

    def values(self, name: str) -> Sequence[Stored]:
        """Return a field's one value, or a tag's many, each once."""
        if name in self._collection.fields:
            return (stored(self._collection.fields[name](self.document)),)
        return tuple(dict.fromkeys(self._collection.tags[name](self.document)))

    def words(self) -> list[str]:
        """Return the words of its text."""
        return words(self._collection.text(self.document)) if self._collection.text else []


def find(collection: Collection[T], documents: Mapping[str, T], query: Query) -> Found[T]:
    """Return one page of what ``query`` asks for. BadInput as ``plan`` says."""
    asked = plan(collection, query)
    rows = _matching(collection, documents, asked)
    total, exact = total_of(collection, asked, len(rows))
    rows.sort(key=lambda row: row.key)
    for sort in reversed(asked.sorts):  # sorting is stable: the first field last
        rows.sort(key=lambda row: sorting(row.values(sort.name)[0]), reverse=sort.descending)
    if asked.after:
        rows = [row for row in rows if _is_behind(row, asked, asked.after)]
    page = rows[: asked.limit]
    more = bool(page) and len(rows) > asked.limit
    cursor = _cursor(collection, query, page) if more else ""
    return Found([row.document for row in page], total=total, exact=exact, next_cursor=cursor)


def facets(collection: Collection[T], documents: Mapping[str, T], query: Query, names: Sequence[str]) -> Facets:
    """Count what ``query`` matches by the values of ``names``, the most frequent first."""
    check_facets(collection, names)
    rows = _matching(collection, documents, plan(collection, query))
    counted = {name: Counter(value for row in rows for value in row.values(name)) for name in names}
    return Facets({name: most_frequent(counts) for name, counts in counted.items()})


def values(collection: Collection[T], documents: Mapping[str, T], name: str, beginning: str) -> list[str]:
    """Return the distinct texts of a field or tag that begin with ``beginning``, sorted by code point."""
    check_values(collection, name, 0)
    rows = (Row(collection, key, document) for key, document in documents.items())
    found = {value for row in rows for value in row.values(name) if isinstance(value, str)}
    found = {value for value in found if value.startswith(beginning)}
    check_values(collection, name, len(found))
    return sorted(found)


def nearest(collection: Collection[T], documents: Mapping[str, T], query: Query, vector: bytes) -> list[Near[T]]:
    """Return what is nearest among the newest that match."""
    asked = plan_nearest(collection, query)
    rows = sorted(_matching(collection, documents, asked), key=lambda row: _revision(row.document), reverse=True)
    return ranked(collection, (row.document for row in rows[:MOST_SCANNED]), vector, asked.limit)


def _revision(document: Any) -> int:
    """Return what every document has, whatever its type."""
    return int(document.revision)


def _matching(collection: Collection[T], documents: Mapping[str, T], asked: Plan) -> list[Row[T]]:
    rows = (Row(collection, key, document) for key, document in documents.items())
    return [row for row in rows if _matches(row, asked)]


def _matches(row: Row[Any], asked: Plan) -> bool:
    return (
        all(_is_chosen(row, choice) for choice in asked.choices)
        and all(_is_between(row, between) for between in asked.ranges)
        and (not asked.words or _has_words(row.words(), asked.words))
    )


def _is_chosen(row: Row[Any], choice: Choice) -> bool:
    return any(value in choice.values for value in row.values(choice.name)) is choice.wanted


def _is_between(row: Row[Any], between: Between) -> bool:
    value = row.values(between.name)[0]
    return (
        value is not None
        and (between.at_least is None or sorting(value) >= sorting(between.at_least))
        and (between.below is None or sorting(value) < sorting(between.below))
    )


def _has_words(present: list[str], wanted: tuple[str, ...]) -> bool:
    return all(any(word.startswith(beginning) for word in present) for beginning in wanted)


def _is_behind(row: Row[Any], asked: Plan, cursor: Cursor) -> bool:
    for sort, last in zip(asked.sorts, cursor.values, strict=True):
        value = row.values(sort.name)[0]
        if value != last:
            return (sorting(value) > sorting(last)) is not sort.descending
    return row.key > cursor.key


def _cursor(collection: Collection[T], query: Query, page: list[Row[T]]) -> str:
    values = tuple(page[-1].values(name.removeprefix("-"))[0] for name in query.order)
    return Cursor(collection.name, query.order, values, page[-1].key).write()
