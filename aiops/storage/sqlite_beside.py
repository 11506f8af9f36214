"""What of a document lies beside its row? A row per tag, and its words in the full text."""

import sqlite3
from typing import Generic, TypeVar

import msgspec

from aiops.domain.collection import Collection
from aiops.storage.values import words

T = TypeVar("T")


class _Written(msgspec.Struct, array_like=True):
    """What was written, so that it can be taken out again: a full text that keeps no content must be told."""

    tags: list[tuple[str, str]]  # (name, value)
    words: str


class Beside(Generic[T]):
    """Tags and words of one collection in one database; it may declare neither."""

    def __init__(self, collection: Collection[T]) -> None:
        self._collection = collection
        self.tags, self.words = f"{collection.name}_tags", f"{collection.name}_words"
        self.vocabulary = f"{collection.name}_vocabulary"  # each word once
        self._is_needed = bool(collection.tags) or collection.text is not None
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(_Written)

    def create(self, connection: sqlite3.Connection) -> None:
        """Make the tables anew, empty."""
        for table in (self.tags, self.vocabulary, self.words):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        if self._collection.tags:
            columns = "name TEXT, value TEXT, id INTEGER, PRIMARY KEY (name, value, id)"
            connection.execute(f"CREATE TABLE {self.tags}({columns}) WITHOUT ROWID")
        if self._collection.text is not None:
            options = "content='', detail=none, columnsize=0, tokenize='ascii'"  # the words come cut and folded
            connection.execute(f"CREATE VIRTUAL TABLE {self.words} USING fts5(words, {options})")
            connection.execute(f"CREATE VIRTUAL TABLE {self.vocabulary} USING fts5vocab({self.words}, row)")

    def of(self, document: T) -> bytes | None:
        """Return what is to be written of ``document``, in bytes that differ when it does."""
        if not self._is_needed:
            return None
        tags = {(name, value) for name, read in self._collection.tags.items() for value in read(document)}
        text = self._collection.text(document) if self._collection.text else ""
        return self._encoder.encode(_Written(sorted(tags), " ".join(words(text))))

    def tags_of(self, written: bytes | None) -> list[tuple[str, str]]:
        """Return the tags, (name, value), of what ``of`` returned."""
        return self._decoder.decode(written).tags if written is not None else []

    def words_of(self, written: bytes) -> str:
        """Return the words, a space between two, of what ``of`` returned."""
        return self._decoder.decode(written).words

    def write(self, connection: sqlite3.Connection, row: int, before: bytes | None, after: bytes | None) -> None:
        """Put ``after`` in place of ``before``; the same costs nothing."""
        if before != after:
            if before is not None:
                self._remove(connection, row, self._decoder.decode(before))
            if after is not None:
                self._add(connection, row, self._decoder.decode(after))

    def _add(self, connection: sqlite3.Connection, row: int, written: _Written) -> None:
        if written.tags:
            marked = [(*tag, row) for tag in written.tags]
            connection.executemany(f"INSERT INTO {self.tags} VALUES (?, ?, ?)", marked)
        if written.words:
            connection.execute(f"INSERT INTO {self.words}(rowid, words) VALUES (?, ?)", (row, written.words))

    def _remove(self, connection: sqlite3.Connection, row: int, written: _Written) -> None:
        if written.tags:
            marked = [(*tag, row) for tag in written.tags]
            connection.executemany(f"DELETE FROM {self.tags} WHERE name = ? AND value = ? AND id = ?", marked)
        if written.words:
            delete = f"INSERT INTO {self.words}({self.words}, rowid, words) VALUES ('delete', ?, ?)"
            connection.execute(delete, (row, written.words))
