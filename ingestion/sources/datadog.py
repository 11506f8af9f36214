"""What does Datadog say, or get to hear, in our words? Monitors' webhooks, and the Events API."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading import fields
from ingestion.reading.shape import DAY, Item, Shape, tell, text

NAME = "datadog"

_MONITOR = Shape(
    title="_title alert_title event_title title msg_title",
    message="_body",
    severity="severity priority alert_priority alert_type",
    status="_status",
    host="host hostname _scope.host",
    time="date last_updated timestamp",
    url="url link event_url alert_url",
    value="value metric_value",
    identity="_identity",
    labels="tags _scope",
    named={"monitor": "monitor_name alert_title"},
    facts={"transition": "alert_transition transition", "alert_type": "alert_type"},
    severities={"error": Severity.HIGH, "success": Severity.INFO},
    statuses={
        "triggered": Status.FIRING,
        "re-triggered": Status.FIRING,
        "warn": Status.FIRING,
        "re-warn": Status.FIRING,
        "no data": Status.FIRING,
        "re-no data": Status.FIRING,
        "recovered": Status.RESOLVED,
        "warn recovered": Status.RESOLVED,
        "alert recovered": Status.RESOLVED,
        "no data recovered": Status.RESOLVED,
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per monitor and group that changed its state, or per posted event."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    key = text(document, "aggregation_key aggreg_key alert_aggreg_key")
    scopes = text(document, "scopes scope alert_scope")
    monitor = text(document, "monitor_id alert_id monitorId")
    added = {
        "_title": _title(text(document, "alert_title title event_title msg_title")),
        "_body": text(document, "body text event_msg text_only_msg").replace("%%%", "").strip(),
        "_status": text(document, "alert_transition transition alert_status alert_type"),
        "_scope": fields.labels_of(fields.container(scopes)),
        "_identity": f"{monitor} {scopes}" if monitor else key or text(document, "id title"),
    }
    transition = text(document, "alert_transition transition")
    shape = _MONITOR if transition else _POSTED
    yield shape, {**document, **added}


def _title(title: str) -> str:
    """Without the priority and transition in brackets before it, which change while the alert is the same."""
    while title.startswith("[") and "] " in title:
        title = title.partition("] ")[2]
    return title


_POSTED = Shape(
    title="title",
    message="_body",
    severity="alert_type",
    status="alert_type",
    host="host",
    time="date_happened",
    identity="_identity",
    labels="tags",
    named={"source_type": "source_type_name"},
    severities=_MONITOR.severities,
    statuses={"success": Status.RESOLVED, "info": Status.FIRING, "user_update": Status.FIRING},
    lease=DAY,
)
