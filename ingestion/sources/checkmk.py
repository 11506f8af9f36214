"""What does a notification script of Checkmk say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.plugins import SEVERITIES
from ingestion.reading.shape import Shape, always, tell

NAME = "checkmk"

_CHECK = Shape(
    title="summary output",
    message="long_output output",
    severity="severity status",
    status="status notification_type",
    host="host alias address",
    time="long_date_time short_date_time date",
    url="url",
    identity="site host service",
    named={"site": "site", "check": "service"},
    severities=SEVERITIES,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state of a host or service."""
    return tell(delivery, received_at, always(_CHECK))
