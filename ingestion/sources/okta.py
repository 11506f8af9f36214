"""What does Okta's system log say, in our words? Who did what to whom, and what came of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed, Severity
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "okta"

_ENTRY = Shape(
    kind=EventKind.AUDIT,
    title="displayMessage eventType",
    message="outcome.reason",
    severity="severity",
    severities={"debug": Severity.INFO, "info": Severity.INFO, "warn": Severity.WARNING, "error": Severity.HIGH},
    starts="published",
    identity="uuid",
    facts={
        "action": "eventType",
        "actor": "actor.alternateId actor.displayName actor.id",
        "source_ip": "client.ipAddress",
        "target": "target.0.alternateId target.0.displayName target.0.id",
        "outcome": "outcome.result",
    },
    usual=Severity.INFO,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per entry: of an event hook (``data.events``), of a list of the API, or alone."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    listed = fields.dig(document, "data.events")
    for entry in listed if isinstance(listed, list) else [document]:
        if isinstance(entry, Mapping):
            yield _ENTRY, entry
