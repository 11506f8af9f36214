"""Matchers and token patterns against naive evaluators, and in linear time."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.matching import OWN_FIELDS, Matcher, Operator, all_match, fields_of, parse_matcher, token_match
from tests.builders import an_alert

VALUES = st.sampled_from(["", "db", "db1", "web", "a.b", "x\ny", 'q"q', "b\\s"])
PATTERNS = st.sampled_from(["db.*", "db|web", "", ".*", ".+", "a\\.b", "[a-d]+1?", "x.y", "(db"])
FIELDS = st.dictionaries(st.sampled_from(["service", "host", "é"]), VALUES)


def naive(matcher: Matcher, fields: dict[str, str]) -> bool:
    actual = fields.get(matcher.field, "")
    match matcher.operator:
        case Operator.EQUAL:
            return actual == matcher.value
        case Operator.NOT_EQUAL:
            return actual != matcher.value
        case Operator.REGEX:
            return re.fullmatch(matcher.value, actual, re.DOTALL) is not None
        case Operator.NOT_REGEX:
            return re.fullmatch(matcher.value, actual, re.DOTALL) is None


@given(st.sampled_from(["service", "host"]), st.sampled_from(Operator), VALUES, PATTERNS, FIELDS)
def test_matchers_mean_what_alertmanagers_do(
    field: str, operator: Operator, value: str, pattern: str, fields: dict[str, str]
) -> None:
    regex = operator in (Operator.REGEX, Operator.NOT_REGEX)
    if regex and pattern == "(db":
        return
    matcher = Matcher(field=field, operator=operator, value=pattern if regex else value)
    assert matcher.matches(fields) is naive(matcher, fields)


@pytest.mark.parametrize(
    ("matcher", "holds"),
    [
        ("host=", True),  # a missing label equals the empty text
        ("host!=db1", True),
        ("host=~.*", True),
        ("host=~.+", False),
        ("host!~.+", True),
        ("service=~d", False),  # anchored
        ("service=~d.", True),
    ],
)
def test_a_missing_label_is_empty_and_regular_expressions_are_anchored(matcher: str, holds: bool) -> None:
    assert parse_matcher(matcher, "test").matches({"service": "db"}) is holds


def test_text_that_is_no_unicode_harms_nothing() -> None:
    assert parse_matcher("title=~a.*", "test").matches({"title": "a"})
    assert not parse_matcher("title=~b.*", "test").matches({"title": "\ud800"})


def test_all_matchers_must_hold() -> None:
    both = [parse_matcher("service=db", "test"), parse_matcher("env=prod", "test")]
    assert all_match(both, {"service": "db", "env": "prod"})
    assert not all_match(both, {"service": "db"})


@given(st.sampled_from(["service", "k8s.io/app"]), st.sampled_from(Operator), st.one_of(VALUES, st.text(max_size=20)))
def test_what_is_written_is_read_back(field: str, operator: Operator, value: str) -> None:
    matcher = Matcher(field=field, operator=operator, value=value)
    try:
        matcher.check("test")
    except BadInput:
        return
    assert parse_matcher(str(matcher), "test") == matcher


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ('service=~"db.*"', Matcher(field="service", operator=Operator.REGEX, value="db.*")),
        (" service != db ", Matcher(field="service", operator=Operator.NOT_EQUAL, value="db")),
        (r'path="a\"b\\c\d"', Matcher(field="path", value='a"b\\c\\d')),
        ("url=http://x?a=b", Matcher(field="url", value="http://x?a=b")),
        ("x!~", Matcher(field="x", operator=Operator.NOT_REGEX, value="")),
    ],
)
def test_matchers_are_read_with_and_without_quotes(text: str, matcher: Matcher) -> None:
    assert parse_matcher(text, "test") == matcher


@pytest.mark.parametrize("text", ["", "service", "=db", "a b=c", 'a="b', 'a="b"c"', "a!b", "a=~(b", 'a=b"'])
def test_what_is_no_matcher_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(BadInput, match="line 3"):
        parse_matcher(text, "line 3")


def test_own_fields_stand_before_labels_of_their_name() -> None:
    alert = an_alert("db", labels={"severity": "page", "service": "db"}, severity=Severity.HIGH, owner="shop")
    fields = fields_of(alert)
    assert fields["severity"] == "high"
    assert fields["service"] == "db"
    assert fields["owner"] == "shop"
    assert fields["kind"] == alert.episode.kind_key
    assert set(OWN_FIELDS) <= set(fields)


WANTED = st.lists(
    st.sampled_from(["a", "b", "ab", "<*>", "a<*>", "<*>b", "a<*>b", "<*>a<*>", "<num>", "<**>"]), max_size=4
)
TOKENS = st.lists(st.one_of(st.text("ab", min_size=1, max_size=4), st.just("<num>")), max_size=5)


def naive_tokens(pattern: str, masked: str) -> bool:
    wanted = pattern.split(" ") if pattern else []
    rest = bool(wanted) and wanted[-1] == "<**>"
    parts = ["[^ ]+" if want == "<*>" else "[^ ]*".join(map(re.escape, want.split("<*>"))) for want in wanted]
    if rest:
        parts.pop()
    regex = " ".join(parts)
    if rest:
        regex = f"{regex}( .*)?" if parts else ".*"
    return re.fullmatch(regex, masked) is not None


@given(WANTED, TOKENS)
def test_token_patterns_mean_what_a_regular_expression_would(wanted: list[str], tokens: list[str]) -> None:
    pattern, masked = " ".join(wanted), " ".join(tokens)
    assert token_match(pattern, masked) is naive_tokens(pattern, masked)


@pytest.mark.parametrize(
    ("pattern", "masked", "holds"),
    [
        ("high disk io on <*>", "high disk io on sda", True),
        ("high disk io on <*>", "high disk io on", False),
        ("high disk io on <*>", "high disk io on sda now", False),
        ("connection <**>", "connection refused by <ip>", True),
        ("took=<*>ms", "took=<num>ms", True),
        ("aba<*>aba", "aba", False),  # the fixed ends may not overlap
        ("", "", True),
    ],
)
def test_token_patterns(pattern: str, masked: str, holds: bool) -> None:
    assert token_match(pattern, masked) is holds


@pytest.mark.parametrize(
    ("matcher", "text"),
    [
        (Matcher(field="title", operator=Operator.REGEX, value="(a+)+$"), "a" * 50_000 + "!"),
        (Matcher(field="title", operator=Operator.REGEX, value="(.*a){12}"), "a" * 50_000 + "!"),
        (Matcher(field="template", value="<*>".join("a" * 40)), "a" * 50_000 + "!"),
    ],
)
def test_an_expression_bomb_costs_linear_time(matcher: Matcher, text: str) -> None:
    start = time.perf_counter()
    matcher.matches({matcher.field: text})
    assert time.perf_counter() - start < 1
