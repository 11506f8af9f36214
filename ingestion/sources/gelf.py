"""What do GELF messages say, in our words? JSON over HTTP, UDP or TCP (there parted by null bytes)."""

from collections.abc import Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Parsed
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.reading.logline import level_of, line
from ingestion.reading.times import moment

NAME = "gelf"


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one log Event per message; its fields (``_order``) become labels (``order``)."""
    found = documents(delivery.body.replace(b"\x00", b"\n"), delivery.content_type or "application/json")

    def read(message: object, place: str) -> Event:
        if not isinstance(message, Mapping) or not fields.first_of(message, ("short_message", "full_message")):
            raise BadInput("no short_message", place=place, fix="send GELF 1.1")
        own = {str(name)[1:]: value for name, value in message.items() if str(name).startswith("_")}
        labels = fields.labels_of(own) | {"host": fields.first_of(message, ("host",))}
        if service := fields.first_of(own, ("service", "app", "application", "container_name", "facility")):
            labels["service"] = service
        said = fields.first_of(message, ("short_message", "full_message"))
        level = level_of(fields.first_of(message, ("level",)))
        at = moment(message.get("timestamp"), received_at)
        return line(delivery.source, received_at, said, level=level, at=at, labels=labels)

    return fields.each("", found, read)
