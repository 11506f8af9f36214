"""What does Apprise's json:// notification say, in our words? Title, message and type are all that it has."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import DAY, Shape, always, tell

NAME = "apprise"

_ALERT = Shape(
    title="title message",
    message="message",
    severity="type",
    status="type",
    identity="title",
    severities={"failure": Severity.HIGH, "success": Severity.INFO},
    statuses={"info": Status.FIRING, "failure": Status.FIRING, "warning": Status.FIRING, "success": Status.RESOLVED},
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
