"""What does a New Relic workflow (or legacy channel) webhook say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.shape import Shape, always, tell

NAME = "newrelic"

_ALERT = Shape(
    title="condition_name conditionName alertConditionNames title name policy_name",
    message="details description title alertConditionNames",
    severity="priority severity",
    status="state current_state event_state event",
    service="impactedEntities entitiesData.names targets.0.name entity_name service",
    host="targets.0.labels.host targets.0.labels.hostname",
    starts="createdAt activatedAt createdAtUtc opened_at",
    ends="closedAt closed_at",
    time="timestamp updatedAt",
    url="issueUrl issuePageUrl incident_url violationChartUrl",
    identity="id issueId issue_id incident_id",
    labels="targets.0.labels labels tags",
    named={"policy": "alertPolicyNames policy_name", "account": "account_name accountName"},
    facts={"actor": "owner", "priority": "priority"},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
