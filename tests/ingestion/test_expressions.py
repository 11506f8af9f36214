"""Do expressions find what they name, use nothing that they do not need, and end, whatever they are given?"""

from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.errors import BadInput
from ingestion.expressions import MOST_COPIES, Evaluator, Expression, TooMuch
from tests.builders import T0

DOCUMENT = {
    "tags": "service:db, env=prod",
    "held": '{"a": [1, 2]}',
    "pairs": [["region", "eu"], {"name": "zone", "value": "b"}],
    "url": "https://db1.example:8443/x",
    "text": "\n  first\nsecond",
    "at": 1772442000,
    "state": "OK",
    "items": [{"id": 1, "host": {"name": "a"}}, {"id": 2, "host": {"name": "b"}}],
}


def value(expression: str, document: object = DOCUMENT, received_at: datetime = T0) -> object:
    return Evaluator(received_at).value(Expression(expression, "test"), document)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("from_json(held).a[1]", 2),
        ("from_json(tags)", None),
        ("from_pairs(pairs).zone", "b"),
        ("split(tags, ',')", ["service:db", "env=prod"]),
        ("split(text, '')", ["first", "second"]),
        ("kv(split(tags, ',')).service", "db"),
        ("kv(tags).env", "prod"),
        ("regex(tags, 'env=(\\w+)')", "prod"),
        ("regex(tags, 'env=\\w+')", "env=prod"),
        ("regex(tags, 'none')", None),
        ("parse_time(at)", "2026-03-02T09:00:00+00:00"),
        ("parse_time('never')", None),
        ('map_value(state, `{"ok": "resolved"}`)', "resolved"),
        ("map_value(nothing, `{}`)", None),
        ("first_line(text)", "first"),
        ("host_of_url(url)", "db1.example"),
        ("host_of_url(state)", "OK"),
        ("nothing || state", "OK"),
        ("items[?id==`2`].host.name | [0]", "b"),
        ("length(items)", 2),
    ],
)
def test_an_expression_finds_what_it_names(expression: str, found: object) -> None:
    assert value(expression) == found


@pytest.mark.parametrize(
    "call",
    [
        "from_json(@)",
        "from_pairs(@)",
        "split(@, ',')",
        "kv(@)",
        "regex(@, '(a)|b')",
        "parse_time(@)",
        "map_value(@, `{}`)",
        "first_line(@)",
        "host_of_url(@)",
    ],
)
@settings(deadline=None)
@given(document=st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5) | st.binary())
def test_no_function_of_ours_fails_on_anything(call: str, document: object) -> None:
    value(call, document)


def test_a_type_that_does_not_fit_is_bad_input_with_the_expression() -> None:
    with pytest.raises(BadInput, match=r"length\(nothing\)"):
        value("length(nothing)")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("items[", "not an expression"),
        ("nope(a)", "no function nope"),
        ("split(a)", "takes 2 arguments, not 1"),
        ("regex(a, '(')", "no regular expression"),
        ("a" * 2_001, "2001 characters"),
        ("(" * 101 + "a" + ")" * 101, "too many brackets"),
        (" || ".join("a" * 70), "nests too deeply"),
        ("@ | " + " | ".join(["[@, @]"] * 7), f"{2 * MOST_COPIES} times"),
    ],
)
def test_what_is_no_sound_expression_is_refused_when_it_is_written(expression: str, said: str) -> None:
    with pytest.raises(BadInput, match=said.replace("(", r"\(")):
        Expression(expression, "acme.yaml:3")


def test_a_list_that_would_double_without_end_is_ended_by_the_budget() -> None:
    doubling = Expression("@ | " + " | ".join(["[@, @][]"] * 6), "test")
    evaluator = Evaluator(T0)
    evaluator.value(doubling, ["x"] * 1_000)
    with pytest.raises(TooMuch):
        evaluator.value(doubling, ["x"] * 10_000)


@settings(deadline=None)
@pytest.mark.filterwarnings("ignore:deprecated string literal")  # jmespath says so of some texts
@given(
    text=st.text(alphabet="ab.[]*?&|!'`\"(){},:@ 0=<>", max_size=60),
    document=st.sampled_from([DOCUMENT, [], "x", None]),
)
def test_no_text_does_anything_but_be_refused_or_evaluated(text: str, document: object) -> None:
    with suppress(BadInput):
        value(text, document)


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        ("a.b || c", {"a.b", "c"}),
        ("items[].host.name", {"items.host.name"}),
        ("items[?id==`1`].host", {"items.id", "items.host"}),
        ("kv(split(tags, ',')).service", {"tags"}),
        ("[a, b.c]", {"a", "b.c"}),
        ("{x: a, y: b}", {"a", "b"}),
        ("a | b", {"a.b"}),
        ("`1`", set()),
        ("@", {""}),
        ("a[0:2].b", {"a.b"}),
        ("!a && b == c", {"a", "b", "c"}),
        ("sort_by(items, &id)", {"items"}),
        ("values(a.*)", {"a"}),
    ],
)
def test_it_is_known_which_paths_an_expression_uses(expression: str, paths: set[str]) -> None:
    assert Expression(expression, "test").reads == paths
