"""Which rules are proposed, with what that speaks for them, and which never?"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from aiops.domain.alerts import Verdict
from aiops.domain.events import Severity
from aiops.domain.rules import Rule, RuleStatus
from aiops.domain.settings import SuggestSettings
from aiops.domain.timers import Timers
from rules import suggest as suggest_module
from rules.check import check_rule
from rules.profiles import Profile, Profiles
from rules.suggest import EVERY, Suggest
from tests.builders import T0, at
from tests.rules.kinds import a_profile

NOW = at(20 * 3_600)


def a_part(*profiles: Profile, **settings: Any) -> Suggest:
    known = Profiles()
    known.load(msgspec.msgpack.encode((profiles, ())))
    return Suggest(SuggestSettings(**settings), Timers(), known)


def proposed(
    *profiles: Profile, vital: Iterable[str] = (), tested: int = 4, present: Iterable[str] = (), **settings: Any
) -> list[Rule]:
    return a_part(*profiles, **settings).due(NOW, dict.fromkeys(present, RuleStatus.SHADOW), set(vital), tested)


def test_what_fires_often_and_harmed_nobody_is_proposed_as_known_good() -> None:
    (rule,) = proposed(a_profile(ended=38, values=[["sda"]], longest=30.0))
    assert (rule.verdict, rule.status) == (Verdict.KNOWN_GOOD, RuleStatus.SHADOW)
    assert [str(matcher) for matcher in rule.matchers] == [
        'source="alertmanager"',
        'kind="disk"',
        'template="disk <*>"',
        'entity="db"',
    ]
    assert rule.reason == (
        "fired 40 times there within 20 h, in 20 hours; 38 of 40 episodes ended by themselves;"
        " in or near none of 4 confirmed incidents of the last 30 days"
    )
    assert rule.expires == NOW + timedelta(days=30)
    assert rule.envelope is not None
    assert rule.envelope.parameters == (("sda",),)
    check_rule(rule, NOW)  # it could stand as it is, its own cases included
    assert rule.cases.no_match


def test_its_grounds_are_counted_and_their_bound_is_certain() -> None:
    (rule,) = proposed(a_profile(firings=28, ended=20))
    grounds = rule.grounds
    assert grounds is not None
    assert (grounds.firings, grounds.episodes, grounds.entities, grounds.hours) == (28, 40, 1, 20)
    assert (grounds.days, grounds.ended, grounds.near, grounds.tested) == (0.8333, 20, 0, 4)
    assert grounds.bound == pytest.approx(0.9, abs=0.002)  # 28 clean marks: fewer than 10 % matter


def test_that_nothing_is_confirmed_yet_is_said() -> None:
    (rule,) = proposed(a_profile(), tested=0)
    assert rule.reason.endswith("no incident of the last 30 days is confirmed that could speak against it")


def test_it_reaches_no_further_than_the_worst_that_was_seen() -> None:
    (rule,) = proposed(a_profile(worst=Severity.WARNING))
    assert rule.ceiling is Severity.WARNING


@pytest.mark.parametrize(
    "profile",
    [
        a_profile(firings=27),
        a_profile(hours=11),
        a_profile(near=1),
        a_profile(known=True),
        a_profile(worst=Severity.CRITICAL),
        a_profile(entity=""),
    ],
    ids=["too few", "in too few hours", "near an incident", "has a verdict", "was critical", "about nothing"],
)
def test_what_is_never_proposed(profile: Profile) -> None:
    assert proposed(a_profile("other")) != []
    assert proposed(profile) == []


def test_what_is_business_critical_is_never_proposed() -> None:
    assert proposed(a_profile(), vital=["db"]) == []
    nodes = [a_profile(f"n{number}") for number in range(4)]
    assert [str(rule.matchers[-1]) for rule in proposed(*nodes, vital=["n3"])] == [
        'entity="n0"',
        'entity="n1"',
        'entity="n2"',
    ]


def test_the_widest_scope_to_which_every_node_agrees() -> None:
    nodes = [a_profile(f"n{number}") for number in range(3)]
    (rule,) = proposed(*nodes)
    assert "entity" not in [matcher.field for matcher in rule.matchers]
    assert rule.grounds is not None
    assert (rule.grounds.entities, rule.grounds.firings) == (3, 120)
    assert rule.envelope is not None
    assert rule.envelope.entities == ("n0", "n1", "n2")  # and no other yet
    assert "on all 3 nodes" in rule.reason


@pytest.mark.parametrize("spoils", [{"near": 1}, {"firings": 5}, {"worst": Severity.CRITICAL}])
def test_one_node_that_does_not_agree_leaves_the_others_each_by_itself(spoils: dict[str, Any]) -> None:
    nodes = [a_profile(f"n{number}") for number in range(3)]
    rules = proposed(*nodes, a_profile("odd", **spoils))
    assert [str(rule.matchers[-1]) for rule in rules] == ['entity="n0"', 'entity="n1"', 'entity="n2"']


def test_two_nodes_are_no_scope() -> None:
    assert len(proposed(a_profile("n0"), a_profile("n1"))) == 2


def test_a_confirmed_cause_most_times_that_it_fired_is_proposed_as_known_bad() -> None:
    (rule,) = proposed(a_profile(firings=4, episodes=4, hours=4, near=3, rooted=3))
    assert (rule.verdict, rule.status) == (Verdict.KNOWN_BAD, RuleStatus.SHADOW)
    assert rule.expires is None
    assert rule.review is not None
    assert rule.reason == "db was the confirmed cause in 3 incidents while this fired; 4 episodes in all"
    assert rule.grounds is not None
    assert rule.grounds.near == 3
    assert rule.grounds.bound == pytest.approx(0.3006, abs=0.001)
    check_rule(rule, NOW)


@pytest.mark.parametrize(("rooted", "episodes"), [(2, 2), (3, 7)])
def test_too_few_causes_or_too_many_other_times_are_no_sign_of_harm(rooted: int, episodes: int) -> None:
    assert proposed(a_profile(firings=4, episodes=episodes, hours=4, near=rooted, rooted=rooted)) == []


def test_what_was_rejected_does_not_come_again_not_even_after_a_snapshot() -> None:
    part = a_part(a_profile(), a_profile("web"))
    one, two = part.due(NOW, {}, set(), 0)
    part.reject(one.id)
    assert [rule.id for rule in part.due(NOW, {}, set(), 0)] == [two.id]
    other = a_part(a_profile(), a_profile("web"))
    other.load(part.dump())
    assert [rule.id for rule in other.due(NOW, {}, set(), 0)] == [two.id]


def test_only_what_the_engine_proposed_is_remembered_as_rejected() -> None:
    part = a_part()
    for key in ("nightly-backup", "suggested-abc", "nightly-backup-narrower"):
        part.reject(key)
    remembered = [part.rejected(key) for key in ("nightly-backup", "suggested-abc", "nightly-backup-narrower")]
    assert remembered == [False, True, True]


def test_what_is_there_already_is_not_proposed_again() -> None:
    (rule,) = proposed(a_profile())
    assert proposed(a_profile(), present=[rule.id]) == []


def test_ids_are_stable_and_different_for_different_scopes_and_verdicts() -> None:
    nodes = [a_profile(f"n{number}") for number in range(3)]
    good = {rule.id for rule in [*proposed(*nodes), *proposed(nodes[0]), *proposed(nodes[1])]}
    bad = {rule.id for rule in proposed(a_profile("n0", near=3, rooted=3, episodes=3, firings=3))}
    assert len(good | bad) == 4
    assert proposed(*nodes)[0].id == proposed(*reversed(nodes))[0].id


def test_no_more_wait_for_a_person_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggest_module, "MOST_OPEN", 3)
    kinds = [a_profile(kind=f"k{number}") for number in range(5)]
    waiting = [rule.id for rule in proposed(*kinds)]
    assert len(waiting) == 3
    assert len(proposed(*kinds, present=waiting[:2])) == 1
    assert len(proposed(*kinds, present=["a-rule-of-people"])) == 3
    accepted = dict.fromkeys(waiting, RuleStatus.ACTIVE)
    assert len(a_part(*kinds).due(NOW, accepted, set(), 0)) == 2  # those wait no longer


def test_who_wants_no_proposals_gets_none() -> None:
    assert proposed(a_profile(), propose=False) == []


def test_they_are_thought_of_hourly_once_something_fires() -> None:
    timers = Timers()
    part = Suggest(SuggestSettings(), timers, Profiles())
    assert timers.pop(T0 + 2 * EVERY) is None
    part.wake(T0)
    part.wake(at(60))
    assert timers.pop(T0 + EVERY - timedelta(seconds=1)) is None
    timer = timers.pop(T0 + EVERY)
    assert timer is not None
    assert timer.kind == "suggest"
    part.due(timer.due, {}, set(), 0)
    part.wake(at(4_000))
    again = timers.pop(T0 + 3 * EVERY)
    assert again is not None
    assert again.due == at(4_000) + EVERY
