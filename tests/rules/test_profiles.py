"""What is kept of a kind of alert on an entity, and for how long?"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Alert, Verdict
from aiops.domain.events import Severity, Status
from rules import profiles as profiles_module
from rules.profiles import BIN, BINS, Profile, Profiles, Seen, key_of
from tests.builders import T0, an_alert, an_episode, at

HOUR = 3_600


def disk(seconds: float = 0, kind: str = "disk", entity: str = "db", **changes: Any) -> Alert:
    episode = an_episode(entity, kind_key=kind, started_at=at(seconds), events=changes.pop("events", 1))
    return an_alert(entity, severity=Severity.WARNING, first_seen=at(seconds), episode=episode, **changes)


def note(
    profiles: Profiles, seconds: float, alert: Alert | None = None, hit: bool = True, turned: bool = False
) -> Seen:
    return profiles.note(alert or disk(seconds), at(seconds), hit, turned)


def known(profiles: Profiles, alert: Alert | None = None) -> Profile:
    profile = profiles.get(key_of(alert or disk()))
    assert profile is not None
    return profile


def test_firings_episodes_and_hours_are_counted() -> None:
    profiles = Profiles()
    for seconds in (0, 60, HOUR, 3 * HOUR):
        note(profiles, seconds)
    note(profiles, 3 * HOUR + 60, disk(3 * HOUR + 60, events=2))  # goes on
    note(profiles, 3 * HOUR + 90, hit=False)  # considered again: no event came in
    one = known(profiles)
    assert (one.firings, one.episodes, one.hours, one.peak) == (5, 4, 3, 2)
    assert (one.first, one.last) == (T0.timestamp(), at(3 * HOUR + 60).timestamp())


def test_how_it_stands_in_this_hour() -> None:
    profiles = Profiles()
    assert note(profiles, 0).in_hour == 1
    assert note(profiles, 3_599).in_hour == 2
    assert note(profiles, 3_600).in_hour == 1
    assert note(profiles, 7_200, hit=False).in_hour == 0
    assert note(profiles, 0).hour == 9  # Monday 09:00 UTC


def test_the_busiest_hour_of_each_hour_of_the_week_is_kept() -> None:
    profiles, week = Profiles(), 7 * 24 * HOUR
    for seconds in (0, 1, 2, week, week + 1, week + HOUR):
        note(profiles, seconds)
    assert known(profiles).week == {9: 3}  # ten o'clock of the second week is not over
    note(profiles, week + 2 * HOUR)
    assert known(profiles).week == {9: 3, 10: 1}


def test_what_its_sender_ended_is_counted_with_the_longest() -> None:
    profiles = Profiles()
    note(profiles, 0)
    for lasted, reason in ((50, "sender"), (300, "sender"), (9_000, "lease")):
        episode = an_episode(kind_key="disk", ended_at=at(lasted), end_reason=reason)
        note(profiles, lasted, an_alert(status=Status.RESOLVED, episode=episode), turned=True)
    assert (known(profiles).ended, known(profiles).longest) == (2, 300.0)
    assert known(profiles).firings == 1


def test_the_worst_severity_values_and_examples_are_kept() -> None:
    profiles = Profiles()
    note(profiles, 0, disk(message="disk sda", parameters=("sda", "1")))
    note(profiles, 1, disk(message="disk sdb", parameters=("sdb", "1"), verdict=Verdict.KNOWN_GOOD))
    bad = disk(message="disk sdb", parameters=("sdb", "2"))
    note(profiles, 2, bad)
    one = known(profiles)
    assert one.worst is bad.severity
    assert one.values == [["sda", "sdb"], ["1", "2"]]
    assert one.examples == ["disk sda", "disk sdb"]
    assert not one.known  # no rule gave it a verdict when it fired last


def test_a_parameter_of_too_many_values_may_have_any() -> None:
    profiles = Profiles()
    for number in range(profiles_module.MOST_VALUES + 1):
        note(profiles, number, disk(parameters=(f"v{number}", "same")))
    assert known(profiles).values == [[], ["same"]]
    note(profiles, 100, disk(parameters=("v0", "same")))
    assert known(profiles).values == [[], ["same"]]  # and stays so


def test_what_fires_on_the_same_entity_within_minutes_is_beside_it_both_ways() -> None:
    profiles = Profiles()
    note(profiles, 0)
    seen = note(profiles, 600, disk(600, kind="cpu"))
    assert seen.beside == ("disk",)
    assert known(profiles, disk(kind="cpu")).beside == ["disk"]
    assert known(profiles).beside == ["cpu"]
    assert note(profiles, 1_201, disk(kind="net")).beside == ()  # too long ago
    assert note(profiles, 1_202, disk(kind="oom", entity="web")).beside == ()  # elsewhere
    assert note(profiles, 1_203, disk(kind="a", entity=""), hit=True).beside == ()
    assert note(profiles, 1_204, disk(kind="b", entity="")).beside == ()  # about nothing: no company


def test_too_many_beside_it_are_a_crowd() -> None:
    profiles = Profiles()
    for number in range(profiles_module.MOST_BESIDE + 2):
        note(profiles, number, disk(kind=f"k{number}"))
    first = known(profiles, disk(kind="k0"))
    assert first.crowd
    assert len(first.beside) == profiles_module.MOST_BESIDE + 1


def test_the_longest_unheard_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles_module, "MOST", 2)
    profiles = Profiles()
    for seconds, kind in ((0, "a"), (1, "b"), (2, "a"), (3, "c")):
        note(profiles, seconds, disk(kind=kind))
    assert [one.kind for one in profiles.all()] == ["a", "c"]


def test_families_are_the_same_kind_over_entities() -> None:
    profiles = Profiles()
    for entity, kind in (("web", "disk"), ("db", "disk"), ("db", "cpu")):
        note(profiles, 0, disk(entity=entity, kind=kind, template_id="t", template="disk full"))
    found = [[(one.kind, one.entity) for one in family] for family in profiles.families()]
    assert found == [[("cpu", "db")], [("disk", "db"), ("disk", "web")]]


def test_a_snapshot_keeps_everything() -> None:
    profiles, other = Profiles(), Profiles()
    for seconds in (0, 60, HOUR, 5 * HOUR):
        note(profiles, seconds, disk(seconds, parameters=("a",)))
        note(profiles, seconds + 1, disk(seconds, kind="cpu"))
    other.load(profiles.dump())
    assert note(other, 5 * HOUR + 9) == note(profiles, 5 * HOUR + 9)
    assert other.dump() == profiles.dump()


@given(
    st.lists(st.integers(0, 40 * 24 * HOUR), min_size=1, max_size=60),
    st.integers(0, 45 * 24 * HOUR),
    st.integers(0, 10 * HOUR),
)
def test_when_it_fired_is_remembered_to_a_quarter_of_an_hour_for_thirty_days(
    times: list[int], since: int, length: int
) -> None:
    profile = Profile("k", "s", "disk", "", "", "db", at(min(times)).timestamp(), at(min(times)).timestamp())
    for seconds in sorted(times):
        profile.fire(at(seconds))
    remembered = [seconds for seconds in times if _bin(max(times)) - _bin(seconds) < BINS]
    wanted = any(_bin(since) <= _bin(seconds) <= _bin(since + length) for seconds in remembered)
    assert profile.fired(at(since), at(since + length)) is wanted
    assert timedelta(days=30).total_seconds() == BIN * BINS


def _bin(seconds: float) -> int:
    return int(at(seconds).timestamp()) // BIN


def test_the_hour_at_hand_counts_as_one_of_its_hour_of_the_week() -> None:
    profiles = Profiles()
    for seconds in range(5):
        note(profiles, seconds)
    one = known(profiles)
    assert (one.week, one.most(9), one.most(10)) == ({}, 5, 0)


def test_what_is_only_looked_at_again_is_not_taken_for_heard() -> None:
    profiles = Profiles()
    assert note(profiles, 0, hit=False).in_hour == 0
    assert list(profiles.all()) == []
