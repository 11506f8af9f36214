"""What does a notification command of Nagios (Naemon, Shinken) say, in our words? Its macros, as JSON or as a form."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.plugins import notified
from ingestion.reading.shape import tell

NAME = "nagios"


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state of a host or service; its identity is ``host!service``."""
    return tell(delivery, received_at, notified)
