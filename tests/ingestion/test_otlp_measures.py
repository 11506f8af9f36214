"""Metrics and spans over OTLP, as JSON and as protobuf."""

from typing import Any

import msgspec
import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from aiops.domain.entries import Delivery
from aiops.domain.events import Event, EventKind
from ingestion.sources import registry
from tests.builders import at

SERVICE = {"attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]}


def metrics(*said: dict[str, Any]) -> dict[str, Any]:
    return {"resourceMetrics": [{"resource": SERVICE, "scopeMetrics": [{"metrics": list(said)}]}]}


def spans(*said: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": SERVICE, "scopeSpans": [{"spans": list(said)}]}]}


def point(seconds: int, **value: Any) -> dict[str, Any]:
    return {"timeUnixNano": str(seconds * 10**9), **value}


def read(body: bytes, path: str, content_type: str = "application/json") -> tuple[Event, ...]:
    delivery = Delivery(source="otlp", body=body, content_type=content_type, query={"path": path})
    parsed = registry.parse(delivery, at(0))
    assert not parsed.problems
    return parsed.events


def test_a_gauge_is_one_observation_with_its_points() -> None:
    body = metrics({"name": "cpu", "gauge": {"dataPoints": [point(60, asDouble=2.5), point(0, asInt="1")]}})
    (event,) = read(msgspec.json.encode(body), "/v1/metrics")
    assert (event.kind, event.title, event.labels) == (EventKind.METRIC, "cpu", {"service": "web"})
    assert event.points == ((0.0, 1.0), (60.0, 2.5))


def test_protobuf_says_the_same() -> None:
    body = metrics({"name": "cpu", "gauge": {"dataPoints": [point(60, asDouble=2.5)]}})
    raw = ParseDict(body, ExportMetricsServiceRequest()).SerializeToString()
    (event,) = read(raw, "/v1/metrics", "application/x-protobuf")
    assert event.points == ((60.0, 2.5),)


def test_attribute_sets_of_a_counter_add_up_and_of_a_gauge_are_averaged() -> None:
    points = [point(60, asDouble=2.0), point(60, asDouble=4.0)]
    counter = {"dataPoints": points, "isMonotonic": True, "aggregationTemporality": 2}
    body = metrics({"name": "hits", "sum": counter}, {"name": "heat", "gauge": {"dataPoints": points}})
    hits, heat = read(msgspec.json.encode(body), "/v1/metrics")
    assert (hits.points, hits.facts) == (((60.0, 6.0),), {"cumulative": True})
    assert (heat.points, heat.facts) == (((60.0, 3.0),), {})


def test_a_histogram_is_a_count_and_a_sum() -> None:
    histogram = {"dataPoints": [point(60, count="4", sum=2.0)], "aggregationTemporality": 1}
    found = read(msgspec.json.encode(metrics({"name": "duration", "histogram": histogram})), "/v1/metrics")
    assert [(event.title, event.points) for event in found] == [
        ("duration.count", ((60.0, 4.0),)),
        ("duration.sum", ((60.0, 2.0),)),
    ]


def test_spans_by_which_a_service_is_entered_tell_its_calls_their_time_and_failures() -> None:
    def span(kind: int, seconds: float, code: int = 0, parent: str = "aa") -> dict[str, Any]:
        end = str(round((60 + seconds) * 1e9))
        times = {"startTimeUnixNano": str(60 * 10**9), "endTimeUnixNano": end}
        return {"kind": kind, "parentSpanId": parent, "status": {"code": code}, **times}

    body = spans(span(2, 1.0), span(2, 3.0, code=2), span(3, 9.0))  # the last one is a call that it makes itself
    raw = ParseDict(body, ExportTraceServiceRequest()).SerializeToString()
    for found in (
        read(msgspec.json.encode(body), "/v1/traces"),
        read(raw, "/v1/traces", "application/x-protobuf"),
    ):
        assert {event.title: event.points for event in found} == {
            "spans.requests": ((60.0, 2.0),),
            "spans.seconds": ((60.0, 4.0),),
            "spans.away": ((60.0, 9.0),),
            "spans.errors": ((60.0, 1.0),),
        }
        assert {event.kind for event in found} == {EventKind.TRACE}


def test_numbers_that_are_none_are_left_out() -> None:
    body = metrics({"name": "cpu", "gauge": {"dataPoints": [point(60, asDouble="NaN"), point(61), {}]}})
    assert read(msgspec.json.encode(body), "/v1/metrics") == ()


@pytest.mark.parametrize("unset", [0, 1, 2**62])
def test_a_time_that_is_unset_is_that_of_the_receipt(unset: int) -> None:
    said = {"timeUnixNano": str(unset), "asDouble": 1.0}
    spent = {"startTimeUnixNano": str(unset), "endTimeUnixNano": str(unset + 10), "kind": 2}
    found = (
        *read(msgspec.json.encode(metrics({"name": "cpu", "gauge": {"dataPoints": [said]}})), "/v1/metrics"),
        *read(msgspec.json.encode(spans(spent)), "/v1/traces"),
    )
    assert len(found) > 1
    assert {event.occurred_at for event in found} == {at(0)}
