"""Paged or not: when, whom, how often, and with which words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.events import Severity
from aiops.domain.incidents import Candidate, Incident, IncidentStatus, PageStatus
from aiops.domain.timers import Timers
from rules import settle as settle_module
from rules.outbox import Outbox
from rules.settle import Settle
from tests.builders import T0, at
from tests.rules.paged import Desk, an_incident

OPEN, ACKNOWLEDGED, RESOLVED = IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED, IncidentStatus.RESOLVED
CLOSED, MERGED = IncidentStatus.CLOSED, IncidentStatus.MERGED


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
        ({"suppressed": 3, "audible": 0}, False, "not paged: all 3 alerts are suppressed"),
        ({"suppressed": 1, "episodes": 1, "firing": 1, "audible": 0}, False, "not paged: its alert is suppressed"),
        (
            {"suppressed": 3, "audible": 0, "known_bad": 1},
            False,
            "not paged: all 3 alerts are suppressed, 1 known bad: a silence hides even what is known bad",
        ),
        ({"suppressed": 2, "audible": 1}, True, "paged shop-team: critical, 12 services"),
        (
            {"suppressed": 1, "firing": 1, "audible": 0},
            False,
            "not paged: the alert that still fires is suppressed",
        ),
        ({"suppressed": 2, "firing": 2, "audible": 0}, False, "not paged: all 2 that still fire are suppressed"),
        ({"firing": 0, "audible": 0}, False, "not paged: nothing of it fires any more"),
        ({"firing": 0, "audible": 0, "known_bad": 1}, True, "paged shop-team: critical, 12 services"),
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
    desk.take(0, suppressed=3, audible=0)
    assert desk.take(100, suppressed=2, audible=1).paged


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
    assert last(incident) == "told shop-team that it is over, though 3 alerts of it still fire"
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


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"firing": 0, "audible": 0}, "told shop-team that it is over"),
        ({"firing": 2, "audible": 0, "suppressed": 2}, "told shop-team that it is over"),
        ({"firing": 2, "audible": 1}, "told shop-team that it is over, though 1 alert of it still fires"),
    ],
)
def test_that_it_is_over_is_told_with_what_still_fires(changes: dict[str, Any], text: str) -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0)
    assert last(desk.take(60, status=RESOLVED, **changes)) == text


def test_what_was_closed_to_make_room_is_not_said_to_be_over() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0)
    incident = desk.take(60, status=CLOSED)
    assert last(incident) == "shop-team is not told that it is over: it was closed to make room, nothing ended it"
    assert [page.event for page in desk.pages] == ["opened"]


def test_what_is_closed_to_make_room_before_its_page_says_that() -> None:
    desk = Desk()
    desk.take(0)
    text = "not paged, though a page was due: it was closed to make room, nothing ended it"
    assert last(desk.take(8, status=CLOSED)) == text


def test_what_a_person_ends_and_closes_within_the_hold_was_brief() -> None:
    desk = Desk()
    desk.take(0)
    brief = desk.take(8, status=RESOLVED)
    assert desk.take(9, status=CLOSED).reasons == brief.reasons


@pytest.mark.parametrize("status", [RESOLVED, CLOSED])
def test_what_is_over_and_of_which_nothing_is_known_gets_no_reason(status: IncidentStatus) -> None:
    desk = Desk()
    assert desk.take(60, status=status, paged=True).reasons == ()
    assert desk.settle.dump() == Desk().settle.dump()


def test_acts_on_a_closed_incident_add_no_reason() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0)
    desk.take(60, status=RESOLVED)
    closed = desk.take(90, status=CLOSED)
    assert desk.take(99, told=closed.told + 1).reasons == closed.reasons


def test_what_was_forgotten_is_rather_told_twice_than_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle_module, "MOST_KNOWN", 2)
    desk = Desk(hold=timedelta(0))
    for number in range(1, 4):
        desk.take(number, f"i{number}")
    desk.take(10, "i1")
    desk.take(11, "i3")
    assert [key for key, _ in desk.made] == ["i1-opened", "i2-opened", "i3-opened", "i1-reopened-1"]


MUTED: dict[str, Any] = {"suppressed": 3, "audible": 0}


def test_after_the_page_it_is_told_that_all_is_muted_and_that_it_is_so_no_longer() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, severity=Severity.HIGH)
    incident = desk.take(60, **MUTED)
    assert last(incident) == "nobody is paged again while all 3 that still fire are suppressed"
    assert desk.take(61, alerts=9).reasons == incident.reasons
    incident = desk.take(90, suppressed=2, audible=1)
    assert last(incident) == "follow-ups are paged again: 1 alert of it may be heard again"
    assert last(desk.take(95, **MUTED)).startswith("nobody is paged again while")
    assert len(desk.pages) == 1


def test_an_escalation_that_is_withheld_says_so_and_is_made_up_for() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, severity=Severity.HIGH)
    incident = desk.take(60, severity=Severity.CRITICAL, **MUTED)
    text = "nobody is paged again, though high became critical: all 3 that still fire are suppressed"
    assert last(incident) == text
    desk.take(90, suppressed=0, audible=3)
    assert [key for key, _ in desk.made] == ["i1-opened", "i1-escalated-critical"]


def test_nothing_is_told_of_what_is_quiet_for_want_of_anything_that_fires() -> None:
    desk = Desk(hold=timedelta(0))
    paged = desk.take(0)
    assert desk.take(60, firing=0, audible=0).reasons == paged.reasons


DB = Candidate(entity="orders-db", probability=0.8, share=1.0)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"candidates": (DB,)}, "; likely cause orders-db"),
        ({"candidates": (msgspec.structs.replace(DB, confirmed=True),)}, "; root cause orders-db"),
        ({"candidates": (DB,), "abstained": "too close to call"}, ""),
        ({}, ""),
    ],
)
def test_much_growth_is_told_once_with_the_cause(changes: dict[str, Any], text: str) -> None:
    desk = Desk()
    desk.take(0, services=("db",), services_total=1)
    desk.take(15)
    desk.take(16, services_total=4, episodes=9, status=ACKNOWLEDGED)
    growing = desk.take(20, services_total=5, episodes=9)
    assert last(growing) == "it grows: shop-team is paged again at 09:00:35 UTC, what joins until then is in it"
    assert desk.timers.next_due() == at(35)
    desk.take(34, services_total=12, episodes=12)
    incident = desk.take(35, services_total=13, episodes=13, **changes)
    assert last(incident) == f"paged shop-team again: grew from 1 to 13 services{text}"
    desk.take(50, services_total=200, episodes=200)
    desk.take(70)
    assert desk.made == [("i1-opened", "shop-team"), ("i1-grew", "shop-team")]


@pytest.mark.parametrize(
    "changes",
    [
        {"services_total": 14, "episodes": 14},  # not five times as many as they know of
        {"services_total": 99, "episodes": 99, "suppressed": 90},  # most of it is muted
        {"services_total": 99, "episodes": 99, "audible": 0, "suppressed": 99},
    ],
)
def test_little_or_muted_growth_is_not_told(changes: dict[str, Any]) -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, services_total=3)
    desk.take(10, **changes)
    desk.take(30)
    assert [page.event for page in desk.pages] == ["opened"]


def test_an_incident_that_ends_while_it_grows_is_only_said_to_be_over() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, services_total=1)
    desk.take(10, services_total=13, episodes=13)
    desk.take(11, status=RESOLVED, firing=0, audible=0)
    assert [page.event for page in desk.pages] == ["opened", "resolved"]
    assert desk.timers.next_due() is None


def test_a_rise_tells_the_size_too_so_that_growth_is_counted_from_there() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, services_total=1, severity=Severity.HIGH)
    desk.take(10, services_total=13, episodes=13, severity=Severity.CRITICAL)
    desk.take(20, alerts=99)
    assert [page.event for page in desk.pages] == ["opened", "escalated"]


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


def test_what_is_split_off_pages_nobody_who_was_paged_of_the_whole() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, "i1")
    desk.take(10, "i2", split_from="i1", services_total=3)
    assert desk.incidents["i2"].paged
    assert desk.incidents["i2"].reasons[-1].text == "shop-team knows of it already"
    desk.take(60, "i2", status=RESOLVED, firing=0, audible=0)
    desk.take(90, "i1", status=RESOLVED, firing=0, audible=0)
    assert [key for key, _ in desk.made] == ["i1-opened", "i2-resolved", "i1-resolved"]


def test_what_is_split_off_before_anybody_was_paged_is_paged_for_itself() -> None:
    desk = Desk(hold=timedelta(seconds=30))
    desk.take(0, "i1")
    desk.take(10, "i2", split_from="i1")
    desk.run(60)
    assert [key for key, _ in desk.made] == ["i1-opened", "i2-opened"]


def test_whose_part_is_split_off_is_told_of_it_though_others_were_paged_of_the_whole() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, "i1")
    desk.take(10, "i2", split_from="i1", services_total=3, owners=("mail-team",))
    assert desk.incidents["i2"].reasons[-1].text == (
        "paged mail-team too: critical, 3 services; split off what shop-team knows of"
    )
    desk.take(20, "i2", firing=2)
    desk.take(60, "i2", status=RESOLVED, firing=0, audible=0)
    assert desk.made == [
        ("i1-opened", "shop-team"),
        ("i2-opened-mail-team", "mail-team"),
        ("i2-resolved", "shop-team"),
        ("i2-resolved-mail-team", "mail-team"),
    ]


@pytest.mark.parametrize(
    "quiet",
    [
        {"severity": Severity.WARNING},
        {"background": True},
        {"status": ACKNOWLEDGED},
        {"audible": 0, "suppressed": 3},
    ],
    ids=["mild", "background", "acknowledged", "muted"],
)
def test_a_part_that_would_page_nobody_by_itself_pages_nobody_when_it_is_split_off(quiet: dict[str, Any]) -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, "i1")
    desk.take(10, "i2", split_from="i1", owners=("mail-team",), **quiet)
    assert [key for key, _ in desk.made] == ["i1-opened"]
    desk.take(20, "i2", severity=Severity.CRITICAL, background=False, status=OPEN, audible=3, suppressed=0)
    assert desk.made[1:] == [("i2-opened-mail-team", "mail-team")]  # then it does


def two_paged(**second: Any) -> Desk:
    """A desk where shop-team was paged about i1 and mail-team about i2."""
    desk = Desk(hold=timedelta(0))
    desk.take(0, "i1", severity=Severity.HIGH)
    desk.take(1, "i2", owners=("mail-team",), **second)
    return desk


def test_after_a_merge_everybody_hears_that_it_is_over_and_nobody_is_paged_anew() -> None:
    desk = two_paged(severity=Severity.HIGH)
    desk.take(10, "i2", status=MERGED, merged_into="i1")
    desk.take(10, "i1", merged_from=("i2",), status=ACKNOWLEDGED)
    incident = desk.take(60, "i1", status=RESOLVED, firing=0, audible=0)
    assert [reason.text for reason in incident.reasons[-2:]] == [
        "told shop-team that it is over",
        "told mail-team that it is over",
    ]
    assert desk.made[2:] == [("i1-resolved", "shop-team"), ("i1-resolved-mail-team", "mail-team")]


def test_only_those_who_know_of_less_hear_of_the_rise_that_a_merge_brings() -> None:
    desk = two_paged(severity=Severity.CRITICAL)
    desk.take(10, "i1", merged_from=("i2",), severity=Severity.CRITICAL)
    assert desk.made[2:] == [("i1-escalated-critical", "shop-team")]


def test_merges_of_merges_lose_nobody() -> None:
    desk = two_paged(severity=Severity.HIGH)
    desk.take(2, "i3", owners=("ci-team",), severity=Severity.HIGH)
    desk.take(10, "i2", merged_from=("i3",))
    desk.take(20, "i1", merged_from=("i2", "i3"))
    desk.take(60, "i1", status=RESOLVED)
    assert [route for _, route in desk.made[3:]] == ["shop-team", "mail-team", "ci-team"]


def test_what_comes_back_is_told_to_everybody_who_heard_that_it_was_over() -> None:
    desk = two_paged(severity=Severity.HIGH)
    desk.take(10, "i1", merged_from=("i2",))
    desk.take(60, "i1", status=RESOLVED)
    desk.take(90, "i1", status=OPEN, owners=("dba",))
    again = desk.made[4:]
    assert [route for _, route in again] == ["shop-team", "mail-team", "dba"]
    assert len({key for key, _ in desk.made}) == len(desk.made)


def test_a_team_that_heard_of_the_end_and_is_paged_by_the_other_half_hears_of_its_end_too() -> None:
    desk = Desk(hold=timedelta(0))
    desk.take(0, "i1")
    desk.take(10, "i1", status=RESOLVED)
    desk.take(20, "i2")
    desk.take(30, "i1", status=OPEN, merged_from=("i2",))
    desk.take(60, "i1", status=RESOLVED)
    keys = [key for key, _ in desk.made]
    assert len(set(keys)) == len(keys)
    assert [page.event for page in desk.pages] == ["opened", "resolved", "opened", "resolved"]


def test_an_acknowledged_survivor_that_nobody_was_paged_about_stays_so() -> None:
    desk = Desk()
    desk.take(0, "i1", status=ACKNOWLEDGED)
    desk.take(5, "i2")
    desk.take(10, "i1", merged_from=("i2",))
    desk.take(60, "i1")
    assert desk.pages == []


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
                "audible": st.integers(0, 3),
                "firing": st.sampled_from([0, 3]),
                "services_total": st.integers(1, 70),
                "owners": st.sampled_from([("shop-team",), ("dba",), ()]),
                "merged_from": st.just(("i2",)),
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
        made = desk.pages[before:]
        if made:
            assert incident.reasons[-1] == made[-1].reason
            assert incident.paged
            assert len({page.event for page in made if page.event not in ("escalated", "grew")}) <= 1
            assert len({page.route for page in made}) == len(made)
    keys = [page.page_id for page in desk.pages]
    assert len(keys) == len(set(keys))


@given(STEPS, STEPS)
def test_a_loaded_settle_goes_on_as_the_dumped_one(steps: Steps, more: Steps) -> None:
    desk, now = Desk(), 0
    for wait, incident_id, changes in steps:
        now += wait
        desk.take(now, incident_id, **changes)
    outbox = Outbox(desk.settings)
    twin = Settle(desk.settings, Timers(), outbox)
    desk.outbox.drain()
    twin.load(desk.settle.dump())
    assert twin.dump() == desk.settle.dump()
    for wait, incident_id, changes in more:
        now += wait
        incident = msgspec.structs.replace(an_incident(incident_id=incident_id), **changes)
        assert twin.take(incident, at(now)) == desk.settle.take(incident, at(now))
        assert twin.drain() == desk.settle.drain()
        assert outbox.drain() == desk.outbox.drain()
