"""How are all documents of one kind read, page by page?"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from aiops.domain.collection import Collection, Scalar
from aiops.domain.queries import Query
from aiops.ports import View

T = TypeVar("T")
PAGE = 1_000


def documents_of(view: View, collection: Collection[T], where: Mapping[str, tuple[Scalar, ...]] = {}) -> Iterator[T]:
    """Yield every document, or those that have one of these values of each field or tag named, by key."""
    query = Query(where=where, limit=PAGE)
    while True:
        page = view.find(collection, query)
        yield from page.items
        if not page.next:
            return
        query = msgspec.structs.replace(query, cursor=page.next)
