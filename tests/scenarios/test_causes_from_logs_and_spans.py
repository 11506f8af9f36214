"""Stories in which logs and spans tell who began, though only the users' side alerts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from aiops.domain.entries import Delivery
from tests.scenarios.world import T0, World

MINUTES = 20  # of history
SHOP = ("web", "api", "db")
CHAIN = " -> ".join(SHOP)

Spent = Mapping[str, float]  # seconds of a request that each service spends in itself
Said = Mapping[str, Mapping[str, int]]  # service -> text -> lines a minute
CALM: Spent = {"web": 0.1, "api": 0.1, "db": 0.05}
USUAL: Said = {
    "web": {"GET /cart": 12, "cart shown": 12},
    "api": {"order received": 12, "stock asked": 12, "row written to table orders": 12},
    "db": {"query ran": 24, "row locked": 6},
}


def send(world: World, at: float, path: str, body: Mapping[str, Any]) -> None:
    raw = json.dumps(body).encode()
    world.add(at, Delivery(source="otlp", body=raw, content_type="application/json", query={"path": path}))


def resource(service: str, **said: Any) -> dict[str, Any]:
    return {"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}, **said}


def nanos(at: float) -> str:
    return str(round((T0.timestamp() + at) * 1e9))


def traced(at: float, spent: Spent, chain: Sequence[str] = SHOP, gap: float = 0.0, number: int = 10) -> dict[str, Any]:
    """Requests go down the chain within the minute; each service waits for the next one, the last for ``gap`` more."""
    resources: dict[str, list[dict[str, Any]]] = {service: [] for service in chain}
    for request in range(number):
        above = ""
        for place, service in enumerate(chain):
            whole = sum(spent[one] for one in chain[place:]) + (gap if place + 1 < len(chain) else 0.0)
            entry, call = (f"{int(at):08x}{request}{place}{kind}" for kind in "sc")
            times = {"startTimeUnixNano": nanos(at), "endTimeUnixNano": nanos(at + whole)}
            named = {"name": f"serve {service}", "spanId": entry, "parentSpanId": above, "kind": 2}
            resources[service].append({**named, **times})
            if place + 1 < len(chain):
                within = {**times, "endTimeUnixNano": nanos(at + whole - spent[service])}
                resources[service].append({"spanId": call, "parentSpanId": entry, "kind": 3, **within})
            above = call
    return {"resourceSpans": [resource(one, scopeSpans=[{"spans": spans}]) for one, spans in resources.items()]}


def trace(
    world: World, at: float, spent: Spent, chain: Sequence[str] = SHOP, gap: float = 0.0, number: int = 10
) -> None:
    send(world, at + 30, "/v1/traces", traced(at, spent, chain, gap, number))


def log(world: World, at: float, said: Said) -> None:
    resources = [
        resource(
            service,
            scopeLogs=[
                {
                    "logRecords": [
                        {"timeUnixNano": nanos(at + 1), "severityText": "INFO", "body": {"stringValue": text}}
                        for text, number in texts.items()
                        for _ in range(number)
                    ]
                }
            ],
        )
        for service, texts in said.items()
    ]
    send(world, at + 30, "/v1/logs", {"resourceLogs": resources})


def gauge(world: World, at: float, **cpu: float) -> None:
    resources = [
        resource(
            service,
            scopeMetrics=[
                {
                    "metrics": [
                        {"name": "cpu", "gauge": {"dataPoints": [{"timeUnixNano": nanos(at), "asDouble": value}]}}
                    ]
                }
            ],
        )
        for service, value in cpu.items()
    ]
    send(world, at + 30, "/v1/metrics", {"resourceMetrics": resources})


def a_calm_shop(world: World) -> None:
    world.topology(CHAIN)
    for minute in range(MINUTES):
        trace(world, minute * 60, {one: seconds * (1 + minute % 3 / 100) for one, seconds in CALM.items()})
        log(world, minute * 60, USUAL)
        gauge(world, minute * 60, web=20 + minute % 3, api=20 + minute % 2, db=30 + minute % 3)


def it_goes_on(world: World, spent: Spent, said: Said) -> float:
    """Two minutes more, with an alert of web at the end; return when to look."""
    for minute in (MINUTES, MINUTES + 1):
        trace(world, minute * 60, {**CALM, **spent})
        log(world, minute * 60, {**USUAL, **said})
        gauge(world, minute * 60, web=21, api=20, db=31)
    end = (MINUTES + 2) * 60
    world.at(end - 5).alert("web", "users complain")
    return end + 30


def test_who_spends_the_time_in_itself_is_named_though_its_callers_are_slower(world: World) -> None:
    a_calm_shop(world)
    at = it_goes_on(world, {"api": 2.0}, {})
    incident = world.expect(at=at).incident(root_cause="api", because="api spends 2 s of a request in itself")
    assert not incident.abstained
    assert incident.candidates[0].path == ("api", "web")


def test_who_logs_no_more_what_it_always_did_is_named(world: World) -> None:
    a_calm_shop(world)
    at = it_goes_on(world, {}, {"api": {"order received": 18, "stock asked": 18}})
    incident = world.expect(at=at).incident(
        root_cause="api", because="api no longer logs 'row written to table orders'"
    )
    assert not incident.abstained


def test_who_logs_what_it_never_did_is_named(world: World) -> None:
    a_calm_shop(world)
    at = it_goes_on(world, {}, {"db": {**USUAL["db"], "deadlock found, victim chosen": 15}})
    incident = world.expect(at=at).incident(root_cause="db", because="db logs what it never did before")
    assert not incident.abstained


def test_what_logs_and_spans_say_of_a_node_adds_up(world: World) -> None:
    a_calm_shop(world)
    slow_and_silent = {"order received": 18, "stock asked": 18}
    at = it_goes_on(world, {"api": 2.0}, {"api": slow_and_silent})
    first = world.expect(at=at).incident(root_cause="api").candidates[0]
    texts = " ".join(reason.text for reason in first.evidence)
    assert "api spends 2 s of a request in itself" in texts
    assert "api no longer logs 'row written to table orders'" in texts


def test_the_operation_is_told_in_which_most_of_the_extra_time_is(world: World) -> None:
    a_calm_shop(world)
    at = it_goes_on(world, {"api": 2.0}, {})
    first = world.expect(at=at).incident(root_cause="api").candidates[0]
    assert [reason.text for reason in first.evidence if "operation" in reason.evidence] == [
        "most of the extra time (100%) is in 'serve api' of api: 2 s of a request, 0.1 s before"
    ]


def lost_before_db(world: World) -> float:
    """Nobody spends more time in itself: api waits two seconds longer for db than db takes."""
    a_calm_shop(world)
    for minute in (MINUTES, MINUTES + 1):
        trace(world, minute * 60, CALM, gap=2.0)
    world.at((MINUTES + 2) * 60 - 5).alert("web", "users complain")
    return (MINUTES + 2) * 60 + 30


def test_time_that_is_lost_between_two_is_told_of_the_one_called(world: World) -> None:
    at = lost_before_db(world)
    incident = world.expect(at=at).incident(root_cause="db", because="api waits 2 s longer for db than db takes")
    assert not incident.abstained


def no_call_of_db(world: World) -> float:
    """Web and api are asked as ever, and db no more."""
    world.topology(CHAIN)
    for minute in range(MINUTES + 2):
        chain = SHOP if minute < MINUTES else SHOP[:2]
        trace(world, minute * 60, CALM, chain, number=30)
    world.at((MINUTES + 2) * 60 - 5).alert("web", "users complain")
    return (MINUTES + 2) * 60 + 30


def test_calls_that_no_longer_come_are_told_of_the_one_called(world: World) -> None:
    at = no_call_of_db(world)
    text = "db usually gets 30 calls a minute from api, none for 2 minutes"
    incident = world.expect(at=at).incident(root_cause="db", because=text)
    assert not incident.abstained


def test_each_instance_sends_its_own_spans_and_they_add_up(world: World) -> None:
    """One of two instances, which serves a quarter of the requests, becomes slow; each sends its own deliveries."""
    world.topology(CHAIN)
    for minute in range(MINUTES + 2):
        late = {**CALM, "api": 4.1} if minute >= MINUTES else CALM
        trace(world, minute * 60, CALM, number=30)
        trace(world, minute * 60 + 1, late, number=10)
    world.at((MINUTES + 2) * 60 - 5).alert("web", "users complain")
    incident = world.expect(at=(MINUTES + 2) * 60 + 30).incident(root_cause="api")
    assert "api spends 1.1 s of a request in itself, 0.1 s before" in incident.candidates[0].evidence[0].text
    assert incident.impact.traffic is not None
    assert incident.impact.traffic.usual == 40  # not 20, as if the two told of the same requests


@pytest.mark.parametrize("traffic", [0.5, 1, 2])
def test_where_nothing_is_otherwise_than_before_nobody_is_named(world: World, traffic: float) -> None:
    a_calm_shop(world)
    said = {one: {text: round(number * traffic) for text, number in texts.items()} for one, texts in USUAL.items()}
    at = it_goes_on(world, {}, said)
    assert world.expect(at=at).incident().abstained
