"""What does a detector of Splunk Observability (SignalFx) say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "splunk_observability"

_ALERT = Shape(
    title="rule detector messageTitle",
    message="messageBody description runbookUrl",
    severity="severity",
    status="status statusExtended eventType",
    service="dimensions.service dimensions.sf_service dimensions.service.name",
    host="dimensions.host dimensions.host.name",
    environment="dimensions.sf_environment dimensions.environment dimensions.deployment.environment",
    time="timestamp timestampISO8601",
    url="detectorUrl imageUrl",
    value="inputs._S1.value inputs.A.value",
    identity="incidentId",
    labels="dimensions inputs._S1.key",
    named={"detector": "detector"},
    statuses={"anomalous": Status.FIRING, "manually resolved": Status.RESOLVED, "stopped": Status.RESOLVED},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
