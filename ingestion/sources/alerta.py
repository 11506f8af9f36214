"""What does a client of Alerta's API (or its webhook out) say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "alerta"

_ALERT = Shape(
    title="text event",
    message="rawData",
    severity="severity",
    status="_status status severity",
    service="service",
    host="_host resource",
    environment="environment",
    time="createTime lastReceiveTime",
    url="attributes.moreInfo href attributes.url",
    value="value",
    identity="environment resource event",
    labels="attributes tags",
    named={"group": "group", "event": "event", "customer": "customer"},
    facts={"actor": "origin"},
    severities={"security": Severity.CRITICAL, "indeterminate": Severity.INFO, "unknown": Severity.WARNING},
    statuses={"indeterminate": Status.RESOLVED, "expired": Status.RESOLVED},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
