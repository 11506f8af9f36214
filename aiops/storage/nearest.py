"""Which of these documents are the most alike to a vector? Said in one way, whatever the store that found them."""

from collections.abc import Iterable
from heapq import nlargest
from typing import TypeVar

from aiops.domain.collection import Collection
from aiops.domain.queries import Near
from aiops.domain.vectors import cosines

T = TypeVar("T")


def ranked(collection: Collection[T], documents: Iterable[T], vector: bytes, limit: int) -> list[Near[T]]:
    """Return the ``limit`` most alike, by exact cosine, then by key; none whose cosine is not above 0."""
    assert collection.vector is not None  # plan_nearest has asked
    candidates = list(documents)
    alike = cosines(vector, [collection.vector(document) for document in candidates])
    least = min(nlargest(limit, alike), default=1.0)  # keys decide between equal ones only: most need not be asked
    near = [
        Near(document, cosine)
        for document, cosine in zip(candidates, alike, strict=True)
        if cosine > 0 and cosine >= least
    ]
    near.sort(key=lambda one: (-one.similarity, collection.key(one.document)))
    return near[:limit]
