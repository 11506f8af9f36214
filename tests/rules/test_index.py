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
        value=st.sampled_from(["a|b", "a|c-1", "a.*", "", "a|", "(a|b)"]),
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


@given(ACTS, ALERTS)
def test_it_never_misses_a_rule_that_a_full_scan_finds(acts: Acts, fields: dict[str, str]) -> None:
    index = Index()
    held: dict[str, tuple[Matcher, ...]] = {}
    for key, matchers in acts:
        if matchers is None:
            index.drop(key)
            held.pop(key, None)
        else:
            index.put(key, matchers)
            held[key] = matchers
    assert index.find(fields) == sorted(key for key, matchers in held.items() if all_match(matchers, fields))


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
