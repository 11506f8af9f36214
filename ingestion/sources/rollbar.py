"""What does a webhook of Rollbar say, in our words?"""

from collections.abc import Iterator
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed, Severity, Status
from ingestion.reading import fields
from ingestion.reading.shape import DAY, Item, Shape, tell

NAME = "rollbar"

_LEVELS = {
    "50": Severity.CRITICAL,
    "40": Severity.HIGH,
    "30": Severity.WARNING,
    "20": Severity.INFO,
    "10": Severity.INFO,
}
_ITEM = Shape(
    title="data.item.title data.trigger.title data.item.last_occurrence.body.message.body",
    message="data.item.last_occurrence.body.trace.exception.message data.item.last_occurrence.body.message.body",
    severity="data.item.level data.item.last_occurrence.level data.occurrence.level",
    status="event_name",
    service="data.item.project.name",
    host="data.item.last_occurrence.server.host data.occurrence.server.host",
    environment="data.item.environment",
    starts="data.item.first_occurrence_timestamp data.item.activating_occurrence.timestamp",
    time="data.item.last_occurrence_timestamp data.item.last_occurrence.timestamp data.occurrence.timestamp",
    url="data.item.public_item_url data.url data.occurrence.url",
    identity="data.item.id",
    named={"project": "data.item.project_id", "language": "data.item.last_occurrence.language"},
    facts={"event": "event_name", "count": "data.item.total_occurrences data.occurrences"},
    severities=_LEVELS,
    statuses={
        "new_item": Status.FIRING,
        "occurrence": Status.FIRING,
        "exp_repeat_item": Status.FIRING,
        "item_velocity": Status.FIRING,
        "reactivated_item": Status.FIRING,
        "reopened_item": Status.FIRING,
        "resolved_item": Status.RESOLVED,
    },
    lease=DAY,
)
_DEPLOY = Shape(
    kind=EventKind.CHANGE,
    what="deployment",
    title="data.deploy.comment data.deploy.revision",
    environment="data.deploy.environment",
    starts="data.deploy.start_time",
    ends="data.deploy.finish_time",
    identity="data.deploy.id",
    facts={"actor": "data.deploy.local_username data.deploy.user_id", "sha": "data.deploy.revision"},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per item whose state is told, or per deployment."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, dict):
        yield (_DEPLOY if fields.dig(document, "data.deploy") else _ITEM), document
