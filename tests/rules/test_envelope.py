"""What shape has a mute, and which bound breaks when an alert is unlike what it was made for?"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Alert
from aiops.domain.events import Severity, Status
from aiops.domain.matching import parse_matcher
from aiops.domain.rules import Envelope, Rule
from aiops.domain.settings import SuggestSettings
from rules.envelope import ends, envelope_of, left, lifted_by, names_entity, shaped
from rules.profiles import Profile, Profiles, Seen
from tests.builders import T0, a_mute, an_alert, an_episode, at
from tests.rules.kinds import a_profile

CALM = Seen(in_hour=1, hour=9)
WIDE = Envelope(per_hour=1_000)
MONDAY_NINE = 9


def a_rule(*matchers: str, any_of: Sequence[Sequence[str]] = (), **changes: Any) -> Rule:
    ways = tuple(tuple(parse_matcher(text, "test") for text in way) for way in any_of)
    return a_mute(*(matchers or ["alertname=Disk"]), id="r", any_of=ways, **changes)


def why(envelope: Envelope, alert: Alert | None = None, seen: Seen = CALM, seconds: float = 0) -> str:
    return left(envelope, alert or an_alert(), seen, at(seconds))


# each bound


def test_an_alert_within_all_bounds_is_like_what_the_mute_was_made_for() -> None:
    envelope = Envelope(
        per_hour=3,
        longest=timedelta(minutes=10),
        parameters=(("sda", "sdb"),),
        beside=("cpu",),
        entities=("db",),
    )
    alert = an_alert(parameters=("sda",))
    assert why(envelope, alert, Seen(in_hour=3, hour=9, beside=("cpu",)), 600) == ""


def test_the_rate_of_an_hour() -> None:
    assert why(Envelope(per_hour=3), seen=Seen(in_hour=3, hour=0)) == ""
    assert why(Envelope(per_hour=3), seen=Seen(in_hour=4, hour=0)) == (
        "its rate: 4 in this hour, at most 3 were learned"
    )


def test_the_rate_of_this_hour_of_the_week() -> None:
    envelope = Envelope(per_hour=40, by_hour=tuple(2 if hour == MONDAY_NINE else 40 for hour in range(168)))
    assert why(envelope, seen=Seen(in_hour=30, hour=33)) == ""
    assert why(envelope, seen=Seen(in_hour=3, hour=MONDAY_NINE)) == (
        "its rate: 3 in this hour, at most 2 on Mon 09:00 UTC were learned"
    )


def test_the_duration() -> None:
    envelope = Envelope(per_hour=9, longest=timedelta(minutes=10))
    assert why(envelope, seconds=600) == ""
    assert why(envelope, seconds=601) == "its duration: it fires for 10 min, at most 10 min were learned"
    assert why(envelope, an_alert(status=Status.RESOLVED), seconds=601) == ""


def test_the_values_of_its_parameters() -> None:
    envelope = Envelope(per_hour=9, parameters=((), ("ro", "rw")))
    assert why(envelope, an_alert(parameters=("anything", "rw"))) == ""
    assert why(envelope, an_alert(parameters=("anything", "gone"))) == (
        "parameter 2: 'gone' is none of the 2 values that were learned"
    )


def test_what_fires_with_it() -> None:
    envelope = Envelope(per_hour=9, beside=("cpu",))
    assert why(envelope, seen=Seen(in_hour=1, hour=0, beside=("cpu",))) == ""
    assert why(envelope, seen=Seen(in_hour=1, hour=0, beside=("cpu", "oom"))) == (
        "what fires with it: 'oom' on db, which never did"
    )
    assert why(Envelope(per_hour=9), seen=Seen(in_hour=1, hour=0, beside=("oom",))) == ""  # none was learned: any


def test_where_it_fires() -> None:
    envelope = Envelope(per_hour=9, entities=("db", "db2"))
    assert why(envelope) == ""
    assert why(envelope, an_alert("web")) == "its entity: web is none of the 2 nodes that were learned"


# what lifts a mute whatever its alert is like


def lifts(rule: Rule, seen: Seen) -> str:
    return lifted_by(rule, WIDE, an_alert(), seen, T0)


def test_trouble_of_two_other_services_in_its_incident_lifts_it() -> None:
    assert lifts(a_rule(), Seen(in_hour=1, hour=0, company=("web",))) == ""
    assert lifts(a_rule(), Seen(in_hour=1, hour=0, company=("web", "api"))) == (
        "its company: web and api alert in the same incident, and nothing hides that"
    )


def test_what_is_business_critical_is_muted_by_name_only() -> None:
    vital = Seen(in_hour=1, hour=0, vital=True)
    assert lifts(a_rule("alertname=Disk"), vital) == (
        "its entity: db is business-critical, and the rule does not name it"
    )
    assert lifts(a_rule("alertname=Disk", "service=db"), vital) == ""


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        (a_rule("alertname=Disk"), False),
        (a_rule("entity=db"), True),
        (a_rule("alertname=Disk", any_of=[["host=db1"], ["instance=db2"]]), True),
        (a_rule("alertname=Disk", any_of=[["host=db1"], ["team=dba"]]), False),
    ],
)
def test_a_rule_names_nodes_if_each_of_its_ways_does(rule: Rule, named: bool) -> None:
    assert names_entity(rule) is named


# what is learned


def test_the_rate_has_room_above_the_highest_that_was_seen() -> None:
    assert envelope_of([a_profile(peak=3)], 1.5, named=True).per_hour == 6
    assert envelope_of([a_profile(peak=3), a_profile("db2", peak=9)], 1.5, named=True).per_hour == 15
    assert envelope_of([a_profile(peak=3, in_hour=8)], 1.0, named=True).per_hour == 9  # of the hour that goes on


def test_hours_of_the_week_are_told_apart_once_two_weeks_were_seen() -> None:
    weeks = timedelta(weeks=2).total_seconds()
    young = a_profile(last=T0.timestamp() + weeks - 1, week={9: 4})
    old = a_profile(last=T0.timestamp() + weeks, week={9: 4})
    assert envelope_of([young], 1.5, named=True).by_hour == ()
    by_hour = envelope_of([old], 1.5, named=True).by_hour
    assert len(by_hour) == 168
    assert by_hour[9] == 7
    assert by_hour[10] == 1
    assert envelope_of([old, young], 1.5, named=True).by_hour == ()


def test_durations_are_learned_of_enough_that_ended() -> None:
    assert envelope_of([a_profile(ended=9, longest=60.0)], 1.5, named=True).longest is None
    assert envelope_of([a_profile(ended=10, longest=60.0)], 1.5, named=True).longest == timedelta(minutes=2)


def test_values_are_those_of_all_nodes_and_any_where_one_had_too_many() -> None:
    one, two = a_profile(values=[["sda"], ["1"]]), a_profile("db2", values=[["sdb"], []])
    assert envelope_of([one, two], 1.5, named=True).parameters == (("sda", "sdb"), ())


def test_different_kinds_have_no_parameters_in_common() -> None:
    one, other = a_profile(values=[["sda"]]), a_profile(kind="net", values=[["eth0"]])
    assert envelope_of([one, other], 1.5, named=True).parameters == ()


def test_company_is_that_of_all_nodes_and_any_where_one_had_a_crowd() -> None:
    one, two = a_profile(beside=["cpu"]), a_profile("db2", beside=["net"])
    assert envelope_of([one, two], 1.5, named=True).beside == ("cpu", "net")
    assert envelope_of([one, a_profile("db3", crowd=True)], 1.5, named=True).beside is None


def test_nodes_are_bound_where_the_rule_names_none() -> None:
    nodes = [a_profile(f"n{number}") for number in range(50)]
    assert envelope_of(nodes, 1.5, named=True).entities is None
    assert envelope_of(nodes[:2], 1.5, named=False).entities == ("n0", "n1")
    assert len(envelope_of(nodes, 1.5, named=False).entities or ()) == 50
    assert envelope_of([*nodes, a_profile("n50")], 1.5, named=False).entities is None  # too many to list


def test_a_mute_that_a_person_makes_takes_the_shape_of_what_it_hides() -> None:
    alerts = {"fp-db": an_alert("db", labels={"alertname": "Disk"}), "fp-web": an_alert("web")}
    profiles = [a_profile(), a_profile("web", peak=50)]
    envelope = shaped(a_rule(), profiles, alerts.get, SuggestSettings()).envelope
    assert envelope is not None
    assert (envelope.per_hour, envelope.entities) == (6, ("db",))  # the other is nothing that it hides


@pytest.mark.parametrize(
    ("profile", "known"),
    [(a_profile(firings=27), True), (a_profile(hours=11), True), (a_profile(), False)],
    ids=["too few firings", "too few hours", "its alert is forgotten"],
)
def test_too_little_is_no_shape(profile: Profile, known: bool) -> None:
    alerts = {"fp-db": an_alert("db", labels={"alertname": "Disk"})} if known else {}
    assert shaped(a_rule(), [profile], alerts.get, SuggestSettings()) == a_rule()


def test_it_is_looked_at_again_just_after_the_longest() -> None:
    envelope = Envelope(per_hour=9, longest=timedelta(minutes=10))
    end = ends(envelope, an_alert())
    assert end == at(601)
    assert left(envelope, an_alert(), CALM, at(601)) != ""
    assert ends(envelope, an_alert(status=Status.RESOLVED)) is None
    assert ends(WIDE, an_alert()) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 3_000), st.sampled_from(("sda", "sdb", "sdc")), st.booleans()),
        min_size=28,
        max_size=80,
    ),
    st.floats(1.0, 3.0),
)
def test_nothing_that_a_shape_was_learned_of_leaves_it(story: list[tuple[int, str, bool]], headroom: float) -> None:
    """Learn of a stream, then judge the very same stream by what was learned: no bound breaks."""

    def played(profiles: Profiles) -> list[tuple[Alert, Seen, float]]:
        now, found = 0.0, []
        for number, (step, value, beside) in enumerate(story):
            now += step
            alert = an_alert(
                first_seen=at(now),
                parameters=(value,),
                severity=Severity.WARNING,
                episode=an_episode(kind_key="disk", started_at=at(now), events=1),
                event_id=f"{number}",
            )
            if beside:
                other = an_alert(fingerprint="other", episode=an_episode(kind_key="cpu"))
                profiles.note(other, at(now), True, False)
            found.append((alert, profiles.note(alert, at(now), True, False), now))
        return found

    profiles = Profiles()
    played(profiles)
    (disk,) = [one for one in profiles.all() if one.kind == "disk"]
    envelope = envelope_of([disk], headroom, named=False)
    assert [left(envelope, alert, seen, at(now)) for alert, seen, now in played(Profiles())] == [""] * len(story)
