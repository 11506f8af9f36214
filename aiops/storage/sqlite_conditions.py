"""How is what a plan asks for said as conditions in SQL?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiops.storage.plan import Between, Choice, Plan
from aiops.storage.sqlite_table import Table
from aiops.storage.values import Stored


@dataclass(frozen=True)
class Sql:
    """A condition and its values; the SQL is made of declared names only."""

    text: str
    values: tuple[Stored, ...] = ()


def every(conditions: Sequence[Sql]) -> Sql:
    """Return the WHERE clause for all of them."""
    text = " AND ".join(sql.text for sql in conditions)
    return Sql(f"WHERE {text}" if text else "", tuple(value for sql in conditions for value in sql.values))


def among(rows: Sequence[int]) -> Sql:
    """Return the condition for one of these rows."""
    return Sql("id IN (SELECT value FROM json_each(?))", (json.dumps(rows),))


def conditions_of(table: Table[Any], asked: Plan) -> list[Sql]:
    """Return the conditions but words, by which an index may be chosen."""
    return [
        *(_tagged(table, choice) if choice.is_tag else _valued(table, choice) for choice in asked.choices),
        *(sql for between in asked.ranges for sql in _between(table, between)),
    ]


def tried(table: Table[Any], asked: Plan) -> list[Sql]:
    """Return the same conditions to be tried on one row after the other: a ``+`` takes a term's index away."""
    tags = [_has_tag(table, choice) for choice in asked.choices if choice.is_tag]
    fields = [_valued(table, choice) for choice in asked.choices if not choice.is_tag]
    ranges = (sql for between in asked.ranges for sql in _between(table, between))
    return [*(Sql(f"+{sql.text}", sql.values) for sql in (*fields, *ranges)), *tags]


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


def _has_tag(table: Table[Any], choice: Choice) -> Sql:
    tags = f"SELECT 1 FROM {table.beside.tags} AS tag WHERE name = ? AND value IN ({_marks(choice.values)})"
    exists = f"EXISTS ({tags} AND tag.id = {table.name}.id)"
    return Sql(exists if choice.wanted else f"NOT {exists}", (choice.name, *choice.values))


def _between(table: Table[Any], between: Between) -> list[Sql]:
    column = table.columns[between.name]
    sides = ((">=", between.at_least), ("<", between.below))
    return [Sql(f"{column} {sign} ?", (value,)) for sign, value in sides if value is not None]


def _marks(values: Sequence[Stored]) -> str:
    return ", ".join("?" * len(values))
