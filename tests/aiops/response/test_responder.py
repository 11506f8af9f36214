"""Pages reach their channel, and the engine hears what became of each, once."""

import random
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from aiops.domain.acts import PageHandled
from aiops.domain.changes import Changes
from aiops.domain.channels import PageTemplate
from aiops.domain.documents import INCIDENTS, PAGES
from aiops.domain.entries import Command, Position
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.incidents import Incident, Page, PageStatus, Sending
from aiops.response.recording import RecordingNotifier
from aiops.response.responder import Courier, Outlet, Strays, pending
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import a_page, an_incident, at

DELIVERED, DEAD, PENDING = PageStatus.DELIVERED, PageStatus.DEAD, PageStatus.PENDING


class Desk:
    """A store with pages, a journal, and a courier between the two; its clock goes with the monotonic one."""

    def __init__(self, *pages: Page, failures: Iterable[Exception] = (), **outlet: Any) -> None:
        self.journal, self.store, self.offset, self.now = MemoryJournal(), MemoryStore(), 0, 0.0
        self.notifier = RecordingNotifier(failures)
        self.put(*pages)
        self.outlet = Outlet(channel="pager", notifier=self.notifier, **outlet)
        self.courier = self.another()

    def another(self) -> Courier:
        """A courier that was started anew."""
        return Courier(self.journal, self.store, self.outlet, lambda: at(self.now), random.Random(1))

    def put(self, *documents: Page | Incident) -> None:
        self.offset += 1
        changes = Changes()
        changes.position = Position(0, self.offset)
        for document in documents:
            if isinstance(document, Page):
                changes.put(PAGES, document)
            else:
                changes.put(INCIDENTS, document)
        self.store.save(changes)

    def work(self, now: float) -> float:
        self.now = now
        return self.courier.work(now)

    @property
    def sent(self) -> list[str]:
        """Pages that the channel took, in order."""
        return [message.page.page_id for message in self.notifier.messages]

    def told(self) -> list[tuple[str, PageStatus, str]]:
        """What the engine heard: command id, status, detail."""
        return [(command.id, act.status, act.detail) for command, act in told_to(self.journal)]


def told_to(journal: MemoryJournal) -> list[tuple[Command, PageHandled]]:
    commands = [entry.payload for entry in journal.read(None, 1_000)]
    return [
        (command, command.act)
        for command in commands
        if isinstance(command, Command) and isinstance(command.act, PageHandled)
    ]


def until(desk: Desk, done: Callable[[], bool], most: float = 1e6) -> None:
    """Let the courier work, always when it wants to."""
    now = 0.0
    while not done() and now < most:
        now += max(0.01, desk.work(now))


def test_a_pending_page_is_delivered_and_the_engine_is_told() -> None:
    desk = Desk(a_page(page_id="p1"))
    desk.work(0)
    assert desk.sent == ["p1"]
    assert desk.told() == [("p1-pager-delivered-0", DELIVERED, "recorded")]


def test_a_page_is_not_delivered_again_while_the_engine_has_not_come_to_it() -> None:
    desk = Desk(a_page())
    desk.work(0)
    desk.work(1)
    assert len(desk.sent) == len(desk.told()) == 1


def test_pages_and_channels_that_are_not_pending_or_not_ours_are_left_alone() -> None:
    mine = Sending(channel="pager", status=DELIVERED)
    desk = Desk(
        a_page(page_id="p1", status=DELIVERED, sendings=(mine,)),
        a_page(page_id="p2", sendings=(mine, Sending(channel="mail"))),
    )
    desk.work(0)
    assert desk.notifier.tries == 0


def test_a_page_goes_out_with_its_incident_as_it_stands_and_the_channels_key() -> None:
    desk = Desk(a_page(page_id="p1"), public_url="https://aiops.example.org")
    desk.put(an_incident(assignee="ana"))
    desk.work(20)
    (message,) = desk.notifier.messages
    assert (message.key, message.facts["assignee"], message.facts["lasting"]) == ("p1-pager", "ana", "20 s")
    assert message.facts["link"] == "https://aiops.example.org/incidents/incident-1"


def test_a_channel_that_is_out_of_reach_is_tried_again_later_and_later() -> None:
    desk = Desk(a_page(), failures=[Unavailable("down")] * 2)
    first = desk.work(0)
    assert 1 <= first <= 2
    assert desk.work(first / 2) > 0
    assert desk.notifier.tries == 1
    second = desk.work(first)
    assert 2 <= second <= 4
    desk.work(first + second)
    assert [status for _, status, _ in desk.told()] == [PENDING, PENDING, DELIVERED]


def test_people_see_that_it_is_tried_but_the_journal_does_not_fill() -> None:
    desk = Desk(a_page(page_id="p1"), failures=[Unavailable("down")] * 40)
    until(desk, lambda: bool(desk.sent))
    tries = [act.tries for _, act in told_to(desk.journal)]
    assert tries == [1, 2, 4, 8, 16, 32, 41]


def test_a_channel_says_itself_how_long_it_wants_to_be_left_alone() -> None:
    assert Desk(a_page(), failures=[Unavailable("busy", retry_after=50)]).work(0) == 50


def test_a_channel_that_fails_rests_as_a_whole_and_one_success_ends_that() -> None:
    pages = [a_page(page_id=f"p{number}", incident_id=f"i{number}") for number in range(9)]
    desk = Desk(*pages, failures=[Unavailable("down")] * 3)
    desk.work(0)
    assert desk.notifier.tries == 1
    until(desk, lambda: len(desk.sent) == 9)
    assert desk.notifier.tries == 12


def test_a_page_that_fails_by_itself_does_not_hold_up_the_others() -> None:
    pages = [a_page(page_id="p1", incident_id="i1"), a_page(page_id="p2", incident_id="i2")]
    desk = Desk(*pages, failures=[Unavailable("p1 alone", retry_after=0)])
    until(desk, lambda: len(desk.sent) == 2, most=10)
    assert set(desk.sent) == {"p1", "p2"}


def test_a_page_is_given_up_after_the_deadline_and_says_after_how_many_tries() -> None:
    desk = Desk(a_page(page_id="p1"), failures=[Unavailable("down")] * 500, deadline=timedelta(hours=1))
    until(desk, lambda: any(status is DEAD for _, status, _ in desk.told()))
    (key, status, detail) = desk.told()[-1]
    assert (key, status) == ("p1-pager-dead-0", DEAD)
    assert detail == f"given up after {desk.notifier.tries} tries in 60 min: down"
    assert 3_600 <= desk.now < 4_000
    assert 15 < desk.notifier.tries < 60


def test_a_page_that_is_older_than_the_deadline_is_tried_once_at_least() -> None:
    desk = Desk(a_page(page_id="p1"), deadline=timedelta(hours=1))
    desk.work(9_000)
    assert desk.sent == ["p1"]


def test_another_round_has_a_deadline_of_its_own_and_the_same_key() -> None:
    desk = Desk(a_page(page_id="p1", round=1, due_from=at(9_000)), failures=[Unavailable("down")])
    desk.work(9_001)
    desk.work(9_100)
    assert [(key, status) for key, status, _ in desk.told()] == [
        ("p1-pager-pending-1-1", PENDING),
        ("p1-pager-delivered-1", DELIVERED),
    ]
    assert desk.notifier.messages[0].key == "p1-pager"


def test_tries_are_counted_on_after_a_restart() -> None:
    desk = Desk(a_page(sendings=(Sending(channel="pager", tries=7),)), failures=[Unavailable("down")])
    desk.work(0)
    assert [act.tries for _, act in told_to(desk.journal)] == [8]


def test_a_refusal_is_not_tried_again() -> None:
    refusal = BadConfiguration("answered 404", place="the webhook", fix="check the URL")
    desk = Desk(a_page(), failures=[refusal])
    desk.work(0)
    desk.work(1_000)
    ((_, status, detail),) = desk.told()
    assert status is DEAD
    assert "check the URL" in detail


def test_an_end_is_not_told_before_its_beginning() -> None:
    desk = Desk(
        a_page(page_id="p1", made_at=at(0)),
        a_page(page_id="p2", made_at=at(60), event="resolved"),
        failures=[Unavailable("down")] * 3,
    )
    until(desk, lambda: len(desk.sent) == 2)
    assert desk.sent == ["p1", "p2"]


def test_an_end_waits_for_the_beginnings_of_all_that_were_merged() -> None:
    desk = Desk(
        a_page(page_id="p1", incident_id="i2", made_at=at(0)),
        a_page(page_id="p2", incident_id="i1", made_at=at(60), event="resolved"),
        failures=[Unavailable("down")],
    )
    desk.put(an_incident(incident_id="i1", merged_from=("i2",)))
    until(desk, lambda: len(desk.sent) == 2)
    assert desk.sent == ["p1", "p2"]


def test_where_the_operators_text_fails_the_one_that_ships_wakes_somebody() -> None:
    broken = PageTemplate(name="mine", subject="{{ services[7] }}", body="{{ number|join }}")
    desk = Desk(a_page(page_id="p1"), template=broken)
    desk.work(0)
    (message,) = desk.notifier.messages
    assert message.subject.startswith("CRITICAL #1")


def test_more_pages_than_one_look_takes_are_all_delivered() -> None:
    pages = [a_page(page_id=f"p{number:04}", incident_id=f"i{number}") for number in range(1_700)]
    other = (Sending(channel="mail"),)
    ahead = [a_page(page_id=f"a{number:04}", made_at=at(-9), sendings=other) for number in range(1_700)]
    desk = Desk(*ahead, *pages)
    desk.work(0)
    assert desk.sent == [f"p{number:04}" for number in range(1_000)]
    desk.put(*(a_page(page_id=name, status=DELIVERED, sendings=()) for name in desk.sent))
    desk.work(1)
    assert len(desk.sent) == 1_700


def test_a_page_that_an_earlier_release_left_pending_goes_over_the_channel_of_then() -> None:
    desk = Desk(a_page(page_id="p1", sendings=()))
    assert [(page.page_id, sending.channel) for page, sending in waiting_in(desk)] == [("p1", "webhook")]


def waiting_in(desk: Desk) -> list[tuple[Page, Sending]]:
    with desk.store.view() as view:
        return list(pending(view))


def test_what_is_settled_is_forgotten() -> None:
    desk = Desk(a_page(page_id="p1"), failures=[Unavailable("down")])
    desk.work(0)
    desk.put(a_page(page_id="p1", status=DEAD, sendings=()))
    assert desk.work(1) == 60


def test_a_page_for_a_channel_that_is_gone_says_so_once() -> None:
    sendings = (Sending(channel="pager"), Sending(channel="old"))
    desk = Desk(a_page(page_id="p1", sendings=sendings))
    strays = Strays(desk.journal, desk.store, ["pager"])
    strays.work(0)
    strays.work(1)
    assert desk.told() == [("p1-old-dead-0", DEAD, "the channel 'old' is no longer configured")]


@pytest.mark.parametrize("seed", range(5))
def test_pauses_differ_so_that_senders_do_not_come_back_all_at_once(seed: int) -> None:
    pauses = set()
    for chance in (random.Random(seed), random.Random(seed + 100)):
        desk = Desk(a_page(), failures=[Unavailable("down")])
        desk.courier = Courier(desk.journal, desk.store, desk.outlet, lambda: at(0), chance)
        pauses.add(desk.work(0))
    assert len(pauses) == 2
