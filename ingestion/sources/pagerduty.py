"""What does PagerDuty say, or get to hear, in our words? Webhooks (v3), and the Events API (v2: alerts and changes)."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed, Status
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "pagerduty"

_INCIDENT = Shape(
    title="data.title data.summary data.incident.summary",
    message="data.body.details data.description data.message",
    severity="data.priority.summary data.urgency",
    status="data.status event_type",
    service="data.service.summary data.incident.service.summary",
    starts="data.created_at",
    ends="data.resolved_at",
    time="occurred_at",
    url="data.html_url",
    identity="data.incident.id data.id",
    facts={"actor": "agent.summary", "action": "event_type", "reason": "data.resolve_reason.type"},
)
_NOTE = Shape(  # a note, a reassignment: the incident's state stays
    kind=EventKind.CHANGE,
    what="note",
    title="data.title data.summary data.incident.summary event_type",
    message="data.content data.message",
    service="data.service.summary data.incident.service.summary",
    starts="occurred_at",
    url="data.html_url data.incident.html_url",
    identity="id",
    facts={"actor": "agent.summary", "action": "event_type"},
)
_STATES = ("triggered", "acknowledged", "unacknowledged", "resolved", "reopened", "escalated", "priority_updated")

_OLDER = Shape(  # webhooks of version 1 and 2: a list of messages
    title="incident.title incident.trigger_summary_data.subject incident.trigger_summary_data.description incident.id",
    message="incident.description",
    severity="incident.priority.summary incident.urgency",
    status="incident.status",
    service="incident.service.name incident.service.summary",
    starts="incident.created_at incident.created_on",
    time="created_on incident.last_status_change_at incident.last_status_change_on",
    url="incident.html_url",
    identity="incident.id",
    facts={"actor": "incident.last_status_change_by.name incident.resolved_by_user.name", "action": "event type"},
)
_EVENT = Shape(
    title="payload.summary description dedup_key incident_key",
    message="payload.custom_details.description payload.custom_details.message details.message",
    severity="payload.severity",
    status="event_action event_type",
    service="payload.component payload.custom_details.service",
    host="payload.source client",
    time="payload.timestamp",
    url="links.0.href client_url",
    identity="dedup_key incident_key _own",
    labels="payload.custom_details details",
    named={"group": "payload.group", "class": "payload.class", "component": "payload.component"},
    statuses={"trigger": Status.FIRING, "resolve": Status.RESOLVED},
)
_CHANGE = Shape(
    kind=EventKind.CHANGE,
    what="deployment",
    title="payload.summary",
    service="payload.custom_details.service payload.component",
    starts="payload.timestamp",
    url="links.0.href",
    identity="payload.summary payload.timestamp",
    named={"deployed_by": "payload.source"},
    facts={
        "actor": "payload.custom_details.user payload.custom_details.author",
        "sha": "payload.custom_details.commit",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per event; acknowledging and resolving carry no more than the key."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    event, messages = document.get("event"), document.get("messages")
    if isinstance(messages, list):
        for message in messages:
            if isinstance(message, Mapping):
                yield _OLDER, {**message, "incident": message.get("incident") or fields.dig(message, "data.incident")}
    elif isinstance(event, Mapping):
        told = str(event.get("event_type", "")).rpartition(".")[2]
        yield (_INCIDENT if told in _STATES else _NOTE), event
    elif "event_action" in document or "event_type" in document:
        keyed = fields.first_of(document, ("dedup_key", "incident_key"))
        own = (
            ""
            if keyed
            else fields.first_of(document, ("payload.summary",)) + fields.first_of(document, ("payload.source",))
        )
        yield _EVENT, {**document, "_own": own}
    else:
        yield _CHANGE, document
