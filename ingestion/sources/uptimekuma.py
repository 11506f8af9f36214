"""What does Uptime Kuma say, in our words? JSON, or the same JSON in the field ``data`` of a multipart form."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "uptimekuma"

_MONITOR = Shape(
    title="monitor.name monitor.pathName msg",
    message="heartbeat.msg msg",
    status="heartbeat.status",
    service="monitor.name",
    host="monitor.hostname monitor.url",
    time="heartbeat.time",
    url="monitor.url",
    value="heartbeat.ping",
    identity="monitor.id",
    labels="monitor.tags",
    named={"monitor_type": "monitor.type"},
    usual=Severity.HIGH,
    statuses={"0": Status.FIRING, "1": Status.RESOLVED, "2": Status.FIRING, "3": Status.RESOLVED},
)
_CERTIFICATE = Shape(title="msg", identity="msg", usual=Severity.WARNING)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state of a monitor; ``heartbeat.time`` is UTC, whatever the zone beside it."""
    return tell(delivery, received_at, lambda document: always(_shape(document))(document))


def _shape(document: object) -> Shape:
    monitored = isinstance(document, dict) and document.get("monitor")
    return _MONITOR if monitored else _CERTIFICATE
