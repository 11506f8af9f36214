"""Which documents does the embedded store forget? The oldest that are dated: by age, and by the database's size."""

import sqlite3
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from aiops.domain.base import Noun
from aiops.storage.sqlite_table import Table
from aiops.storage.values import microseconds

CHUNK = 500  # documents of one transaction
PATIENCE = 0.3  # seconds that the engine may stand still for it; what is left is dropped next time


class Retention(Noun, frozen=True, kw_only=True):
    """How long and how much. Counts of the ledger are documents of their own: they stay."""

    age: timedelta | None = None  # None: for ever
    size: int = 0  # bytes that the database may use; 0: all that the disk has


def drop(connection: sqlite3.Connection, tables: Iterable[Table[Any]], retention: Retention, now: datetime) -> int:
    """Forget what is older than ``retention`` as of ``now``, then the oldest of too much; return how many."""
    dated = sorted((one for one in tables if one.collection.dated), key=lambda one: one.name)  # deliveries, then events
    end, dropped = time.monotonic() + PATIENCE, 0
    if retention.age is not None:
        limit = microseconds(now - retention.age)
        for table in dated:
            while time.monotonic() < end and (count := _chunk(connection, table, limit)):
                dropped += count
    while retention.size and time.monotonic() < end and used(connection) > retention.size:
        ages = [(when, table.name, table) for table in dated if (when := table.oldest(connection)) is not None]
        if not ages:
            break
        dropped += _chunk(connection, min(ages)[2], None)
    return dropped


def used(connection: sqlite3.Connection) -> int:
    """Return the bytes that hold something: the file does not shrink, what is free in it is used again."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _chunk(connection: sqlite3.Connection, table: Table[Any], before: int | None) -> int:
    connection.execute("BEGIN IMMEDIATE")
    try:
        count = table.drop(connection, before, CHUNK)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return count
