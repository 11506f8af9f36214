"""What does a notification command of Icinga 2 say, in our words? Its environment, as JSON or as a form."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.plugins import notified
from ingestion.reading.shape import tell

NAME = "icinga2"


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state of a host or service; its identity is ``host!service``."""
    return tell(delivery, received_at, notified)
