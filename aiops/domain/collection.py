"""What is a kind of document: how is it keyed, and by what can it be found?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")
Scalar = str | int | float | bool | datetime | None


@dataclass(frozen=True, eq=False)
class Collection(Generic[T]):
    """One kind of document: how it is keyed, and by what it can be found. Every store makes its tables from this."""

    name: str
    type: type[T]
    key: Callable[[T], str]
    fields: Mapping[str, Callable[[T], Scalar]] = field(default_factory=dict)  # one value each: filter, sort, facet
    tags: Mapping[str, Callable[[T], tuple[str, ...]]] = field(default_factory=dict)  # many values each: filter, facet
    text: Callable[[T], str] | None = None  # full text, searched by word prefixes
    vector: Callable[[T], bytes] | None = None  # a direction (aiops/domain/vectors.py), searched by cosine
    counted: tuple[str, ...] = ()  # fields and tags whose values every store counts at write: exact, however many
    crossed: tuple[str, ...] = ()  # fields of few values among them, counted together with each other one
    sorted_by: tuple[tuple[str, ...], ...] = ()  # orders of several fields, all one way, that lists are often shown in
    dated: str = ""  # the field, never changing, by which retention drops what is old; empty: it stays
