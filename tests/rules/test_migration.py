"""What comes over from an Alertmanager and from Keep, and how it is said what does not."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.errors import BadInput
from aiops.domain.matching import all_match
from aiops.domain.rules import RuleStatus
from rules.cel import ways_of
from rules.check import shape
from rules.migration import from_alertmanager, from_keep
from tests.builders import T0

SILENCE = {
    "id": "a1",
    "matchers": [
        {"name": "service", "value": "db.*", "isRegex": True},
        {"name": "env", "value": "dev", "isEqual": False, "isRegex": False},
    ],
    "startsAt": "2026-03-02T08:00:00Z",
    "endsAt": "2026-03-02T12:00:00Z",
    "createdBy": "ana",
    "comment": "new disks",
}


def test_a_silence_comes_over_with_its_matchers_and_times() -> None:
    carried = from_alertmanager(json.dumps([SILENCE]), "silences.json", "noc", T0)
    (silence,) = carried.silences
    assert (silence.id, silence.owner, silence.reason) == ("a1", "ana", "new disks")
    assert [str(one) for one in silence.matchers] == ['service=~"db.*"', 'env!="dev"']
    assert silence.ends_at == T0 + timedelta(hours=3)
    assert carried.problems == ()


def test_a_silence_that_is_over_is_left_and_a_bad_one_stops_no_other() -> None:
    over = {**SILENCE, "id": "old", "endsAt": "2026-03-01T00:00:00Z"}
    bad = {**SILENCE, "id": "bad", "matchers": [{"name": "a", "value": "(", "isRegex": True}]}
    carried = from_alertmanager(json.dumps([over, bad, SILENCE, 7]), "s.json", "noc", T0)
    assert [one.id for one in carried.silences] == ["a1"]
    assert [problem.place for problem in carried.problems] == ["s.json: [1].matchers[0]", "s.json: [3]"]


CONFIGURATION = """
route:
  receiver: ops
  routes:
    - matchers: ['team="db"']
      receiver: dba
inhibit_rules:
  - name: node
    source_matchers: ['alertname="NodeDown"']
    target_matchers: ['severity=~"warning|info"', 'job!="x"']
    equal: [instance]
  - source_match: {severity: critical}
    target_match_re: {severity: "warning|info"}
    equal: [alertname]
  - source_match: {severity: critical}
time_intervals:
  - name: night
"""


def test_inhibit_rules_come_over_in_both_spellings_and_all_else_is_reported() -> None:
    carried = from_alertmanager(CONFIGURATION, "am.yml", "noc", T0)
    first, second = carried.inhibitions
    assert (first.id, first.owner, first.equal) == ("node", "noc", ("instance",))
    assert [str(one) for one in first.target] == ['severity=~"warning|info"', 'job!="x"']
    assert [str(one) for one in second.source] == ['severity="critical"']
    assert T0 < first.expires <= T0 + timedelta(days=366)
    places = [problem.place for problem in carried.problems]
    assert places == [
        "am.yml: inhibit_rules[2]",
        "am.yml: receivers",
        "am.yml: receivers",
        "am.yml: time_intervals[0]",
    ]
    assert all(problem.fix for problem in carried.problems)
    assert [(one.name, one.match) for one in carried.routes] == [("dba", ('team="db"',)), ("ops", ())]


@pytest.mark.parametrize("text", ["", "just words", "{", "- ["])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        from_alertmanager(text, "x", "noc", T0)


def test_rules_of_keep_come_over_in_shadow_and_its_maintenance_as_silences() -> None:
    rules = [
        {"name": "lab", "cel_query": 'environment == "lab" || labels.team == "x"'},
        {
            "name": "work",
            "cel_query": 'service == "db"',
            "start_time": "2026-03-02T08:00:00Z",
            "end_time": "2026-03-02T12:00:00Z",
            "created_by": "bob",
        },
        {"name": "hard", "cel_query": "size(labels) > 3"},
        {"name": "none"},
    ]
    carried = from_keep(json.dumps(rules), "keep.json", "noc", T0)
    (rule,), (silence,) = carried.rules, carried.silences
    assert (rule.status, len(rule.any_of), list(shape(rule))) == (RuleStatus.SHADOW, 2, [])
    assert (silence.id, silence.owner) == ("keep-work", "bob")
    assert [problem.place for problem in carried.problems] == ["keep.json: [2].cel_query:5", "keep.json: [3]"]


def holds(condition: str, **fields: str) -> bool:
    ways = ways_of(condition, "test", lambda name: name)
    return any(all_match(way, fields) for way in ways)


@pytest.mark.parametrize(
    ("condition", "fields", "expected"),
    [
        ('a == "x"', {"a": "x"}, True),
        ("a != 'x'", {"a": "x"}, False),
        ('a == "x" && (b == "y" || c == "z")', {"a": "x", "c": "z"}, True),
        ('a == "x" && (b == "y" || c == "z")', {"a": "x"}, False),
        ('!(a == "x" || b == "y")', {"a": "x"}, False),
        ('!(a == "x" && b == "y")', {"a": "x", "b": "n"}, True),
        ('a in ["x", "y.z"]', {"a": "y.z"}, True),
        ('a in ["x", "y.z"]', {"a": "yxz"}, False),
        ('a.contains("i.o")', {"a": "disk i.o high"}, True),
        ('a.contains("i.o")', {"a": "disk ixo high"}, False),
        ('a.startsWith("db")', {"a": "db7"}, True),
        ('a.endsWith("db")', {"a": "db7"}, False),
        ('a.matches("b+")', {"a": "abbc"}, True),
        ('!a.matches("b+")', {"a": "abbc"}, False),
        (r'a == "say \"x\""', {"a": 'say "x"'}, True),
        ('labels["a.b"] == "x"', {"labels.a.b": "x"}, True),
        ('labels["a"].contains("b")', {"labels.a": "abc"}, True),
        ("has(a)", {"a": "x"}, True),
        ("has(a)", {}, False),
        ('!has(labels["a"])', {}, True),
        ("a == null", {}, True),
        ("a != null", {"a": "x"}, True),
        ('severity > "warning"', {"severity": "high"}, True),
        ('severity > "warning"', {"severity": "warning"}, False),
        ('severity >= "warning" && !(severity < "high")', {"severity": "warning"}, False),
        ('severity > "critical"', {"severity": "critical"}, False),
    ],
)
def test_a_condition_holds_for_what_it_says(condition: str, fields: dict[str, str], expected: bool) -> None:
    assert holds(condition, **fields) is expected


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "a",
        "a ==",
        "a > 3",
        'a > "high"',
        'severity > "dire"',
        "severity > 3",
        'a["b" == "x"',
        "has(a",
        "a == b",
        "f(a)",
        'a.split(",")',
        'a == "x" b',
        "(a == 'x'",
        'a ? "x" : "y"',
        "a == 'x' &",
        "(" * 40 + "a == 'x'" + ")" * 40,
        'a.matches("(")',
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(condition: str) -> None:
    with pytest.raises(BadInput) as refused:
        ways_of(condition, "rule", lambda name: name)
    assert refused.value.place.startswith("rule")
    assert refused.value.fix


VALUES = st.sampled_from(["x", "y", ""])
CONDITIONS = st.recursive(
    st.builds(lambda name, sign, value: (f'{name} {sign} "{value}"', name, sign, value), st.sampled_from("ab"),
              st.sampled_from(["==", "!="]), VALUES),
    lambda inner: st.one_of(
        st.builds(lambda one, other, sign: (f"({one[0]} {sign} {other[0]})", one, sign, other), inner, inner,
                  st.sampled_from(["&&", "||"])),
        st.builds(lambda one: (f"!{one[0]}" if one[0].startswith("(") else f"!({one[0]})", one), inner),
    ),
    max_leaves=5,
)  # fmt: skip


def truth(tree: tuple[object, ...], fields: dict[str, str]) -> bool:
    if len(tree) == 2:
        return not truth(tree[1], fields)  # type: ignore[arg-type]
    _, one, sign, other = tree
    if sign in ("==", "!="):
        return (fields[str(one)] == other) is (sign == "==")
    both = truth(one, fields), truth(other, fields)  # type: ignore[arg-type]
    return all(both) if sign == "&&" else any(both)


@given(CONDITIONS, st.fixed_dictionaries({"a": VALUES, "b": VALUES}))
def test_it_means_what_its_logic_says(tree: tuple[object, ...], fields: dict[str, str]) -> None:
    assert holds(str(tree[0]), **fields) is truth(tree, fields)
