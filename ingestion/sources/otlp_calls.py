"""What do a collector's metrics of calls between services say (its service graph connector)? The same as spans do.

The metrics are ``traces_service_graph_request_total``, ``.._failed_total``, ``.._server`` and ``.._client`` (seconds,
histograms; older releases append ``_seconds``), each by the attributes ``client`` and ``server``.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.events import Event
from aiops.domain.reasons import Evidence
from ingestion.reading import fields
from ingestion.sources.otlp_metrics import GRAPH, MOST_POINTS, cumulative, is_graph
from ingestion.sources.otlp_traces import measured

OUTSIDE = frozenset(("", "user", "unknown"))  # what a connector calls a caller that sends no spans

Points = dict[float, float]
Pair = tuple[str, str]  # client, server
Edges = dict[Pair, Points]


class _Told:
    """What one request to us tells of each pair."""

    def __init__(self) -> None:
        self.calls: Edges = {}
        self.failed: Edges = {}
        self.server: Edges = {}  # seconds, as the one called saw them
        self.client: Edges = {}  # seconds, as the caller saw them
        self.growing = False  # counters since the collector began, not since the last time


def events(resource: object, source: str, received_at: datetime) -> Iterator[Event]:
    """Yield trace Events as ``otlp_traces`` does: measures of each service, and of each pair."""
    told = _told(resource)
    for service, said in sorted(_services(told).items()):
        for title, points in said.items():
            yield _event(title, service, points, {}, told, source, received_at)
    for pair, points in told.calls.items():
        if pair[0] in OUTSIDE or pair[0] == pair[1]:
            continue
        client, facts = pair[0], {"callee": pair[1]}
        yield _event("spans.calls", client, points, facts, told, source, received_at)
        if pair in told.client and pair in told.server:
            gap = {at: seconds - told.server[pair].get(at, 0.0) for at, seconds in told.client[pair].items()}
            yield _event("spans.answered", client, points, facts, told, source, received_at)
            yield _event("spans.gap", client, gap, facts, told, source, received_at)


def _told(resource: object) -> _Told:
    told = _Told()
    for scope in _list(resource, "scopeMetrics"):
        for metric in _list(scope, "metrics"):
            if not is_graph(metric):
                continue
            name = fields.first_of(metric, ("name",)).removeprefix(GRAPH).removesuffix("_seconds")
            kind, value = ("sum", ("asDouble", "asInt")) if name.endswith("total") else ("histogram", ("sum",))
            edges = {"total": told.calls, "failed_total": told.failed, "server": told.server, "client": told.client}
            if name in edges:
                told.growing = told.growing or cumulative(metric, kind)
                for point in _list(metric, f"{kind}.dataPoints")[:MOST_POINTS]:
                    _add(edges[name], point, value)
    return told


def _add(edges: Edges, point: object, names: tuple[str, ...]) -> None:
    pairs = {fields.text_of(fields.dig(one, "key")): one for one in _list(point, "attributes")}
    client, server = (fields.text_of(fields.dig(pairs.get(one), "value.stringValue")) for one in ("client", "server"))
    nanos = fields.number_of(fields.dig(point, "timeUnixNano"))
    value = next((v for name in names if (v := fields.number_of(fields.dig(point, name))) is not None), None)
    if server and nanos is not None and value is not None:
        points = edges.setdefault((client, server), {})
        _sum(points, {round(nanos / 1e9, 3): value})


def _services(told: _Told) -> dict[str, dict[str, Points]]:
    """Return by service: its calls, their seconds, those in which it waited for others, how many failed."""
    found: dict[str, dict[str, Points]] = {}
    waits = told.client or told.server  # where callers' clocks are not told, the time of the one called
    inside = {pair: points for pair, points in waits.items() if pair[0] not in OUTSIDE and pair[0] != pair[1]}
    for (_, server), points in told.calls.items():
        found.setdefault(
            server, {name: {} for name in ("spans.requests", "spans.seconds", "spans.away", "spans.errors")}
        )
        zero = dict.fromkeys(points, 0.0)
        for name in ("spans.away", "spans.errors"):
            _sum(found[server][name], zero)
    for title, edges, end in (
        ("spans.requests", told.calls, 1),
        ("spans.seconds", told.server, 1),
        ("spans.errors", told.failed, 1),
        ("spans.away", inside, 0),
    ):
        for pair, points in edges.items():
            if pair[end] in found:
                _sum(found[pair[end]][title], points)
    return found


def _sum(into: Points, points: Mapping[float, float]) -> None:
    for at, value in points.items():
        into[at] = into.get(at, 0.0) + value


def _event(
    title: str,
    service: str,
    points: Points,
    facts: Mapping[str, Evidence],
    told: _Told,
    source: str,
    received_at: datetime,
) -> Event:
    growing: dict[str, Evidence] = {"cumulative": True} if told.growing else {}
    return measured(title, points, {"service": service}, source, received_at, **facts, **growing)


def _list(tree: object, path: str) -> list[object]:
    found = fields.dig(tree, path)
    return found if isinstance(found, list) else []
