"""How many documents have this value, and this value together with that one? Counted at write, so that asking is free.

``alerts_counts`` has a row for the whole collection (no names), one per value of a counted field or tag, and one per
value together with one of a crossed field, which stands first.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from aiops.domain.collection import Collection
from aiops.storage.plan import MOST_FACETS, Choice
from aiops.storage.values import Stored

T = TypeVar("T")
Fact = tuple[str, Stored]  # a field or tag, and the value that a document has of it
_NONE: Fact = ("", "")


class Counts(Generic[T]):
    """The counters of one collection in one database; there are none where it declares nothing to be counted."""

    def __init__(self, collection: Collection[T]) -> None:
        self.table = f"{collection.name}_counts"
        names = (*collection.crossed, *(name for name in collection.counted if name not in collection.crossed))
        self._rank = {name: number for number, name in enumerate(names)}  # of a pair, the lower stands first
        self._crossed = set(collection.crossed)
        self._fields = [name for name in names if name in collection.fields]
        self.tags = {name for name in collection.counted if name in collection.tags}  # that are counted
        self._is_needed = bool(collection.counted)
        self._noted: Counter[tuple[Fact, Fact]] = Counter()

    def create(self, connection: sqlite3.Connection) -> None:
        """Make the table anew, empty."""
        self._noted.clear()
        connection.execute(f"DROP TABLE IF EXISTS {self.table}")
        if self._is_needed:
            columns = "a TEXT, x, b TEXT, y, n INTEGER NOT NULL, PRIMARY KEY (a, x, b, y)"
            connection.execute(f"CREATE TABLE {self.table}({columns}) WITHOUT ROWID")

    def facts(self, values: Mapping[str, Stored], tags: Sequence[tuple[str, str]]) -> tuple[Fact, ...]:
        """Return what of a document is counted; crossed fields first."""
        fields = ((name, values[name]) for name in self._fields if values[name] is not None)
        return (*fields, *(tag for tag in tags if tag[0] in self.tags))

    def note(self, facts: Sequence[Fact], by: int) -> None:
        """Count a document in (``by`` 1) or out (-1), at the next ``write``."""
        if not self._is_needed:
            return
        noted = self._noted
        noted[_NONE, _NONE] += by
        for number, one in enumerate(facts):
            noted[one, _NONE] += by
            if one[0] in self._crossed:
                for other in facts[number + 1 :]:
                    noted[one, other] += by

    def write(self, connection: sqlite3.Connection) -> None:
        """Write what was noted, in the transaction of ``connection``."""
        changed = [(*one, *other, by) for (one, other), by in self._noted.items() if by]
        self._noted.clear()
        if changed:
            insert = f"INSERT INTO {self.table} VALUES (?, ?, ?, ?, ?)"
            update = "ON CONFLICT (a, x, b, y) DO UPDATE SET n = n + excluded.n"
            connection.executemany(f"{insert} {update}", changed)
        if fewer := [one[:-1] for one in changed if one[-1] < 0]:
            where = "a = ? AND x = ? AND b = ? AND y = ? AND n = 0"
            connection.executemany(f"DELETE FROM {self.table} WHERE {where}", fewer)

    def forget(self) -> None:
        """Forget what was noted: its documents were not written."""
        self._noted.clear()

    def total(self, connection: sqlite3.Connection, choices: Sequence[Choice]) -> int:
        """Return how many documents ``choices`` match; of those only that ``plan.is_counted`` allows."""
        if not choices:
            return self._sum(connection, "a = '' AND x = '' AND b = '' AND y = ''", ())
        ordered = sorted(choices, key=lambda choice: self._rank[choice.name])
        sides = zip((("a", "x"), ("b", "y")), ordered, strict=False)
        pair = [f"{name} = ? AND {value} IN ({_marks(one)})" for (name, value), one in sides]
        if len(choices) == 1:
            pair.append("b = '' AND y = ''")
        return self._sum(connection, " AND ".join(pair), _given(ordered))

    def facet(self, connection: sqlite3.Connection, choices: Sequence[Choice], name: str) -> dict[str, int]:
        """Count what ``choices`` match by the values of ``name``, the most frequent first: as ``plan.is_faceted``."""
        own = [choice for choice in choices if choice.name == name]
        others = [choice for choice in choices if choice.name != name]
        value, where = "x", ["a = ?", *(f"x IN ({_marks(choice)})" for choice in own)]
        if not others:
            where.append("b = '' AND y = ''")
        elif self._rank[name] < self._rank[others[0].name]:
            where.append(f"b = ? AND y IN ({_marks(others[0])})")
        else:
            value, where = "y", ["b = ?", *(f"y IN ({_marks(choice)})" for choice in own)]
            where.append(f"a = ? AND x IN ({_marks(others[0])})")
        given = (name, *(one for choice in own for one in choice.values), *_given(others))
        select = f"SELECT {value}, sum(n) FROM {self.table} WHERE {' AND '.join(where)} GROUP BY {value}"
        ordered = f"{select} HAVING sum(n) > 0 ORDER BY sum(n) DESC, {value} LIMIT {MOST_FACETS}"
        return {str(found): count for found, count in connection.execute(ordered, given)}

    def _sum(self, connection: sqlite3.Connection, where: str, given: tuple[Stored, ...]) -> int:
        (found,) = connection.execute(f"SELECT sum(n) FROM {self.table} WHERE {where}", given).fetchone()
        return int(found or 0)


def _given(choices: Sequence[Choice]) -> tuple[Stored, ...]:
    return tuple(part for one in choices for part in (one.name, *one.values))


def _marks(choice: Choice) -> str:
    return ", ".join("?" * len(choice.values))
