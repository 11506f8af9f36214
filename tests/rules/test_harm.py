"""What did each rule cost in a confirmed incident, and what is no noise any more because of it?"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Alert, Sample, Suppression
from aiops.domain.events import Severity, Status
from aiops.domain.rules import Rule, RuleStatus
from rules import harm as harm_module
from rules import profiles as profiles_module
from rules.harm import Harm, Harms, fired_in, harms
from rules.profiles import Profile, Profiles, key_of
from tests.builders import T0, a_mute, an_alert, an_episode, at
from tests.rules.kinds import a_profile

LASTED = (at(-900), at(1_800))


def a_rule(rule_id: str = "io", **changes: Any) -> Rule:
    return a_mute(id=rule_id, **{"created_at": at(-10_000), **changes})


def hidden(service: str = "db", seconds: float = 0, rule_id: str = "io", **changes: Any) -> Alert:
    """An alert that a rule hid from its beginning on."""
    by = (Suppression(kind="rule", id=rule_id, text="muted"),) if rule_id else ()
    return an_alert(service, first_seen=at(seconds), suppressed_by=by, **changes)


def costs(
    *alerts: Alert, rules: Iterable[Rule] = (a_rule(),), members: Iterable[str] | None = None, cause: str = "db"
) -> list[Harm]:
    """Return what the rules cost, each of them over all alerts."""
    fired = {alert.fingerprint: (alert, alert.episode.started_at) for alert in alerts}
    return harms(fired, {key: list(rules) for key in fired}, set(fired) if members is None else set(members), cause)


# what it cost


def test_the_minutes_are_those_between_the_first_hidden_and_the_first_heard() -> None:
    (harm,) = costs(hidden(seconds=0), hidden("api", seconds=90, rule_id=""), hidden("web", 120, rule_id=""))
    assert (harm.alerts, harm.members, harm.seconds, harm.hid) == (1, 1, 90.0, True)
    assert harm.text == "rule io hid 1 alert, the first 90 s before anything was heard; 'db down' was on its cause"


def test_what_was_hidden_after_something_was_heard_cost_no_time() -> None:
    (harm,) = costs(hidden(seconds=90), hidden("api", seconds=0, rule_id=""))
    assert harm.seconds == 0
    assert "before anything was heard" not in harm.text


def test_where_nothing_was_heard_no_time_is_claimed() -> None:
    (harm,) = costs(hidden(seconds=0))
    assert harm.seconds == 0


def test_what_another_rule_hid_was_not_heard_either() -> None:
    first, second = hidden(seconds=0), hidden("api", seconds=30, rule_id="other")
    heard = hidden("web", seconds=60, rule_id="")
    found = costs(first, second, heard, rules=[a_rule(), a_rule("other")])
    assert {harm.rule.id: harm.seconds for harm in found} == {"io": 60.0, "other": 30.0}


def test_those_near_it_are_told_apart_from_its_members() -> None:
    (harm,) = costs(hidden(), hidden("store"), members=["fp-db"])
    assert (harm.alerts, harm.members, harm.nodes) == (2, 1, ("db", "store"))
    assert harm.text.startswith("rule io hid 2 alerts, 1 member of it and the others near it")


def test_only_a_member_on_the_cause_is_its_root() -> None:
    assert costs(hidden(), cause="db")[0].root == "db down"
    assert costs(hidden(), cause="api")[0].root == ""
    assert costs(hidden(), cause="db", members=[])[0].root == ""


@pytest.mark.parametrize(
    ("rule", "deed"),
    [
        (a_rule(), "hid"),
        (a_rule(created_at=at(60)), "would have hidden"),
        (a_rule(active_since=at(60)), "would have hidden"),  # it was in shadow when this fired
        (a_rule(status=RuleStatus.SHADOW), "would have hidden"),
    ],
    ids=["in force", "made later", "accepted later", "in shadow"],
)
def test_a_rule_that_was_not_in_force_then_would_have_hidden_it(rule: Rule, deed: str) -> None:
    (harm,) = costs(hidden(), rules=[rule])
    assert harm.deed == f"{deed} 1 alert"


def test_a_mute_that_had_been_lifted_for_an_alert_did_no_harm_by_it() -> None:
    assert costs(hidden(rule_id="")) == []


def test_one_that_was_lifted_only_later_had_hidden_it() -> None:
    was = Suppression(kind="rule", id="io", text="muted")
    (harm,) = costs(hidden(rule_id="", lifted=was))
    assert harm.hid


def test_of_an_earlier_episode_it_is_said_what_the_rule_says_now() -> None:
    now = hidden(seconds=5_000, rule_id="")
    fired = {now.fingerprint: (now, at(0))}
    (harm,) = harms(fired, {now.fingerprint: [a_rule()]}, {now.fingerprint}, "db")
    assert harm.alerts == 1


def test_when_it_fired_is_read_from_its_history() -> None:
    samples = [(-2_000, Status.FIRING), (60, Status.RESOLVED), (300, Status.FIRING), (400, Status.FIRING)]
    history = tuple(Sample(at=at(when), status=how, severity=Severity.HIGH) for when, how in samples)
    alert = an_alert(episode=an_episode(started_at=at(9_000)), history=history)
    assert fired_in(alert, *LASTED) == at(300)
    assert fired_in(alert, at(500), at(600)) is None
    assert fired_in(alert, at(8_000), at(9_500)) == at(9_000)


# what is no noise any more


def a_part(*profiles: Profile) -> tuple[Harms, Profiles]:
    known = Profiles()
    known.load(msgspec.msgpack.encode((profiles, ())))
    return Harms(known), known


def firing(entity: str, seconds: float, kind: str = "disk") -> Profile:
    """A kind of alert that fired at that moment and never else."""
    when = at(seconds).timestamp()
    profile = a_profile(entity, kind=kind, key=f"{kind}@{entity}", first=when, last=when)
    profile.fire(at(seconds))
    return profile


def counts(part: Harms, known: Profiles) -> dict[str, tuple[int, int]]:
    part.tested(T0)
    return {one.key: (one.near, one.rooted) for one in known.all()}


def test_what_fired_in_time_near_the_cause_is_counted_and_what_was_on_it_is_rooted() -> None:
    part, known = a_part(firing("db", 0), firing("api", 600), firing("db", 4 * 3_600, "late"), firing("web", 0))
    part.confirm("i1", "db", set(), {"db", "api"}, LASTED, T0)
    assert counts(part, known) == {"disk@db": (1, 1), "disk@api": (1, 0), "late@db": (0, 0), "disk@web": (0, 0)}


def test_a_member_is_counted_wherever_it_was() -> None:
    part, known = a_part(firing("far", 0))
    part.confirm("i1", "db", {"disk@far"}, {"db"}, LASTED, T0)
    assert counts(part, known) == {"disk@far": (1, 0)}


def test_confirming_it_again_replaces_what_was_said_and_taking_it_back_undoes_it() -> None:
    part, known = a_part(firing("db", 0), firing("api", 0))
    part.confirm("i1", "db", set(), {"db", "api"}, LASTED, T0)
    part.confirm("i1", "api", set(), {"db", "api"}, LASTED, T0)
    assert counts(part, known) == {"disk@db": (1, 0), "disk@api": (1, 1)}
    part.take_back("i1")
    assert counts(part, known) == {"disk@db": (0, 0), "disk@api": (0, 0)}
    part.take_back("i1")
    assert counts(part, known) == {"disk@db": (0, 0), "disk@api": (0, 0)}


def test_incidents_of_more_than_thirty_days_ago_speak_no_more() -> None:
    part, known = a_part(firing("db", 0))
    part.confirm("i1", "db", set(), {"db"}, LASTED, T0)
    assert part.tested(T0 + timedelta(days=30)) == 1
    assert part.tested(T0 + timedelta(days=30, seconds=1)) == 0
    assert counts(part, known) == {"disk@db": (0, 0)}


def test_a_kind_that_was_forgotten_and_comes_back_is_no_noise_still(monkeypatch: pytest.MonkeyPatch) -> None:
    part, known = a_part()
    alert = an_alert("db")
    known.note(alert, T0, hit=True, turned=True)
    part.confirm("i1", "db", {key_of(alert)}, {"db"}, LASTED, T0)
    monkeypatch.setattr(profiles_module, "MOST", 1)
    known.note(an_alert("web"), at(60), hit=True, turned=True)
    known.note(alert, at(120), hit=True, turned=True)
    assert counts(part, known) == {key_of(alert): (1, 1)}


def test_of_too_many_the_one_confirmed_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harm_module, "MOST", 2)
    part, known = a_part(firing("db", 0))
    for number in range(3):
        part.confirm(f"i{number}", "db", set(), {"db"}, LASTED, T0)
    assert part.tested(T0) == 2
    assert counts(part, known) == {"disk@db": (2, 2)}


def test_a_snapshot_keeps_what_is_to_be_taken_back() -> None:
    part, known = a_part(firing("db", 0))
    part.confirm("i1", "db", set(), {"db"}, LASTED, T0)
    later = Profiles()
    later.load(known.dump())
    other = Harms(later)
    other.load(part.dump())
    assert other.dump() == part.dump()
    assert counts(other, later) == {"disk@db": (1, 1)}
    other.take_back("i1")
    assert counts(other, later) == {"disk@db": (0, 0)}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(("db", "api", "")), st.integers(0, 50)), max_size=30))
def test_counts_are_those_of_the_incidents_that_speak_at_present(acts: list[tuple[str, str, int]]) -> None:
    """Whatever is confirmed, said anew and taken back: no count drifts."""
    part, known = a_part(firing("db", 0), firing("api", 0))
    present: dict[str, tuple[str, int]] = {}
    day = 0
    for incident, cause, step in acts:
        day += step
        now = T0 + timedelta(days=day)
        if cause:
            part.confirm(incident, cause, set(), {"db", "api"}, LASTED, now)
            present[incident] = (cause, day)
        else:
            part.take_back(incident)
            present.pop(incident, None)
        present = {key: value for key, value in present.items() if day - value[1] <= 30}
        assert part.tested(now) == len(present)
        causes = [cause for cause, _ in present.values()]
        assert {one.key: (one.near, one.rooted) for one in known.all()} == {
            f"disk@{entity}": (len(present), causes.count(entity)) for entity in ("db", "api")
        }
