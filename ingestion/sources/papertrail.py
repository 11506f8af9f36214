"""What does a saved search of Papertrail post, in our words? A batch of log lines."""

from collections.abc import Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Parsed
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.reading.logline import level_of, line
from ingestion.reading.times import moment

NAME = "papertrail"


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one log Event per line; the line's number makes a resend known."""
    parts = []
    for document in documents(delivery.body, delivery.content_type):
        events = fields.dig(document, "events")
        found = fields.first_of(document, ("saved_search.name",))

        def read(event: object, place: str, found: str = found) -> Event:
            if not isinstance(event, Mapping):
                raise BadInput("no line", place=place, fix="send what Papertrail's webhook sends")
            return _line(event, found, delivery.source, received_at)

        parts.append(fields.each("events", events if isinstance(events, list) else [document], read))
    return fields.joined(parts)


def _line(event: Mapping[str, object], search: str, source: str, received_at: datetime) -> Event:
    labels = {
        "host": fields.first_of(event, ("hostname", "source_name")),
        "service": fields.first_of(event, ("program",)),
        "facility": fields.first_of(event, ("facility",)),
        "saved_search": search,
    }
    return line(
        source,
        received_at,
        fields.first_of(event, ("message",)),
        level=level_of(fields.first_of(event, ("severity",))),
        at=moment(event.get("received_at"), received_at),
        labels=labels,
        key=fields.first_of(event, ("id",)),
    )
