"""An audit counts anew: nothing of an honest store is a finding, and every wrong count is."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from aiops import fold
from aiops.audit import NAMED, audit
from aiops.domain.acts import Acknowledge, Act, Merge
from aiops.domain.alerts import Verdict
from aiops.domain.changes import ALERTS, EPISODES, INCIDENTS, SOURCES, Changes, Collection
from aiops.domain.entries import Command
from aiops.domain.queries import Query
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import a_delivery, at
from tests.properties.test_laws import SLOW, Story, folded, stories, told


class Books:
    """A store after an ordinary hour."""

    def __init__(self) -> None:
        self.journal, self.store = MemoryJournal(), MemoryStore()
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
    assert books.findings() == ("ledger test: received 4, its fates sum up to 3",)


def test_a_line_that_balances_and_is_wrong_is_a_finding_too(books: Books) -> None:
    (line,) = books.all(SOURCES)
    books.forge(SOURCES, line, grouped=line.grouped - 1, standalone=line.standalone + 1)
    assert len(books.findings()) == 2
    assert "its episodes have" in books.findings()[0]


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
