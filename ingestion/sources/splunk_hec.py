"""What do senders to Splunk's HTTP Event Collector say, in our words? Log lines; tasks from Ansible's callback."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Parsed
from ingestion.reading import fields, shape
from ingestion.reading.documents import documents
from ingestion.reading.logline import level_of, line
from ingestion.reading.times import moment
from ingestion.sources import ansible

NAME = "splunk_hec"

_MESSAGE = ("message", "msg", "log", "text", "body", "_raw", "line")
_LEVEL = ("level", "severity", "log.level", "loglevel", "levelname")
_SERVICE = ("service", "service.name", "app", "application", "logger")


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per posted event, of as many JSON values as the body holds; ``raw`` posts are lines."""
    found = documents(delivery.body, delivery.content_type)
    if all(isinstance(part, str) for part in found):
        found = [{"event": text} for part in found for text in str(part).splitlines() if text.strip()]

    def read(posted: object, place: str) -> Event:
        if not isinstance(posted, Mapping) or posted.get("event") in (None, ""):
            raise BadInput("no event", place=place, fix='send {"event": ...}')
        told = posted["event"]
        if isinstance(told, Mapping) and "ansible_task" in told:
            return shape.event(told, ansible.TASK, delivery.source, received_at)
        return _line(posted, told, delivery.source, received_at)

    return fields.each("", found, read)


def _line(posted: Mapping[str, object], told: object, source: str, received_at: datetime) -> Event:
    labels = fields.labels_of(posted.get("fields"))
    for name in ("host", "source", "sourcetype", "index"):
        if text := fields.first_of(posted, (name,)):
            labels.setdefault(name, text)
    if service := fields.first_of(told, _SERVICE) or fields.first_of(labels, _SERVICE):
        labels["service"] = service
    message = fields.text_of(told) or fields.first_of(told, _MESSAGE) or msgspec.json.encode(told).decode()
    level = level_of(fields.first_of(told, _LEVEL) or fields.first_of(labels, _LEVEL))
    at = moment(posted.get("time"), received_at)
    event = line(source, received_at, message, level=level, at=at, labels=labels)
    return msgspec.structs.replace(event, raw=dict(told)) if isinstance(told, Mapping) else event
