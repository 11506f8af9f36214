"""What is being worked on, by whose word, and what is kept quiet meanwhile?"""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from aiops.domain.acts import EndWindow, PutWindow
from aiops.domain.alerts import Alert
from aiops.domain.documents import WINDOWS
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Event, EventKind
from aiops.domain.matching import parse_matcher
from aiops.domain.rules import RuleStatus, Window
from aiops.domain.settings import MutingSettings
from aiops.domain.timers import Timers
from rules import schedule
from rules.schedule import Schedule
from tests.builders import T0, an_alert, an_event, at

LONGEST = MutingSettings().longest
DAY = timedelta(days=1)


def a_window(**changes: Any) -> Window:
    """Work on db from a minute after T0 on, for a minute."""
    window = Window(
        id="upgrade",
        matchers=(parse_matcher("service=db", "test"),),
        owner="dba",
        reason="upgrade",
        starts_at=at(60),
        ends_at=at(120),
    )
    return msgspec.structs.replace(window, **changes)


class Desk:
    """A schedule, its timers, and what it saved."""

    def __init__(self, *windows: Window, **settings: Any) -> None:
        self.timers = Timers()
        self.part = Schedule(MutingSettings(**settings), self.timers)
        for window in windows:
            self.put(window)

    def put(self, window: Window, seconds: float = 0, actor: str = "ana") -> tuple[str, str]:
        return self.part.act(PutWindow(window=window), actor, at(seconds))

    def over(self, seconds: float, alert: Alert | None = None, hit: bool = False) -> list[str]:
        return [one.id for one in self.part.over(alert or an_alert("db"), at(seconds), hit)]

    def run(self, seconds: float) -> list[float]:
        """Let all timers up to then run; return when they did."""
        ran = []
        while timer := self.timers.pop(at(seconds)):
            self.part.turn(timer.key, timer.due)
            ran.append((timer.due - T0).total_seconds())
        return ran

    def saved(self) -> list[Window]:
        return [one for collection, one in self.part.drain() if collection is WINDOWS]


def a_ticket(**changes: Any) -> Event:
    """A change ticket for db, a minute after T0, for a minute."""
    facts = {"ticket": "CHG1", "window": "scheduled", "services": "db\nweb", "actor": "cem", **changes.pop("facts", {})}
    said = {"kind": EventKind.CHANGE, "source": "tickets", "title": "patch", "starts_at": at(60), "ends_at": at(120)}
    return an_event(**{**said, "facts": facts, **changes})


def test_what_it_matches_is_quiet_from_its_beginning_until_before_its_end() -> None:
    desk = Desk(a_window())
    assert [desk.over(seconds) for seconds in (59, 60, 119, 120)] == [[], ["upgrade"], ["upgrade"], []]
    assert desk.over(60, an_alert("web")) == []
    (found,) = desk.part.over(an_alert("db"), at(60), hit=False)
    assert (found.kind, found.until) == ("maintenance", at(120))
    assert found.text == "maintenance upgrade (dba) until 2026-03-02 09:02 UTC: upgrade"


def test_a_hit_is_counted_where_an_event_came_in() -> None:
    desk = Desk(a_window())
    desk.over(70)
    desk.over(80, hit=True)
    desk.over(200, hit=True)
    assert (desk.saved()[-1].hits, desk.saved()) == (1, [])


def test_it_opens_and_closes_by_its_timers_and_is_over_then() -> None:
    desk = Desk(a_window())
    assert desk.run(500) == [60, 120]
    last = desk.saved()[-1]
    assert (last.status, last.opens, last.closes) == (RuleStatus.EXPIRED, at(60), at(120))
    desk.part.turn("upgrade", at(600))  # it is no more: nothing happens
    assert desk.saved() == []


def test_one_that_recurs_opens_again_until_it_recurs_no_more() -> None:
    desk = Desk(a_window(recurs="FREQ=DAILY", until=T0 + 2 * DAY))
    day = DAY.total_seconds()
    assert desk.run(day + 500) == [60, 120, day + 60, day + 120]
    assert desk.over(day + 90) == []
    assert desk.saved()[-1].status is RuleStatus.EXPIRED


def test_one_that_is_ended_early_was_open_until_then() -> None:
    desk = Desk(a_window())
    alert = msgspec.structs.replace(an_alert("db"), suppressed_by=desk.part.over(an_alert("db"), at(70), hit=False))
    assert desk.part.act(EndWindow(window_id="upgrade"), "bob", at(90)) == (
        "maintenance upgrade ended by bob",
        "upgrade",
    )
    last = desk.saved()[-1]
    assert (last.opens, last.closes) == (at(60), at(90))
    assert desk.run(500) == []
    hidden = alert.suppressed_by[0]
    others = [
        msgspec.structs.replace(alert, suppressed_by=(msgspec.structs.replace(hidden, **named),))
        for named in ({"kind": "rule"}, {"id": "another"})
    ]
    assert list(desk.part.concerned("upgrade", [alert, an_alert("db"), *others])) == [alert]
    with pytest.raises(Conflict, match="or it is over"):
        desk.part.act(EndWindow(window_id="upgrade"), "bob", at(90))


def test_one_that_is_ended_before_it_began_was_never_open() -> None:
    desk = Desk(a_window())
    desk.part.act(EndWindow(window_id="upgrade"), "bob", at(30))
    last = desk.saved()[-1]
    assert last.opens == last.closes == at(30)


def test_concerned_is_what_it_matches() -> None:
    desk = Desk(a_window())
    db, web = an_alert("db"), an_alert("web")
    assert list(desk.part.concerned("upgrade", [db, web])) == [db]


def test_one_that_is_put_anew_keeps_its_hits_and_who_made_it() -> None:
    desk = Desk(a_window())
    desk.over(70, hit=True)
    desk.put(a_window(ends_at=at(300)), 80, "bob")
    last = desk.saved()[-1]
    assert (last.hits, last.last_hit, last.created_by, last.created_at) == (1, at(70), "ana", T0)
    assert desk.over(200) == ["upgrade"]


def test_a_proposed_one_hides_nothing_until_it_is_accepted() -> None:
    desk = Desk()
    text, _ = desk.put(a_window(status=RuleStatus.PROPOSED))
    assert text.startswith("maintenance upgrade is proposed: 2026-03-02 09:01 UTC to 2026-03-02 09:02 UTC: upgrade")
    assert desk.over(70) == []
    text, _ = desk.put(a_window())
    assert " is planned: " in text
    assert desk.over(70) == ["upgrade"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ends_at": at(60)}, "it ends before it starts"),
        ({"starts_at": at(-120), "ends_at": at(-60)}, "it is over already"),
        ({"starts_at": at(-120), "ends_at": T0}, "it is over already"),
        ({"ends_at": at(60) + LONGEST + timedelta(seconds=1)}, "it hides for too long"),
        ({"recurs": "FREQ=DAILY", "until": None}, "it hides for too long"),
        ({"recurs": "FREQ=DAILY", "until": at(61) + LONGEST}, "it hides for too long"),
        ({"status": RuleStatus.SHADOW}, "shadow is no state of a window"),
        ({"recurs": "nonsense", "until": T0 + DAY}, ""),
        ({"matchers": ()}, ""),
        ({"owner": ""}, ""),
    ],
)
def test_what_could_not_stand_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadInput) as refused:
        Desk(a_window(**changes))
    assert problem in refused.value.problem
    assert refused.value.place.startswith("window upgrade")
    assert refused.value.fix


def test_one_may_last_as_long_as_a_mute() -> None:
    assert Desk(a_window(ends_at=at(60) + LONGEST)).over(70) == ["upgrade"]


def test_there_are_no_more_than_can_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MOST", 1)
    desk = Desk(a_window())
    desk.put(a_window())  # in its own place
    with pytest.raises(Conflict, match="end some first"):
        desk.put(a_window(id="another"))


def test_a_snapshot_brings_windows_back_with_what_they_hide() -> None:
    desk = Desk(a_window(), a_window(id="later", status=RuleStatus.PROPOSED))
    twin = Schedule(MutingSettings(), Timers())
    twin.load(desk.part.dump())
    assert twin.dump() == desk.part.dump()
    assert [one.id for one in twin.over(an_alert("db"), at(70), hit=False)] == ["upgrade"]


# what tickets ask for


def test_a_ticket_proposes_a_window_for_the_services_that_it_names() -> None:
    desk = Desk(from_tickets="propose")
    assert desk.part.plan(a_ticket(), T0) == "tickets-CHG1"
    (made,) = desk.saved()
    assert (made.status, made.owner, made.reason, made.ticket) == (RuleStatus.PROPOSED, "cem", "CHG1: patch", "CHG1")
    assert (made.opens, made.closes, made.created_by) == (at(60), at(120), "tickets:cem")
    assert desk.over(70) == []


def test_of_a_ticket_without_a_person_its_sender_is_the_owner_and_blank_lines_name_no_service() -> None:
    desk = Desk(from_tickets="make")
    desk.part.plan(a_ticket(facts={"actor": "", "services": "db\n\n"}), T0)
    (made,) = desk.saved()
    assert (made.owner, made.created_by) == ("tickets", "tickets:CHG1")
    assert str(made.matchers[0]) == 'entity=~"db"'


def test_a_ticket_makes_one_where_tickets_are_trusted() -> None:
    desk = Desk(from_tickets="make")
    desk.part.plan(a_ticket(), T0)
    assert desk.over(70) == ["tickets-CHG1"]
    assert desk.over(70, an_alert("web")) == ["tickets-CHG1"]
    assert desk.over(70, an_alert("web2")) == []


def test_a_ticket_that_changed_moves_its_window_which_stays_accepted() -> None:
    desk = Desk(from_tickets="propose")
    desk.part.plan(a_ticket(), T0)
    desk.put(msgspec.structs.replace(desk.saved()[-1], status=RuleStatus.ACTIVE), 10)
    desk.part.plan(a_ticket(ends_at=at(300)), at(20))
    assert desk.over(250) == ["tickets-CHG1"]


def test_a_ticket_that_changed_before_anybody_accepted_it_still_waits() -> None:
    desk = Desk(from_tickets="propose")
    desk.part.plan(a_ticket(), T0)
    desk.part.plan(a_ticket(ends_at=at(300)), at(20))
    assert desk.saved()[-1].status is RuleStatus.PROPOSED
    assert desk.over(250) == []


@pytest.mark.parametrize("word", ["cancelled", "done"])
def test_a_ticket_that_is_off_or_done_ends_its_window(word: str) -> None:
    desk = Desk(from_tickets="make")
    desk.part.plan(a_ticket(), T0)
    over = a_ticket(facts={"window": word})
    assert desk.part.plan(over, at(70)) == "tickets-CHG1"
    assert desk.over(80) == []
    assert desk.part.plan(over, at(80)) == ""  # there is none any more


@pytest.mark.parametrize(
    "ticket",
    [
        a_ticket(kind=EventKind.LOG),
        a_ticket(facts={"services": ""}),
        a_ticket(starts_at=None),
        a_ticket(ends_at=None),
        a_ticket(starts_at=at(-120), ends_at=at(-60)),
        an_event(kind=EventKind.CHANGE, facts={"ticket": "CHG1", "services": "db"}, starts_at=at(60), ends_at=at(120)),
    ],
    ids=["no change", "no service", "no start", "no end", "over already", "no window"],
)
def test_what_asks_for_no_window_makes_none(ticket: Event) -> None:
    desk = Desk(from_tickets="make")
    assert desk.part.plan(ticket, T0) == ""
    assert desk.saved() == []


def test_tickets_may_be_of_no_concern() -> None:
    assert Desk(from_tickets="off").part.plan(a_ticket(), T0) == ""
