"""What does Honeybadger say, in our words?"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed, Severity, Status
from ingestion.reading import fields
from ingestion.reading.shape import DAY, Item, Shape, tell

NAME = "honeybadger"

_ALERT = Shape(
    title="fault.klass check_in.name site.name alarm.name message",
    message="fault.message message notice.message",
    severity="fault.level",
    status="event",
    service="project.name fault.project.name",
    host="notice.server.hostname notice.hostname",
    environment="fault.environment notice.environment_name",
    time="fault.last_notice_at notice.created_at outage.created_at check_in.reported_at",
    starts="fault.created_at outage.down_at",
    ends="outage.up_at",
    url="fault.url site.details_url check_in.details_url url notice.url",
    identity="_project fault.id check_in.id site.id alarm.id",
    labels="fault.tags",
    named={"project": "project.name", "component": "fault.component"},
    facts={"actor": "actor.name actor.email"},
    usual=Severity.HIGH,
    severities={"error": Severity.HIGH},
    statuses={
        "occurred": Status.FIRING,
        "check_in_missing": Status.FIRING,
        "check_in_reporting": Status.RESOLVED,
        "down": Status.FIRING,
        "up": Status.RESOLVED,
        "rate_exceeded": Status.FIRING,
        "volume_spike": Status.FIRING,
        "cert_will_expire": Status.FIRING,
        "alarm_alert": Status.FIRING,
        "alarm_ok": Status.RESOLVED,
    },
    lease=DAY,
)
_DEPLOY = Shape(
    kind=EventKind.CHANGE,
    what="deployment",
    title="message",
    service="project.name",
    environment="deploy.environment",
    starts="deploy.created_at",
    url="deploy.url",
    identity="deploy.id deploy.revision deploy.created_at",
    facts={"actor": "deploy.local_username", "sha": "deploy.revision", "ref": "deploy.repository"},
)
_NOTE = Shape(
    kind=EventKind.CHANGE,
    what="note",
    title="message",
    service="project.name",
    identity="fault.id comment.id event",
    facts={"actor": "actor.name actor.email", "action": "event"},
)
_BY_EVENT = {"deployed": _DEPLOY, "assigned": _NOTE, "commented": _NOTE}


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told; assignments and comments are notes, deploys are changes."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, Mapping):
        project = fields.first_of(document, ("project.id", "fault.project_id"))
        yield _BY_EVENT.get(str(document.get("event")), _ALERT), {**document, "_project": project}
