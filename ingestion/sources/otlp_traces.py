"""What do spans over OTLP/HTTP say? How often each service was called, how long that took, what failed; by whom."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from aiops.domain.events import Event, EventKind
from ingestion.reading import fields
from ingestion.reading.times import stamp

MINUTE = 60.0  # seconds: calls that began within one are one point
ENTRIES = ("SPAN_KIND_SERVER", "SPAN_KIND_CONSUMER", "2", "5", "2.0", "5.0")  # kinds by which a service is entered
LEAVES = ("SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "3", "4", "3.0", "4.0")  # kinds by which another one is called
WAITS = ("SPAN_KIND_CLIENT", "3", "3.0")  # kinds during which a service waits for another one
PEER = "peer.service"  # attribute that names the one called
FAILED = ("STATUS_CODE_ERROR", "2", "2.0")

Where = Mapping[str, str]


class _Calls:
    """The calls of one service that began in one minute."""

    def __init__(self) -> None:
        self.number = 0
        self.failed = 0
        self.seconds = 0.0
        self.away = 0.0  # of these, spent in waiting for others


def events(resource: object, where: Where, source: str, received_at: datetime) -> Iterator[Event]:
    """Yield four trace Events per service: its calls, their seconds, those of waiting for others, how many failed."""
    minutes: dict[float, _Calls] = {}
    for span in _spans(resource):
        _count(span, minutes)
    if minutes:
        yield from _events(minutes, where, source, received_at)


def callers(traced: Iterable[tuple[object, Where]]) -> dict[str, str]:
    """Return the service of each span of the delivery that does not name itself whom it calls."""
    return {
        fields.text_of(fields.dig(span, "spanId")): where["service"]
        for resource, where in traced
        if "service" in where
        for span in _spans(resource)
        if not _peer(span)
    }


def calls(
    resource: object, where: Where, callers: Mapping[str, str], source: str, received_at: datetime
) -> Iterator[Event]:
    """Yield a trace Event per pair of services that spans tell of, with the calls of each minute.

    A span that leaves names whom it calls; one that enters has its caller in ``callers``, by the span above it.
    """
    minutes: dict[tuple[str, str], Counter[float]] = {}
    own = where.get("service", "")
    for span in _spans(resource):
        start = fields.number_of(fields.dig(span, "startTimeUnixNano"))
        pair = (own, _peer(span)) if _peer(span) else (callers.get(_above(span), ""), own)
        if start is not None and all(pair) and pair[0] != pair[1]:
            minutes.setdefault(pair, Counter())[start / 1e9 // MINUTE * MINUTE] += 1
    for (caller, callee), points in minutes.items():
        yield Event(
            kind=EventKind.TRACE,
            source=source,
            received_at=received_at,
            occurred_at=stamp(max(points), received_at),
            title="spans.calls",
            labels={**(where if caller == own else {}), "service": caller},
            facts={"callee": callee},
            points=tuple((at, float(number)) for at, number in sorted(points.items())),
        )


def _above(span: object) -> str:
    entered = fields.text_of(fields.dig(span, "kind")) in ENTRIES
    return fields.text_of(fields.dig(span, "parentSpanId")) if entered else ""


def _peer(span: object) -> str:
    if fields.text_of(fields.dig(span, "kind")) not in LEAVES:
        return ""
    named = (one for one in _list(span, "attributes") if fields.dig(one, "key") == PEER)
    return next((fields.text_of(fields.dig(one, "value.stringValue")) for one in named), "")


def _spans(resource: object) -> Iterator[object]:
    for scope in _list(resource, "scopeSpans"):
        yield from _list(scope, "spans")


def _count(span: object, minutes: dict[float, _Calls]) -> None:
    """Count a span by which the service was entered, or in which it waits; what else it does is part of the former."""
    start, end = (fields.number_of(fields.dig(span, name)) for name in ("startTimeUnixNano", "endTimeUnixNano"))
    kind = fields.text_of(fields.dig(span, "kind"))
    entry = kind in ENTRIES or not fields.text_of(fields.dig(span, "parentSpanId"))
    if start is None or end is None or not (entry or kind in WAITS):
        return
    calls, seconds = minutes.setdefault(start / 1e9 // MINUTE * MINUTE, _Calls()), max(0.0, end - start) / 1e9
    calls.away += seconds if kind in WAITS else 0.0
    if not entry:
        return
    calls.number += 1
    calls.seconds += seconds
    calls.failed += fields.text_of(fields.dig(span, "status.code")) in FAILED


def _events(minutes: Mapping[float, _Calls], where: Where, source: str, received_at: datetime) -> Iterator[Event]:
    said = {
        "spans.requests": {at: float(calls.number) for at, calls in minutes.items()},
        "spans.seconds": {at: calls.seconds for at, calls in minutes.items()},
        "spans.away": {at: calls.away for at, calls in minutes.items()},
        "spans.errors": {at: float(calls.failed) for at, calls in minutes.items()},
    }
    for name, points in said.items():
        yield Event(
            kind=EventKind.TRACE,
            source=source,
            received_at=received_at,
            occurred_at=stamp(max(points), received_at),
            title=name,
            labels=dict(where),
            points=tuple(sorted(points.items())),
        )


def _list(tree: object, path: str) -> list[object]:
    found = fields.dig(tree, path)
    return found if isinstance(found, list) else []
