"""What does Azure Monitor say, in our words? The common alert schema, and the three older ones."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "azure_monitor"

_SEVERITIES = {
    "sev0": Severity.CRITICAL,
    "sev1": Severity.HIGH,
    "sev2": Severity.WARNING,
    "sev3": Severity.INFO,
    "sev4": Severity.INFO,
    "0": Severity.CRITICAL,
    "1": Severity.HIGH,
    "2": Severity.WARNING,
    "3": Severity.INFO,
    "4": Severity.INFO,
}
_STATUSES = {"fired": Status.FIRING, "activated": Status.FIRING, "deactivated": Status.RESOLVED}

_COMMON = Shape(
    title="essentials.alertRule",
    message="essentials.description alertContext.SearchQuery alertContext.properties.title",
    severity="essentials.severity",
    status="essentials.monitorCondition",
    host="essentials.configurationItems _target",
    starts="essentials.firedDateTime",
    ends="essentials.resolvedDateTime",
    url="essentials.investigationLink alertContext.LinkToSearchResults alertContext.linkToSearchResultsUI",
    value="alertContext.condition.allOf.0.metricValue",
    identity="essentials.alertId",
    labels="alertContext.condition.allOf.0.dimensions customProperties",
    named={
        "metricName": "alertContext.condition.allOf.0.metricName",
        "signal": "essentials.signalType",
        "monitor": "essentials.monitoringService",
    },
    severities=_SEVERITIES,
    statuses=_STATUSES,
)
_OLDER = Shape(
    title="context.name context.activityLog.operationName name AlertRuleName",
    message="context.description context.activityLog.description context.condition.failureDetails Description",
    severity="context.severity Severity context.activityLog.level",
    status="status context.activityLog.status",
    host="context.resourceName context.activityLog.resourceId",
    time="context.timestamp context.activityLog.eventTimestamp SearchIntervalEndtimeUtc",
    url="context.portalLink LinkToSearchResults",
    value="context.condition.allOf.0.metricValue context.condition.metricValue",
    identity="context.id context.name context.activityLog.correlationId AlertRuleName _resource",
    labels="properties",
    named={"metricName": "context.condition.metricName context.condition.allOf.0.metricName"},
    severities=_SEVERITIES,
    statuses=_STATUSES,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per alert."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    data = document.get("data", document) if isinstance(document, Mapping) else None
    if isinstance(data, Mapping):
        shape = _COMMON if "essentials" in data else _OLDER
        metric = isinstance(document, Mapping) and document.get("schemaId") == "AzureMonitorMetricAlert"
        yield (
            shape,
            {
                **data,
                "_resource": fields.dig(data, "context.resourceName") if metric else None,
                "_target": fields.first_of(data, ("essentials.alertTargetIDs.0",)).rpartition("/")[2],
            },
        )
