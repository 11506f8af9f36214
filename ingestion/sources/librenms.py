"""What does the API transport of LibreNMS say, in our words? Everything is text; state 0 is over, 1 to 4 fire."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "librenms"

_ALERT = Shape(
    title="title name",
    message="msg",
    severity="severity",
    status="state",
    host="hostname display sysName ip",
    time="timestamp",
    url="url",
    identity="device_id rule_id",
    labels="labels",
    named={"rule": "name", "os": "os", "location": "location", "device_type": "type"},
    facts={"elapsed": "elapsed", "alert_id": "alert_id", "status": "_status"},
    statuses={"2": Status.FIRING, "3": Status.FIRING, "4": Status.FIRING, "5": Status.FIRING},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
