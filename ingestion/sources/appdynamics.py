"""What does an HTTP request template of AppDynamics say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "appdynamics"

_ALERT = Shape(
    title="displayName eventMessage name eventName summaryMessage healthRuleName policy.name",
    message="summaryMessage eventMessage message detailedMessage",
    severity="severity notificationSeverity severityImage",
    status="eventType type status",
    service="tier.name tierName applicationName application.name app.name application",
    host="node.name nodeName machineName node",
    time="eventTime latestEvent.eventTime timestamp",
    url="deepLink link url",
    identity="incident.id incidentId incident_id healthRule.name healthRuleName applicationName displayName",
    named={"application": "applicationName application.name app.name", "tier": "tierName tier.name"},
    statuses={
        "policy_open_critical": Status.FIRING,
        "policy_open_warning": Status.FIRING,
        "policy_upgraded": Status.FIRING,
        "policy_downgraded": Status.FIRING,
        "policy_continues_critical": Status.FIRING,
        "policy_continues_warning": Status.FIRING,
        "policy_close_critical": Status.RESOLVED,
        "policy_close_warning": Status.RESOLVED,
        "policy_close": Status.RESOLVED,
        "policy_canceled_critical": Status.RESOLVED,
        "policy_canceled_warning": Status.RESOLVED,
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
