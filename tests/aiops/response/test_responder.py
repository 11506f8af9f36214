"""Pages reach their channel, and the engine hears what became of each, once."""

import random

from aiops.domain.acts import PageHandled
from aiops.domain.changes import PAGES, Changes
from aiops.domain.entries import Command, Position
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.incidents import Page, PageStatus
from aiops.response.recording import RecordingNotifier
from aiops.response.responder import MOST_TRIES, Responder
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import a_page


class Desk:
    """A store with pages, a journal, and a responder between the two."""

    def __init__(self, *pages: Page, notifier: RecordingNotifier | None) -> None:
        self.journal, self.store, self.offset = MemoryJournal(), MemoryStore(), 0
        self.put(*pages)
        self.responder = Responder(self.journal, self.store, notifier, random.Random(1))

    def put(self, *pages: Page) -> None:
        self.offset += 1
        changes = Changes()
        changes.position = Position(0, self.offset)
        for page in pages:
            changes.put(PAGES, page)
        self.store.save(changes)

    def told(self) -> list[tuple[str, PageStatus, str]]:
        """What the engine heard: command id, status, detail."""
        commands = [entry.payload for entry in self.journal.read(None, 100)]
        return [
            (command.id, command.act.status, command.act.detail)
            for command in commands
            if isinstance(command, Command) and isinstance(command.act, PageHandled)
        ]


def test_a_pending_page_is_delivered_and_the_engine_is_told() -> None:
    notifier = RecordingNotifier()
    desk = Desk(a_page(page_id="p1"), notifier=notifier)
    desk.responder.work(0)
    assert [page.page_id for page in notifier.pages] == ["p1"]
    assert desk.told() == [("p1-delivered", PageStatus.DELIVERED, "recorded")]


def test_a_page_is_not_delivered_again_while_the_engine_has_not_come_to_it() -> None:
    notifier = RecordingNotifier()
    desk = Desk(a_page(), notifier=notifier)
    desk.responder.work(0)
    desk.responder.work(1)
    assert len(notifier.pages) == len(desk.told()) == 1


def test_pages_that_are_not_pending_are_left_alone() -> None:
    notifier = RecordingNotifier()
    Desk(a_page(status=PageStatus.DELIVERED), notifier=notifier).responder.work(0)
    assert notifier.tries == 0


def test_without_a_channel_the_page_says_so() -> None:
    desk = Desk(a_page(page_id="p1"), notifier=None)
    desk.responder.work(0)
    assert desk.told() == [
        ("p1-no_channel", PageStatus.NO_CHANNEL, "no channel is configured; set pages.webhook_url"),
    ]


def test_a_channel_that_is_out_of_reach_is_tried_again_later_and_later() -> None:
    notifier = RecordingNotifier([Unavailable("down"), Unavailable("down")])
    desk = Desk(a_page(), notifier=notifier)
    first = desk.responder.work(0)
    assert 1 <= first <= 2
    assert desk.responder.work(first / 2) > 0
    assert notifier.tries == 1
    second = desk.responder.work(first)
    assert 2 <= second <= 4
    desk.responder.work(first + second)
    assert [status for _, status, _ in desk.told()] == [PageStatus.DELIVERED]


def test_a_channel_says_itself_how_long_it_wants_to_be_left_alone() -> None:
    notifier = RecordingNotifier([Unavailable("busy", retry_after=50)])
    assert Desk(a_page(), notifier=notifier).responder.work(0) == 50


def test_a_page_is_given_up_after_the_stated_tries() -> None:
    desk = Desk(a_page(page_id="p1"), notifier=RecordingNotifier([Unavailable("down")] * 50))
    now = 0.0
    while not desk.told():
        now += desk.responder.work(now) + 0.01
    assert desk.told() == [("p1-dead", PageStatus.DEAD, f"given up after {MOST_TRIES} tries: down")]
    assert now > 300


def test_a_refusal_is_not_tried_again() -> None:
    refusal = BadConfiguration("the webhook answered 404", place="pages.webhook_url", fix="check the URL")
    desk = Desk(a_page(), notifier=RecordingNotifier([refusal]))
    desk.responder.work(0)
    desk.responder.work(1_000)
    ((_, status, detail),) = desk.told()
    assert status is PageStatus.DEAD
    assert "check the URL" in detail


def test_one_page_that_fails_does_not_hold_up_the_others() -> None:
    notifier = RecordingNotifier([Unavailable("down")])
    desk = Desk(a_page(page_id="p1"), a_page(page_id="p2"), notifier=notifier)
    desk.responder.work(0)
    assert [page.page_id for page in notifier.pages] == ["p2"]


def test_what_is_settled_is_forgotten() -> None:
    desk = Desk(a_page(page_id="p1"), notifier=RecordingNotifier([Unavailable("down")]))
    desk.responder.work(0)
    desk.put(a_page(page_id="p1", status=PageStatus.DEAD))
    assert desk.responder.work(1) == 60
