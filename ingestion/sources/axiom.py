"""What does a monitor of Axiom say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "axiom"

_ALERT = Shape(
    title="event.title event.monitorName title",
    message="event.body event.description",
    severity="event.severity",
    status="action event.status",
    time="event.timestamp event.queryEndTime",
    url="event.url event.monitorURL",
    value="event.value",
    identity="event.monitorID event.groupKeys",
    labels="event.matchedEvent event.groupValues",
    statuses={"match": Status.FIRING},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
