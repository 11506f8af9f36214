"""Which documents have these words? By the full text, or by looking at each where only a few come into question."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aiops.storage.sqlite_conditions import Sql, every
from aiops.storage.sqlite_table import Table

MOST_ENDINGS = 128  # of one beginning that are asked for one by one, which is lazy; more are merged first
_LAST = "\U0010ffff"  # behind every word


def expression(connection: sqlite3.Connection, table: Table[Any], words: Iterable[str]) -> str:
    """Return what the full text is asked for documents with all ``words``; empty: none has them."""
    select = f"SELECT term FROM {table.beside.vocabulary} WHERE term >= ? AND term < ? LIMIT {MOST_ENDINGS + 1}"
    asked = []
    for word in words:
        endings = [f'"{term}"' for (term,) in connection.execute(select, (word, word + _LAST))]
        if not endings:
            return ""
        asked.append(f'"{word}"*' if len(endings) > MOST_ENDINGS else f"({' OR '.join(endings)})")
    return " AND ".join(asked)


def newest(
    connection: sqlite3.Connection, table: Table[Any], words: Sequence[str], others: Sequence[Sql], most: int
) -> list[int]:
    """Return up to ``most`` rows with ``words`` that meet ``others``, the last made first."""
    if not (match := expression(connection, table, words)):
        return []
    text = table.beside.words
    joined = f"CROSS JOIN {table.name} ON {table.name}.id = {text}.rowid" if others else ""
    where = every([Sql(f"{text} MATCH ?", (match,)), *others])
    select = f"SELECT {text}.rowid FROM {text} {joined} {where.text} ORDER BY {text}.rowid DESC LIMIT ?"
    return [row for (row,) in connection.execute(select, (*where.values, most))]


def holding(
    connection: sqlite3.Connection, table: Table[Any], rows: Iterable[tuple[Any, ...]], words: Sequence[str]
) -> Iterator[tuple[Any, ...] | None]:
    """Look at each row (its id first): itself when it has all ``words``, else None."""
    select = f"SELECT beside FROM {table.docs} WHERE id = ?"
    wanted = [f" {word}" for word in words]
    for row in rows:
        present = f" {table.beside.words_of(connection.execute(select, row[:1]).fetchone()[0])}"
        yield row if all(word in present for word in wanted) else None
