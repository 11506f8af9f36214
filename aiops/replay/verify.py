"""Does the journal, run again, lead to the very same documents? Byte for byte, revisions included."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from aiops import fold
from aiops.domain.base import Noun
from aiops.domain.collection import Collection
from aiops.domain.documents import COLLECTIONS
from aiops.domain.entries import Position
from aiops.domain.queries import Query
from aiops.ports import Journal, Store, View
from aiops.replay.running import FIRST, run
from aiops.storage.memory import MemoryStore
from aiops.walking import documents_of

NAMED = 20  # differences that are named; all are counted

_EVER = datetime.min.replace(tzinfo=UTC)
_encoder = msgspec.msgpack.Encoder()


class Difference(Noun, frozen=True, kw_only=True):
    """One document that is not the same."""

    collection: str
    key: str
    fields: tuple[str, ...]  # that differ; empty: it is missing on one side
    text: str


class Verification(Noun, frozen=True, kw_only=True):
    """What a replay found."""

    position: str  # up to which the journal was run again
    since: str = ""  # position of the snapshot it began with; empty: from the very beginning
    entries: int = 0
    documents: int = 0  # compared
    collections: int = 0  # that have documents
    older: int = 0  # documents last changed before ``since``: not compared
    differing: int = 0
    differences: tuple[Difference, ...] = ()  # the first of them

    @property
    def equal(self) -> bool:
        """Is everything the same?"""
        return self.differing == 0

    @property
    def text(self) -> str:
        """Say it in one sentence."""
        begin = f"since {self.since}" if self.since else "from the beginning"
        scope = f"{self.entries} entries {begin}"
        if not self.equal:
            return f"{self.differing} of {self.documents} documents differ after {scope}"
        older = f"; {self.older} older ones not compared" if self.older else ""
        return f"byte-equal: {self.documents} documents in {self.collections} collections, {scope}{older}"


def verify(journal: Journal, store: Store) -> Verification:
    """Run the journal again in memory, up to where ``store`` stands, and compare all documents.

    It starts at the beginning; where the journal no longer has that, at the oldest snapshot that can be read and behind
    which it has everything. ``store`` may move on meanwhile: it is read in one view.
    """
    with store.view() as view:
        end = view.position()
        if end is None:
            return Verification(position="")
        first = journal.read(None, 1)
        complete = bool(first) and first[0].position.offset == FIRST
        scratch = MemoryStore()
        if not complete and (snapshot := fold.oldest(store, first[0].position if first else end)):
            scratch.keep(snapshot)
        engine = fold.recover(scratch)
        since = engine.position
        _, entries = run(engine, journal, scratch, end)
        with scratch.view() as again:
            return _compare(view, again, Verification(position=str(end), since=str(since or ""), entries=entries))


def _compare(live: View, again: View, found: Verification) -> Verification:
    since = Position.parse(found.since)
    documents = older = 0
    seen: set[str] = set()
    differences: list[Difference] = []
    for collection in COLLECTIONS:
        left = _oldest(live, collection)
        missing = {collection.key(one) for one in documents_of(again, collection) if _date(collection, one) >= left}
        for document in documents_of(live, collection):
            key = collection.key(document)
            if since is not None and document.revision <= since.offset:
                older += 1
                missing.discard(key)
                continue
            documents += 1
            seen.add(collection.name)
            missing.discard(key)
            differences += _difference(collection, key, document, again.get(collection, key))
        differences += [_lost(collection, key, "the replay has it, the store has not") for key in sorted(missing)]
    return msgspec.structs.replace(
        found,
        documents=documents,
        collections=len(seen),
        older=older,
        differing=len(differences),
        differences=tuple(differences[:NAMED]),
    )


def _oldest(live: View, collection: Collection[Any]) -> datetime:
    """Return the date of the oldest document that retention left; of what stays, a time before all."""
    if not collection.dated:
        return _EVER
    found = live.find(collection, Query(order=(collection.dated,), limit=1)).items
    return _date(collection, found[0]) if found else _EVER


def _date(collection: Collection[Any], document: Any) -> datetime:
    date = collection.fields[collection.dated](document) if collection.dated else _EVER
    return date if isinstance(date, datetime) else _EVER


def _difference(collection: Collection[Any], key: str, live: Any, again: Any) -> list[Difference]:
    if again is None:
        return [_lost(collection, key, "the store has it, the replay has not")]
    if _encoder.encode(live) == _encoder.encode(again):
        return []
    fields = tuple(name for name in live.__struct_fields__ if getattr(live, name) != getattr(again, name))
    shown = "; ".join(
        f"{name}: {getattr(live, name)!r} in the store, {getattr(again, name)!r} again" for name in fields
    )
    return [Difference(collection=collection.name, key=key, fields=fields, text=shown[:2_000])]


def _lost(collection: Collection[Any], key: str, text: str) -> Difference:
    return Difference(collection=collection.name, key=key, fields=(), text=text)
