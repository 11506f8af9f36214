"""Paged or not: when, whom, how often, and with which words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.acts import PageHandled
from aiops.domain.changes import PAGES, TIMELINE
from aiops.domain.errors import Conflict
from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, IncidentStatus, Page, PageStatus
from aiops.domain.settings import PagingSettings
from aiops.domain.timers import Timers
from rules import settle as settle_module
from rules.settle import Settle
from tests.builders import T0, at

OPEN, ACKNOWLEDGED, RESOLVED = IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED, IncidentStatus.RESOLVED
CLOSED, MERGED = IncidentStatus.CLOSED, IncidentStatus.MERGED


def an_incident(**changes: Any) -> Incident:
    incident = Incident(
        incident_id="i1",
        number=12,
        title="Checkout errors",
        severity=Severity.CRITICAL,
        opened_at=T0,
        last_activity=T0,
        services=("db", "shop"),
        services_total=12,
        owners=("shop-team", "dba"),
        episodes=3,
        founder="e1",
    )
    return msgspec.structs.replace(incident, **changes)


class Desk:
    """A Settle with its timers; ``take`` carries the incident on, as the correlator does."""

    def __init__(self, **settings: Any) -> None:
        self.timers = Timers()
        self.settle = Settle(PagingSettings(**settings), self.timers)
        self.pages: list[Page] = []
        self.lines: list[str] = []
        self.incidents: dict[str, Incident] = {}

    def take(self, seconds: float, incident_id: str = "i1", **changes: Any) -> Incident:
        before = self.incidents.get(incident_id) or an_incident(incident_id=incident_id)
        incident = self.settle.take(msgspec.structs.replace(before, **changes), at(seconds))
        for collection, document in self.settle.drain():
            if collection is PAGES:
                self.pages.append(document)
            elif collection is TIMELINE:
                self.lines.append(document.text)
        self.incidents[incident_id] = incident
        return incident

    @property
    def made(self) -> list[tuple[str, str]]:
        return [(page.page_id, page.route) for page in self.pages]


def last(incident: Incident) -> str:
    return incident.reasons[-1].text


def test_an_incident_is_held_and_then_paged_once() -> None:
    desk = Desk()
    held = desk.take(0)
    assert (held.paged, desk.made) == (False, [])
    assert last(held) == "shop-team is paged at 09:00:15 UTC: what joins until then is one page"
    assert desk.timers.next_due() == at(15)
    paged = desk.take(15)
    assert (paged.paged, paged.told) == (True, 1)
    assert last(paged) == "paged shop-team: critical, 12 services"
    assert desk.take(16, episodes=9) == msgspec.structs.replace(paged, episodes=9)
    assert desk.made == [("i1-opened", "shop-team")]
    assert desk.lines == ["paged shop-team: critical, 12 services"]


def test_a_page_says_what_and_why() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0)
    (page,) = desk.pages
    assert (page.title, page.severity, page.made_at, page.status) == (
        "Checkout errors",
        Severity.CRITICAL,
        T0,
        PageStatus.PENDING,
    )
    assert page.reason.step == "page"


def test_without_an_owner_the_default_route_is_paged() -> None:
    desk = Desk(hold=timedelta(0), default_route="duty")
    desk.take(0, owners=())
    assert desk.made == [("i1-opened", "duty")]


@pytest.mark.parametrize(
    ("changes", "paged", "text"),
    [
        ({}, True, "paged shop-team: critical, 12 services"),
        ({"severity": Severity.HIGH, "services_total": 1}, True, "paged shop-team: high, 1 service"),
        ({"severity": Severity.WARNING}, False, "not paged: severity warning is below high"),
        (
            {"severity": Severity.INFO, "known_bad": 2},
            True,
            "paged shop-team: info, 12 services; 2 known bad, which pages whatever the severity",
        ),
        ({"suppressed": 3}, False, "not paged: all 3 alerts are suppressed"),
        ({"suppressed": 1, "episodes": 1}, False, "not paged: its alert is suppressed"),
        ({"suppressed": 3, "known_bad": 1}, False, "not paged: all 3 alerts are suppressed"),
        ({"suppressed": 2}, True, "paged shop-team: critical, 12 services"),
        (
            {"background": True, "score": 0.25},
            False,
            "not paged: a background incident (score 0.25), nothing in it is unusual",
        ),
        ({"background": True, "known_bad": 1}, True, "paged shop-team: critical, 12 services"),
        ({"status": ACKNOWLEDGED}, False, "not paged: somebody has acknowledged it already"),
    ],
)
def test_who_is_paged_when_the_hold_is_over(changes: dict[str, Any], paged: bool, text: str) -> None:
    desk = Desk()
    desk.take(0, **changes)
    incident = desk.take(15)
    assert last(incident) == text
    assert incident.paged is bool(desk.pages) is paged


def test_the_same_refusal_is_told_once() -> None:
    desk = Desk()
    desk.take(0, severity=Severity.WARNING)
    assert len(desk.take(20, alerts=50).reasons) == 1


def test_it_is_paged_at_once_when_the_reason_against_it_goes_after_the_hold() -> None:
    desk = Desk()
    desk.take(0, suppressed=3)
    assert desk.take(100, suppressed=2).paged


def test_what_is_over_within_the_hold_pages_nobody() -> None:
    desk = Desk()
    desk.take(0)
    incident = desk.take(8, status=RESOLVED)
    assert last(incident) == "not paged: it was over within the 15 s that a page waits"
    assert (desk.pages, desk.timers.next_due()) == ([], None)


def test_a_rise_of_the_severity_is_paged_to_the_same_people_even_when_acknowledged() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, severity=Severity.HIGH)
    incident = desk.take(60, severity=Severity.CRITICAL, owners=("other",), status=ACKNOWLEDGED)
    assert last(incident) == "paged shop-team again: high became critical, 12 services"
    desk.take(70, severity=Severity.HIGH)
    desk.take(80, severity=Severity.CRITICAL)
    assert desk.made == [("i1-opened", "shop-team"), ("i1-escalated-critical", "shop-team")]


def test_only_those_who_were_paged_hear_that_it_is_over_and_once() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0)
    incident = desk.take(60, status=RESOLVED)
    assert last(incident) == "told shop-team that it is over"
    desk.take(70)
    desk.take(80, status=CLOSED)
    assert desk.made == [("i1-opened", "shop-team"), ("i1-resolved", "shop-team")]
    quiet = Desk()
    quiet.take(0, severity=Severity.INFO)
    quiet.take(60, status=RESOLVED)
    assert quiet.pages == []


def test_what_comes_back_after_people_were_told_that_it_is_over_is_paged_again() -> None:
    desk = Desk()
    desk.take(0)
    desk.take(15)
    desk.take(60, status=RESOLVED)
    assert not desk.take(90, status=OPEN).reasons[-1].text.startswith("paged")
    desk.take(105)
    desk.take(200, status=RESOLVED)
    assert [key for key, _ in desk.made] == ["i1-opened", "i1-resolved", "i1-reopened-2", "i1-resolved-2"]


def test_a_closed_incident_that_is_reopened_is_paged_under_a_new_key() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0)
    desk.take(60, status=CLOSED)
    desk.take(90, status=OPEN)
    assert [key for key, _ in desk.made] == ["i1-opened", "i1-resolved", "i1-reopened-2"]


def test_a_merged_incident_is_never_paged() -> None:
    desk = Desk()
    desk.take(0)
    merged = desk.take(5, status=MERGED, merged_into="i2")
    assert (desk.timers.next_due(), merged.paged) == (None, False)
    desk.take(20)
    assert desk.pages == []


@pytest.mark.parametrize("survivor_first", [True, False])
def test_a_merge_pages_nobody_twice(survivor_first: bool) -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, "i1")
    steps: list[Callable[[], Incident]] = [
        lambda: desk.take(10, "i2", merged_from=("i1",), severity=Severity.HIGH),
        lambda: desk.take(10, "i1", status=MERGED, merged_into="i2"),
    ]
    for step in steps if survivor_first else steps[::-1]:
        step()
    assert desk.incidents["i2"].paged
    desk.take(99, "i2", status=RESOLVED)
    assert desk.made == [("i1-opened", "shop-team"), ("i2-resolved", "shop-team")]


def handled(desk: Desk, status: PageStatus, detail: str = "") -> str:
    return desk.settle.handled(PageHandled(page_id="i1-opened", status=status, detail=detail))


def test_the_responder_tells_what_became_of_a_page() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0)
    assert handled(desk, PageStatus.PENDING, "503") == "page to shop-team about #12 is pending: 503"
    assert handled(desk, PageStatus.NO_CHANNEL) == "page to shop-team about #12 is no channel"
    (_, page) = desk.settle.drain()[-1]
    assert (page.status, page.tries) == (PageStatus.NO_CHANNEL, 2)
    with pytest.raises(Conflict):
        handled(desk, PageStatus.DELIVERED)


def test_pages_that_nobody_handles_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle_module, "MOST_PENDING", 2)
    desk = Desk(hold=timedelta(0))
    for number in range(1, 4):
        desk.take(0, f"i{number}")
    with pytest.raises(Conflict):
        handled(desk, PageStatus.DELIVERED)
    assert len(desk.pages) == 3


Steps = list[tuple[int, str, dict[str, Any]]]
STEPS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(["i1", "i2"]),
        st.fixed_dictionaries(
            {},
            optional={
                "status": st.sampled_from([OPEN, ACKNOWLEDGED, RESOLVED, CLOSED]),
                "severity": st.sampled_from(Severity),
                "suppressed": st.integers(0, 3),
                "known_bad": st.integers(0, 1),
                "background": st.booleans(),
            },
        ),
    ),
    max_size=12,
)


@given(STEPS)
def test_pages_have_keys_of_their_own_and_decisions_a_reason(steps: Steps) -> None:
    desk, now = Desk(), 0
    for wait, incident_id, changes in steps:
        now += wait
        before = len(desk.pages)
        incident = desk.take(now, incident_id, **changes)
        assert incident.status is not OPEN or incident.reasons
        if len(desk.pages) > before:
            assert incident.reasons[-1] == desk.pages[-1].reason
            assert incident.paged
            assert len(desk.pages) == before + 1
    keys = [page.page_id for page in desk.pages]
    assert len(keys) == len(set(keys))


@given(STEPS, STEPS)
def test_a_loaded_settle_goes_on_as_the_dumped_one(steps: Steps, more: Steps) -> None:
    desk, now = Desk(), 0
    for wait, incident_id, changes in steps:
        now += wait
        desk.take(now, incident_id, **changes)
    twin = Settle(PagingSettings(), Timers())
    twin.load(desk.settle.dump())
    assert twin.dump() == desk.settle.dump()
    for wait, incident_id, changes in more:
        now += wait
        incident = msgspec.structs.replace(an_incident(incident_id=incident_id), **changes)
        assert twin.take(incident, at(now)) == desk.settle.take(incident, at(now))
        assert twin.drain() == desk.settle.drain()
