"""How are all documents of one kind read, page by page?"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from aiops.domain.changes import Collection
from aiops.domain.queries import Query
from aiops.ports import View

T = TypeVar("T")
PAGE = 1_000


def documents_of(view: View, collection: Collection[T]) -> Iterator[T]:
    """Yield every document, by key."""
    query = Query(limit=PAGE)
    while True:
        page = view.find(collection, query)
        yield from page.items
        if not page.next:
            return
        query = msgspec.structs.replace(query, cursor=page.next)
