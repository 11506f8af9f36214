"""What does a notification of Google Cloud Monitoring say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.shape import Shape, always, tell

NAME = "gcp_monitoring"

_ALERT = Shape(
    title="condition_name policy_name documentation.subject summary",
    message="summary documentation.content",
    severity="severity policy_user_labels.severity",
    status="state",
    service="policy_user_labels.service resource.labels.service_name resource.labels.container_name",
    host="metadata.system_labels.name resource.labels.instance_name resource_name resource_display_name",
    environment="policy_user_labels.environment policy_user_labels.env",
    starts="started_at",
    ends="ended_at",
    url="url",
    value="observed_value",
    identity="incident_id",
    labels="resource.labels policy_user_labels metric.labels",
    named={"policy": "policy_name", "project": "scoping_project_id", "metric": "metric.type"},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT, "incident"))
