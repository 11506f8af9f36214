"""How are recorded metrics told over OTLP? As an ExportMetricsServiceRequest of gauges."""

from collections.abc import Iterable
from typing import Any

Point = tuple[str, str, float, float]  # service, metric, seconds since 1970, value


def gauges(points: Iterable[Point]) -> dict[str, Any]:
    """Return the request that says these points."""
    services: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for service, metric, at, value in points:
        point = {"timeUnixNano": str(round(at * 1e9)), "asDouble": value}
        services.setdefault(service, {}).setdefault(metric, []).append(point)
    return {"resourceMetrics": [_resource(service, metrics) for service, metrics in services.items()]}


def _resource(service: str, metrics: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    said = [{"name": name, "gauge": {"dataPoints": points}} for name, points in metrics.items()]
    attributes = [{"key": "service.name", "value": {"stringValue": service}}]
    return {"resource": {"attributes": attributes}, "scopeMetrics": [{"metrics": said}]}
