"""How is a plan said in SQL?"""

import itertools
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aiops.domain.queries import MOST_COUNTED, Facets, Found, Near, Query
from aiops.storage.nearest import ranked
from aiops.storage.plan import (
    MOST_FACETS,
    MOST_SCANNED,
    MOST_VALUES,
    Cursor,
    Plan,
    Sort,
    check_facets,
    check_values,
    is_counted,
    is_faceted,
    most_frequent,
    plan,
    plan_nearest,
    total_of,
)
from aiops.storage.sqlite_conditions import Sql, among, conditions_of, every, tried
from aiops.storage.sqlite_table import Table
from aiops.storage.sqlite_words import expression, holding, newest
from aiops.storage.values import Stored

T = TypeVar("T")

MOST_TRIED = 20_000  # documents of the order's index that are looked at for words before all of them are sorted


@dataclass(frozen=True)
class Matching:
    """What a plan matches: a condition that tells, and how many there are."""

    conditions: list[Sql]
    total: int  # or, when there are more than were to be counted, one more than these
    words: tuple[str, ...] = ()  # still to be looked for: there are too many documents that have them
    listed: bool = False  # row by row, so that there is nothing to walk along


def find(connection: sqlite3.Connection, table: Table[T], query: Query) -> Found[T]:
    """Return one page, inside the transaction that ``connection`` is in."""
    asked = plan(table.collection, query)
    matching = _matching(connection, table, asked)
    rows = _page(connection, table, asked, matching) if matching.total and asked.limit else []
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    cursor = Cursor(table.name, query.order, tuple(rows[-1][2:]), rows[-1][1]).write() if more else ""
    total, exact = total_of(table.collection, asked, matching.total)
    return Found(_documents(connection, table, [row[0] for row in rows]), total=total, exact=exact, next_cursor=cursor)


def facets(connection: sqlite3.Connection, table: Table[Any], query: Query, names: Sequence[str]) -> Facets:
    """Count by the values of ``names``, the most frequent first, inside the transaction of ``connection``."""
    check_facets(table.collection, names)
    asked = replace(plan(table.collection, query), most=MOST_COUNTED)
    known = {name for name in names if is_faceted(table.collection, asked, name)}
    if len(known) == len(set(names)):
        return Facets({name: table.counts.facet(connection, asked.choices, name) for name in names})
    matching = _matching(connection, table, asked)
    conditions, sampled = matching.conditions, 0
    if matching.total > MOST_COUNTED:
        conditions, sampled = [among(_newest(connection, table, asked))], MOST_COUNTED
    counts = {
        name: table.counts.facet(connection, asked.choices, name)
        if name in known
        else _facet(connection, table, conditions, name)
        for name in names
    }
    return Facets(counts, {name: sampled for name in names if sampled and name not in known})


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
    conditions = conditions_of(table, asked)
    if asked.words:
        conditions = [among(newest(connection, table, asked.words, conditions, MOST_SCANNED))]
    where = every(conditions)
    rows = f"SELECT id FROM {table.name} {where.text} ORDER BY revision DESC LIMIT ?"
    select = f"SELECT doc FROM {table.docs} WHERE id IN ({rows})"
    found = connection.execute(select, (*where.values, MOST_SCANNED))
    return ranked(table.collection, (table.decode(doc) for (doc,) in found), vector, asked.limit)


def _matching(connection: sqlite3.Connection, table: Table[Any], asked: Plan) -> Matching:
    """Find out how many there are, no further than asked; words are looked for where that is less work."""
    conditions, most = conditions_of(table, asked), asked.most + 1
    if not asked.words:
        return Matching(conditions, _count(connection, table, asked, conditions, most))
    if conditions and _count(connection, table, asked, conditions, MOST_COUNTED + 1) <= MOST_COUNTED:
        where = every(conditions)
        candidates = connection.execute(f"SELECT id FROM {table.name} {where.text}", where.values)
        rows = [row[0] for row in holding(connection, table, candidates, asked.words) if row]
    else:
        rows = newest(connection, table, asked.words, conditions, max(most, MOST_COUNTED + 1))
        if len(rows) > MOST_COUNTED:
            return Matching(conditions, min(len(rows), most), asked.words)
    return Matching([among(rows)], min(len(rows), most), listed=True)


def _count(connection: sqlite3.Connection, table: Table[Any], asked: Plan, conditions: Sequence[Sql], most: int) -> int:
    if is_counted(table.collection, asked):
        return table.counts.total(connection, asked.choices)
    where = every(conditions)
    select = f"SELECT count(*) FROM (SELECT 1 FROM {table.name} {where.text} LIMIT ?)"
    (total,) = connection.execute(select, (*where.values, most)).fetchone()
    return int(total)


def _newest(connection: sqlite3.Connection, table: Table[Any], asked: Plan) -> list[int]:
    """Return the rows that were made last, of many: they are come by soon."""
    if asked.words:
        return newest(connection, table, asked.words, conditions_of(table, asked), MOST_COUNTED)
    where = every(tried(table, asked))
    select = f"SELECT id FROM {table.name} {where.text} ORDER BY id DESC LIMIT ?"
    return [row for (row,) in connection.execute(select, (*where.values, MOST_COUNTED))]


def _page(connection: sqlite3.Connection, table: Table[Any], asked: Plan, matching: Matching) -> list[tuple[Any, ...]]:
    """Return (row, key, values of the order...) of one document more than asked for.

    SQLite would have to guess whether to walk the order's index and try each, or to collect all that matches and sort
    it; we know how many there are, so we say which reads less: ``limit * size / total`` rows or ``total``.
    """
    if matching.words:
        walked = itertools.islice(_walk(connection, table, asked), MOST_TRIED)
        looked_at = list(_until(holding(connection, table, walked, asked.words), asked.limit + 1))
        rows = [row for row in looked_at if row]
        if len(rows) > asked.limit or len(looked_at) < MOST_TRIED:
            return rows
        return _sorted(connection, table, asked, [*matching.conditions, _worded(connection, table, matching.words)])
    (size,) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {table.name}").fetchone()
    if not matching.listed and (matching.total > asked.most or matching.total**2 > asked.limit * size):
        return list(itertools.islice(_walk(connection, table, asked), asked.limit + 1))
    return _sorted(connection, table, asked, matching.conditions)


def _until(rows: Iterable[tuple[Any, ...] | None], wanted: int) -> Iterator[tuple[Any, ...] | None]:
    """Yield until so many rows were found."""
    for row in rows:
        yield row
        wanted -= row is not None
        if not wanted:
            return


def _walk(connection: sqlite3.Connection, table: Table[Any], asked: Plan) -> Iterator[tuple[Any, ...]]:
    """Yield what meets all conditions but words, along the index of the order's first field."""
    where = every([*tried(table, asked), *_behind(table, asked), *_beginning(connection, table, asked)])
    text = f"SELECT {_columns(table, asked)} FROM {table.name} {where.text} ORDER BY {_order(table, asked, walk=True)}"
    yield from connection.execute(text, where.values)


def _sorted(
    connection: sqlite3.Connection, table: Table[Any], asked: Plan, conditions: Sequence[Sql]
) -> list[tuple[Any, ...]]:
    where = every([*conditions, *_behind(table, asked)])
    order = _order(table, asked, walk=False)
    text = f"SELECT {_columns(table, asked)} FROM {table.name} {where.text} ORDER BY {order} LIMIT ?"
    return connection.execute(text, (*where.values, asked.limit + 1)).fetchall()


def _columns(table: Table[Any], asked: Plan) -> str:
    return ", ".join(["id", "key", *(table.columns[sort.name] for sort in asked.sorts)])


def _order(table: Table[Any], asked: Plan, *, walk: bool) -> str:
    terms = [f"{table.columns[sort.name]}{' DESC' if sort.descending else ''}" for sort in asked.sorts]
    return ", ".join(term if walk else f"+{term}" for term in [*terms, "key"])


def _documents(connection: sqlite3.Connection, table: Table[T], rows: Sequence[int]) -> list[T]:
    select = f"SELECT doc FROM {table.docs} WHERE id = ?"
    return [table.decode(connection.execute(select, (row,)).fetchone()[0]) for row in rows]


def _facet(
    connection: sqlite3.Connection, table: Table[Any], conditions: Sequence[Sql], name: str
) -> Mapping[str, int]:
    """Count what meets ``conditions``, which is not much."""
    if name in table.columns:
        value = table.columns[name]
        where = every([*conditions, Sql(f"({value} IS NOT NULL)")])
        order = f"ORDER BY count(*) DESC, {value} LIMIT {MOST_FACETS}"
        text = f"SELECT {value}, count(*) FROM {table.name} {where.text} GROUP BY {value} {order}"
        return {str(found): count for found, count in connection.execute(text, where.values)}
    where = every(conditions)
    select = f"SELECT beside FROM {table.docs} WHERE id IN (SELECT id FROM {table.name} {where.text})"
    written = (beside for (beside,) in connection.execute(select, where.values))
    return most_frequent(Counter(value for one in written for tag, value in table.beside.tags_of(one) if tag == name))


def _worded(connection: sqlite3.Connection, table: Table[Any], words: Sequence[str]) -> Sql:
    text = table.beside.words
    return Sql(f"id IN (SELECT rowid FROM {text} WHERE {text} MATCH ?)", (expression(connection, table, words),))


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
