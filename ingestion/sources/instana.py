"""What does the webhook of Instana say, in our words? An issue that opens or closes."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity
from ingestion.reading.shape import Shape, always, tell

NAME = "instana"

_ISSUE = Shape(
    title="text",
    message="suggestion",
    severity="severity",
    status="state",
    service="service application entityLabel",
    host="fqdn",
    environment="zone",
    starts="start",
    ends="end",
    url="link",
    identity="id",
    labels="tags",
    named={"entity": "entityLabel", "container": "container"},
    severities={"5": Severity.WARNING, "10": Severity.CRITICAL, "-1": Severity.INFO},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the issue; its severity is 5 (warning) or 10 (critical)."""
    return tell(delivery, received_at, always(_ISSUE, "issue"))
