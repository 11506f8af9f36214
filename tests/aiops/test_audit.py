"""An audit counts anew: nothing of an honest store is a finding, and every wrong count is."""

import contextlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given

from aiops import fold
from aiops.audit import NAMED, audit
from aiops.domain.acts import Acknowledge, Act, Merge
from aiops.domain.alerts import Fate, Verdict
from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.documents import ALERTS, DELIVERIES, EPISODES, EVENTS, INCIDENTS, SOURCES
from aiops.domain.entries import Command, Delivery
from aiops.domain.queries import Query
from aiops.engine import Engine
from aiops.ports import Store
from aiops.storage.folder import open_store
from aiops.storage.memory import MemoryJournal, MemoryStore
from aiops.storage.sqlite_retention import Retention
from tests.builders import a_delivery, at
from tests.properties.folding import Story, folded
from tests.properties.test_laws import SLOW, stories, told


class Books:
    """A store after an ordinary hour."""

    def __init__(self, store: Store | None = None) -> None:
        self.journal, self.store = MemoryJournal(), store or MemoryStore()
        self.engine = Engine()
        troubles = (("db", "connection refused"), ("shop", "card reader jammed"), ("db", "disk full"))
        for second, (service, trouble) in enumerate(troubles):
            body = {"title": trouble, "severity": "high", "labels": {"service": service}}
            self.journal.append([a_delivery(body, source="test")], at=at(60 * second))
        self.fold()
        ids = [one.incident_id for one in self.all(INCIDENTS)]
        acts: tuple[Act, ...] = (Acknowledge(incident_id=ids[0]), Merge(incident_id=ids[0], other_id=ids[1]))
        self.journal.append([Command(id=f"c{n}", actor="ana", act=act) for n, act in enumerate(acts)], at=at(600))
        self.fold()

    def fold(self) -> None:
        while fold.step(self.engine, self.journal, self.store):
            pass

    def all(self, collection: Collection[Any]) -> list[Any]:
        with self.store.view() as view:
            return view.find(collection, Query(limit=100)).items

    def forge(self, collection: Collection[Any], document: Any, **changes: Any) -> None:
        forged = Changes()
        forged.position = self.store.position()
        forged.put(collection, msgspec.structs.replace(document, **changes))
        self.store.save(forged)

    def findings(self) -> tuple[str, ...]:
        with self.store.view() as view:
            return audit(view).findings


@pytest.fixture
def books() -> Books:
    return Books()


def test_an_honest_store_agrees_and_says_how_much_was_counted(books: Books) -> None:
    with books.store.view() as view:
        found = audit(view)
    assert found.wrong == 0
    assert found.text == "1 lines, 3 episodes and 2 incidents counted anew: all agree"
    assert found.position == str(books.store.position())


def test_an_empty_store_agrees() -> None:
    with MemoryStore().view() as view:
        assert audit(view).wrong == 0


@SLOW
@given(stories())
def test_whatever_happens_the_store_agrees(story: Story) -> None:
    with folded(told(story), 10_000).view() as view:
        found = audit(view)
    assert found.findings == ()


def test_a_line_that_does_not_balance_is_a_finding(books: Books) -> None:
    (line,) = books.all(SOURCES)
    books.forge(SOURCES, line, received=line.received + 1)
    assert books.findings()[0] == "ledger test: received 4, its fates sum up to 3"
    assert "ledger test: received 4, its deliveries and events have 3" in books.findings()


def test_a_line_that_balances_and_is_wrong_is_a_finding_too(books: Books) -> None:
    (line,) = books.all(SOURCES)
    books.forge(SOURCES, line, grouped=line.grouped - 1, standalone=line.standalone + 1)
    assert len(books.findings()) == 2
    assert "its episodes have" in books.findings()[0]


def test_a_delivery_that_held_fewer_events_than_there_are_is_a_finding(books: Books) -> None:
    delivery = books.all(DELIVERIES)[1]
    books.forge(DELIVERIES, delivery, events=0)
    said = books.findings()
    assert f"delivery {delivery.delivery_id}: it held 0 events that are stored, 1 are there" in said
    assert "ledger test: received 3, its deliveries and events have 2" in said


def test_an_event_of_an_episode_without_a_fate_is_a_finding(books: Books) -> None:
    event = books.all(EVENTS)[0]
    books.forge(EVENTS, event, episode_id="nowhere")
    assert books.findings() == (f"event {event.event.event_id}: nobody knows its fate",)


def test_a_resend_that_is_stored_as_one_and_counted_as_none_is_a_finding(books: Books) -> None:
    books.forge(EVENTS, books.all(EVENTS)[0], fate=Fate.DUPLICATE)
    assert books.findings() == ("ledger test: duplicate 0, its deliveries and events have 1",)


def test_what_retention_took_is_not_missed(tmp_path: Path) -> None:
    ages = Retention(age=timedelta(minutes=1))
    with contextlib.closing(open_store(tmp_path, retention=ages)) as store:
        books = Books(store)
        fold.snapshot(books.engine, store)  # lets go of what is older than a minute
        with store.view() as view:
            assert view.find(DELIVERIES, Query()).total < 3
            assert audit(view).findings == ()


def test_log_lines_are_counted_on_their_delivery(books: Books) -> None:
    lines = Delivery(source="logs", body=b"one line\nanother line\n", content_type="text/plain")
    books.journal.append([lines], at=at(700))
    books.fold()
    delivery = books.all(DELIVERIES)[-1]
    assert (delivery.source, delivery.events, delivery.observed) == ("logs", 2, 2)
    assert books.findings() == ()
    books.forge(DELIVERIES, delivery, events=1)
    assert "ledger logs: received 2, its deliveries and events have 1" in books.findings()


def test_an_incident_that_counts_what_it_has_not_is_a_finding(books: Books) -> None:
    incident = next(one for one in books.all(INCIDENTS) if not one.merged_into)
    books.forge(INCIDENTS, incident, episodes=7)
    assert books.findings() == (f"incident #{incident.number}: 7 episodes, 3 fire; it has 3, 3 fire",)


def test_an_episode_of_no_incident_that_there_is_is_a_finding(books: Books) -> None:
    episode = books.all(EPISODES)[0]
    books.forge(EPISODES, episode, incident_id="nowhere")
    assert "incident nowhere: 1 episodes are said to be of it, and there is none" in books.findings()


def test_an_alert_whose_episode_says_otherwise_and_a_verdict_without_a_rule_are_findings(books: Books) -> None:
    alert = books.all(ALERTS)[0]
    ended = msgspec.structs.replace(alert.episode, ended_at=at(50))
    books.forge(ALERTS, alert, episode=ended, verdict=Verdict.KNOWN_BAD)
    said = " ".join(books.findings())
    assert "it is firing, its episode is over" in said
    assert "it is known_bad, and no rule says so" in said


def test_all_findings_are_counted_and_the_first_are_named(books: Books) -> None:
    episode = books.all(EPISODES)[0]
    for number in range(NAMED + 5):
        books.forge(EPISODES, episode, episode_id=f"e{number}", incident_id=f"nowhere-{number}")
    with books.store.view() as view:
        found = audit(view)
    assert len(found.findings) == NAMED
    assert found.wrong >= NAMED + 5
