"""How long is a kind of alert held back, what is never, and of what is that learned?"""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Alert, Suppression
from aiops.domain.events import Severity, Status
from aiops.domain.settings import CalmSettings
from aiops.domain.timers import Timers
from rules import holding as holding_module
from rules.holding import LEAST, STEPS, Holding, at_least
from rules.profiles import Seen
from tests.builders import an_alert, an_episode, at

ALONE = Seen(in_hour=1, hour=0)


def ended(seconds: float, kind: str = "db down", reason: str = "sender", **changes: Any) -> Alert:
    """An alert whose episode lasted so long."""
    episode = an_episode(kind_key=kind, ended_at=at(seconds), end_reason=reason)
    return an_alert(severity=Severity.HIGH, status=Status.RESOLVED, episode=episode, **changes)


def fires(seconds: float = 0, severity: Severity = Severity.HIGH, **changes: Any) -> Alert:
    return an_alert(severity=severity, first_seen=at(seconds), **changes)


def a_part(*lasted: float, **settings: Any) -> Holding:
    part = Holding(CalmSettings(**settings), Timers())
    for seconds in lasted:
        part.learn(ended(seconds))
    return part


def over(part: Holding, alert: Alert, seconds: float = 0, seen: Seen = ALONE, hit: bool = True) -> list[Suppression]:
    return list(part.over(alert, at(seconds), hit, seen))


def test_it_is_held_as_long_as_surely_most_of_its_kind_last() -> None:
    part = a_part(*[20.0] * 10, *[50.0] * 40, *[200.0] * 2)
    (held,) = over(part, fires())
    assert held.kind == "held"
    assert held.until == at(60)
    assert held.text == (
        "held back until 2026-03-02 09:01 UTC, as 50 of the last 52 of its kind ended by themselves within 60 s:"
        " it pages if it still fires then"
    )


def test_a_share_that_is_only_probable_is_not_enough() -> None:
    assert over(a_part(*[20.0] * 26, *[5_000.0] * 2), fires()) == []  # 26 of 28: surely at least .77
    assert len(over(a_part(*[20.0] * 27, *[5_000.0] * 1), fires())) == 1  # 27 of 28: surely at least .82


def test_nothing_is_held_before_enough_of_its_kind_ended() -> None:
    assert over(a_part(*[20.0] * (LEAST - 1)), fires()) == []
    assert over(a_part(*[20.0] * LEAST), fires()) != []


def test_nothing_is_held_longer_than_the_settings_say() -> None:
    assert over(a_part(*[200.0] * 50), fires())[0].until == at(300)
    assert over(a_part(*[200.0] * 50, hold_most=timedelta(minutes=4)), fires()) == []
    assert over(a_part(*[400.0] * 50), fires()) == []


@pytest.mark.parametrize(
    ("alert", "seen"),
    [
        (fires(severity=Severity.CRITICAL), ALONE),
        (fires(), Seen(in_hour=1, hour=0, vital=True)),
        (fires(), Seen(in_hour=1, hour=0, company=("web", "shop"))),
        (fires(status=Status.RESOLVED), ALONE),
        (fires(episode=an_episode(severity=Severity.HIGH, events=2)), ALONE),
    ],
    ids=["critical", "business-critical", "in company", "resolved", "not new"],
)
def test_what_is_never_held_back(alert: Alert, seen: Seen) -> None:
    part = a_part(*[20.0] * 50)
    assert over(part, fires()) != []
    assert over(part, alert, seen=seen) == []


def test_one_that_is_considered_again_without_an_event_is_not_held_newly() -> None:
    assert over(a_part(*[20.0] * 50), fires(), hit=False) == []


def test_it_is_held_until_its_time_and_no_longer_if_it_still_fires() -> None:
    part = a_part(*[20.0] * 50)
    held = msgspec.structs.replace(fires(), suppressed_by=tuple(over(part, fires())))
    assert over(part, held, 29, hit=False) == list(held.suppressed_by)
    assert over(part, held, 30, hit=False) == []


def test_one_that_ended_in_time_stays_as_it_was() -> None:
    part = a_part(*[20.0] * 50)
    held = tuple(over(part, fires()))
    gone = msgspec.structs.replace(ended(25), suppressed_by=held)
    assert over(part, gone, 4_000, hit=False) == list(held)


def test_one_that_gets_worse_or_company_is_held_no_longer() -> None:
    part = a_part(*[20.0] * 50)
    held = msgspec.structs.replace(fires(), suppressed_by=tuple(over(part, fires())))
    assert over(part, msgspec.structs.replace(held, severity=Severity.CRITICAL), 5) == []
    assert over(part, held, 5, seen=Seen(in_hour=1, hour=0, company=("web", "shop"))) == []


def test_it_is_looked_at_again_when_its_time_has_come() -> None:
    timers = Timers()
    part = Holding(CalmSettings(), timers)
    for _ in range(50):
        part.learn(ended(20))
    over(part, fires())
    timer = timers.pop(at(30))
    assert timer is not None
    assert (timer.kind, timer.key, timer.due) == ("held", "fp-db", at(30))


@pytest.mark.parametrize(
    "alert",
    [ended(20, reason="lease"), ended(20, reason="operator"), ended(20, flapping=7)],
    ids=["lease", "operator", "flapping"],
)
def test_what_says_nothing_of_its_kind_is_not_learned(alert: Alert) -> None:
    part = a_part()
    for _ in range(50):
        part.learn(alert)
    assert over(part, fires()) == []


def test_each_kind_is_learned_by_itself() -> None:
    part = a_part(*[20.0] * 50)
    other = an_alert(severity=Severity.HIGH, episode=an_episode(kind_key="db slow", severity=Severity.HIGH))
    assert over(part, other) == []
    assert over(part, msgspec.structs.replace(fires(), source="zabbix")) == []


def test_a_kind_that_begins_to_last_is_believed_soon() -> None:
    part = a_part(*[20.0] * 2_000)
    assert over(part, fires()) != []
    needed = 0
    while over(part, fires()) and needed < 1_000:
        part.learn(ended(10_000))
        needed += 1
    assert needed < 100  # old ones fade: two thousand of them do not outvote a hundred new ones


def test_no_more_kinds_are_remembered_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding_module, "MOST", 2)
    part = a_part()
    for kind in ("db down", "b", "c"):
        for _ in range(50):
            part.learn(ended(20, kind))
    assert over(part, fires()) == []  # the longest unheard


def test_a_snapshot_keeps_what_was_learned() -> None:
    part, other = a_part(*[20.0] * 50), Holding(CalmSettings(), Timers())
    other.load(part.dump())
    assert over(other, fires()) == over(part, fires()) != []
    assert other.dump() == part.dump()


@given(st.integers(1, 500), st.data())
def test_the_lower_end_is_below_the_share_and_rises_with_it(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, total))
    assert 0 <= at_least(count, total) <= count / total + 1e-12
    if count < total:
        assert at_least(count, total) < at_least(count + 1, total)


def test_the_lower_end_is_that_of_the_books() -> None:
    """Wilson (1927) for 20 of 25, as printed in textbooks: .6087 to .9114."""
    assert at_least(20, 25) == pytest.approx(0.6087, abs=0.0005)


@given(
    st.lists(st.sampled_from((10.0, 45.0, 100.0)), min_size=40, max_size=120),  # so that most are held
    st.lists(st.sampled_from((250.0, 800.0, 9_000.0)), max_size=12),
)
def test_what_is_held_is_held_for_one_of_the_steps_and_surely_mostly_ends_by_then(
    short: list[float], long: list[float]
) -> None:
    lasted = short + long
    for held in over(a_part(*lasted), fires()):
        assert held.until is not None
        seconds = (held.until - at(0)).total_seconds()
        assert seconds in STEPS
        assert seconds <= 300
        assert sum(one <= seconds for one in lasted) / len(lasted) >= CalmSettings().hold_share
