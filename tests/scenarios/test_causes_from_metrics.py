"""Stories in which what was measured says more than who alerted."""

import json

from aiops.domain.acts import ConfirmCause
from aiops.domain.entries import Delivery
from correlation.embedding import choose_embedder
from tests.scenarios.world import T0, World

HOUR = 3600


def measure(world: World, at: float, **latency: float) -> None:
    """Every service says its mean latency of the minute, and that it had 100 requests."""
    nanos = str(round((T0.timestamp() + at) * 1e9))
    resources = []
    for service, seconds in latency.items():
        said = [
            {"name": name, "gauge": {"dataPoints": [{"timeUnixNano": nanos, "asDouble": value}]}}
            for name, value in (("latency.mean", seconds), ("requests.sum", 100.0))
        ]
        attributes = [{"key": "service.name", "value": {"stringValue": service}}]
        resources.append({"resource": {"attributes": attributes}, "scopeMetrics": [{"metrics": said}]})
    body = json.dumps({"resourceMetrics": resources}).encode()
    world.add(at, Delivery(source="otlp", body=body, content_type="application/json", query={"path": "/v1/metrics"}))


def test_a_silent_database_is_found_by_the_seconds_that_it_adds(world: World) -> None:
    world.topology("web -> api -> db", "web -> cache")
    for minute in range(60):
        measure(world, minute * 60, web=0.3 + minute % 2 / 100, api=0.2 + minute % 2 / 100, db=0.1, cache=0.01)
    world.at(HOUR).alert("web", "latency is high")
    for minute in range(60, 64):
        measure(world, minute * 60 + 1, web=2.3, api=2.2, db=2.1, cache=0.01)
    incident = world.expect(at=HOUR + 300).incident(
        root_cause="db", because="db adds 100% of the extra seconds behind web"
    )
    assert not incident.abstained
    assert incident.candidates[0].path == ("db", "api", "web")


def test_an_alert_behind_which_nothing_moved_blames_nobody(world: World) -> None:
    world.topology("web -> api")
    for minute in range(64):
        measure(world, minute * 60, web=0.3 + minute % 2 / 100, api=0.2)
    world.at(HOUR).alert("web", "latency is high")
    assert world.expect(at=HOUR + 300).incident().abstained


def test_measurements_are_counted_and_not_stored(world: World) -> None:
    measure(world, 0, web=0.3)
    seen = world.expect(at=60)
    assert seen.events() == []
    seen.balanced()


def outages(world: World, confirmed: str) -> float:
    """Let the same three times happen to web and left, and return how likely web is called the last time.

    ``confirmed``: what a person said was the cause of the earlier ones; empty: nobody said anything.
    """
    world.topology("web -> left")
    said = (("left", "cpu is high"), ("web", "latency is high"))
    for begin in (0, 6 * HOUR, 12 * HOUR):
        for service, text in said:
            world.at(begin).alert(service, text)
        (incident,) = [one for one in world.expect(at=begin + 120).incidents if one.active]
        if confirmed and begin < 12 * HOUR:
            world.at(begin + 130).act(ConfirmCause(incident_id=incident.incident_id, entity=confirmed))
        for service, text in said:
            world.at(begin + 600).resolved(service, text, began=begin)
    return {one.entity: one.probability for one in incident.candidates}["web"]


def test_what_a_person_confirmed_counts_for_the_next_incident() -> None:
    nobody, web, left = (outages(World(choose_embedder("light")), who) for who in ("", "web", "left"))
    assert web > nobody + 0.02
    assert left <= nobody


def test_an_incident_says_how_many_requests_it_meets_and_what_is_busier_weighs_more(world: World) -> None:
    world.topology("web -> api", "batch -> queue")
    for minute in range(60):
        measure(world, minute * 60, web=0.3)
    world.at(HOUR).alert("web", "latency is high")
    world.at(HOUR + 1).alert("batch", "disk is full")
    for minute in range(60, 64):
        measure(world, minute * 60 + 1, web=2.3)
    seen = world.expect(at=HOUR + 300)
    web, batch = seen.incident(having="web"), seen.incident(having="batch")
    assert web.impact.text.startswith("about 100 requests/min are affected (web gets 100 now, 100 before)")
    assert any(reason.step == "impact" and "100 requests/min" in reason.text for reason in web.reasons)
    assert batch.impact.traffic is None
    assert web.weight > batch.weight
