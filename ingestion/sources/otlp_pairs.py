"""What do spans say of two services, one of which calls the other? Its calls, the answers, what is lost between them.

A span that leaves a service may name whom it calls; one that enters has its caller above it, where that is in the same
delivery. A call is answered where both are there; its gap is what the caller waited beyond what the called one took.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from aiops.domain.events import Event
from ingestion.reading import fields
from ingestion.sources.otlp_traces import ENTRIES, LONGEST, WAITS, Where, kind_of, lasted, listed, measured, spans_of

LEAVES = (*WAITS, "SPAN_KIND_PRODUCER", "4", "4.0")  # kinds by which another one is called
PEER = "peer.service"  # attribute that names the one called

Traced = Iterable[tuple[object, Where]]


class _Above(NamedTuple):
    """A span that another one may be below."""

    service: str
    minute: float
    seconds: float
    waits: bool  # until the one called is done
    peer: str


class _Pair:
    """What spans tell of one caller and one called, by minute."""

    def __init__(self) -> None:
        self.calls: Counter[float] = Counter()
        self.answered: Counter[float] = Counter()
        self.gap: defaultdict[float, float] = defaultdict(float)


def events(traced: Traced, source: str, received_at: datetime) -> Iterator[Event]:
    """Yield trace Events per pair of services that the spans of one delivery tell of; ``callee`` says of whom."""
    held = list(traced)
    services: dict[str, Where] = {}
    for _, where in held:
        services.setdefault(where.get("service", ""), where)
    for (caller, callee), pair in _pairs(held).items():
        said: dict[str, Mapping[float, float]] = {
            "spans.calls": pair.calls,
            "spans.answered": pair.answered,
            "spans.gap": pair.gap,
        }
        for title, points in said.items():
            if points:
                yield measured(title, points, services[caller], source, received_at, callee=callee)


def _pairs(traced: Traced) -> dict[tuple[str, str], _Pair]:
    found: dict[tuple[str, str], _Pair] = {}
    above = _above(traced)
    for resource, where in traced:
        own = where.get("service", "")
        for span in spans_of(resource):
            time = lasted(span)
            if not own or time is None:
                continue
            over = above.get(fields.text_of(fields.dig(span, "parentSpanId"))) if kind_of(span) in ENTRIES else None
            if (peer := _peer(span)) and peer != own:
                found.setdefault((own, peer), _Pair()).calls[time.minute] += 1
            elif over and over.service != own:
                _meet(found.setdefault((over.service, over.peer or own), _Pair()), over, time.seconds)
    return found


def _meet(pair: _Pair, over: _Above, seconds: float) -> None:
    """A span of the one called is below one of its caller."""
    pair.calls[over.minute] += not over.peer  # else the caller's span was counted
    if over.waits:
        pair.answered[over.minute] += 1
        pair.gap[over.minute] += max(0.0, over.seconds - seconds)


def _above(traced: Traced) -> Mapping[str, _Above]:
    """Return the spans of the delivery by their ids."""
    found: dict[str, _Above] = {}
    for resource, where in traced:
        service = where.get("service", "")
        for span in spans_of(resource):
            if service and (time := lasted(span)):
                waits = kind_of(span) in WAITS
                key = fields.text_of(fields.dig(span, "spanId"))
                found[key] = _Above(service, time.minute, time.seconds, waits, _peer(span))
    return found


def _peer(span: object) -> str:
    if kind_of(span) not in LEAVES:
        return ""
    named = (one for one in listed(span, "attributes") if fields.dig(one, "key") == PEER)
    return next((fields.text_of(fields.dig(one, "value.stringValue"))[:LONGEST] for one in named), "")
