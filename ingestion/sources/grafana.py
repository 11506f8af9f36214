"""What does Grafana say, in our words? Unified alerting (as Alertmanager's webhook) and the legacy dashboard alerts."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.reading.shape import Item, Shape, tell
from ingestion.sources import alertmanager

NAME = "grafana"

_LEGACY = Shape(
    title="ruleName title",
    message="message",
    severity="tags.severity",
    status="state",
    host="_match.instance _match.host",
    url="ruleUrl",
    identity="orgId ruleId",
    labels="_match tags",
    value="evalMatches.0.value",
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per alert of a group, or the one of a legacy rule (its ``ok`` carries no matches)."""
    found = documents(delivery.body, delivery.content_type)
    if any(fields.dig(document, "alerts") is not None for document in found):
        parsed = alertmanager.parse(delivery, received_at)
        events = [msgspec.structs.replace(event, source=NAME) for event in parsed.events]
        return msgspec.structs.replace(parsed, events=tuple(events))
    return tell(delivery, received_at, _legacy)


def _legacy(document: object) -> Iterator[Item]:
    if isinstance(document, dict) and "state" in document:
        yield _LEGACY, {**document, "_match": fields.dig(document, "evalMatches.0.tags")}
