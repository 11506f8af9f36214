"""In which tables does a collection live, and how is a document written to them?

``alerts``: key, revision and an indexed column ``f_...`` per declared field; narrow, so that counting reads little.
``alerts_docs``: the documents; all the rest can be made anew from them. ``alerts_tags``, ``alerts_words``: see Beside.
"""

import sqlite3
from typing import Any, Generic, TypeVar

import msgspec

from aiops.domain.changes import Collection
from aiops.storage.sqlite_beside import Beside
from aiops.storage.values import Stored, stored

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()


class Table(Generic[T]):
    """The tables of one collection in one database."""

    def __init__(self, collection: Collection[T]) -> None:
        self.collection, self.name, self.docs = collection, collection.name, f"{collection.name}_docs"
        self.columns = {name: f'"f_{name}"' for name in collection.fields}
        self.beside = Beside(collection)
        self.shape = repr((list(collection.fields), list(collection.tags), collection.text is not None))
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
        for (row,) in connection.execute(f"SELECT id FROM {self.docs}").fetchall():
            (raw,) = connection.execute(f"SELECT doc FROM {self.docs} WHERE id = ?", (row,)).fetchone()
            document = self.decode(raw)
            beside = self.beside.of(document)
            connection.execute(f"UPDATE {self.docs} SET beside = ? WHERE id = ?", (beside, row))
            self._enter(connection, row, document, beside)
        for name, column in self.columns.items():
            connection.execute(f'CREATE INDEX "{self.name}_by_{name}" ON {self.name}({column})')

    def save(self, connection: sqlite3.Connection, documents: list[T]) -> None:
        """Write those whose revision is not older than that of the one that is there."""
        for document in documents:
            key = self.collection.key(document)
            present = connection.execute(self._find, (key,)).fetchone()
            if present is None:
                self._add(connection, document)
            elif _revision(document) >= present[1]:
                self._replace(connection, present, document)

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

    def _replace(self, connection: sqlite3.Connection, present: tuple[Any, ...], document: T) -> None:
        """Write what differs: an index in which nothing changes costs nothing."""
        row, _, *before = present
        pairs = zip(self.columns.values(), before, self._values(document), strict=True)
        changed = {column: value for column, old, value in pairs if old != value}
        places = ", ".join(f"{column} = ?" for column in ("revision", *changed))
        update = f"UPDATE {self.name} SET {places} WHERE id = ?"
        connection.execute(update, (_revision(document), *changed.values(), row))
        if (beside := self.beside.of(document)) is not None:
            (written,) = connection.execute(f"SELECT beside FROM {self.docs} WHERE id = ?", (row,)).fetchone()
            self.beside.write(connection, row, written, beside)
        update = f"UPDATE {self.docs} SET doc = ?, beside = ? WHERE id = ?"
        connection.execute(update, (_encoder.encode(document), beside, row))

    def _values(self, document: T) -> list[Stored]:
        return [stored(read(document)) for read in self.collection.fields.values()]


def _revision(document: Any) -> int:
    """Return what every document has, whatever its type."""
    return int(document.revision)
