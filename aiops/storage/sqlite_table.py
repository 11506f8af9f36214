"""In which tables does a collection live, and how is a document written to them?

``alerts``: key, revision and an indexed column ``f_...`` per declared field; narrow, so that counting reads little.
``alerts_docs``: the documents; all the rest can be made anew from them. ``alerts_tags``, ``alerts_words``: see Beside.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec

from aiops.domain.collection import Collection
from aiops.storage.sqlite_beside import Beside
from aiops.storage.sqlite_counts import Counts, Fact
from aiops.storage.values import Stored, stored

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()


class Table(Generic[T]):
    """The tables of one collection in one database."""

    def __init__(self, collection: Collection[T]) -> None:
        self.collection, self.name, self.docs = collection, collection.name, f"{collection.name}_docs"
        self.columns = {name: f'"f_{name}"' for name in collection.fields}
        self.beside, self.counts = Beside(collection), Counts(collection)
        text = "words, vocabulary" if collection.text else ""
        more = (collection.counted, collection.crossed, collection.sorted_by)
        self.shape = repr((list(collection.fields), list(collection.tags), text, *filter(None, more)))
        self._decoder = msgspec.msgpack.Decoder(collection.type)
        columns = ", ".join(["id", "revision", *self.columns.values()])
        self._find = f"SELECT {columns} FROM {self.name} WHERE key = ?"
        self._insert = f"INSERT INTO {self.name} VALUES ({', '.join('?' * (3 + len(self.columns)))})"

    def build(self, connection: sqlite3.Connection) -> None:
        """Make the tables as declared now, from the documents where there are some."""
        connection.execute(f"CREATE TABLE IF NOT EXISTS {self.docs}(id INTEGER PRIMARY KEY, doc BLOB, beside BLOB)")
        connection.execute(f"DROP TABLE IF EXISTS {self.name}")
        columns = ["id INTEGER PRIMARY KEY", "key TEXT NOT NULL UNIQUE", "revision INTEGER", *self.columns.values()]
        connection.execute(f"CREATE TABLE {self.name}({', '.join(columns)})")
        self.beside.create(connection)
        self.counts.create(connection)
        for (row,) in connection.execute(f"SELECT id FROM {self.docs}").fetchall():
            (raw,) = connection.execute(f"SELECT doc FROM {self.docs} WHERE id = ?", (row,)).fetchone()
            document = self.decode(raw)
            beside = self.beside.of(document)
            connection.execute(f"UPDATE {self.docs} SET beside = ? WHERE id = ?", (beside, row))
            self._enter(connection, row, document, beside)
        self.counts.write(connection)
        for order in self._orders():
            indexed = ", ".join(self.columns[name] for name in order)
            connection.execute(f'CREATE INDEX "{self.name}_by_{"_".join(order)}" ON {self.name}({indexed})')

    def save(self, connection: sqlite3.Connection, documents: list[T]) -> None:
        """Write those whose revision is not older than that of the one that is there."""
        self.counts.forget()
        for document in documents:
            key = self.collection.key(document)
            present = connection.execute(self._find, (key,)).fetchone()
            if present is None:
                self._add(connection, document)
            elif _revision(document) >= present[1]:
                self._replace(connection, present, document)
        self.counts.write(connection)

    def drop(self, connection: sqlite3.Connection, before: Stored, count: int) -> int:
        """Forget up to ``count`` of the oldest documents dated before ``before`` (None: whatever their date)."""
        column = self.columns[self.collection.dated]
        condition = "" if before is None else f"WHERE {column} < ?"
        select = f"SELECT id FROM {self.name} {condition} ORDER BY {column} LIMIT {count}"
        rows = [row for (row,) in connection.execute(select, () if before is None else (before,))]
        for row in rows:
            (written,) = connection.execute(f"SELECT beside FROM {self.docs} WHERE id = ?", (row,)).fetchone()
            self.beside.write(connection, row, written, None)
        marked = [(row,) for row in rows]
        for table in (self.docs, self.name):
            connection.executemany(f"DELETE FROM {table} WHERE id = ?", marked)
        return len(rows)

    def oldest(self, connection: sqlite3.Connection) -> Stored:
        """Return the date of the oldest document; None: there is none."""
        (found,) = connection.execute(f"SELECT min({self.columns[self.collection.dated]}) FROM {self.name}").fetchone()
        return found  # type: ignore[no-any-return]

    def decode(self, raw: bytes) -> T:
        """Return the document that was written as ``raw``."""
        return self._decoder.decode(raw)

    def _add(self, connection: sqlite3.Connection, document: T) -> None:
        beside = self.beside.of(document)
        insert = f"INSERT INTO {self.docs}(doc, beside) VALUES (?, ?)"
        row = connection.execute(insert, (_encoder.encode(document), beside)).lastrowid
        assert row is not None  # an INSERT has one
        self._enter(connection, row, document, beside)

    def _enter(self, connection: sqlite3.Connection, row: int, document: T, beside: bytes | None) -> None:
        """Make a document that is written findable."""
        key, values = self.collection.key(document), self._values(document)
        connection.execute(self._insert, (row, key, _revision(document), *values))
        self.beside.write(connection, row, None, beside)
        self.counts.note(self._facts(values, beside), 1)

    def _replace(self, connection: sqlite3.Connection, present: tuple[Any, ...], document: T) -> None:
        """Write what differs: an index in which nothing changes costs nothing."""
        row, _, *before = present
        values = self._values(document)
        pairs = zip(self.columns.values(), before, values, strict=True)
        changed = {column: value for column, old, value in pairs if old != value}
        places = ", ".join(f"{column} = ?" for column in ("revision", *changed))
        update = f"UPDATE {self.name} SET {places} WHERE id = ?"
        connection.execute(update, (_revision(document), *changed.values(), row))
        written, beside = None, self.beside.of(document)
        if beside is not None:
            (written,) = connection.execute(f"SELECT beside FROM {self.docs} WHERE id = ?", (row,)).fetchone()
            self.beside.write(connection, row, written, beside)
        if (was := self._facts(before, written)) != (now := self._facts(values, beside)):
            self.counts.note(was, -1)
            self.counts.note(now, 1)
        update = f"UPDATE {self.docs} SET doc = ?, beside = ? WHERE id = ?"
        connection.execute(update, (_encoder.encode(document), beside, row))

    def _facts(self, values: Sequence[Stored], beside: bytes | None) -> tuple[Fact, ...]:
        if not self.collection.counted:
            return ()
        tags = self.beside.tags_of(beside) if self.counts.tags else []
        return self.counts.facts(dict(zip(self.columns, values, strict=True)), tags)

    def _orders(self) -> list[tuple[str, ...]]:
        """Return what is indexed: the declared orders, and each field that begins none of them."""
        declared = self.collection.sorted_by
        begun = {order[0] for order in declared}
        return [*((name,) for name in self.columns if name not in begun), *declared]

    def _values(self, document: T) -> list[Stored]:
        return [stored(read(document)) for read in self.collection.fields.values()]


def _revision(document: Any) -> int:
    """Return what every document has, whatever its type."""
    return int(document.revision)
