"""How many pages are too many? What is held back is said in the next page, and nobody is forgotten."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Alert
from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, IncidentStatus
from aiops.domain.routes import Route
from aiops.domain.settings import PagingSettings
from aiops.domain.timers import Timers
from rules import rate as rate_module
from rules.outbox import Outbox
from rules.rate import Held, Rates
from rules.settle import Settle
from tests.builders import T0, an_alert, an_episode, at
from tests.rules.paged import Desk, an_incident

OPEN, ACKNOWLEDGED, RESOLVED = IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED, IncidentStatus.RESOLVED
MERGED = IncidentStatus.MERGED
NOW = {"hold": timedelta(0)}
OVER: dict[str, Any] = {"status": RESOLVED, "firing": 0, "audible": 0}


def a_desk(most: int = 2, minutes: float = 10, **settings: Any) -> Desk:
    return Desk(most_per_route=most, route_window=timedelta(minutes=minutes), **{**NOW, **settings})


def storm(desk: Desk, numbers: Sequence[int], seconds: float = 0) -> None:
    for number in numbers:
        desk.take(seconds, f"i{number}", number=number, title=f"db{number} down")


def page_texts(incident: Incident) -> list[str]:
    return [reason.text for reason in incident.reasons if reason.step == "page"]


def test_beyond_its_rate_a_route_is_paged_no_more_and_the_incident_says_so() -> None:
    desk = a_desk()
    storm(desk, range(1, 4))
    assert [page.incident_id for page in desk.pages] == ["i1", "i2"]
    assert page_texts(desk.incidents["i3"]) == [
        "held back: shop-team got 2 pages within 10 min; it is told at 09:10:00 UTC or with its next page"
    ]
    assert not desk.incidents["i3"].paged


def test_once_the_route_may_be_paged_again_one_page_says_all_that_was_held_back() -> None:
    desk = a_desk()
    storm(desk, range(1, 7))
    desk.run(599)
    assert len(desk.pages) == 2
    desk.run(600)
    (page,) = desk.pages[2:]
    assert (page.incident_id, page.also_total, page.made_at) == ("i3", 3, at(600))
    assert page.also == tuple(f"#{number} critical, opened: db{number} down" for number in (4, 5, 6))
    told = desk.incidents["i5"]
    assert told.paged
    assert page_texts(told)[-1] == "told with the page to shop-team about #3: opened"


def test_what_was_told_with_another_page_is_not_paged_again() -> None:
    desk = a_desk()
    storm(desk, range(1, 7))
    desk.run(10_000)
    assert len(desk.pages) == 3
    desk.take(20_000, "i5", title="db5 is still down")
    assert len(desk.pages) == 3


def test_what_came_and_went_while_it_was_held_back_is_said_too() -> None:
    desk = a_desk()
    storm(desk, range(1, 5))
    desk.take(60, "i4", **OVER)
    assert page_texts(desk.incidents["i4"])[-1] == (
        "not paged: it was over while pages to shop-team were held back; the next one says so"
    )
    desk.run(600)
    assert desk.pages[-1].also == ("#4 critical, came and went: db4 down",)
    assert not desk.incidents["i4"].paged


def test_what_somebody_acknowledged_while_it_was_held_back_pages_no_more() -> None:
    desk = a_desk()
    storm(desk, range(1, 5))
    desk.take(60, "i3", status=ACKNOWLEDGED)
    assert page_texts(desk.incidents["i3"])[-1] == "not paged: somebody has acknowledged it already"
    desk.run(600)
    assert [page.incident_id for page in desk.pages[2:]] == ["i4"]
    assert desk.pages[-1].also == ()


def test_whoever_was_paged_hears_that_it_is_over_whatever_the_rate() -> None:
    desk = a_desk()
    storm(desk, range(1, 5))
    for number in (1, 2):
        desk.take(30, f"i{number}", **OVER)
    assert [page.event for page in desk.pages[2:]] == ["resolved", "resolved"]
    assert desk.pages[-1].also == ()


def test_the_end_of_what_was_only_named_in_another_page_keeps_to_the_rate() -> None:
    desk = a_desk(most=1)
    storm(desk, range(1, 4))
    desk.run(600)
    assert desk.pages[-1].also_total == 1
    desk.take(660, "i3", **OVER)
    assert "held back: shop-team got 1 page within 10 min" in page_texts(desk.incidents["i3"])[-1]
    desk.run(1_200)
    assert [(page.incident_id, page.event) for page in desk.pages[2:]] == [("i3", "resolved")]
    assert desk.incidents["i3"].reasons[-1].text == "told shop-team that it is over"


def test_one_route_beyond_its_rate_holds_up_no_other() -> None:
    desk = a_desk(most=1)
    storm(desk, (1, 2))
    desk.take(0, "i3", owners=("dba",))
    assert [(page.incident_id, page.route) for page in desk.pages] == [("i1", "shop-team"), ("i3", "dba")]


def test_an_incident_that_comes_and_goes_pages_so_often_and_then_waits() -> None:
    desk = a_desk(most=100, most_per_incident=2, incident_window=timedelta(hours=1))
    for round_ in range(5):
        desk.take(round_ * 120, status=OPEN, firing=3, audible=3)
        desk.take(round_ * 120 + 60, **OVER)
    assert [page.event for page in desk.pages] == ["opened", "resolved", "reopened", "resolved"]
    desk.take(700, status=OPEN, firing=3, audible=3)
    assert page_texts(desk.incidents["i1"])[-1].startswith(
        "held back: shop-team got 2 pages about it within 60 min; it is told at 10:00:00 UTC"
    )
    desk.run(3_599)
    assert len(desk.pages) == 4
    desk.run(3_600)
    assert [page.event for page in desk.pages[4:]] == ["reopened"]


def test_that_it_got_worse_is_told_however_much_was_said_of_it() -> None:
    desk = a_desk(most=100, most_per_incident=1)
    desk.take(0, severity=Severity.HIGH)
    desk.take(10, severity=Severity.CRITICAL)
    assert [page.event for page in desk.pages] == ["opened", "escalated"]


def test_what_was_held_back_of_an_incident_that_was_merged_is_not_said_twice() -> None:
    desk = a_desk(most=1)
    storm(desk, range(1, 4))
    desk.take(10, "i3", status=MERGED, merged_into="i2")
    desk.take(10, "i2", merged_from=("i3",))
    desk.run(600)
    (page,) = desk.pages[1:]
    assert (page.incident_id, page.also) == ("i2", ())


def test_a_page_names_twenty_and_counts_the_rest() -> None:
    desk = a_desk(most=1)
    storm(desk, range(1, 40))
    desk.run(600)
    page = desk.pages[-1]
    assert (len(page.also), page.also_total) == (20, 37)


def test_what_does_not_fit_in_memory_gets_a_page_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_module, "MOST_HELD", 2)
    desk = a_desk(most=1)
    storm(desk, range(1, 6))
    desk.run(3_000)
    heard = {page.incident_id for page in desk.pages} | {
        f"i{line.split()[0].strip('#')}" for page in desk.pages for line in page.also
    }
    assert heard == {f"i{number}" for number in range(1, 6)}


def test_what_routes_got_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_module, "MOST_ROUTES", 3)
    rates = Rates()
    for number in range(10):
        rates.release(f"r{number}", PagingSettings(), T0)
    assert list(rates.budgets) == ["r7", "r8", "r9"]


def test_a_held_incident_keeps_the_time_since_when_and_says_the_newest() -> None:
    rates = Rates()
    held = Held(incident_id="i1", event="opened", text="a", since=T0, severity=Severity.HIGH, services=1)
    assert rates.hold("r", held)
    assert not rates.hold("r", msgspec.structs.replace(held, since=at(9)))
    assert rates.hold("r", msgspec.structs.replace(held, since=at(9), event="escalated", text="b"))
    assert rates.release("r", PagingSettings(), T0) == [msgspec.structs.replace(held, event="escalated", text="b")]


def test_several_routes_are_told_each_over_its_channels_with_a_key_of_its_own() -> None:
    routes = (
        Route(name="log", channels=("mail",), goes_on=True),
        Route(name="dba", match=('service="db"',), channels=("pager",)),
    )
    desk = a_desk(most=9, routes=routes)
    desk.take(0)
    assert [(page.route, [one.channel for one in page.sendings]) for page in desk.pages] == [
        ("log", ["mail"]),
        ("dba", ["pager"]),
    ]
    assert desk.pages[1].why_route == 'route dba: service="db"'
    assert desk.pages[1].reason.text == 'paged dba: critical, 12 services (route dba: service="db")'
    assert len({page.page_id for page in desk.pages}) == 2
    desk.take(60, **OVER)
    assert [(page.route, page.event) for page in desk.pages[2:]] == [("log", "resolved"), ("dba", "resolved")]


def test_a_route_that_matches_only_later_is_told_then() -> None:
    routes = (Route(name="boss", match=('severity="critical"',), goes_on=True), Route(name="team"))
    desk = a_desk(most=9, routes=routes)
    desk.take(0, severity=Severity.HIGH)
    desk.take(10, status=ACKNOWLEDGED, severity=Severity.HIGH)
    assert [page.route for page in desk.pages] == ["team"]
    desk.take(20, severity=Severity.CRITICAL)
    assert [(page.route, page.event) for page in desk.pages[1:]] == [("team", "escalated"), ("boss", "opened")]
    desk.take(30, title="the same again")
    assert len(desk.pages) == 3


def test_an_owner_that_comes_to_be_the_first_later_is_not_paged_for_that() -> None:
    desk = a_desk(most=9)
    desk.take(0, owners=("shop-team",))
    desk.take(10, owners=("dba", "shop-team"))
    assert [page.route for page in desk.pages] == ["shop-team"]


def test_follow_ups_go_over_the_channels_of_the_first_page() -> None:
    desk = a_desk(most=9, routes=(Route(name="team", match=('severity="critical"',), channels=("mail",)),))
    desk.take(0)
    desk.take(60, severity=Severity.HIGH, **OVER)
    assert [[one.channel for one in page.sendings] for page in desk.pages] == [["mail"], ["mail"]]


def test_routes_can_ask_for_labels_of_alerts_also_of_those_that_were_merged() -> None:
    desk = Desk(routes=(Route(name="prod", match=('env="prod"',)),))
    desk.settle.meet(member("i2", env="prod"))
    desk.take(0, "i1")
    desk.take(0, "i2", status=MERGED, merged_into="i1")
    desk.take(5, "i1", merged_from=("i2",))
    desk.run(60)
    assert [page.route for page in desk.pages] == ["prod"]


def member(incident_id: str, **labels: str) -> Alert:
    return an_alert(labels=labels, episode=an_episode(incident_id=incident_id))


STEPS = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.sampled_from(["i1", "i2", "i3", "i4"]),
        st.sampled_from(
            [
                {"status": OPEN, "firing": 3, "audible": 3},
                {"status": OPEN, "severity": Severity.HIGH},
                {"status": OPEN, "severity": Severity.CRITICAL},
                {"status": ACKNOWLEDGED},
                OVER,
                {"services_total": 90},
            ]
        ),
    ),
    max_size=40,
)
SETTINGS = st.fixed_dictionaries(
    {"most": st.integers(1, 3), "most_per_incident": st.integers(1, 3), "hold": st.sampled_from([timedelta(0)])},
    optional={"routes": st.just((Route(name="a", match=('severity="critical"',), goes_on=True), Route(name="b")))},
)


@given(SETTINGS, STEPS)
def test_a_rate_is_kept_and_nobody_who_should_know_is_forgotten(settings: Any, steps: Any) -> None:
    desk, now = a_desk(**settings), 0
    for wait, incident_id, changes in steps:
        now += wait
        desk.run(now)
        desk.take(now, incident_id, number=int(incident_id[1]), **changes)
    desk.run(now + 100_000)
    assert len({page.page_id for page in desk.pages}) == len(desk.pages)
    for route in {page.route for page in desk.pages}:
        made = [page.made_at for page in desk.pages if page.route == route and page.event != "resolved"]
        for first, beyond in zip(made, made[settings["most"] :], strict=False):
            assert beyond - first >= timedelta(minutes=10)
    for incident in desk.incidents.values():
        assert incident.paged or incident.status is not OPEN or not incident.audible, page_texts(incident)


@given(SETTINGS, STEPS, STEPS)
def test_a_loaded_settle_holds_back_as_the_dumped_one(settings: Any, first: Any, more: Any) -> None:
    desk, now = a_desk(**settings), 0
    for wait, incident_id, changes in first:
        now += wait
        desk.run(now)
        desk.take(now, incident_id, **changes)
    timers = Timers()
    timers.load(desk.timers.dump())
    outbox = Outbox(desk.settings)
    twin = Settle(desk.settings, timers, outbox)
    twin.load(desk.settle.dump())
    for wait, incident_id, changes in more:
        now += wait
        incident = msgspec.structs.replace(an_incident(incident_id=incident_id), **changes)
        assert twin.take(incident, at(now)) == desk.settle.take(incident, at(now))
        assert timers.dump() == desk.timers.dump()
    assert twin.dump() == desk.settle.dump()
    assert [page for _, page in outbox.drain()] == [page for _, page in desk.outbox.drain()]
