"""Whatever is sent, is the answer never a failure of ours? Random values for every parameter and field there is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi import APIRouter
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from api.ui import forms, pages
from tests.api.conftest import SERVICES
from tests.api.world import World

Strategy = st.SearchStrategy[Any]
MANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # the world remembers: a smaller example may not fail again
)


def a_world() -> World:
    world = World()
    world.client.post("/api/services", content=SERVICES)
    for service, seconds in (("db", 0), ("api", 20), ("backup", 50)):
        world.alert(service, seconds)
    return world


WORLD = a_world()
DOCUMENT = WORLD.get("/openapi.json")
SCHEMAS = DOCUMENT["components"]["schemas"]
INCIDENT = WORLD.first_incident()["incident_id"]

TIMES = (
    "2026-03-02T09:00:00",
    "2026-03-02T09:00:00Z",
    "9999-12-31T23:59:59-23:00",
    "0001-01-01T00:00:00+23:00",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
)
BROKEN_TIMES = ("2026-13-40T00:00:00Z", "now", "24:00", "2026-03-02")
NUMBERS = (0, 1, -1, 30, 10**6, 10**9, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30, 10**400)
KNOWN = (INCIDENT, "1", "#1", "0-1", "0-1-0", "db", "0-0", "9" * 18, "disk <*> % full", "rule-1", "severity", "number")
ODD = (
    "",
    " ",
    "//[x",
    "http://[x",
    "/[",
    "\x00",
    "%",
    "(((",
    "[",
    "*",
    "<**>",
    "a" * 5_000,
    "٣",
    "²",
    "\ud800",
    "=",
    "a=b",
)
texts = st.one_of(st.sampled_from(KNOWN), st.sampled_from(KNOWN), st.sampled_from(ODD), st.text(max_size=20))
times = st.sampled_from(TIMES)
query_values = st.one_of(
    texts, st.sampled_from(TIMES + BROKEN_TIMES), st.sampled_from([str(number) for number in NUMBERS])
)
NAMED: Mapping[str, Strategy] = {  # what the description calls no more than a text
    **dict.fromkeys(("owner", "reason"), st.sampled_from(("noc", "noc", "noc", ""))),
    "back": st.sampled_from(("/", "/?view=all", *(one for one in ODD if "\ud800" not in one))),
    **dict.fromkeys(("expires", "review", "starts_at", "ends_at", "since", "until"), times),
    "field": st.sampled_from(("service", "severity", "template", "title", "entity", "service", "kind", "")),
}
junk = st.one_of(
    st.none(), st.booleans(), st.sampled_from(NUMBERS + BROKEN_TIMES), texts, st.just([]), st.just({}), st.floats()
)

PLAIN: Mapping[str, Strategy] = {
    "string": texts,
    "integer": st.sampled_from(NUMBERS),
    "number": st.sampled_from(NUMBERS),
    "boolean": st.booleans(),
    "null": st.none(),
}


def values(schema: Any) -> Strategy:
    """Return values that mostly have the shape that ``schema`` asks for, so that they get past the reading."""
    if "$ref" in schema:
        return st.deferred(lambda: values(SCHEMAS[schema["$ref"].rpartition("/")[2]]))
    if "anyOf" in schema:
        return st.one_of(*map(values, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object" if "properties" in schema:
            return an_object(schema)
        case "object":
            return st.dictionaries(texts, values(schema.get("additionalProperties") or {}), max_size=2)
        case "array":
            return st.lists(values(schema.get("items") or {}), max_size=3)
        case kind:
            return PLAIN.get(kind, junk)


def an_object(schema: Any) -> Strategy:
    fields = {name: NAMED[name] if name in NAMED else values(kind) for name, kind in schema["properties"].items()}
    required = schema.get("required", ())
    return st.fixed_dictionaries(
        {name: fields[name] for name in required},
        optional={name: kind for name, kind in fields.items() if name not in required},
    )


def bodies(schema: Any) -> Strategy:
    """Return what ``schema`` asks for, now and then with something else in one field, or instead of it."""
    sound = values(schema)
    names = [*SCHEMAS[schema["$ref"].rpartition("/")[2]]["properties"], "x"] if "$ref" in schema else ["x"]
    spoilt = st.builds(
        lambda whole, name, value: {**whole, name: value} if isinstance(whole, dict) else value,
        sound,
        st.sampled_from(names),
        junk,
    )
    return st.one_of(sound, sound, spoilt)


def operations() -> Iterator[Any]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield pytest.param(path, method, operation, id=f"{method} {path}")


def filled(path: str, data: st.DataObject) -> str:
    """Put something into the places of a path."""
    while "{" in path:
        before, _, rest = path.partition("{")
        value = data.draw(texts).encode("utf-8", "replace")
        path = before + (quote(value, safe="") or "x") + rest.partition("}")[2]
    return path


def pairs(names: Sequence[str], data: st.DataObject) -> str:
    """Give every parameter a value, or none, or several."""
    several = {name: st.lists(NAMED.get(name, query_values), max_size=2) for name in names}
    chosen = data.draw(st.fixed_dictionaries(several))
    given_ = [(name, value.encode("utf-8", "replace")) for name, values in chosen.items() for value in values]
    return urlencode(data.draw(st.permutations(given_))[: data.draw(st.integers(1, 12))])


@pytest.mark.parametrize(("path", "method", "operation"), list(operations()))
@MANY
@given(data=st.data())
def test_an_operation_of_the_api_never_fails(path: str, method: str, operation: Any, data: st.DataObject) -> None:
    names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    url = f"{filled(path, data)}?{pairs(names, data)}"
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    body = json.dumps(data.draw(bodies(content["schema"])), ensure_ascii=False) if content else data.draw(texts)
    answer = WORLD.client.request(method, url, content=body.encode("utf-8", "replace") if method == "post" else None)
    assert answer.status_code < 500, (url, body, answer.text)


FIELDS = (
    *("did", "of", "view", "q", "sev", "range", "at", "sort", "cursor", "seen", "number", "sent"),
    *("alert", "incident", "template", "service", "back", "pattern", "verdict", "owner"),
)
FORM = (
    *("act", "id", "all", "back", "text", "assignee", "entity", "do", "until", "reason", "owner", "sure"),
    *("verdict", "days", "services", "theme", "token"),
)
ACTS = ("acknowledge", "assign", "comment", "resolve", "close", "reopen", "cause", "merge", "mute")


def paths(router: APIRouter) -> list[Any]:
    return [pytest.param(route.path, id=route.path) for route in router.routes if isinstance(route, Route)]


@pytest.mark.parametrize("path", paths(pages.router))
@MANY
@given(data=st.data())
def test_a_page_never_fails(path: str, data: st.DataObject) -> None:
    url = f"{filled(path, data)}?{pairs(FIELDS, data)}"
    answer = WORLD.client.get(url, headers={"accept": "text/html"}, follow_redirects=False)
    assert answer.status_code < 500, (url, answer.text)


@pytest.mark.parametrize("path", paths(forms.router))
@MANY
@given(data=st.data())
def test_a_form_never_fails(path: str, data: st.DataObject) -> None:
    url = filled(path, data)
    known = f"act={data.draw(st.sampled_from(ACTS))}&id={INCIDENT}&reason=x&owner=x&verdict=known_good"
    body = "&".join((known, pairs(FORM, data), matchers(data)))
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = WORLD.client.post(url, content=body, headers=headers, follow_redirects=False)
    assert answer.status_code < 500, (url, body, answer.text)


def matchers(data: st.DataObject) -> str:
    rows = data.draw(st.lists(st.tuples(texts, st.sampled_from(("=", "=~", "!=", "!~", "?")), texts), max_size=3))
    fields = [pair for row in rows for pair in zip(("field", "operator", "value"), row, strict=True)]
    used = [("use", str(number)) for number in range(len(rows))]
    return urlencode([(name, value.encode("utf-8", "replace")) for name, value in (*fields, *used)])
