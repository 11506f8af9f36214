"""How do matchers narrow a list? Over distinct values, then as plain conditions: the same on every store.

So a regular expression costs by the number of values that a label has, not by the number of documents.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from aiops.domain.collection import Collection
from aiops.domain.errors import BadInput
from aiops.domain.matching import Matcher, Operator
from aiops.domain.queries import Query
from aiops.ports import View
from api.filters import Matched

T = TypeVar("T")

LABEL = "label"  # the tag that holds all labels, each as name=value
OTHERWISE = {"template": "give the template's id as template=", "title": "search for words of the title as text"}


def asked(view: View, collection: Collection[T], wanted: Matched) -> Query:
    """Return what a list's filter asks of ``view``, its matchers included. BadInput as ``matched``."""
    return matched(view, collection, wanted.query(), wanted.matchers())


def matched(view: View, collection: Collection[Any], query: Query, matchers: Iterable[Matcher]) -> Query:
    """Return ``query`` narrowed to the documents that satisfy every one of ``matchers``.

    As in rules, a missing label equals the empty text. BadInput: there is no such field, or too many values of one.
    """
    every, unless = list(query.every), {name: list(values) for name, values in query.unless.items()}
    for matcher in matchers:
        name, beginning = _place(collection, matcher)
        empty, listed = split(view, collection, matcher, name, beginning)
        if empty:
            unless.setdefault(name, []).extend(listed)
        else:
            every.append((name, tuple(listed)))
    return msgspec.structs.replace(
        query, every=tuple(every), unless={name: tuple(values) for name, values in unless.items()}
    )


def _place(collection: Collection[Any], matcher: Matcher) -> tuple[str, str]:
    """Return the field or tag that holds a matcher's values, and what each begins with there."""
    name = matcher.field
    if name not in OTHERWISE:
        if name in collection.fields or (name in collection.tags and name != LABEL):
            return name, ""
        if LABEL in collection.tags:
            return LABEL, f"{name}="
    known = [*collection.fields, *(one for one in collection.tags if one != LABEL)]
    fix = OTHERWISE.get(name, f"use one of {', '.join(known)}")
    raise BadInput(f"{collection.name} cannot be matched by {name!r}", place=str(matcher), fix=fix)


def split(
    view: View, collection: Collection[Any], matcher: Matcher, name: str, beginning: str
) -> tuple[bool, list[str]]:
    """Return whether a missing value satisfies the matcher, and the values that do not if it does, else that do."""
    test = matcher.test()
    empty = test("")
    if matcher.value and matcher.operator in (Operator.EQUAL, Operator.NOT_EQUAL):
        return empty, [beginning + matcher.value]
    values = view.values(collection, name, beginning)
    listed = [value for value in values if test(value.removeprefix(beginning)) is not empty]
    return empty, listed
