"""The index finds what a full scan finds, and touches little."""

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.matching import Matcher, Operator, all_match
from rules.index import Index

VALUES = st.sampled_from(["", "a", "b", "c-1", "a_b"])
MATCHERS = st.one_of(
    st.builds(Matcher, field=st.sampled_from(["x", "y"]), operator=st.sampled_from(Operator), value=VALUES),
    st.builds(
        Matcher,
        field=st.sampled_from(["x", "template"]),
        operator=st.just(Operator.REGEX),
        value=st.sampled_from(
            [
                "a|b",
                "a|c-1",
                "a.*",
                "",
                "a|",
                "(a|b)",
                "a*",
                "a?b",
                "ab{1}",
                "a_+b",
                "c-.",
                ".*b",
                ".-1",
                "(?i)A.*",
                "c-\\d",
                "[ab]_b",
                "a.b",
                "^a.*",
                ".*_b$",
                "a(_|-)b",
                r"\x61.?",
                r".\x62",
                r"\Qc-\E1",
            ]
        ),
    ),
    st.builds(
        Matcher,
        field=st.just("template"),
        operator=st.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL]),
        value=st.lists(st.sampled_from(["a", "b", "<*>", "a<*>", "<**>"]), max_size=3).map(" ".join),
    ),
)
Acts = list[tuple[str, tuple[Matcher, ...] | None]]
LISTS = st.lists(MATCHERS, min_size=1, max_size=3).map(tuple)
ACTS = st.lists(st.tuples(st.sampled_from("abcdef"), st.one_of(LISTS, st.none())), max_size=20)
ALERTS = st.fixed_dictionaries(
    {},
    optional={
        "x": VALUES,
        "y": VALUES,
        "template": st.lists(st.sampled_from(["a", "b", "ab"]), max_size=4).map(" ".join),
    },
)


@given(ACTS, st.lists(ALERTS, min_size=1, max_size=3), st.integers(0, 3))
def test_it_never_misses_a_rule_that_a_full_scan_finds(acts: Acts, alerts: list[dict[str, str]], crowd: int) -> None:
    index = Index()
    held: dict[str, tuple[Matcher, ...]] = {}
    with mock.patch("rules.index._CROWD", crowd):
        for key, matchers in acts:
            if matchers is None:
                index.drop(key)
                held.pop(key, None)
            else:
                index.put(key, matchers)
                held[key] = matchers
            for fields in alerts * 2:
                found = sorted(key for key, matchers in held.items() if all_match(matchers, fields))
                assert index.find(fields) == found


@given(ACTS)
def test_an_emptied_index_holds_nothing(acts: Acts) -> None:
    index = Index()
    for key, matchers in acts:
        index.put(key, matchers or (Matcher(field="x", value="a"),))
    for key, _ in acts:
        index.drop(key)
    assert not any(vars(index).values())


def touched(index: Index, fields: dict[str, str]) -> int:
    with mock.patch.object(index, "_holds", return_value=True):
        return len(index.find(fields))


def test_only_rules_that_share_a_value_are_touched() -> None:
    index = Index()
    for number in range(1_000):
        index.put(f"service-{number}", (Matcher(field="service", value=f"s{number}"),))
        index.put(f"both-{number}", (Matcher(field="env", value="prod"), Matcher(field="service", value=f"s{number}")))
        index.put(f"shape-{number}", (Matcher(field="template", value=f"job <*> step{number} failed"),))
        names = f"t{number}|u{number}"
        index.put(f"or-{number}", (Matcher(field="service", operator=Operator.REGEX, value=names),))
    assert touched(index, {"service": "s7", "env": "prod", "template": "job x step8 failed"}) < 10
    assert touched(index, {"service": "u9"}) == 1


def test_a_rule_without_an_equal_field_is_tried_always() -> None:
    index = Index()
    index.put("r", (Matcher(field="service", operator=Operator.REGEX, value="db.*"),))
    assert index.find({"service": "db7"}) == ["r"]
    assert index.find({"service": "web"}) == []


def a_crowd(*others: str) -> Index:
    """A thousand rules of one team, told apart by an expression alone."""
    index = Index()
    for number in range(1_000):
        expression = others[number % len(others)].format(number)
        host = Matcher(field="host", operator=Operator.REGEX, value=expression)
        index.put(f"r{number}", (Matcher(field="team", value="ops"), host))
    return index


def test_rules_that_share_a_value_are_told_apart_by_how_their_expressions_begin_or_end() -> None:
    index = a_crowd("host-{}-.*", ".*-disk-{}")
    assert touched(index, {"team": "ops", "host": "host-10-a"}) <= 2  # the first rule has the drawer of the team
    assert touched(index, {"team": "ops", "host": "x-disk-11"}) <= 2


def test_what_no_letter_tells_apart_is_tried_once_for_each_value() -> None:
    index = a_crowd(".*-{}-.*")
    assert index.find({"team": "ops", "host": "a-17-b"}) == ["r17"]
    with mock.patch.object(index, "_lets", side_effect=AssertionError):
        assert index.find({"team": "ops", "host": "a-17-b"}) == ["r17"]
    index.put(
        "r18", (Matcher(field="team", value="ops"), Matcher(field="host", operator=Operator.REGEX, value=".*7.*"))
    )
    assert index.find({"team": "ops", "host": "a-17-b"}) == ["r17", "r18"]
