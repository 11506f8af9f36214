"""A rule's own proof, in the engine's eyes: cases are masked as messages are."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.errors import BadInput
from aiops.domain.matching import Matcher
from aiops.domain.rules import Case, Cases, Envelope, Rule, Silence, Threshold
from rules.check import LONGEST, check_rule, check_silence, normal, proof, shape
from tests.builders import T0, a_mute, at


def a_rule(*texts: str, match: tuple[Case, ...] = (), no_match: tuple[Case, ...] = (), **changes: Any) -> Rule:
    return a_mute(
        *texts, **{"id": "r", "expires": T0 + LONGEST, "cases": Cases(match=match, no_match=no_match), **changes}
    )


def test_a_rule_whose_cases_hold_may_stand() -> None:
    rule = a_rule(
        "service=backup",
        'template="high disk io on <*>"',
        match=(Case(labels={"service": "backup"}, message="high disk io on sda"),),
        no_match=(
            Case(labels={"service": "db"}, message="high disk io on sda"),
            Case(labels={"service": "backup"}, message="high disk io on sda now"),
        ),
    )
    check_rule(rule, T0)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"threshold": Threshold(times=3, of=2, within=timedelta(minutes=5))}, "threshold"),
        ({"threshold": Threshold(times=3, of=5, within=timedelta(0))}, "threshold"),
        ({"envelope": Envelope(per_hour=4, by_hour=(5,))}, "by_hour"),
        ({"envelope": Envelope(per_hour=-1)}, "envelope"),
        ({"envelope": Envelope(per_hour=4, by_hour=(-1,) * 168)}, "envelope"),
        ({"envelope": Envelope(per_hour=4, longest=timedelta(0))}, "envelope"),
    ],
)
def test_bounds_that_the_engine_cannot_keep_to_are_refused(changes: dict[str, Any], place: str) -> None:
    (problem,) = shape(a_rule(**changes))
    assert problem.place.endswith(place)


def test_bounds_that_it_can_keep_to_stand() -> None:
    bounds = Envelope(per_hour=4, by_hour=(0,) * 168, longest=timedelta(minutes=5))
    assert not list(shape(a_rule(envelope=bounds, threshold=Threshold(times=3, of=5, within=timedelta(minutes=5)))))


def test_a_case_is_masked_as_the_engine_masks_messages() -> None:
    case = Case(message="took 35ms at 10.0.0.1")
    assert not list(shape(a_rule('template="took <num>ms at <ip>"', match=(case,))))
    assert not list(shape(a_rule('template="took 99ms at 10.9.9.9"', match=(case,))))


def test_a_case_may_name_the_fields_of_the_alert_itself() -> None:
    rule = a_rule("severity=info", match=(Case(labels={"severity": "info"}),), no_match=(Case(labels={}),))
    assert not list(shape(rule))


@pytest.mark.parametrize(
    ("match", "no_match", "place"),
    [
        ((Case(labels={"service": "db"}), Case(labels={"service": "web"})), (), "cases.match[1]"),
        ((), (Case(labels={"service": "db"}, message="hello"),), "cases.no_match[0]"),
    ],
)
def test_a_failing_case_is_named(match: tuple[Case, ...], no_match: tuple[Case, ...], place: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_rule(a_rule(match=match, no_match=no_match), T0)
    assert refused.value.place == f"rule r, {place}"
    assert "service=" in refused.value.fix


def test_every_problem_of_the_shape_is_told_at_once() -> None:
    rule = a_rule(owner="", reason="", expires=None, matchers=(Matcher(field="a b", value="x"),))
    assert [problem.place for problem in shape(rule)] == [
        "rule r, owner",
        "rule r, reason",
        "rule r, matchers[0]",
        "rule r",
    ]


@pytest.mark.parametrize(
    "matcher",
    [
        Matcher(field="service", value="x" * 4_001),
        Matcher(field='a"b', value="x"),
        Matcher(field="", value="x"),
    ],
)
def test_a_matcher_that_cannot_work_is_refused(matcher: Matcher) -> None:
    assert len(list(shape(a_rule(matchers=(matcher,))))) == 1


def test_more_matchers_than_a_person_can_read_are_refused() -> None:
    many = tuple(Matcher(field=f"label{number}", value="x") for number in range(51))
    assert [problem.problem for problem in shape(a_rule(matchers=many))] == ["51 matchers"]


@pytest.mark.parametrize(
    "text", ["service=db", "service=~db|web", "template=<*>x", "severity=critical", "title=~db.*", "a=~a|0|b"]
)
def test_what_leaves_something_out_may_stand(text: str) -> None:
    check_rule(a_rule(text), T0)


def test_only_token_patterns_are_masked() -> None:
    rule = a_rule("port=8080", 'template="port 8080"', 'template!="port 9090"', "template=~port.8080")
    assert [matcher.value for matcher in normal(rule).matchers] == ["8080", "port <num>", "port <num>", "port.8080"]
    assert normal(normal(rule)) == normal(rule)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"owner": ""}, "silence s, owner"),
        ({"reason": " "}, "silence s, reason"),
        ({"matchers": ()}, "silence s, matchers"),
        ({"matchers": (Matcher(field="service", value=""),)}, "silence s, matchers"),
        ({"ends_at": T0 + 2 * LONGEST}, "silence s, ends_at"),
    ],
)
def test_a_silence_that_cannot_stand_names_the_place(changes: dict[str, Any], place: str) -> None:
    silence = Silence(
        id="s",
        matchers=(Matcher(field="service", value="db"),),
        owner="ana",
        reason="disk swap",
        starts_at=T0,
        ends_at=at(60),
    )
    check_silence(silence, T0)
    with pytest.raises(BadInput) as refused:
        check_silence(msgspec.structs.replace(silence, **changes), T0)
    assert refused.value.place == place


def test_a_rule_about_one_node_proves_itself() -> None:
    cases = proof(a_rule('template="disk <*> % full"', "entity=backup"))
    assert cases == Cases(
        match=(Case(labels={"entity": "backup"}, message="disk <*> % full"),),
        no_match=(Case(labels={"entity": "another than backup"}, message="disk <*> % full"),),
    )


@pytest.mark.parametrize(
    "texts",
    [
        ("template=disk",),  # about no node: what it leaves alone does not follow
        ("entity=~db.*",),
        ("entity=db", "env!=test"),
        ("entity=db", "entity=web"),  # never holds
    ],
)
def test_what_proves_nothing_gets_no_cases(texts: tuple[str, ...]) -> None:
    assert proof(a_rule(*texts)) == Cases()


SHAPES = st.lists(st.sampled_from(["disk", "<num>", "<*>", "<ip>", "42", "took=<*>ms", "10.0.0.1", "<**>"]), min_size=1)


@given(st.sampled_from(["entity", "service", "host"]), SHAPES, st.booleans())
def test_cases_that_a_rule_was_given_always_hold(node: str, shape_: list[str], severe: bool) -> None:
    template = Matcher(field="template", value=" ".join(shape_))
    more = (Matcher(field="severity", value="high"),) if severe else ()
    rule = a_rule(matchers=(template, Matcher(field=node, value="db"), *more))
    assert not list(shape(msgspec.structs.replace(rule, cases=proof(rule))))
