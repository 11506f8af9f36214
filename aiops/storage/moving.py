"""How do all documents get from one store into another, and are they all there, unchanged?"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from aiops.domain.base import Noun
from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.documents import COLLECTIONS
from aiops.domain.errors import Unavailable
from aiops.domain.queries import Query
from aiops.ports import Store, View
from aiops.storage.backup import Newest
from aiops.storage.durable import make_folder, on_disk, write_file

PAGE = 1_000  # documents moved at once

_encoder = msgspec.msgpack.Encoder()


class Progress(Noun, frozen=True, kw_only=True):
    """How far a move has come; kept in a file, so that it goes on where it was interrupted."""

    source: str
    target: str
    done: tuple[str, ...] = ()  # collections that are moved
    collection: str = ""  # under way
    cursor: str = ""
    moved: int = 0  # documents of it so far


class Moved(Noun, frozen=True, kw_only=True):
    """One collection, compared after the move."""

    collection: str
    source: int  # documents
    target: int
    equal: bool  # the same checksum: the sum of the BLAKE2b of all documents, whatever their order


def move(
    source: Store, target: Store, progress: Progress, note: Path, say: Callable[[Progress], None], newest: Newest
) -> list[Moved]:
    """Move every document with its revision, then the snapshot that ``newest`` finds and the position; compare.

    ``progress`` is where to begin (``resumed``); ``note`` keeps it. Nobody may write to either store meanwhile. The
    position is written last: before, the target's engine would fold from the beginning, which is slow but not wrong.
    """
    with source.view() as view:
        position = view.position()
        if position is None:
            raise Unavailable("there is nothing to move: the source has no position")
        for collection in COLLECTIONS:
            if collection.name not in progress.done:
                progress = _move(view, target, collection, progress, note, say)
    compared = list(compare(source, target))
    if all(one.equal for one in compared):
        last = Changes()
        last.position = position
        target.save(last)
        if snapshot := newest(source):
            target.keep(snapshot)
        with on_disk(note):
            note.unlink(missing_ok=True)
    return compared


def resumed(note: Path, source: str, target: str) -> Progress:
    """Return where an interrupted move between the same two stores stopped, else the beginning."""
    beginning = Progress(source=source, target=target)
    try:
        kept = msgspec.json.decode(note.read_bytes(), type=Progress)
    except (FileNotFoundError, msgspec.DecodeError):
        return beginning
    return kept if (kept.source, kept.target) == (source, target) else beginning


def compare(source: Store, target: Store) -> Iterator[Moved]:
    """Compare counts and checksums of every collection; searches of ``target`` must not lag."""
    for collection in COLLECTIONS:
        with source.view() as before, target.view() as after:
            one, other = _checksum(before, collection), _checksum(after, collection)
        yield Moved(collection=collection.name, source=one[0], target=other[0], equal=one == other)


def _move(
    view: View,
    target: Store,
    collection: Collection[Any],
    progress: Progress,
    note: Path,
    say: Callable[[Progress], None],
) -> Progress:
    if progress.collection != collection.name:
        progress = msgspec.structs.replace(progress, collection=collection.name, cursor="", moved=0)
    while True:
        page = view.find(collection, Query(limit=PAGE, cursor=progress.cursor))
        changes = Changes()
        for document in page.items:
            changes.carry(collection, document)
        target.save(changes)
        moved = progress.moved + len(page.items)
        done = progress.done if page.next else (*progress.done, collection.name)
        progress = msgspec.structs.replace(progress, cursor=page.next, moved=moved, done=done)
        with on_disk(note):
            make_folder(note.parent)
            write_file(note, msgspec.json.encode(progress))
        say(progress)
        if not page.next:
            return progress


def _checksum(view: View, collection: Collection[Any]) -> tuple[int, int]:
    count, cursor, total = 0, "", 0
    while True:
        page = view.find(collection, Query(limit=PAGE, cursor=cursor))
        for document in page.items:
            digest = hashlib.blake2b(_encoder.encode(document), digest_size=16).digest()
            total = (total + int.from_bytes(digest)) % 2**128
        count, cursor = count + len(page.items), page.next
        if not cursor:
            return count, total
