"""What do spans over OTLP/HTTP say of a service? How often it was called, how long that took, in what; what failed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from aiops.domain.events import Event, EventKind
from aiops.domain.reasons import Evidence
from ingestion.reading import fields
from ingestion.reading.times import stamp

MINUTE = 60.0  # seconds: calls that began within one are one point
ENTRIES = ("SPAN_KIND_SERVER", "SPAN_KIND_CONSUMER", "2", "5", "2.0", "5.0")  # kinds by which a service is entered
WAITS = ("SPAN_KIND_CLIENT", "3", "3.0")  # kinds during which a service waits for another one
FAILED = ("STATUS_CODE_ERROR", "2", "2.0")
MOST_OPERATIONS = 20  # of a service and delivery that are told apart: those in which most time is spent

LONGEST = 120  # characters of a name that are told

Where = Mapping[str, str]


class Lasted(NamedTuple):
    """When a span was, in seconds since 1970."""

    start: float
    end: float

    @property
    def minute(self) -> float:
        """In which minute did it begin?"""
        return self.start // MINUTE * MINUTE

    @property
    def seconds(self) -> float:
        """How long was it?"""
        return self.end - self.start


class _Calls:
    """The calls of one service that began in one minute."""

    def __init__(self) -> None:
        self.number = 0
        self.failed = 0
        self.seconds = 0.0
        self.away = 0.0  # of these, spent in waiting for others


def events(resource: object, where: Where, source: str, received_at: datetime) -> Iterator[Event]:
    """Yield trace Events of a service: its calls, their seconds, those of waiting for others, how many failed.

    And, by operation, the seconds that it spends in itself; ``operation`` says in which.
    """
    minutes: dict[float, _Calls] = {}
    for span in spans_of(resource):
        _count(span, minutes)
    if not minutes:
        return
    said: dict[str, Mapping[float, float]] = {
        "spans.requests": {at: float(calls.number) for at, calls in minutes.items()},
        "spans.seconds": {at: calls.seconds for at, calls in minutes.items()},
        "spans.away": {at: calls.away for at, calls in minutes.items()},
        "spans.errors": {at: float(calls.failed) for at, calls in minutes.items()},
    }
    for name, points in said.items():
        yield measured(name, points, where, source, received_at)
    for operation, points in _operations(resource).items():
        yield measured("spans.self", points, where, source, received_at, operation=operation)


def spans_of(resource: object) -> Iterator[object]:
    """Yield the spans of a resource."""
    for scope in listed(resource, "scopeSpans"):
        yield from listed(scope, "spans")


def kind_of(span: object) -> str:
    """Return the kind of a span, as the sender writes it."""
    return fields.text_of(fields.dig(span, "kind"))


def lasted(span: object) -> Lasted | None:
    """Return when the span was; None where it does not say so. One that ends before it begins lasted no time."""
    start, end = (fields.number_of(fields.dig(span, name)) for name in ("startTimeUnixNano", "endTimeUnixNano"))
    return None if start is None or end is None else Lasted(start / 1e9, max(start, end) / 1e9)


def listed(tree: object, path: str) -> list[object]:
    """Return the list that stands there; an empty one where none does."""
    found = fields.dig(tree, path)
    return found if isinstance(found, list) else []


def _count(span: object, minutes: dict[float, _Calls]) -> None:
    """Count a span by which the service was entered, or in which it waits; what else it does is part of the former."""
    time, kind = lasted(span), kind_of(span)
    entry = kind in ENTRIES or not fields.text_of(fields.dig(span, "parentSpanId"))
    if time is None or not (entry or kind in WAITS):
        return
    calls = minutes.setdefault(time.minute, _Calls())
    calls.away += time.seconds if kind in WAITS else 0.0
    if not entry:
        return
    calls.number += 1
    calls.seconds += time.seconds
    calls.failed += fields.text_of(fields.dig(span, "status.code")) in FAILED


def _operations(resource: object) -> dict[str, Mapping[float, float]]:
    """Return the seconds that the service spends in itself, by operation (the span's name) and minute.

    Of a span those count in which none that is below it ran, of those in the delivery. Beyond ``MOST_OPERATIONS`` the
    others are one, "".
    """
    below: dict[str, list[Lasted]] = {}
    named: list[tuple[str, str, Lasted]] = []
    for span in spans_of(resource):
        if (time := lasted(span)) is None:
            continue
        if parent := fields.text_of(fields.dig(span, "parentSpanId")):
            below.setdefault(parent, []).append(time)
        if kind_of(span) not in WAITS:
            named.append((fields.first_of(span, ("name",))[:LONGEST], fields.text_of(fields.dig(span, "spanId")), time))
    spent: dict[str, defaultdict[float, float]] = {}
    for name, key, time in named:
        if name and (seconds := _exclusive(time, below.get(key, []))) > 0:
            spent.setdefault(name, defaultdict(float))[time.minute] += seconds
    most = sorted(spent, key=lambda name: (-sum(spent[name].values()), name))
    found: dict[str, Mapping[float, float]] = {name: spent[name] for name in most[:MOST_OPERATIONS]}
    rest: defaultdict[float, float] = defaultdict(float)
    for name in most[MOST_OPERATIONS:]:
        for minute, seconds in spent[name].items():
            rest[minute] += seconds
    return {**found, "": rest} if rest else found


def _exclusive(own: Lasted, below: list[Lasted]) -> float:
    """Return the seconds of ``own`` in which none of those ``below`` ran."""
    left, covered = own.seconds, own.start
    for start, end in sorted(below):
        start, end = max(start, covered), min(end, own.end)
        if end > start:
            left, covered = left - (end - start), end
    return left


def measured(
    title: str, points: Mapping[float, float], where: Where, source: str, received_at: datetime, **facts: Evidence
) -> Event:
    """Return what spans tell of one node, or of one pair (``callee``), by the time: seconds since 1970 -> value."""
    return Event(
        kind=EventKind.TRACE,
        source=source,
        received_at=received_at,
        occurred_at=stamp(max(points, default=received_at.timestamp()), received_at),
        title=title,
        labels=dict(where),
        facts=facts,
        points=tuple((at, float(value)) for at, value in sorted(points.items())),
    )
