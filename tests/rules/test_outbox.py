"""What becomes of pages: over each channel, tried again when a person asks, given up in sight."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.acts import PageHandled, RetryPage, TryChannel
from aiops.domain.errors import Conflict
from aiops.domain.incidents import Page, PageStatus
from aiops.domain.settings import PagingSettings
from rules import outbox as outbox_module
from rules.outbox import Outbox
from tests.builders import T0, a_page, at

PENDING, DELIVERED, DEAD, NO_CHANNEL = (
    PageStatus.PENDING,
    PageStatus.DELIVERED,
    PageStatus.DEAD,
    PageStatus.NO_CHANNEL,
)


class Desk:
    """An outbox with pages p1, p2, ... over a pager and a mail."""

    def __init__(self, pages: int = 1, channels: tuple[str, ...] = ("pager", "mail")) -> None:
        self.outbox = Outbox(PagingSettings(channels=channels))
        self.saved: dict[str, Page] = {}
        for number in range(1, pages + 1):
            self.outbox.add(a_page(page_id=f"p{number}", sendings=()), channels)
        self.drain()

    def drain(self) -> None:
        for _, page in self.outbox.drain():
            self.saved[page.page_id] = page

    def act(self, act: Any, key: str = "key", seconds: float = 0) -> str:
        text, _ = self.outbox.act(act, "ana", key, at(seconds))
        self.drain()
        return text

    def told(self, channel: str, status: PageStatus, page_id: str = "p1", **more: Any) -> str:
        return self.act(PageHandled(page_id=page_id, channel=channel, status=status, **more))

    def states(self, page_id: str = "p1") -> list[str]:
        page = self.saved[page_id]
        return [page.status, *(sending.status for sending in page.sendings)]


def test_a_page_is_delivered_once_every_channel_took_it() -> None:
    desk = Desk()
    assert desk.states() == [PENDING, PENDING, PENDING]
    assert desk.told("pager", DELIVERED, detail="answered 202") == (
        "page to on-call about #1 over pager is delivered: answered 202"
    )
    assert desk.states() == [PENDING, DELIVERED, PENDING]
    desk.told("mail", DELIVERED)
    assert desk.states() == [DELIVERED, DELIVERED, DELIVERED]


def test_one_channel_that_fails_is_seen_though_the_other_delivered() -> None:
    desk = Desk()
    desk.told("pager", DEAD, detail="answered 404", tries=3)
    desk.told("mail", DELIVERED)
    assert desk.states() == [DEAD, DEAD, DELIVERED]
    assert desk.saved["p1"].sendings[0].tries == 3


def test_a_try_that_failed_is_counted_and_waited_for() -> None:
    desk = Desk()
    assert "waits for another try: 503" in desk.told("pager", PENDING, detail="503", tries=2)
    assert desk.states() == [PENDING, PENDING, PENDING]
    assert desk.saved["p1"].sendings[0].tries == 2


@pytest.mark.parametrize(("page_id", "channel"), [("p9", "pager"), ("p1", "chat")])
def test_what_nobody_waits_for_is_refused(page_id: str, channel: str) -> None:
    desk = Desk()
    with pytest.raises(Conflict):
        desk.told(channel, DELIVERED, page_id)


def test_what_is_settled_on_a_channel_stays_so() -> None:
    desk = Desk()
    desk.told("pager", DELIVERED)
    with pytest.raises(Conflict):
        desk.told("pager", DEAD)


def test_without_a_channel_the_page_says_so() -> None:
    desk = Desk(channels=())
    assert desk.states() == [NO_CHANNEL]
    assert desk.saved["p1"].detail == "no channel is configured; see pages.channels"


def test_what_failed_is_tried_again_and_what_was_delivered_is_not() -> None:
    desk = Desk()
    desk.told("pager", DEAD, tries=9, detail="gone")
    desk.told("mail", DELIVERED)
    desk.act(RetryPage(page_id="p1"), seconds=50)
    page = desk.saved["p1"]
    assert desk.states() == [PENDING, PENDING, DELIVERED]
    assert (page.round, page.due_from, page.sendings[0].tries) == (1, at(50), 0)
    assert page.key("pager") == "p1-pager"


def test_what_is_on_its_way_or_delivered_is_not_tried_again() -> None:
    desk = Desk(channels=("pager",))
    with pytest.raises(Conflict, match="did not fail"):
        desk.act(RetryPage(page_id="p1"))
    desk.told("pager", DELIVERED)
    with pytest.raises(Conflict, match="did not fail"):
        desk.act(RetryPage(page_id="p1"))


def test_a_page_that_had_no_channel_goes_over_those_that_there_are_now() -> None:
    desk = Desk(channels=())
    with pytest.raises(Conflict, match="still no channel"):
        desk.act(RetryPage(page_id="p1"))
    desk.outbox.settings = PagingSettings(channels=("mail",))
    desk.act(RetryPage(page_id="p1"))
    assert desk.states() == [PENDING, PENDING]
    assert desk.saved["p1"].detail == ""


def test_a_test_goes_over_one_channel_and_is_about_nothing() -> None:
    desk = Desk(0)
    text, page_id = desk.outbox.act(TryChannel(channel="mail"), "ana", "k1", T0)
    desk.drain()
    page = desk.saved[page_id]
    assert text == "a test page goes to mail"
    assert (page.event, page.incident_id, [one.channel for one in page.sendings]) == ("test", "", ["mail"])
    assert desk.told("mail", DELIVERED, page_id).startswith("page to ana that was a test over mail is delivered")


def test_a_test_of_a_channel_that_is_none_names_those_that_are() -> None:
    with pytest.raises(Conflict, match="pager, mail"):
        Desk().act(TryChannel(channel="chat"))


def test_pages_that_nobody_delivers_are_bounded_and_the_oldest_says_that_it_was_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox_module, "MOST_PENDING", 2)
    desk = Desk(3)
    assert desk.states("p1") == [DEAD, DEAD, DEAD]
    assert desk.saved["p1"].sendings[0].detail == "given up: 2 younger pages wait"
    assert desk.states("p2")[0] == PENDING


def test_pages_that_failed_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MOST_FAILED", 1)
    desk = Desk(2, channels=("pager",))
    for page_id in ("p1", "p2"):
        desk.told("pager", DEAD, page_id)
    with pytest.raises(Conflict):
        desk.act(RetryPage(page_id="p1"))
    desk.act(RetryPage(page_id="p2"))
    assert desk.states("p1")[0] == DEAD


ACTS = st.lists(
    st.one_of(
        st.builds(
            PageHandled,
            page_id=st.sampled_from(["p1", "p2"]),
            channel=st.sampled_from(["pager", "mail"]),
            status=st.sampled_from([PENDING, DELIVERED, DEAD]),
        ),
        st.builds(RetryPage, page_id=st.sampled_from(["p1", "p2"])),
        st.builds(TryChannel, channel=st.sampled_from(["pager", "chat"])),
    ),
    max_size=20,
)


@given(ACTS, ACTS)
def test_a_loaded_outbox_goes_on_as_the_dumped_one(first: list[Any], more: list[Any]) -> None:
    desk, twin = Desk(2), Desk(0)
    outcomes(desk, first)
    twin.outbox.load(desk.outbox.dump())
    twin.saved = dict(desk.saved)
    assert twin.outbox.dump() == desk.outbox.dump()
    assert outcomes(twin, more) == outcomes(desk, more)
    assert twin.saved == desk.saved


def outcomes(desk: Desk, acts: list[Any]) -> list[str]:
    found = []
    for number, act in enumerate(acts):
        try:
            found.append(desk.act(act, key=f"k{number}"))
        except Conflict as refusal:
            found.append(str(refusal))
    return found
