"""Everything that a store holds, as bytes that can be compared; as a script: those of the demo's day."""

import hashlib
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from aiops import fold
from aiops.demo import storm
from aiops.domain.documents import COLLECTIONS
from aiops.domain.entries import Payload
from aiops.domain.queries import Query
from aiops.ports import Store
from aiops.storage.memory import MemoryJournal, MemoryStore

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def contents(store: Store) -> dict[str, list[bytes]]:
    """Return every document of every collection, encoded, in the order of its keys."""
    found: dict[str, list[bytes]] = {}
    with store.view() as view:
        for collection in COLLECTIONS:
            documents, cursor = [], ""
            while True:
                page = view.find(collection, Query(limit=1000, cursor=cursor))
                documents += [msgspec.json.encode(document, order="sorted") for document in page.items]
                if not (cursor := page.next):
                    break
            found[collection.name] = documents
    return found


def journal_of(moments: Iterable[tuple[datetime, Payload]]) -> MemoryJournal:
    """Return a journal that holds these payloads."""
    journal = MemoryJournal()
    for at, payload in moments:
        journal.append([payload], at=at)
    return journal


def digest_of_the_demo() -> str:
    """Fold the demo's day, in batches of 50, and return a hash of all that came of it."""
    journal, store = journal_of(storm(NOW)), MemoryStore()
    engine = fold.recover(store)
    while fold.step(engine, journal, store, limit=50):
        pass
    return hashlib.sha256(repr(contents(store)).encode()).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest_of_the_demo())
