"""What does a webhook of Raygun say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import DAY, Shape, always, tell

NAME = "raygun"

_ALERT = Shape(
    title="error.message error.className application.name",
    message="error.message",
    severity="severity error.severity",
    status="eventType error.status",
    service="application.name",
    host="error.machineName machineName",
    time="error.lastOccurredOn error.lastOccurrenceOn",
    starts="error.firstOccurredOn error.firstOccurrenceOn",
    url="error.url application.url",
    identity="error.id error.groupId error.errorGroupId error.url",
    labels="error.tags error.instance.tags",
    facts={"actor": "error.user.name user.name", "event": "event eventType"},
    usual=Severity.HIGH,
    statuses={
        "newerroroccurred": Status.FIRING,
        "errorreoccurred": Status.FIRING,
        "statuschanged": Status.RESOLVED,
        "ignored": Status.RESOLVED,
        "permanentlyignored": Status.RESOLVED,
    },
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
