"""Findings: what a person should look at, and nothing else."""

import time
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Verdict
from aiops.domain.events import Severity
from aiops.domain.matching import Matcher, Operator, parse_matcher
from aiops.domain.rules import Case, Cases, Envelope, Rule, RuleStatus, Silence, Threshold
from rules.lint import lint
from rules.overlap import MOST_LOOSE, Overlaps, covers, is_dead
from tests.builders import T0

DAY = timedelta(days=1)
SOUND = Rule(
    id="r",
    verdict=Verdict.KNOWN_GOOD,
    matchers=(Matcher(field="service", value="db"),),
    owner="noc",
    reason="x",
    expires=T0 + 30 * DAY,
    created_at=T0 - 30 * DAY,
    hits=4,
    cases=Cases(no_match=(Case(labels={"service": "web"}),)),
)
QUIET = Silence(
    id="s", matchers=SOUND.matchers, owner="ana", reason="x", starts_at=T0 - 2 * DAY, ends_at=T0 + 2 * DAY, hits=1
)


def test_a_sound_rule_and_silence_have_no_findings() -> None:
    assert lint([SOUND], [QUIET], T0) == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"status": RuleStatus.EXPIRED}, "expired"),
        ({"expires": T0}, "expired"),
        ({"expires": T0 + 3 * DAY}, "expiring"),
        ({"expires": None, "review": T0 - DAY}, "review"),
        ({"hits": 0}, "never_hit"),
        ({"cases": Cases()}, "no_negative_case"),
        ({"unseen": ("servcie",)}, "unseen_field"),
        ({"expires": T0 + DAY / 4}, "expiring_in_shift"),
        ({"last_hit": T0 - 61 * DAY}, "stale"),
        ({"matchers": (*SOUND.matchers, Matcher(field="service", value="web"))}, "dead"),
        (
            {"matchers": (Matcher(field="source", value="zabbix"), Matcher(field="severity", value="info"))},
            "over_broad",
        ),
        ({"matchers": (Matcher(field="service", operator=Operator.REGEX, value="d.*"),)}, "costly"),
    ],
)
def test_what_needs_an_eye_is_found(changes: dict[str, Any], kind: str) -> None:
    (finding,) = lint([msgspec.structs.replace(SOUND, **changes)], [], T0)
    assert (finding.id, finding.kind) == ("r", kind)
    assert finding.text


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"ends_at": T0 + DAY * 0.9}, ["expiring"]),
        ({"ends_at": T0 + DAY / 2}, ["expiring_in_shift"]),
        ({"hits": 0}, ["never_hit"]),
        ({"ends_at": T0 + DAY / 12, "shelved": True}, []),
        ({"hits": 0, "starts_at": T0 - DAY / 24}, []),  # too young to tell
        ({"hits": 0, "ends_at": T0}, []),
    ],
)
def test_silences_are_looked_at_while_they_last(changes: dict[str, Any], kinds: list[str]) -> None:
    assert [finding.kind for finding in lint([], [msgspec.structs.replace(QUIET, **changes)], T0)] == kinds


def test_how_far_ahead_is_for_the_caller_to_say() -> None:
    assert [finding.kind for finding in lint([SOUND], [], T0, soon=40 * DAY)] == ["expiring"]


def kinds_of(*rules: Rule) -> set[tuple[str, str]]:
    return {(finding.id, finding.kind) for finding in lint(rules, [], T0)}


def a_rule(name: str, *texts: str, **changes: Any) -> Rule:
    matchers = tuple(parse_matcher(text, "test") for text in texts)
    return msgspec.structs.replace(SOUND, id=name, matchers=matchers, **changes)


BAD = {"verdict": Verdict.KNOWN_BAD, "expires": None, "review": T0 + 90 * DAY}


def test_a_rule_that_another_takes_in_whole_adds_nothing() -> None:
    wide, narrow = a_rule("wide", "service=db"), a_rule("narrow", "service=db", "severity=info")
    assert kinds_of(wide, narrow) == {("narrow", "subsumed")}
    (finding,) = lint([wide, narrow], [], T0)
    assert finding.text == "adds nothing to rule wide (noc), which says the same of all that it matches"


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": T0 + 20 * DAY},  # it ends before the narrow one
        {"ceiling": Severity.WARNING},  # it does not reach as far
        {"status": RuleStatus.SHADOW},  # it decides nothing
        {"threshold": Threshold(times=3, of=5, within=DAY)},
        {"envelope": Envelope(per_hour=3)},
    ],
)
def test_a_wider_rule_that_does_less_does_not_make_another_one_needless(changes: dict[str, Any]) -> None:
    narrow = a_rule("narrow", "service=db", "severity=info")
    assert ("narrow", "subsumed") not in kinds_of(a_rule("wide", "service=db", **changes), narrow)


def test_of_two_that_are_alike_the_younger_is_needless() -> None:
    older = a_rule("older", "service=db", "severity=info", created_at=T0 - 40 * DAY)
    assert kinds_of(older, a_rule("a-younger", "severity=info", "service=db")) == {("a-younger", "subsumed")}


def test_known_good_within_known_bad_contradicts_it_and_the_other_way_round_is_an_exception() -> None:
    good, bad = a_rule("good", "service=db", "alertname=Slow"), a_rule("bad", "service=db", **BAD)
    assert kinds_of(good, bad) == {("good", "contradictory")}
    assert kinds_of(a_rule("good", "service=db"), a_rule("bad", "service=db", "alertname=Lost", **BAD)) == set()


def test_what_does_harm_is_told_first() -> None:
    rules = [a_rule("x", "service=db", cases=Cases()), a_rule("y", "service=web", "service=api")]
    assert [finding.kind for finding in lint(rules, [], T0)] == ["dead", "no_negative_case"]


def test_a_shift_may_be_shorter() -> None:
    rule = msgspec.structs.replace(SOUND, expires=T0 + DAY / 4)
    (finding,) = lint([rule], [], T0, shift=DAY / 12)
    assert finding.kind == "expiring"


@pytest.mark.parametrize(
    ("narrow", "wide", "covered"),
    [
        (["service=db"], ["service=~d.*"], True),
        (["service=db"], ["service!=web"], True),
        (["service=~db|web"], ["service=~.+"], True),
        (["service=~d.*"], ["service=~.*"], False),  # it cannot tell
        (["service=db"], ["service=db", "region=eu"], False),
        (["template=disk <*> is full", "service=db"], ["template=disk <**>"], True),
        (["template=disk <**>"], ["template=disk <*>"], False),
        (["template=disk sda is full"], ["template=disk <*> is full"], True),
        (["template=disk <*> is full"], ["template=disk sda is full"], False),
        (["region="], ["region!=eu"], True),
    ],
)
def test_what_one_rule_matches_another_may_match_too(narrow: list[str], wide: list[str], covered: bool) -> None:
    assert covers(a_rule("wide", *wide), a_rule("narrow", *narrow)) is covered


def test_every_way_must_be_within_one_of_the_other() -> None:
    ways = (SOUND.matchers, (Matcher(field="service", value="web"),))
    either = msgspec.structs.replace(a_rule("either", "region=eu"), any_of=ways)
    assert covers(a_rule("wide", "region=~eu|us"), either)
    assert not covers(a_rule("db", "service=db"), either)


VALUES = st.sampled_from(["", "a", "b", "a-b"])
MATCHERS = st.builds(
    Matcher,
    field=st.sampled_from(["x", "y"]),
    operator=st.sampled_from(Operator),
    value=st.sampled_from(["", "a", "b", "a|b", ".*"]),
)


@given(st.lists(MATCHERS, min_size=1, max_size=3), st.lists(MATCHERS, min_size=1, max_size=3), VALUES, VALUES)
def test_nothing_is_called_covered_or_dead_that_is_not(
    narrow: list[Matcher], wide: list[Matcher], x: str, y: str
) -> None:
    a, b = (msgspec.structs.replace(SOUND, matchers=tuple(one)) for one in (narrow, wide))
    fields = {"x": x, "y": y}
    if a.matches(fields):
        assert not is_dead(a)
        assert b.matches(fields) or not covers(b, a)


def test_rules_of_templates_alone_are_all_compared_however_many() -> None:
    rules = [a_rule(f"r{number:03d}", f"template=job j{number} of <*> is late") for number in range(500)]
    wide, narrow = a_rule("wide", "template=disk <**>"), a_rule("narrow", "template=disk <*> is full")
    assert {one for one in kinds_of(*rules, wide, narrow) if one[1] != "costly"} == {("narrow", "subsumed")}


def test_a_rule_that_too_many_are_like_says_that_it_is_not_compared() -> None:
    rules = [a_rule(f"r{number:03d}", f"service=~x{number}.*") for number in range(MOST_LOOSE + 1)]
    found = [one for one in lint(rules, [], T0) if one.kind != "costly"]
    assert [(one.id, one.kind) for one in found] == [("r200", "not_compared")]
    assert found[0].text.startswith("whether it takes in others is not looked at, as 200 rules like it are")
    others = [a_rule("cluster", "cluster=~eu.*"), a_rule("narrow", "cluster=eu-1")]  # they are filed elsewhere
    assert ("narrow", "subsumed") in kinds_of(*rules, *others)


PATTERNS = st.lists(st.sampled_from(["a", "b", "<num>", "<*>", "a<*>", "<**>"]), min_size=1, max_size=4).map(" ".join)
ANY = st.one_of(
    MATCHERS, st.builds(Matcher, field=st.just("template"), operator=st.just(Operator.EQUAL), value=PATTERNS)
)


@given(st.lists(st.lists(ANY, min_size=1, max_size=3), min_size=2, max_size=6))
def test_the_index_finds_every_rule_that_covers_another(lists: list[list[Matcher]]) -> None:
    rules = [msgspec.structs.replace(SOUND, id=f"r{n}", matchers=tuple(one)) for n, one in enumerate(lists)]
    overlaps = Overlaps(rules)
    for rule in rules:
        assert list(overlaps.over(rule)) == [one for one in rules if one is not rule and covers(one, rule)]


@pytest.mark.parametrize("common_first", [False, True])
def test_ten_thousand_rules_are_compared_in_no_time(common_first: bool) -> None:
    pairs = [(f"service=s{number}", "severity=info") for number in range(10_000)]
    rules = [a_rule(f"r{number}", *(pair[::-1] if common_first else pair)) for number, pair in enumerate(pairs)]
    began = time.process_time()
    assert kinds_of(*rules) == set()
    assert time.process_time() - began < 5
