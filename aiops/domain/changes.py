"""What did the engine decide, to be saved in one go?"""

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from aiops.domain.collection import Collection
from aiops.domain.entries import Position

T = TypeVar("T")


class Changes:
    """Documents to be written together with the position that they come from; the newest version of each counts."""

    def __init__(self) -> None:
        self.position: Position | None = None  # of the last entry that they follow from
        self._documents: dict[tuple[str, str], Any] = {}
        self._collections: dict[str, Collection[Any]] = {}

    def put(self, collection: Collection[T], document: T) -> None:
        """Write ``document`` in place of an earlier version; its revision, the offset of ``position``, only grows."""
        revision = self.position.offset if self.position else 0
        stamped = msgspec.structs.replace(document, revision=revision)  # type: ignore[type-var]
        self.carry(collection, stamped)

    def carry(self, collection: Collection[T], document: T) -> None:
        """Write ``document`` with the revision that it has: when it comes from another store."""
        self._collections[collection.name] = collection
        self._documents[collection.name, collection.key(document)] = document

    def of(self, collection: Collection[T]) -> list[T]:
        """Return the documents of one collection, in the order in which they were first put."""
        return [document for (name, _), document in self._documents.items() if name == collection.name]

    def __iter__(self) -> Iterator[tuple[Collection[Any], list[Any]]]:
        """Yield every collection that has documents, with them."""
        grouped: dict[str, list[Any]] = {}
        for (name, _), document in self._documents.items():
            grouped.setdefault(name, []).append(document)
        for name, documents in grouped.items():
            yield self._collections[name], documents

    def __len__(self) -> int:
        return len(self._documents)
