"""Who is to be told: the first route that matches, in words that say why."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.impact import Impact
from aiops.domain.incidents import Candidate
from aiops.domain.routes import MOST_ROUTES, Route, check_routes
from aiops.domain.settings import PagingSettings, Settings, check
from rules.routing import MOST_VALUES, Routing, joined
from tests.builders import an_alert, an_incident

CHANNELS = ("pager", "mail", "chat")
CAUSE = (Candidate(entity="db", probability=0.9, share=1),)


def route(name: str, *match: str, **changes: Any) -> Route:
    return Route(name=name, match=match, **changes)


def chosen(*routes: Route, met: dict[str, tuple[str, ...]] | None = None, **incident: Any) -> list[str]:
    routing = Routing(PagingSettings(routes=routes, channels=CHANNELS))
    return [one.route for one in routing.choose(an_incident(**incident), met or {})]


def test_the_first_route_that_matches_wins() -> None:
    assert chosen(route("noc", 'severity="warning"'), route("dba", 'service="db"'), route("all")) == ["dba"]


def test_a_route_that_goes_on_lets_later_ones_match_too() -> None:
    routes = (route("log", goes_on=True), route("dba", 'service="db"', goes_on=True), route("noc"), route("never"))
    assert chosen(*routes) == ["log", "dba", "noc"]


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ('severity="critical"', True),
        ('severity=~"critical|high"', True),
        ('service="api"', True),
        ('service="web"', False),
        ('service!="api"', False),
        ('service!~"w.*"', True),
        ('owner="shop"', True),
        ('business="checkout"', True),
        ('business=""', False),
        ('cause="db"', True),
        ('known_bad="no"', True),
        ('title=~"db:.*"', True),
        ('kind="db down"', True),
        ('env="prod"', True),
        ('env!="prod"', False),
        ('region=""', True),
        ('source="alertmanager"', True),
    ],
)
def test_a_route_can_ask_for_what_an_incident_or_its_alerts_say(match: str, holds: bool) -> None:
    routing = Routing(PagingSettings(routes=(route("x", match),)))
    met = routing.of_alert(an_alert("db", labels={"env": "prod"}), {})
    met = routing.of_alert(an_alert("api", labels={"env": "test"}), met)
    incident = an_incident(candidates=CAUSE, impact=Impact(business_services=("checkout",)))
    assert (routing.choose(incident, met)[0].route == "x") is holds


def test_all_matchers_of_a_route_must_hold() -> None:
    assert chosen(route("x", 'service="db"', 'severity="info"'), owners=()) == ["on-call"]


def test_where_no_route_matches_the_owner_is_told_or_the_default() -> None:
    only = route("noc", 'severity="info"')
    assert chosen(only) == ["dba"]
    assert chosen(only, owners=()) == ["on-call"]
    assert chosen(only, severity=Severity.INFO) == ["noc"]


def test_it_says_by_which_route() -> None:
    routing = Routing(PagingSettings(routes=(route("dba", 'service="db"'),)))
    assert routing.choose(an_incident(), {})[0].why == 'route dba: service="db"'
    assert routing.choose(an_incident(services=()), {})[0].why == "no route matches: its owner is told"
    assert Routing(PagingSettings()).choose(an_incident(owners=()), {})[0].why == (
        "no routes are written, and nobody owns it: the default route"
    )


def test_channels_are_the_routes_own_else_the_default_ones_else_all() -> None:
    routing = Routing(PagingSettings(channels=CHANNELS, default_channels=("mail",)))
    assert routing.channels(("pager", "gone")) == ("pager",)
    assert routing.channels(()) == routing.channels(("gone",)) == ("mail",)
    assert Routing(PagingSettings(channels=CHANNELS)).channels(()) == CHANNELS
    assert Routing(PagingSettings()).channels(()) == ()


def test_only_what_routes_ask_for_is_remembered_of_alerts_and_that_is_bounded() -> None:
    assert Routing(PagingSettings(routes=(route("x", 'service="db"'),))).asked == ()
    routing = Routing(PagingSettings(routes=(route("x", 'pod=~"a.*"'),)))
    met: dict[str, tuple[str, ...]] = {}
    for number in range(200):
        met = routing.of_alert(an_alert(labels={"pod": f"p{number}", "env": "prod"}), met)
    assert list(met) == ["pod"]
    assert len(met["pod"]) == MOST_VALUES


Values = dict[str, tuple[str, ...]]
NAMES = st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from("xyz"), unique=True).map(tuple))


@given(NAMES, NAMES)
def test_what_two_incidents_met_their_union_met(
    one: dict[str, tuple[str, ...]], other: dict[str, tuple[str, ...]]
) -> None:
    both = joined(one, other)
    for name in one.keys() | other.keys():
        assert set(both[name]) == set(one.get(name, ())) | set(other.get(name, ()))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8))
def test_somebody_is_always_told_and_nobody_behind_a_route_that_ends(written: list[tuple[bool, bool]]) -> None:
    routes = [
        route(f"r{number}", 'service="db"' if matches else 'service="none"', goes_on=goes_on)
        for number, (matches, goes_on) in enumerate(written)
    ]
    expected: list[str] = []
    for one, (matches, goes_on) in zip(routes, written, strict=True):
        if matches:
            expected.append(one.name)
            if not goes_on:
                break
    assert chosen(*routes) == (expected or ["dba"])


@pytest.mark.parametrize(
    ("routes", "problem"),
    [
        ([route("a b")], r"routes\[0\].name: 'a b' is no name"),
        ([route("")], "is no name"),
        ([route("x" * 61)], "is no name"),
        ([route("a"), route("a")], r"routes\[1\].name: a second route 'a'"),
        ([route("a", "service")], r"routes\[0\].match\[0\]: not a matcher"),
        ([route("a", 'service="db"', 'pod=~"("')], r"routes\[0\].match\[1\]: not a regular expression"),
        ([route("a", channels=("pigeon",))], "no channel 'pigeon'; name one of: pager, mail, chat"),
        ([route(f"r{number}") for number in range(MOST_ROUTES + 1)], "501 routes"),
    ],
)
def test_routes_that_cannot_work_are_refused_with_their_place(routes: list[Route], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        check_routes(routes, CHANNELS, "routes")


def test_settings_with_routes_are_checked_as_a_whole() -> None:
    check(Settings(paging=PagingSettings(routes=(route("a", channels=("mail",)),), channels=CHANNELS)))
    with pytest.raises(BadInput, match=r"decisions\.paging\.routes\[0\]\.channels"):
        check(Settings(paging=PagingSettings(routes=(route("a", channels=("mail",)),))))
    with pytest.raises(BadInput, match=r"decisions\.paging\.default_channels"):
        check(Settings(paging=PagingSettings(default_channels=("mail",))))
