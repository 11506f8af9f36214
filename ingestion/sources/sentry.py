"""What do Sentry's webhooks say, in our words? Issues, event alerts, metric alerts, and the older plug-in's."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed, Severity
from ingestion.reading import fields
from ingestion.reading.shape import DAY, Item, Shape, tell

NAME = "sentry"
ENVELOPE = "application/x-sentry-envelope"

_ISSUE = Shape(
    title="title metadata.title metadata.value",
    message="culprit metadata.value",
    severity="level",
    status="_action status",
    service="project.slug project.name",
    starts="firstSeen",
    url="permalink web_url",
    identity="id",
    named={"platform": "platform", "logger": "logger"},
    facts={"short_id": "shortId", "count": "count"},
    lease=7 * DAY,
)
_EVENT = Shape(
    title="title metadata.title message metadata.value",
    message="culprit message",
    severity="level",
    service="project_name project_slug",
    host="server_name",
    environment="environment",
    time="datetime timestamp",
    url="web_url url issue_url",
    identity="issue_id issue.id groupID",
    labels="tags",
    named={"release": "release", "platform": "platform"},
    lease=DAY,
)
_METRIC = Shape(
    title="description_title metric_alert.alert_rule.name metric_alert.title",
    message="description_text",
    severity="_action",
    status="_action",
    service="metric_alert.projects",
    environment="metric_alert.alert_rule.environment",
    starts="metric_alert.date_started metric_alert.date_detected",
    ends="metric_alert.date_closed",
    url="web_url",
    identity="metric_alert.id metric_alert.identifier",
)
_NOTE = Shape(
    kind=EventKind.CHANGE,
    what="note",
    title="issue.title _action",
    service="issue.project.slug",
    identity="issue.id comment_id _action",
    facts={"action": "_action"},
)
_STATES = ("created", "resolved", "unresolved", "ignored", "archived", "triggered", "critical", "warning", "open")
_OLD = Shape(
    title="message event.title event.metadata.value",
    message="culprit",
    severity="level",
    service="project_slug project project_name",
    host="event.server_name server_name",
    environment="event.environment",
    time="event.timestamp event.received",
    url="url",
    identity="id",
    labels="event.tags",
    lease=DAY,
)
_STATUS = {"archived": "resolved", "ignored": "resolved", "unresolved": "firing", "created": "firing", "open": "firing"}


_ENVELOPE = Shape(
    title="_exception.type message.formatted message logentry.formatted logentry.message transaction",
    message="_exception.value logentry.formatted",
    severity="level",
    service="tags.service",
    host="server_name",
    environment="environment",
    time="timestamp",
    identity="fingerprint _exception.type _frame.module _frame.function logentry.message message logger",
    labels="tags",
    named={"release": "release", "platform": "platform", "logger": "logger"},
    usual=Severity.HIGH,
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per issue whose state is told; the issue is the identity, not the event."""
    return tell(delivery, received_at, _enveloped if delivery.content_type.startswith(ENVELOPE) else _items)


def _enveloped(document: object) -> Iterator[Item]:
    """Of an envelope only the events: its header, the items' headers, sessions and traces tell nothing here."""
    if isinstance(document, Mapping) and "platform" in document and document.get("type") != "transaction":
        yield from _items(document)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    if "event_id" in document and ("exception" in document or "logentry" in document or "message" in document):
        yield _ENVELOPE, {**document, **_raised(document)}
        return
    if document.get("type") == "transaction" or not any(name in document for name in ("data", "culprit", "project")):
        return
    data, action = document.get("data"), fields.first_of(document, ("action",))
    if not isinstance(data, Mapping):
        yield _OLD, document
        return
    said = {"_action": _STATUS.get(action, action)}
    if action not in _STATES:
        yield _NOTE, {**data, **said}
    elif isinstance(found := data.get("issue"), Mapping):
        yield _ISSUE, {**found, **said}
    elif isinstance(found := data.get("event") or data.get("error"), Mapping):
        yield _EVENT, {"server_name": fields.labels_of(found.get("tags")).get("server_name"), **found}
    else:
        yield _METRIC, {**data, **said}


def _raised(document: Mapping[str, object]) -> dict[str, object]:
    """The exception that came last, and the frame that raised it."""
    values = fields.dig(document, "exception.values")
    exception = values[-1] if isinstance(values, list) and values else None
    frames = fields.dig(exception, "stacktrace.frames")
    frame = frames[-1] if isinstance(frames, list) and frames else None
    return {"_exception": exception, "_frame": frame}
