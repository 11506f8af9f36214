"""Do SQLite and Elasticsearch answer as memory does, whatever the documents and whatever the question?"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.alerts import Alert, Suppression
from aiops.domain.changes import Changes
from aiops.domain.collection import Collection, Scalar
from aiops.domain.documents import ALERTS, RULES
from aiops.domain.entries import Position
from aiops.domain.events import Severity, Status
from aiops.domain.queries import Query, Range
from aiops.domain.rules import Rule
from aiops.ports import Store, View
from aiops.storage import sqlite_query, sqlite_words
from aiops.storage.elastic_store import ElasticStore
from aiops.storage.memory import MemoryStore
from aiops.storage.sqlite_store import SqliteStore
from tests.builders import an_alert, at
from tests.contract.test_stores import a_rule
from tests.elastic.server import address, options, wipe

NAMES = st.sampled_from(["", "a", "b", "B", "ä", "\U0001f600", "a b", "ab-c_d", "a\x00b"])
TEXTS = st.lists(NAMES, max_size=4).map(" ".join) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TIMES = st.integers(0, 3).map(at)
QUIET = (Suppression(kind="rule", id="r", text="muted"),)

ALERT = st.builds(
    lambda name, owner, **rest: an_alert(name, owner=owner, fingerprint=f"fp-{name}-{owner}", **rest),
    NAMES,
    NAMES,
    message=TEXTS,
    labels=st.dictionaries(st.sampled_from(["x", "y"]), NAMES, max_size=2),
    status=st.sampled_from(Status),
    severity=st.sampled_from(Severity),
    suppressed_by=st.sampled_from([(), QUIET]),
    last_seen=TIMES,
    count=st.integers(0, 3),
)
RULE = st.builds(a_rule, NAMES, st.none() | TIMES)
VALUES: st.SearchStrategy[Scalar] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 3),
    st.sampled_from([0.0, -0.0, 1.0, 1.5, float("nan"), float("inf")]),
    TIMES,
    NAMES,
    st.sampled_from(["firing", "critical", "x=a", "y=", "known_good"]),
)


def queries(collection: Collection[Any]) -> st.SearchStrategy[Query]:
    fields = st.sampled_from(sorted(collection.fields))
    conditions = st.dictionaries(
        st.sampled_from([*collection.fields, *collection.tags]), st.lists(VALUES, max_size=3).map(tuple), max_size=2
    )
    return st.builds(
        Query,
        where=conditions,
        every=conditions.map(lambda chosen: tuple(chosen.items())),
        unless=conditions,
        ranges=st.dictionaries(fields, st.builds(Range, at_least=VALUES, below=VALUES), max_size=1),
        text=TEXTS if collection.text else st.just(""),
        order=st.lists(st.tuples(st.sampled_from(["", "-"]), fields).map("".join), max_size=3).map(tuple),
        limit=st.integers(1, 4),
        most=st.sampled_from([0, 1, 3, 10_000]),
    )


def pages(view: View, collection: Collection[Any], query: Query) -> list[tuple[int, bool, list[Any], str]]:
    """Follow the cursors to the end."""
    answers = []
    while True:
        page = view.find(collection, query)
        answers.append((page.total, page.exact, page.items, page.next))
        if not page.next:
            return answers
        query = msgspec.structs.replace(query, cursor=page.next)


def a_sqlite_store(folder: Path, collection: Collection[Any]) -> Store:
    return SqliteStore(folder, collections=(collection,))


def an_elastic_store(folder: Path, collection: Collection[Any]) -> Store:
    wipe()
    return ElasticStore(address(), folder, options(), collections=(collection,))


def assert_alike(
    make: Callable[[Path, Collection[Any]], Store],
    collection: Collection[Any],
    saves: list[list[Any]],
    asked: list[Query],
) -> None:
    with TemporaryDirectory() as folder:
        memory, other = MemoryStore(), make(Path(folder), collection)
        stores: tuple[Store, ...] = (memory, other)
        for offset, documents in enumerate(saves, 1):
            changes = Changes()
            changes.position = Position(0, offset)
            for document in documents:
                changes.put(collection, document)
            for store in stores:
                store.save(changes)
        with memory.view() as expected, other.view() as view:
            names = [*collection.fields, *collection.tags]
            for query in asked:
                assert pages(view, collection, query) == pages(expected, collection, query)
                facets, wanted = (each.facets(collection, query, names) for each in (view, expected))
                assert list(facets) == names
                for name in names:
                    if name not in facets.sampled:
                        assert list(facets[name].items()) == list(wanted[name].items()), name
                    elif name in collection.fields:
                        assert sum(facets[name].values()) <= facets.sampled[name] <= sum(wanted[name].values())
            for name in names:
                for beginning in ("", "a", "x="):
                    listed = (list(each.values(collection, name, beginning)) for each in (view, expected))
                    assert next(listed) == next(listed), (name, beginning)
        other.close()


@settings(max_examples=60, deadline=None)
@given(
    saves=st.lists(st.lists(ALERT, max_size=8), min_size=1, max_size=3),
    asked=st.lists(queries(ALERTS), min_size=1, max_size=8),
)
def test_random_questions_about_random_alerts(saves: list[list[Alert]], asked: list[Query]) -> None:
    assert_alike(a_sqlite_store, ALERTS, saves, asked)


@settings(max_examples=60, deadline=None)
@given(
    saves=st.lists(st.lists(ALERT, max_size=8), min_size=1, max_size=3),
    asked=st.lists(queries(ALERTS), min_size=1, max_size=8),
    tried=st.sampled_from([2, 100]),
)
def test_random_questions_of_which_more_matches_than_is_counted(
    saves: list[list[Alert]], asked: list[Query], tried: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:  # what is many, and how far words are looked for along the order
        patch.setattr(sqlite_query, "MOST_COUNTED", 1)
        patch.setattr(sqlite_query, "MOST_TRIED", tried)
        patch.setattr(sqlite_words, "MOST_ENDINGS", 1)
        assert_alike(a_sqlite_store, ALERTS, saves, asked)


@settings(max_examples=30, deadline=None)
@given(
    saves=st.lists(st.lists(RULE, max_size=8), min_size=1, max_size=2),
    asked=st.lists(queries(RULES), min_size=1, max_size=8),
)
def test_random_questions_about_documents_with_missing_values(saves: list[list[Rule]], asked: list[Query]) -> None:
    assert_alike(a_sqlite_store, RULES, saves, asked)


@pytest.mark.elasticsearch
@settings(max_examples=6, deadline=None)
@given(
    saves=st.lists(st.lists(ALERT, max_size=12), min_size=1, max_size=2),
    asked=st.lists(queries(ALERTS), min_size=10, max_size=14),
)
def test_random_questions_to_elasticsearch_about_random_alerts(saves: list[list[Alert]], asked: list[Query]) -> None:
    assert_alike(an_elastic_store, ALERTS, saves, asked)


@pytest.mark.elasticsearch
@settings(max_examples=4, deadline=None)
@given(
    saves=st.lists(st.lists(RULE, max_size=12), min_size=1, max_size=2),
    asked=st.lists(queries(RULES), min_size=10, max_size=14),
)
def test_random_questions_to_elasticsearch_about_missing_values(saves: list[list[Rule]], asked: list[Query]) -> None:
    assert_alike(an_elastic_store, RULES, saves, asked)
