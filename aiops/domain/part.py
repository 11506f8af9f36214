"""What is every part of the engine like? It keeps state, hands over changed documents, and can be dumped and loaded."""

from typing import Any, TypeVar

from aiops.domain.collection import Collection

T = TypeVar("T")
Document = tuple[Collection[Any], Any]


class Part:
    """One part of the engine: deterministic, without clock or I/O; its methods are told the time."""

    def __init__(self) -> None:
        self._changed: dict[tuple[str, str], Document] = {}

    def put(self, collection: Collection[T], document: T) -> None:
        """Note a document that is to be saved with the entry being run; the last version counts."""
        self._changed[collection.name, collection.key(document)] = (collection, document)

    def drain(self) -> list[Document]:
        """Hand over what was noted since the last call, in the order in which it was first noted."""
        changed, self._changed = self._changed, {}
        return list(changed.values())

    def dump(self) -> bytes:
        """Return all state, for a snapshot."""
        raise NotImplementedError

    def load(self, state: bytes) -> None:
        """Take over the state that ``dump`` returned."""
        raise NotImplementedError
