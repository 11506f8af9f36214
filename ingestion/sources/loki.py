"""What do pushes to Loki's API say, in our words? Streams with labels, and lines with their times in nanoseconds."""

from collections.abc import Iterator
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Parsed
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.reading.logline import level_of, line
from ingestion.reading.times import moment

NAME = "loki"

_LEVEL = ("level", "severity", "detected_level", "severity_text", "lvl")
_SERVICE = ("service", "service_name", "app", "application", "job", "container")


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one log Event per line; the stream's labels are its labels, with structured metadata beside them."""
    found = documents(delivery.body, delivery.content_type)
    if any(isinstance(tree, bytes) for tree in found):
        raise BadInput("protobuf, which is not read", place="body", fix="have the client push JSON")
    return Parsed(events=tuple(event for tree in found for event in _events(tree, delivery.source, received_at)))


def _events(tree: object, source: str, received_at: datetime) -> Iterator[Event]:
    streams = fields.dig(tree, "streams")
    for stream in streams if isinstance(streams, list) else []:
        labels = fields.labels_of(fields.dig(stream, "stream"))
        values = fields.dig(stream, "values")
        for value in values if isinstance(values, list) else []:
            if isinstance(value, list) and len(value) >= 2:
                yield _event(value, dict(labels), source, received_at)


def _event(value: list[object], labels: dict[str, str], source: str, received_at: datetime) -> Event:
    labels |= fields.labels_of(value[2]) if len(value) > 2 else {}
    if service := fields.first_of(labels, _SERVICE):
        labels["service"] = service
    level = level_of(fields.first_of(labels, _LEVEL))
    at = moment(value[0], received_at)
    return line(source, received_at, fields.text_of(value[1]), level=level, at=at, labels=labels)
