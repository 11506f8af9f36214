"""What does Opsgenie (Jira Service Management) say, or get to hear, in our words? Webhooks, and its Alert API.

For the API the door says what stands in the path: the query's ``path`` is ``/v2/alerts/<id>/close``.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import unquote

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed, Severity, Status
from ingestion.reading.shape import Item, Shape, tell

NAME = "opsgenie"

_PRIORITIES = {
    "1": Severity.CRITICAL,
    "2": Severity.HIGH,
    "3": Severity.WARNING,
    "4": Severity.INFO,
    "5": Severity.INFO,
}
_WEBHOOK = Shape(
    title="alert.message",
    message="alert.description",
    severity="alert.priority",
    status="action",
    host="alert.entity alert.details.host",
    service="alert.details.service",
    starts="alert.createdAt",
    time="alert.updatedAt",
    url="alert.url",
    identity="alert.alertId",
    labels="alert.details alert.tags",
    facts={"actor": "alert.username", "action": "action"},
    severities=_PRIORITIES,
    statuses={"create": Status.FIRING, "close": Status.RESOLVED, "delete": Status.RESOLVED},
)
_STATES = ("create", "close", "delete", "acknowledge", "unacknowledge", "escalate", "updatepriority", "snoozeended")
_NOTE = Shape(
    kind=EventKind.CHANGE,
    what="note",
    title="alert.message",
    message="alert.note",
    starts="alert.updatedAt",
    identity="alert.alertId alert.updatedAt",
    facts={"actor": "alert.username", "action": "action"},
)
_API = Shape(
    title="message _alias",
    message="description note",
    severity="priority",
    status="_action",
    host="entity",
    identity="_alias",
    labels="details tags",
    facts={"actor": "user", "origin": "source"},
    severities=_PRIORITIES,
)

_API_NOTE = Shape(
    kind=EventKind.CHANGE,
    what="note",
    title="note _alias",
    identity="_alias _action note",
    labels="details tags",
    facts={"actor": "user", "action": "_action", "alias": "_alias"},
)
_BESIDE = ("notes", "tags", "details", "assign", "responders", "teams")  # acts that change no state


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per act on an alert; notes, tags and owners change no state."""
    path = [unquote(part) for part in delivery.query.get("path", "").split("/")]
    alias, action = path[-2:] if len(path) > 3 and path[-3] == "alerts" else ("", "create")

    def items(document: object) -> Iterator[Item]:
        if not isinstance(document, Mapping):
            return
        if "alert" in document:
            known = str(document.get("action")).lower() in _STATES
            yield (_WEBHOOK if known else _NOTE), document
        else:
            named = alias or document.get("alias") or document.get("message")
            shape = _API_NOTE if action in _BESIDE else _API
            yield shape, {**document, "_alias": named, "_action": action}

    return tell(delivery, received_at, items)
