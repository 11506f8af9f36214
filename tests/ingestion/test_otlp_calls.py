"""A collector's service graph says of services what their spans say."""

from typing import Any

import msgspec
import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from aiops.domain.entries import Delivery
from aiops.domain.events import Event, EventKind
from correlation.causes.operations import Operations
from correlation.causes.own import spent
from correlation.causes.series import SELF, Metrics
from ingestion.sources import registry
from tests.builders import at
from tests.correlation.rig import a_graph

DELTA, CUMULATIVE = 1, 2
MINUTE = 60


def read(body: bytes, path: str = "/v1/metrics", content_type: str = "application/json") -> tuple[Event, ...]:
    parsed = registry.parse(Delivery(source="otlp", body=body, content_type=content_type, query={"path": path}), at(0))
    assert not parsed.problems
    return parsed.events


def graph(*calls: tuple[str, str, int, float], seconds: int = 60, temporality: int = DELTA) -> dict[str, Any]:
    """Of each pair: how many calls, how many seconds in all, as the one called and the caller saw them."""

    def points(**value: Any) -> dict[str, Any]:
        return {"timeUnixNano": str(seconds * 10**9), **value}

    def ends(client: str, server: str) -> list[dict[str, Any]]:
        return [{"key": key, "value": {"stringValue": name}} for key, name in (("client", client), ("server", server))]

    total = [points(attributes=ends(one, two), asInt=str(number)) for one, two, number, _ in calls]
    took = [points(attributes=ends(one, two), count=str(number), sum=took) for one, two, number, took in calls]
    said: list[dict[str, Any]] = [
        {"name": "total", "sum": {"dataPoints": total, "isMonotonic": True, "aggregationTemporality": temporality}},
        {"name": "server_seconds", "histogram": {"dataPoints": took, "aggregationTemporality": temporality}},
        {"name": "client_seconds", "histogram": {"dataPoints": took, "aggregationTemporality": temporality}},
    ]
    named = [{**one, "name": f"traces_service_graph_request_{one['name']}"} for one in said]
    return {"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"metrics": named}]}]}


def traces(minute: int, took: float, inside: float) -> dict[str, Any]:
    """Four requests of a user to web, each with a call of api in it; both seconds are of one request."""
    start = minute * MINUTE * 10**9
    resources: dict[str, list[dict[str, Any]]] = {"web": [], "api": []}
    for number in range(4):
        ids = [f"{minute:04x}{number}{place}" for place in "abc"]
        for service, span, parent, kind, seconds in (
            ("web", ids[0], "", 2, took),
            ("web", ids[1], ids[0], 3, inside),
            ("api", ids[2], ids[1], 2, inside),
        ):
            end = str(start + round(seconds * 1e9))
            times = {"startTimeUnixNano": str(start), "endTimeUnixNano": end}
            resources[service].append({"spanId": span, "parentSpanId": parent, "kind": kind, **times})
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                "scopeSpans": [{"spans": spans}],
            }
            for service, spans in resources.items()
        ]
    }


def told(events: tuple[Event, ...]) -> dict[tuple[str, str, str], dict[float, float]]:
    """What is told of whom, whatever the order."""
    return {
        (one.labels["service"], one.title, str(one.facts.get("callee", ""))): {
            when: round(value, 6) for when, value in one.points
        }
        for one in events
    }


def test_both_doors_tell_the_same_of_the_same_calls() -> None:
    of_spans = read(msgspec.json.encode(traces(1, 0.5, 0.3)), "/v1/traces")
    of_graph = read(msgspec.json.encode(graph(("user", "web", 4, 2.0), ("web", "api", 4, 1.2))))
    assert told(of_spans) == told(of_graph)
    assert {one.kind for one in (*of_spans, *of_graph)} == {EventKind.TRACE}


def test_both_doors_lead_to_the_same_testimony() -> None:
    def said(by_spans: bool) -> list[tuple[str, float, str]]:
        metrics = Metrics()
        for minute in range(30):
            took = (0.5 if minute < 28 else 4.5) + minute % 3 / 1000
            pairs = (("user", "web", 4, 4 * took), ("web", "api", 4, 1.2))
            body = traces(minute, took, 0.3) if by_spans else graph(*pairs, seconds=minute * MINUTE)
            for event in read(msgspec.json.encode(body), "/v1/traces" if by_spans else "/v1/metrics"):
                if not event.facts:
                    metrics.put(event.labels["service"], event.title, event.points)
        found = spent(metrics, Operations(), ["web"], a_graph(web="api"), 28 * MINUTE, 29 * MINUTE + 59)
        return [(one.node, round(one.odds, 6), one.reasons[0].text) for one in found]

    assert said(by_spans=True) == said(by_spans=False)
    assert [node for node, _, _ in said(by_spans=True)] == ["web"]


def test_counters_since_the_collector_began_are_told_as_such() -> None:
    metrics = Metrics()
    for minute in range(4):
        pairs = (("user", "web", 10 * minute, 5.0 * minute), ("web", "api", 10 * minute, 2.0 * minute))
        for event in read(msgspec.json.encode(graph(*pairs, seconds=minute * MINUTE, temporality=CUMULATIVE))):
            title = f"{event.title} {event.facts['callee']}" if "callee" in event.facts else event.title
            metrics.put(event.labels["service"], title, event.points, cumulative=bool(event.facts["cumulative"]))
    window = metrics.windows("web", 0, 600, 0)[SELF]
    assert list(window.values) == pytest.approx([0.3, 0.3, 0.3])
    assert metrics.course("web", "spans.calls api", 0, 600) == {60.0: 10.0, 120.0: 10.0, 180.0: 10.0}


def test_protobuf_says_the_same() -> None:
    body = graph(("user", "web", 4, 2.0))
    raw = ParseDict(body, ExportMetricsServiceRequest()).SerializeToString()
    assert told(read(raw, content_type="application/x-protobuf")) == told(read(msgspec.json.encode(body)))


def test_callers_that_send_no_spans_are_no_services() -> None:
    found = read(msgspec.json.encode(graph(("user", "web", 4, 2.0), ("", "web", 1, 0.5), ("unknown", "web", 1, 0.5))))
    assert {one.labels["service"] for one in found} == {"web"}
    assert dict(next(one.points for one in found if one.title == "spans.requests")) == {60.0: 6.0}
    assert not [one for one in found if "callee" in one.facts]


def test_where_callers_do_not_tell_their_time_it_is_that_of_the_called() -> None:
    body = graph(("user", "web", 4, 2.0), ("web", "api", 4, 1.2))
    body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].pop()
    away = {one.labels["service"]: one.points for one in read(msgspec.json.encode(body)) if one.title == "spans.away"}
    assert away == {"web": ((60.0, 1.2),), "api": ((60.0, 0.0),)}
