"""How does one ask a store?"""

from collections.abc import Mapping
from typing import Generic, TypeVar

from aiops.domain.base import Noun
from aiops.domain.collection import Scalar

T = TypeVar("T")
MOST_COUNTED = 10_000  # documents; counting on would cost by how many there are


class Range(Noun, frozen=True, kw_only=True):
    """A half-open interval of one field: ``at_least <= value < below``; None leaves that side open."""

    at_least: Scalar = None
    below: Scalar = None


class Query(Noun, frozen=True, kw_only=True):
    """Which documents of one collection, in which order. All conditions must hold."""

    where: Mapping[str, tuple[Scalar, ...]] = {}  # field or tag -> any of these values
    every: tuple[tuple[str, tuple[Scalar, ...]], ...] = ()  # more of the same, each must hold: a name may come again
    unless: Mapping[str, tuple[Scalar, ...]] = {}  # field or tag -> none of these values
    ranges: Mapping[str, Range] = {}  # field -> interval
    text: str = ""  # words; each must be the beginning of a word of the document's text
    order: tuple[str, ...] = ()  # fields, "-field" descending; the key breaks ties, so the order is total
    cursor: str = ""  # from Found.next: go on behind it
    limit: int = 50  # at most 1,000
    most: int = MOST_COUNTED  # how far the total is counted, where it is not known anyway


class Near(Generic[T]):
    """A document and how alike it is to what was asked for: the cosine, above 0 and at most 1."""

    def __init__(self, document: T, similarity: float) -> None:
        self.document, self.similarity = document, similarity


class Found(Generic[T]):
    """One page of an answer; total, items and facets come from one consistent read."""

    def __init__(self, items: list[T], *, total: int, exact: bool = True, next_cursor: str) -> None:
        self.items = items
        self.total = total  # of the whole answer, whatever the page
        self.exact = exact  # False: there are more than ``total``
        self.next = next_cursor  # empty: this was the last page


class Facets(dict[str, dict[str, int]]):
    """Counts by value, for each field or tag asked for."""

    def __init__(self, counts: Mapping[str, Mapping[str, int]], sampled: Mapping[str, int] | None = None) -> None:
        super().__init__({name: dict(values) for name, values in counts.items()})
        self.sampled = dict(sampled or {})  # names of which only so many documents were counted, the last made
