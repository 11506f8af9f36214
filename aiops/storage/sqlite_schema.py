"""Does a store's database have the tables that the collections declare, and how does it get them?"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiops.domain.errors import BadConfiguration
from aiops.storage.sqlite_table import Table

SCHEMA = 1  # raised when tables are to be made anew though no declaration changed: a field means something else, say

_OWN = (
    "CREATE TABLE IF NOT EXISTS shapes(name TEXT PRIMARY KEY, shape TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS position("
    "one INTEGER PRIMARY KEY CHECK (one = 1), shard INTEGER NOT NULL, entry INTEGER NOT NULL)",
)


def version(connection: sqlite3.Connection) -> int:
    """Return the schema's version; 0: there are no tables yet."""
    (present,) = connection.execute("PRAGMA user_version").fetchone()
    return int(present)


def prepare(connection: sqlite3.Connection, path: Path, tables: Iterable[Table[Any]]) -> None:
    """Make, or make anew, what is not as declared, in one transaction. BadConfiguration: it is from a newer release."""
    present = version(connection)
    if present > SCHEMA:
        problem = f"it was written by a newer release (schema {present}, this one knows {SCHEMA})"
        raise BadConfiguration(problem, place=str(path), fix="use that release, or delete the file: it is folded anew")
    connection.execute("BEGIN IMMEDIATE")
    for statement in _OWN:
        connection.execute(statement)
    known = dict(connection.execute("SELECT name, shape FROM shapes")) if present == SCHEMA else {}
    for table in tables:
        if known.get(table.name) != table.shape:
            table.build(connection)
            connection.execute("INSERT OR REPLACE INTO shapes VALUES (?, ?)", (table.name, table.shape))
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    connection.execute("COMMIT")
