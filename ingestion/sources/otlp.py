"""What do logs, metrics and spans over OTLP/HTTP say? Protobuf or JSON; both become the same tree before it is read."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Parsed, Problem
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.reading.logline import level_of, line
from ingestion.reading.times import moment
from ingestion.sources import otlp_calls, otlp_metrics, otlp_pairs, otlp_traces

NAME = "otlp"
LONGEST_LABEL = 256  # characters of an attribute that is kept as a label: a stack trace is none

_ZIPKIN = "/api/v2/spans"
_UNREAD = Problem(place="body", problem="no logs, metrics or spans of OTLP in it", fix="export these over OTLP/HTTP")
_REQUESTS: dict[str, type[Message]] = {
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "traces": ExportTraceServiceRequest,
}
_LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")  # severityNumber 1-4, 5-8, ...
_KNOWN = {
    "service.name": "service",
    "host.name": "host",
    "deployment.environment": "environment",
    "deployment.environment.name": "environment",
    "k8s.namespace.name": "namespace",
    "k8s.pod.name": "pod",
}


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per log record, metric series, or measure of a service's spans.

    Attributes of the resource say where; those of a log record become labels.
    """
    path = delivery.query.get("path", "")
    if path.endswith(_ZIPKIN):
        return Parsed(warnings=(_UNREAD,))
    kind = delivery.content_type.partition(";")[0].strip().lower()
    signal = path.rpartition("/")[2]
    trees = (
        [_protobuf(delivery.body, _REQUESTS.get(signal, ExportLogsServiceRequest))]
        if "protobuf" in kind
        else documents(delivery.body, delivery.content_type)
    )
    events = [event for tree in trees for event in _events(tree, delivery.source, received_at)]
    return Parsed(events=tuple(events), warnings=() if events else (_UNREAD,))


def _protobuf(body: bytes, kind: type[Message]) -> object:
    request = kind()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise BadInput(f"not protobuf: {error}", place="body", fix=f"send an {kind.__name__}") from error
    tree: object = MessageToDict(request, use_integers_for_enums=True)  # else severities are names
    return tree


def _events(tree: object, source: str, received_at: datetime) -> Iterator[Event]:
    for resource in _list(tree, "resourceLogs"):
        where = _where(resource)
        for scope in _list(resource, "scopeLogs"):
            logger = fields.first_of(scope, ("scope.name",))
            for record in _list(scope, "logRecords"):
                yield _event(record, {**where, "logger": logger}, source, received_at)
    for resource in _list(tree, "resourceMetrics"):
        yield from otlp_metrics.events(resource, _where(resource), source, received_at)
        yield from otlp_calls.events(resource, source, received_at)
    traced = [(resource, _where(resource)) for resource in _list(tree, "resourceSpans")]
    for resource, where in traced:
        yield from otlp_traces.events(resource, where, source, received_at)
    yield from otlp_pairs.events(traced, source, received_at)


def _where(resource: object) -> dict[str, str]:
    return {_KNOWN[name]: text for name, text in _attributes(resource, "resource.attributes") if name in _KNOWN}


def _event(record: object, where: Mapping[str, str], source: str, received_at: datetime) -> Event:
    number = int(fields.number_of(fields.dig(record, "severityNumber")) or 0)
    named = fields.first_of(record, ("severityText",))
    level = level_of(named) or (_LEVELS[min(number - 1, 23) // 4] if number > 0 else "")
    said = {name: text for name, text in _attributes(record, "attributes") if len(text) <= LONGEST_LABEL}
    times = (moment(fields.dig(record, name), received_at) for name in ("timeUnixNano", "observedTimeUnixNano"))
    at = next((time for time in times if time), None)
    body = _value(fields.dig(record, "body"))
    return line(source, received_at, body, level=level, at=at, labels={**said, **where})


def _list(tree: object, name: str) -> list[object]:
    found = fields.dig(tree, name)
    return found if isinstance(found, list) else []


def _attributes(tree: object, path: str) -> Iterator[tuple[str, str]]:
    for pair in _list(tree, path):
        name, text = fields.first_of(pair, ("key",)), _value(fields.dig(pair, "value"))
        if name and text:
            yield name, text


def _value(value: object) -> str:
    """An AnyValue as text: a map as ``a=1 b=2``, a list with commas."""
    if not isinstance(value, Mapping):
        return fields.text_of(value)
    if "kvlistValue" in value:
        return " ".join(f"{name}={text}" for name, text in _attributes(value, "kvlistValue.values"))
    if "arrayValue" in value:
        return ", ".join(_value(item) for item in _list(value, "arrayValue.values"))
    return next((fields.text_of(item) for item in value.values()), "")
