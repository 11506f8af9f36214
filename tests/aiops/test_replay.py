"""A replay finds what it must: nothing where all is equal, and each document that is not."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from aiops import fold
from aiops.domain.acts import Acknowledge
from aiops.domain.changes import Changes
from aiops.domain.documents import INCIDENTS, TIMELINE
from aiops.domain.entries import Command, Delivery, Entry, Position, Tick
from aiops.domain.incidents import Incident, IncidentStatus
from aiops.domain.queries import Query
from aiops.engine import Engine
from aiops.replay.verify import NAMED, verify
from aiops.storage.memory import MemoryJournal, MemoryStore, MemoryView
from ingestion.dedup import Dedup
from tests.builders import T0, a_delivery, at
from tests.properties.digest import contents


def alert(service: str) -> Delivery:
    body = {"title": f"{service} is down", "severity": "critical", "labels": {"service": service}}
    return a_delivery(body, source="test")


class Past:
    """A small day, folded."""

    def __init__(self) -> None:
        self.journal, self.store, self.engine = MemoryJournal(), MemoryStore(), Engine()
        for second, service in enumerate(("db", "api", "web", "db")):
            self.journal.append([alert(service)], at=at(second))
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


def test_of_several_snapshots_the_oldest_that_the_journal_goes_on_from_proves_the_most(past: Past) -> None:
    for hour in range(3):
        fold.snapshot(past.engine, past.store, timedelta(days=7))
        title = {"title": f"later {hour}", "labels": {"service": "x"}}
        past.journal.append([a_delivery(title, source="test")], at=at(7200 + hour * 3 * 86_400))
        past.fold()
    first = past.end - 2  # that of the first snapshot is gone: the second goes on at the next but one
    found = verify(_Shortened(past.journal, first=first + 1), past.store)
    assert found.equal, found.differences
    assert (found.since, found.entries) == (str(Position(0, first)), 2)


class _Shortened(MemoryJournal):
    """A journal whose first entries were dropped."""

    def __init__(self, journal: MemoryJournal, first: int) -> None:
        super().__init__()
        self._inner, self._first = journal, first

    def read(self, after: Position | None, limit: int) -> list[Entry]:
        entries = self._inner.read(after, 10_000)
        return [entry for entry in entries if entry.position.offset >= self._first][:limit]


def test_every_altered_field_is_named_with_what_is_and_what_should_be(past: Past) -> None:
    past.tamper(title="all is well", status=IncidentStatus.CLOSED, assignee="mallory")
    (difference,) = verify(past.journal, past.store).differences
    assert set(difference.fields) == {"title", "status", "assignee"}
    assert "assignee: 'mallory' in the store, '' again" in difference.text


def test_all_differences_are_counted_and_the_first_are_named(past: Past) -> None:
    with past.store.view() as view:
        items = view.find(TIMELINE, Query(limit=1)).items
        position = view.position()
    forged = Changes()
    forged.position = position
    for number in range(NAMED + 5):
        forged.put(TIMELINE, msgspec.structs.replace(items[0], item_id=f"forged-{number:03}"))
    past.store.save(forged)
    found = verify(past.journal, past.store)
    assert (found.differing, len(found.differences)) == (NAMED + 5, NAMED)
    assert found.text == f"{NAMED + 5} of {found.documents} documents differ after 6 entries from the beginning"


def test_a_text_of_any_length_is_told_within_bounds(past: Past) -> None:
    past.tamper(title="x" * 100_000)
    (difference,) = verify(past.journal, past.store).differences
    assert len(difference.text) <= 2_000


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_the_replay_is_cut_anywhere(past: Past, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops.replay.running.BATCH", batch)
    found = verify(past.journal, past.store)
    assert (found.equal, found.entries) == (True, 6)


@pytest.mark.parametrize("page", [1, 3])
def test_documents_are_compared_page_by_page(past: Past, page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = verify(past.journal, past.store)
    monkeypatch.setattr("aiops.walking.PAGE", page)
    assert verify(past.journal, past.store) == whole
    past.tamper(title="forged")
    assert verify(past.journal, past.store).differing == 1


def test_a_store_that_moves_on_meanwhile_is_compared_as_it_was(past: Past) -> None:
    class Busy(MemoryStore):
        """A store whose engine goes on as soon as somebody looks."""

        @contextlib.contextmanager
        def view(self) -> Iterator[MemoryView]:
            with past.store.view() as view:
                past.journal.append([alert("later")], at=at(7200))
                past.fold()
                yield view

    found = verify(past.journal, Busy())
    assert (found.equal, found.entries) == (True, 6)
    assert past.end == 7


def test_an_entry_that_was_altered_in_the_journal_shows_in_what_followed_from_it(past: Past) -> None:
    forged = MemoryJournal()
    for entry in past.journal.read(None, 100):
        payload = entry.payload
        if isinstance(payload, Delivery):
            payload = msgspec.structs.replace(payload, body=payload.body.replace(b"web is down", b"web is fine"))
        forged.append([payload], at=entry.received_at)
    found = verify(forged, past.store)
    assert not found.equal
    assert {"alerts", "incidents"} & {difference.collection for difference in found.differences}


def test_a_replay_leaves_journal_and_store_as_they_are(past: Past) -> None:
    before, entries = contents(past.store), past.journal.read(None, 100)
    verify(past.journal, past.store)
    assert contents(past.store) == before
    assert past.journal.read(None, 100) == entries
    assert past.store.snapshot(fold.FORMAT) is None


def test_what_a_part_forgets_to_put_in_its_snapshot_is_found(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live engine that was recovered from a snapshot with a hole in it goes another way than the replay."""
    load = Dedup.load

    def forgetful(self: Dedup, state: bytes) -> None:
        load(self, Dedup(self.settings, self._timers).dump())

    fold.snapshot(past.engine, past.store)
    with monkeypatch.context() as patched:
        patched.setattr(Dedup, "load", forgetful)
        past.engine = fold.recover(past.store)
    assert load is Dedup.load
    past.journal.append([alert("db")], at=at(7200))
    past.fold()
    found = verify(past.journal, past.store)
    assert not found.equal
    assert "alerts" in {difference.collection for difference in found.differences}
