"""What does a contact group's webhook of StatusCake say, in our words? A form with capitalised names."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity
from ingestion.reading.shape import Shape, always, tell

NAME = "statuscake"

_ALERT = Shape(
    title="Name name",
    message="StatusCode Status",
    status="Status status",
    service="Name name",
    host="URL url IP",
    time="Date date",
    url="URL url",
    identity="TestID Test id Name URL",
    labels="Tags tags",
    named={"check_rate": "Checkrate"},
    facts={"code": "StatusCode"},
    usual=Severity.HIGH,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
