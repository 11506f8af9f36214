"""How are recorded metrics, calls and logs told over OTLP?"""

from collections.abc import Iterable
from typing import Any

Point = tuple[str, str, float, float]  # service, metric, seconds since 1970, value


def gauges(points: Iterable[Point]) -> dict[str, Any]:
    """Return the ExportMetricsServiceRequest that says these points."""
    services: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for service, metric, at, value in points:
        point = {"timeUnixNano": str(round(at * 1e9)), "asDouble": value}
        services.setdefault(service, {}).setdefault(metric, []).append(point)
    return {"resourceMetrics": [_resource(service, metrics) for service, metrics in services.items()]}


def _resource(service: str, metrics: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    said = [{"name": name, "gauge": {"dataPoints": points}} for name, points in metrics.items()]
    attributes = [{"key": "service.name", "value": {"stringValue": service}}]
    return {"resource": {"attributes": attributes}, "scopeMetrics": [{"metrics": said}]}


def log_lines(lines: Iterable[tuple[str, str, str, float]]) -> dict[str, Any]:
    """Return the ExportLogsServiceRequest of lines: service, level, text, seconds since 1970."""
    services: dict[str, list[dict[str, Any]]] = {}
    for service, level, text, at in lines:
        record = {"timeUnixNano": str(round(at * 1e9)), "severityText": level, "body": {"stringValue": text}}
        services.setdefault(service, []).append(record)
    said = [{**_of(service), "scopeLogs": [{"logRecords": records}]} for service, records in services.items()]
    return {"resourceLogs": said}


def service_graph(at: float, calls: Iterable[tuple[str, str, float, float]]) -> dict[str, Any]:
    """Return what a collector's service graph says of a minute's calls: caller, callee, number, seconds in all."""
    pairs: dict[tuple[str, str], list[float]] = {}
    for caller, callee, number, seconds in calls:
        held = pairs.setdefault((caller, callee), [0.0, 0.0])
        held[0] += number
        held[1] += seconds
    totals, seconds_ = [], []
    for (caller, callee), (number, spent) in pairs.items():
        ends = (("client", caller), ("server", callee))
        attributes = [{"key": key, "value": {"stringValue": name}} for key, name in ends]
        point = {"timeUnixNano": str(round(at * 1e9)), "attributes": attributes}
        totals.append({**point, "asDouble": number})
        seconds_.append({**point, "count": str(round(number)), "sum": spent})
    delta = "AGGREGATION_TEMPORALITY_DELTA"
    graph = "traces_service_graph_request_"
    total = {"name": f"{graph}total", "sum": {"dataPoints": totals, "aggregationTemporality": delta}}
    server = {"name": f"{graph}server", "histogram": {"dataPoints": seconds_, "aggregationTemporality": delta}}
    return {"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"metrics": [total, server]}]}]}


def _of(service: str) -> dict[str, Any]:
    return {"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}}
