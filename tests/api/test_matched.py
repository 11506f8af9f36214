"""Matchers narrow lists as they judge alerts in rules: the same evaluator, the same answer, on lists of any store."""

import contextlib
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.alerts import Alert
from aiops.domain.changes import Changes
from aiops.domain.documents import ALERTS, INCIDENTS
from aiops.domain.entries import Position
from aiops.domain.errors import BadInput
from aiops.domain.matching import Matcher, Operator, all_match, fields_of
from aiops.domain.queries import Query
from aiops.storage.memory import MemoryStore
from api.filters import is_matcher, parse_box
from api.matched import matched
from tests.api.world import World
from tests.builders import an_alert

WORDS = st.sampled_from(["", "a", "ab", "b", "a.b", "prod", "prod-eu", "test"])
REGEXES = st.sampled_from(["", "a.*", "a|b", "prod.*", ".*", ".+", "|a", "a\\.b", "[ab]+", "test"])
FIELDS = st.sampled_from(["env", "team", "severity", "entity", "owner", "source"])


def plain(operator: str) -> st.SearchStrategy[Matcher]:
    values = REGEXES if "~" in operator else WORDS
    return st.builds(Matcher, field=FIELDS, operator=st.just(Operator(operator)), value=values)


MATCHERS = st.lists(st.one_of(*(plain(operator) for operator in Operator)), max_size=4)
ALERT_LIST = st.lists(
    st.builds(
        an_alert,
        st.sampled_from(["a", "b", "prod"]),
        labels=st.dictionaries(st.sampled_from(["env", "team"]), WORDS.filter(bool), max_size=2),
        owner=WORDS,
    ),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(alerts=ALERT_LIST, matchers=MATCHERS)
def test_a_list_holds_what_the_evaluator_says(alerts: list[Alert], matchers: list[Matcher]) -> None:
    changes, store = Changes(), MemoryStore()
    changes.position = Position(0, 1)
    numbered = {f"f{number}": alert for number, alert in enumerate(alerts)}
    for key, alert in numbered.items():
        changes.put(ALERTS, type(alert)(**{**fields(alert), "fingerprint": key}))
    store.save(changes)
    with store.view() as view:
        found = {one.fingerprint for one in view.find(ALERTS, matched(view, ALERTS, Query(), matchers)).items}
    assert found == {key for key, alert in numbered.items() if all_match(matchers, fields_of(alert))}


def fields(alert: Alert) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in alert.__struct_fields__}


@pytest.mark.parametrize(("field", "fix"), [("template", "the template's id"), ("title", "words of the title")])
def test_what_lists_cannot_be_matched_by_is_said(field: str, fix: str) -> None:
    with MemoryStore().view() as view, pytest.raises(BadInput, match=fix):
        matched(view, ALERTS, Query(), [Matcher(field=field, value="x")])


def test_incidents_have_no_labels_and_say_what_they_have() -> None:
    with MemoryStore().view() as view, pytest.raises(BadInput, match=r"use one of .*service"):
        matched(view, INCIDENTS, Query(), [Matcher(field="env", value="x")])


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        ("service=~db.*", True),
        ("env!=test", True),
        ("env!~a|b", True),
        ("a.b/c-d=1", True),
        ("disk", False),
        ("service:db", False),
        ("=x", False),
        ("query(a)=1", False),
        ("http://x/?a=b", False),
    ],
)
def test_a_matcher_is_told_from_plain_text(word: str, is_one: bool) -> None:
    assert is_matcher(word) is is_one


@given(st.text(string.printable, max_size=40))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    with contextlib.suppress(BadInput):
        assert isinstance(parse_box(typed)["text"], str)


@pytest.fixture
def world() -> World:
    world = World()
    for service, env in (("db1", "prod"), ("db2", "test"), ("web", "prod")):
        world.alert(service, 0, env=env)
    return world


def test_the_api_takes_matchers(world: World) -> None:
    def entities(**query: Any) -> list[str]:
        answer = world.client.get("/api/alerts", params=query)
        return sorted(one["entity"]["name"] for one in answer.json()["items"])

    assert entities(match="entity=~db.*") == ["db1", "db2"]
    assert entities(match=["entity=~db.*", "env!=test"]) == ["db1"]
    assert entities(match="env=~pro.") == ["db1", "web"]
    answer = world.client.get("/api/alerts", params={"match": "env=~("})
    assert answer.status_code == 400
    assert "not a regular expression" in answer.text
    incidents = world.client.get("/api/incidents", params={"match": "service=~db.*"}).json()["items"]
    assert {service for one in incidents for service in one["services"]} == {"db1", "db2"}


def test_the_filter_box_takes_matchers(world: World) -> None:
    page = world.client.get("/alerts", params={"q": "env=~pro.* entity!=web"}).text
    assert "db1" in page
    assert "db2" not in page
    page = world.client.get("/", params={"q": "service=~db.*"}).text
    assert "db2" in page
    assert "web" not in page.split("<main")[1]


@pytest.mark.parametrize("path", ["/", "/alerts"])
@pytest.mark.parametrize("typed", ["service=~(", "title=x"])
def test_a_matcher_that_is_none_is_said_on_the_page(world: World, path: str, typed: str) -> None:
    page = world.client.get(path, params={"q": typed})
    assert page.status_code == 200
    assert "is not filtered" in page.text
