"""What do metrics over OTLP/HTTP say? One observation a series: its name, where it was measured, its points."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from aiops.domain.events import Event, EventKind
from ingestion.reading import fields
from ingestion.reading.times import stamp

MOST_POINTS = 100_000  # of one delivery that are read; the sender's batches are far smaller
CUMULATIVE = ("AGGREGATION_TEMPORALITY_CUMULATIVE", "2", "2.0")
GRAPH = "traces_service_graph_request_"

Where = Mapping[str, str]


class _Series(NamedTuple):
    name: str
    points: dict[float, list[float]]  # seconds since 1970 -> the values of all attribute sets
    summed: bool  # several attribute sets add up; else their mean counts
    cumulative: bool


def events(resource: object, where: Where, source: str, received_at: datetime) -> Iterator[Event]:
    """Yield one metric Event per series; attribute sets of one metric and service become one series."""
    for scope in _list(resource, "scopeMetrics"):
        for metric in _list(scope, "metrics"):
            if is_graph(metric):
                continue  # told of pairs of services: otlp_calls
            for series in _series(metric):
                if series.points:
                    yield _event(series, where, source, received_at)


def _series(metric: object) -> Iterator[_Series]:
    name = fields.first_of(metric, ("name",))
    for kind, summed in (("gauge", False), ("sum", True)):
        points = _list(metric, f"{kind}.dataPoints")
        if name and points:
            growing = kind == "sum" and cumulative(metric, kind) and bool(fields.dig(metric, "sum.isMonotonic"))
            yield _Series(name, _gather(points, ("asDouble", "asInt")), summed, growing)
    for kind in ("histogram", "exponentialHistogram", "summary"):
        points = _list(metric, f"{kind}.dataPoints")
        if name and points:
            growing = kind == "summary" or cumulative(metric, kind)
            yield _Series(f"{name}.count", _gather(points, ("count",)), True, growing)
            yield _Series(f"{name}.sum", _gather(points, ("sum",)), True, growing)


def is_graph(metric: object) -> bool:
    """Is it one of those that a collector makes of spans for each pair of services?"""
    return fields.first_of(metric, ("name",)).startswith(GRAPH)


def cumulative(metric: object, kind: str) -> bool:
    """Do its numbers grow since the sender began? Else each stands for the time since the one before."""
    return fields.text_of(fields.dig(metric, f"{kind}.aggregationTemporality")) in CUMULATIVE


def _gather(points: list[object], names: tuple[str, ...]) -> dict[float, list[float]]:
    found: dict[float, list[float]] = {}
    for point in points[:MOST_POINTS]:
        nanos = fields.number_of(fields.dig(point, "timeUnixNano"))
        value = next((v for name in names if (v := fields.number_of(fields.dig(point, name))) is not None), None)
        if nanos is not None and value is not None:
            found.setdefault(round(nanos / 1e9, 3), []).append(value)
    return found


def _event(series: _Series, where: Where, source: str, received_at: datetime) -> Event:
    points = tuple(
        (at, sum(values) if series.summed else sum(values) / len(values))
        for at, values in sorted(series.points.items())
    )
    return Event(
        kind=EventKind.METRIC,
        source=source,
        received_at=received_at,
        occurred_at=stamp(points[-1][0], received_at),
        title=series.name,
        labels=dict(where),
        facts={"cumulative": True} if series.cumulative else {},
        points=points,
    )


def _list(tree: object, path: str) -> list[object]:
    found = fields.dig(tree, path)
    return found if isinstance(found, list) else []
