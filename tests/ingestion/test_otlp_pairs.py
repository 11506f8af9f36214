"""What do spans of a delivery tell of operations, and of services that call each other?"""

from typing import Any

import msgspec
import pytest

from aiops.domain.entries import Delivery
from aiops.domain.events import Event
from ingestion.sources import otlp_traces, registry
from tests.builders import at

SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


def span(
    key: str, above: str = "", *, kind: int = 1, start: float = 60.0, seconds: float = 1.0, **said: Any
) -> dict[str, Any]:
    times = {"startTimeUnixNano": str(round(start * 1e9)), "endTimeUnixNano": str(round((start + seconds) * 1e9))}
    return {"spanId": key, "parentSpanId": above, "kind": kind, **times, **said}


def peer(name: str) -> dict[str, Any]:
    return {"attributes": [{"key": "peer.service", "value": {"stringValue": name}}]}


def read(**services: list[dict[str, Any]]) -> tuple[Event, ...]:
    resources = [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
            "scopeSpans": [{"spans": spans}],
        }
        for service, spans in services.items()
    ]
    body = msgspec.json.encode({"resourceSpans": resources})
    parsed = registry.parse(
        Delivery(source="otlp", body=body, content_type="application/json", query={"path": "/v1/traces"}), at(0)
    )
    assert not parsed.problems
    return parsed.events


def operations(events: tuple[Event, ...]) -> dict[str, dict[float, float]]:
    return {str(one.facts["operation"]): dict(one.points) for one in events if "operation" in one.facts}


def pairs(events: tuple[Event, ...]) -> dict[tuple[str, str, str], dict[float, float]]:
    return {
        (one.labels["service"], str(one.facts["callee"]), one.title.removeprefix("spans.")): dict(one.points)
        for one in events
        if "callee" in one.facts
    }


def test_an_operation_spends_what_none_below_it_does() -> None:
    found = operations(
        read(
            shop=[
                span("a", kind=SERVER, seconds=3.0, name="PlaceOrder"),
                span("b", "a", start=60.5, seconds=1.0, name="price"),
                span("c", "a", start=61.0, seconds=1.0, name="price"),  # half of it beside the other one
                span("d", "a", kind=CLIENT, start=62.0, seconds=0.5, name="charge"),
            ]
        )
    )
    assert found == {"PlaceOrder": {60.0: 1.0}, "price": {60.0: 2.0}}  # waiting for others is nobody's own


def test_what_outlasts_the_span_above_it_takes_no_more_than_that_has() -> None:
    found = operations(read(shop=[span("a", name="x"), span("b", "a", start=60.5, seconds=9.0, name="y", kind=CLIENT)]))
    assert found == {"x": {60.0: 0.5}}


def test_beyond_the_twenty_largest_operations_the_others_are_one() -> None:
    most = otlp_traces.MOST_OPERATIONS
    spans = [span(f"{number}", kind=SERVER, seconds=1.0 + number, name=f"op {number:02}") for number in range(most + 2)]
    found = operations(read(shop=spans))
    assert len(found) == most + 1
    assert found[""] == {60.0: 3.0}  # 1 and 2
    assert "op 00" not in found


def test_a_span_without_name_or_time_is_no_operation() -> None:
    assert operations(read(shop=[span("a", kind=SERVER), {"spanId": "b", "name": "x", "kind": SERVER}])) == {}


def test_a_call_is_answered_where_both_its_spans_are_there_and_what_lies_between_is_its_gap() -> None:
    found = pairs(
        read(
            web=[span("a", kind=SERVER, seconds=3.0), span("b", "a", kind=CLIENT, seconds=2.5)],
            api=[span("c", "b", kind=SERVER, start=61.0, seconds=0.5)],
        )
    )
    assert found == {
        ("web", "api", "calls"): {60.0: 1.0},
        ("web", "api", "answered"): {60.0: 1.0},
        ("web", "api", "gap"): {60.0: 2.0},
    }


def test_a_call_that_names_whom_it_calls_counts_once_answered_or_not() -> None:
    asked = [span(key, "a", kind=CLIENT, **peer("api")) for key in ("b", "d")]
    found = pairs(read(web=[span("a", kind=SERVER), *asked], api=[span("c", "b", kind=SERVER, seconds=0.25)]))
    assert found[("web", "api", "calls")] == {60.0: 2.0}
    assert found[("web", "api", "answered")] == {60.0: 1.0}
    assert found[("web", "api", "gap")] == {60.0: 0.75}


def test_who_is_called_by_another_name_than_its_own_is_told_by_that_alone() -> None:
    found = pairs(read(web=[span("b", kind=CLIENT, **peer("api.prod"))], api=[span("c", "b", kind=SERVER)]))
    assert {callee for _, callee, _ in found} == {"api.prod"}


def test_a_clock_that_makes_the_called_take_longer_makes_no_gap_below_nothing() -> None:
    found = pairs(read(web=[span("b", kind=CLIENT, seconds=1.0)], api=[span("c", "b", kind=SERVER, seconds=4.0)]))
    assert found[("web", "api", "gap")] == {60.0: 0.0}


@pytest.mark.parametrize(("above", "below"), [(PRODUCER, CONSUMER), (1, SERVER)])
def test_who_does_not_wait_has_no_gap(above: int, below: int) -> None:
    found = pairs(read(web=[span("b", kind=above)], api=[span("c", "b", kind=below)]))
    assert found == {("web", "api", "calls"): {60.0: 1.0}}


def test_names_are_bounded() -> None:
    found = read(
        web=[span("a", kind=SERVER, name="x" * 999), span("b", "a", kind=CLIENT, seconds=0.5, **peer("y" * 999))]
    )
    assert set(operations(found)) == {"x" * 120}
    assert {callee for _, callee, _ in pairs(found)} == {"y" * 120}


def test_nobody_calls_itself() -> None:
    assert pairs(read(web=[span("a", kind=CLIENT, **peer("web")), span("b", "a", kind=SERVER)])) == {}
