"""What does an alert notification of ThousandEyes say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "thousandeyes"

_ALERT = Shape(
    title="alert.ruleName alert.rule.name alert.testName ruleName rule.name",
    message="alert.ruleExpression alert.rule.expression alert.details.0.metricsAtStart",
    severity="alert.severity severity",
    status="eventType alert.state alert.alertState",
    service="alert.testName alert.test.name",
    host="alert.hostname alert.testTargetsDescription alert.targets alert.agentName alert.agents.0.agentName",
    starts="alert.dateStartISO alert.dateStartZoned alert.dateStart alert.startDate",
    ends="alert.dateEndISO alert.dateEndZoned alert.dateEnd alert.endDate",
    url="alert.permalink alert.links.appLink.href alert.testUrl",
    identity="alert.alertId alert.id",
    labels="alert.testLabels",
    named={
        "rule": "alert.ruleName alert.rule.name",
        "test": "alert.testName",
        "alert_type": "alert.type",
        "agent": "alert.agents.0.agentName alert.agentName",
    },
    statuses={
        "alert_notification_trigger": Status.FIRING,
        "alert_notification_clear": Status.RESOLVED,
        "alert_notification_test": Status.FIRING,
        "web_transactions_alert_notification_trigger": Status.FIRING,
        "2": Status.RESOLVED,
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
