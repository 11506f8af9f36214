"""What do spans over OTLP/HTTP say? For each service how often it was called, how long that took and what failed."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from aiops.domain.events import Event, EventKind
from ingestion.reading import fields

MINUTE = 60.0  # seconds: calls that began within one are one point
ENTRIES = ("SPAN_KIND_SERVER", "SPAN_KIND_CONSUMER", "2", "5", "2.0", "5.0")  # kinds by which a service is entered
FAILED = ("STATUS_CODE_ERROR", "2", "2.0")

Where = Mapping[str, str]


class _Calls:
    """The calls of one service that began in one minute."""

    def __init__(self) -> None:
        self.number = 0
        self.failed = 0
        self.seconds = 0.0


def events(resource: object, where: Where, source: str, received_at: datetime) -> Iterator[Event]:
    """Yield three trace Events per service: its calls, their mean duration in seconds, and how many failed."""
    minutes: dict[float, _Calls] = {}
    for scope in _list(resource, "scopeSpans"):
        for span in _list(scope, "spans"):
            _count(span, minutes)
    if minutes:
        yield from _events(minutes, where, source, received_at)


def _count(span: object, minutes: dict[float, _Calls]) -> None:
    """Count a span by which the service was entered; what it does inside of itself is part of that."""
    start, end = (fields.number_of(fields.dig(span, name)) for name in ("startTimeUnixNano", "endTimeUnixNano"))
    entry = fields.text_of(fields.dig(span, "kind")) in ENTRIES or not fields.text_of(fields.dig(span, "parentSpanId"))
    if not entry or start is None or end is None:
        return
    calls = minutes.setdefault(start / 1e9 // MINUTE * MINUTE, _Calls())
    calls.number += 1
    calls.seconds += max(0.0, end - start) / 1e9
    calls.failed += fields.text_of(fields.dig(span, "status.code")) in FAILED


def _events(minutes: Mapping[float, _Calls], where: Where, source: str, received_at: datetime) -> Iterator[Event]:
    said = {
        "spans.requests": {at: float(calls.number) for at, calls in minutes.items()},
        "spans.latency.mean": {at: calls.seconds / calls.number for at, calls in minutes.items()},
        "spans.errors": {at: float(calls.failed) for at, calls in minutes.items()},
    }
    for name, points in said.items():
        yield Event(
            kind=EventKind.TRACE,
            source=source,
            received_at=received_at,
            occurred_at=min(datetime.fromtimestamp(max(points), UTC), received_at),
            title=name,
            labels=dict(where),
            points=tuple(sorted(points.items())),
        )


def _list(tree: object, path: str) -> list[object]:
    found = fields.dig(tree, path)
    return found if isinstance(found, list) else []
