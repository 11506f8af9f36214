"""How is a journal run again, and how are all documents read that came of it?"""

from collections.abc import Iterator
from typing import Any

import msgspec

from aiops import fold
from aiops.domain.changes import Collection
from aiops.domain.entries import Position
from aiops.domain.queries import Query
from aiops.engine import Engine
from aiops.ports import Readable, Store, View

BATCH = 500  # entries run and saved at once; it changes nothing
PAGE = 1_000


def run(engine: Engine, journal: Readable, scratch: Store, end: Position) -> tuple[Engine, int]:
    """Fold up to and including ``end``, passing over what fails; return the engine and how many entries that were."""
    count, done = 0, 1
    while done:
        before = engine.position.offset if engine.position else 0
        try:
            done = fold.step(engine, journal, scratch, BATCH, end)
        except fold.Failed as failed:
            engine, _ = fold.pass_over(journal, scratch, failed)
            done = engine.position.offset - before if engine.position else 0
        count += done
    return engine, count


def documents_of(view: View, collection: Collection[Any]) -> Iterator[Any]:
    """Yield every document, page by page."""
    query = Query(limit=PAGE)
    while True:
        page = view.find(collection, query)
        yield from page.items
        if not page.next:
            return
        query = msgspec.structs.replace(query, cursor=page.next)
