"""How is a plan said in SQL?"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from aiops.domain.queries import Found, Near, Query
from aiops.storage.nearest import ranked
from aiops.storage.plan import (
    MOST_FACETS,
    MOST_SCANNED,
    MOST_VALUES,
    Between,
    Choice,
    Cursor,
    Plan,
    Sort,
    check_facets,
    check_values,
    plan,
    plan_nearest,
)
from aiops.storage.sqlite_table import Table
from aiops.storage.values import Stored

T = TypeVar("T")


@dataclass(frozen=True)
class Sql:
    """A condition and its values; the SQL is made of declared names only."""

    text: str
    values: tuple[Stored, ...] = ()


def find(connection: sqlite3.Connection, table: Table[T], query: Query) -> Found[T]:
    """Return one page, inside the transaction that ``connection`` is in."""
    asked = plan(table.collection, query)
    conditions = _conditions(table, asked)
    total = _count(connection, table, conditions)
    rows = _page(connection, table, asked, conditions, total) if total and asked.limit else []
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    cursor = Cursor(table.name, query.order, tuple(rows[-1][2:]), rows[-1][1]).write() if more else ""
    return Found(_documents(connection, table, [row[0] for row in rows]), total=total, next_cursor=cursor)


def facets(
    connection: sqlite3.Connection, table: Table[Any], query: Query, names: Sequence[str]
) -> Mapping[str, Mapping[str, int]]:
    """Count by the values of ``names``, the most frequent first, inside the transaction of ``connection``."""
    check_facets(table.collection, names)
    conditions = _conditions(table, plan(table.collection, query))
    return {name: _facet(connection, table, conditions, name) for name in names}


def values(connection: sqlite3.Connection, table: Table[Any], name: str, beginning: str) -> list[str]:
    """Return the distinct texts of a field or tag that begin with ``beginning``; each step leaps over all that equal.

    So it costs by the number of values, not of documents.
    """
    check_values(table.collection, name, 0)
    field = table.columns.get(name)
    source, value = (table.name, field) if field else (table.beside.tags, "value")
    of = "" if field else "name = ? AND "
    given = () if field else (name,)
    least = f"SELECT min({value}) FROM {source} WHERE {of}{value}"
    first = connection.execute(f"{least} >= ?", (*given, beginning)).fetchone()[0]
    found: list[str] = []
    while isinstance(first, str) and first.startswith(beginning) and len(found) <= MOST_VALUES:
        found.append(first)
        first = connection.execute(f"{least} > ?", (*given, first)).fetchone()[0]
    check_values(table.collection, name, len(found))
    return found


def nearest(connection: sqlite3.Connection, table: Table[T], query: Query, vector: bytes) -> list[Near[T]]:
    """Return what is nearest among the newest that match, inside the transaction of ``connection``."""
    asked = plan_nearest(table.collection, query)
    where = _all(_conditions(table, asked))
    rows = f"SELECT id FROM {table.name} {where.text} ORDER BY revision DESC LIMIT ?"
    select = f"SELECT doc FROM {table.docs} WHERE id IN ({rows})"
    found = connection.execute(select, (*where.values, MOST_SCANNED))
    return ranked(table.collection, (table.decode(doc) for (doc,) in found), vector, asked.limit)


def _count(connection: sqlite3.Connection, table: Table[Any], conditions: list[Sql]) -> int:
    where = _all(conditions)
    (total,) = connection.execute(f"SELECT count(*) FROM {table.name} {where.text}", where.values).fetchone()
    return int(total)


def _page(
    connection: sqlite3.Connection, table: Table[Any], asked: Plan, conditions: list[Sql], total: int
) -> list[tuple[Any, ...]]:
    """Return (row, key, values of the order...) of one document more than asked for.

    SQLite would have to guess whether to walk the order's index and skip what does not match, or to collect all that
    matches and sort it; we know the total, so we say which reads less: ``limit * size / total`` rows or ``total``. A
    ``+`` takes a term out of the choice of an index.
    """
    (size,) = connection.execute(f"SELECT max(id) FROM {table.name}").fetchone()
    walk = total * total > asked.limit * size
    filters = [Sql(f"+{sql.text}", sql.values) if walk else sql for sql in conditions]
    where = _all([*filters, *_behind(table, asked), *_beginning(connection, table, asked)])
    columns = ", ".join(["id", "key", *(table.columns[sort.name] for sort in asked.sorts)])
    text = f"SELECT {columns} FROM {table.name} {where.text} ORDER BY {_order(table, asked, walk)} LIMIT ?"
    return connection.execute(text, (*where.values, asked.limit + 1)).fetchall()


def _order(table: Table[Any], asked: Plan, walk: bool) -> str:
    terms = [f"{table.columns[sort.name]}{' DESC' if sort.descending else ''}" for sort in asked.sorts]
    return ", ".join(term if walk else f"+{term}" for term in [*terms, "key"])


def _documents(connection: sqlite3.Connection, table: Table[T], rows: Sequence[int]) -> list[T]:
    select = f"SELECT doc FROM {table.docs} WHERE id = ?"
    return [table.decode(connection.execute(select, (row,)).fetchone()[0]) for row in rows]


def _facet(connection: sqlite3.Connection, table: Table[Any], conditions: list[Sql], name: str) -> dict[str, int]:
    if name in table.columns:
        source, value = table.name, table.columns[name]
        where = _all([*conditions, Sql(f"({value} IS NOT NULL)")])
    else:
        source, value, matching = table.beside.tags, "value", _all(conditions)
        among = [Sql(f"(id IN (SELECT id FROM {table.name} {matching.text}))", matching.values)] if conditions else []
        where = _all([Sql("(name = ?)", (name,)), *among])
    text = (
        f"SELECT {value}, count(*) FROM {source} {where.text} GROUP BY {value} ORDER BY count(*) DESC, {value} LIMIT ?"
    )
    return {str(found): count for found, count in connection.execute(text, (*where.values, MOST_FACETS))}


def _all(conditions: Sequence[Sql]) -> Sql:
    text = " AND ".join(sql.text for sql in conditions)
    return Sql(f"WHERE {text}" if text else "", tuple(value for sql in conditions for value in sql.values))


def _conditions(table: Table[Any], asked: Plan) -> list[Sql]:
    """Return the conditions, each in brackets or beginning with what a ``+`` may stand before."""
    return [
        *(_tagged(table, choice) if choice.is_tag else _valued(table, choice) for choice in asked.choices),
        *(sql for between in asked.ranges for sql in _between(table, between)),
        *_worded(table, asked),
    ]


def _valued(table: Table[Any], choice: Choice) -> Sql:
    """A missing value is a value here: one can ask for it and against it."""
    column = table.columns[choice.name]
    values = tuple(value for value in choice.values if value is not None)
    listed, missing = f"{column} IN ({_marks(values)})", f"{column} IS NULL"
    if None not in choice.values:
        return Sql(listed if choice.wanted else f"({missing} OR NOT {listed})", values)
    return Sql(f"({missing} OR {listed})" if choice.wanted else f"({column} IS NOT NULL AND NOT {listed})", values)


def _tagged(table: Table[Any], choice: Choice) -> Sql:
    tags = f"SELECT id FROM {table.beside.tags} WHERE name = ? AND value IN ({_marks(choice.values)})"
    return Sql(f"id {'IN' if choice.wanted else 'NOT IN'} ({tags})", (choice.name, *choice.values))


def _between(table: Table[Any], between: Between) -> list[Sql]:
    column = table.columns[between.name]
    sides = ((">=", between.at_least), ("<", between.below))
    return [Sql(f"{column} {sign} ?", (value,)) for sign, value in sides if value is not None]


def _worded(table: Table[Any], asked: Plan) -> list[Sql]:
    if not asked.words:
        return []
    match = " AND ".join(f'"{word}"*' for word in asked.words)
    words = table.beside.words
    return [Sql(f"id IN (SELECT rowid FROM {words} WHERE {words} MATCH ?)", (match,))]


def _behind(table: Table[Any], asked: Plan) -> list[Sql]:
    """Return the condition for all behind the cursor: later in the first field, or equal there and later in a next."""
    if asked.after is None:
        return []
    ways: list[Sql] = []
    equal: list[Sql] = []
    for sort, last in zip(asked.sorts, asked.after.values, strict=True):
        ways.append(_all_of([*equal, _later(table, sort, last)]))
        equal.append(Sql(f"{table.columns[sort.name]} IS ?", (last,)))
    ways.append(_all_of([*equal, Sql("key > ?", (asked.after.key,))]))
    either = Sql(f"({' OR '.join(way.text for way in ways)})", tuple(value for way in ways for value in way.values))
    return [either]


def _later(table: Table[Any], sort: Sort, last: Stored) -> Sql:
    column = table.columns[sort.name]
    if last is None:  # nothing sorts first, so last when descending
        return Sql("0") if sort.descending else Sql(f"{column} IS NOT NULL")
    return Sql(f"({column} < ? OR {column} IS NULL)" if sort.descending else f"{column} > ?", (last,))


def _beginning(connection: sqlite3.Connection, table: Table[Any], asked: Plan) -> list[Sql]:
    """Say again where the first field goes on, in a form by which the walk along its index can begin there."""
    if asked.after is None:
        return []
    if not asked.sorts:
        return [Sql("key > ?", (asked.after.key,))]
    column, last = table.columns[asked.sorts[0].name], asked.after.values[0]
    if last is None:
        return []
    if not asked.sorts[0].descending:
        return [Sql(f"{column} >= ?", (last,))]
    missing = connection.execute(f"SELECT 1 FROM {table.name} WHERE {column} IS NULL LIMIT 1").fetchone()
    return [] if missing else [Sql(f"{column} <= ?", (last,))]


def _all_of(parts: Sequence[Sql]) -> Sql:
    return Sql(
        f"({' AND '.join(part.text for part in parts)})", tuple(value for part in parts for value in part.values)
    )


def _marks(values: Sequence[Stored]) -> str:
    return ", ".join("?" * len(values))
