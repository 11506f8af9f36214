"""A replay finds what it must: nothing where all is equal, and each document that is not."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from aiops import fold
from aiops.domain.acts import Acknowledge
from aiops.domain.changes import INCIDENTS, TIMELINE, Changes
from aiops.domain.entries import Command, Entry, Position, Tick
from aiops.domain.incidents import Incident
from aiops.domain.queries import Query
from aiops.engine import Engine
from aiops.replay import verify
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import T0, a_delivery, at


class Past:
    """A small day, folded."""

    def __init__(self) -> None:
        self.journal, self.store, self.engine = MemoryJournal(), MemoryStore(), Engine()
        for second, service in enumerate(("db", "api", "web", "db")):
            body = {"title": f"{service} is down", "severity": "critical", "labels": {"service": service}}
            self.journal.append([a_delivery(body, source="test")], at=at(second))
        self.fold()
        (incident, *_) = self.incidents()
        acknowledge = Command(id="c1", actor="ana", act=Acknowledge(incident_id=incident.incident_id))
        self.journal.append([acknowledge, Tick()], at=T0 + timedelta(hours=1))
        self.fold()

    def fold(self) -> None:
        while fold.step(self.engine, self.journal, self.store, limit=2):
            pass

    def incidents(self) -> list[Incident]:
        with self.store.view() as view:
            return list(view.find(INCIDENTS, Query(order=("number",))).items)

    @property
    def end(self) -> int:
        position = self.store.position()
        assert position is not None
        return position.offset

    def tamper(self, revision: int | None = None, **changes: Any) -> str:
        """Change the first incident behind the engine's back, and return its key."""
        (incident, *_) = self.incidents()
        forged = Changes()
        forged.position = Position(0, incident.revision if revision is None else revision)
        forged.put(INCIDENTS, msgspec.structs.replace(incident, **changes))
        self.store.save(forged)
        return incident.incident_id


@pytest.fixture
def past() -> Past:
    return Past()


def test_an_honest_store_is_byte_equal(past: Past) -> None:
    found = verify(past.journal, past.store)
    assert found.equal
    assert found.entries == 6
    assert found.documents > 10
    assert found.text == (
        f"byte-equal: {found.documents} documents in {found.collections} collections, 6 entries from the beginning"
    )


def test_nothing_is_equal_to_nothing() -> None:
    found = verify(MemoryJournal(), MemoryStore())
    assert found.equal
    assert found.documents == 0


def test_a_changed_document_is_named_with_its_fields(past: Past) -> None:
    key = past.tamper(title="all is well", assignee="mallory")
    found = verify(past.journal, past.store)
    assert not found.equal
    (difference,) = found.differences
    assert (difference.collection, difference.key) == ("incidents", key)
    assert difference.fields == ("title", "assignee")
    assert "'all is well' in the store" in difference.text
    assert found.text.startswith("1 of ")


def test_a_changed_revision_is_a_difference(past: Past) -> None:
    past.tamper(revision=past.end)
    found = verify(past.journal, past.store)
    assert [difference.fields for difference in found.differences] == [("revision",)]


def test_a_document_that_no_entry_explains_is_named(past: Past) -> None:
    with past.store.view() as view:
        item = view.find(TIMELINE, Query(limit=1)).items[0]
    forged = Changes()
    forged.position = past.store.position()
    forged.put(TIMELINE, msgspec.structs.replace(item, item_id="forged"))
    past.store.save(forged)
    (difference,) = verify(past.journal, past.store).differences
    assert (difference.key, difference.text) == ("forged", "the store has it, the replay has not")


def test_a_document_that_is_lost_is_named(past: Past) -> None:
    short, engine = MemoryStore(), Engine()
    for entry in past.journal.read(None, 100):
        changes = engine.run([entry])
        kept = Changes()
        kept.position = changes.position
        for collection, documents in changes:
            for document in documents:
                if collection.name != "timeline":
                    kept.put(collection, document)
        short.save(kept)
    found = verify(past.journal, short)
    assert found.differing > 0
    assert {difference.collection for difference in found.differences} == {"timeline"}
    assert {difference.text for difference in found.differences} == {"the replay has it, the store has not"}


def test_only_the_position_of_the_store_counts(past: Past) -> None:
    past.journal.append([a_delivery({"title": "later", "labels": {"service": "x"}}, source="test")], at=at(7200))
    found = verify(past.journal, past.store)
    assert found.equal
    assert found.entries == 6


def test_a_journal_without_its_beginning_is_replayed_from_the_snapshot(past: Past) -> None:
    fold.snapshot(past.engine, past.store)
    since = past.engine.position
    past.journal.append([a_delivery({"title": "later", "labels": {"service": "x"}}, source="test")], at=at(7200))
    past.fold()
    journal = _Shortened(past.journal, first=5)
    found = verify(journal, past.store)
    assert found.equal, found.differences
    assert (found.since, found.entries) == (str(since), 1)
    assert found.older > 0
    past.tamper(revision=past.end, title="forged")
    assert verify(journal, past.store).differing == 1


class _Shortened(MemoryJournal):
    """A journal whose first entries were dropped."""

    def __init__(self, journal: MemoryJournal, first: int) -> None:
        super().__init__()
        self._inner, self._first = journal, first

    def read(self, after: Position | None, limit: int) -> list[Entry]:
        entries = self._inner.read(after, 10_000)
        return [entry for entry in entries if entry.position.offset >= self._first][:limit]
