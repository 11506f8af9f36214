"""What does an action of a Kibana rule, or of Elasticsearch's Watcher, say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import DAY, Shape, always, tell

NAME = "elastic"

_ALERT = Shape(
    title="rule.name ruleName rule_name alertName alert.name watch_id metadata.name title",
    message="context.message message reason context.reason alert.reason",
    severity="severity rule.severity kibana.alert.severity metadata.severity priority",
    status="alert.actionGroup alertActionGroup alert.actionGroupName actionGroup status kibana.alert.status state",
    service="context.serviceName service.name context.group.service alert.service",
    host="context.hostName host.name host context.host.name context.group",
    environment="context.environment environment",
    time="date timestamp context.timestamp @timestamp trigger.triggered_time ctx.trigger.triggered_time execution_time",
    url="context.alertDetailsUrl alertDetailsUrl rule.url kibanaBaseUrl url context.viewInAppUrl",
    value="context.value value",
    identity="rule.id ruleId rule_id watch_id alert.id alertId alert.uuid",
    labels="labels tags rule.tags metadata",
    severities={"1": Severity.CRITICAL, "2": Severity.HIGH, "3": Severity.WARNING, "4": Severity.INFO},
    statuses={"recovered": Status.RESOLVED, "untracked": Status.RESOLVED, "threshold met": Status.FIRING},
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
