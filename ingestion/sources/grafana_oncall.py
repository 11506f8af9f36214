"""What does an outgoing webhook of Grafana OnCall say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.shape import Shape, always, tell

NAME = "grafana_oncall"

_GROUP = Shape(
    title="alert_group.title alert_payload.title alert_payload.labels.alertname",
    message="alert_payload.message alert_payload.annotations.description",
    severity="alert_payload.labels.severity alert_payload.severity alert_group.labels.severity",
    status="event.type alert_group.state",
    service="alert_group.labels.service alert_payload.labels.service integration.name",
    time="event.time",
    starts="alert_group.created_at",
    ends="alert_group.resolved_at",
    url="alert_group.permalinks.web",
    identity="alert_group_id alert_group.id",
    labels="alert_group.labels alert_payload.labels",
    facts={"actor": "user.username user.email"},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that an alert group has come into."""
    return tell(delivery, received_at, always(_GROUP))
