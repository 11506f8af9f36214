"""What do the events of Amazon EventBridge say, in our words? Alarms, pipelines, and whatever else a service tells."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import DAY, Item, Shape, tell
from ingestion.sources import cloudwatch

NAME = "eventbridge"

_ALARM = msgspec.structs.replace(
    cloudwatch.ALARM,
    title="detail.alarmName",
    message="detail.configuration.description detail.state.reason",
    severity="detail.state.value",
    status="detail.state.value",
    time="detail.state.timestamp time",
    identity="account region detail.alarmName",
    named={"region": "region", "account": "account"},
    facts={"reason": "detail.state.reason"},
)
_CHANGE = Shape(
    kind=EventKind.BUILD,
    what="pipeline",
    title="detail.pipeline detail.project-name detail.deploymentGroup detail.application detail-type",
    service="detail.pipeline detail.project-name detail.application detail.eventName",
    starts="time",
    identity="detail.execution-id detail.build-id detail.deploymentId id",
    named={"region": "region", "account": "account"},
    facts={"result": "detail.state detail.build-status", "stage": "detail.stage", "action": "detail.action"},
)
_OTHER = Shape(
    title="detail.title detail.findings.0.Title detail.alarmName detail-type",
    message="detail.description detail.eventDescription.0.latestDescription detail.findings.0.Description "
    "detail.message",
    severity="_severity",
    status="detail.status detail.state detail.statusCode",
    host="detail.instance-id detail.resource.instanceDetails.instanceId",
    service="detail.service source",
    starts="detail.startTime",
    ends="detail.endTime",
    time="time",
    identity="source detail-type account resources detail.eventArn detail.id",
    named={"region": "region", "account": "account"},
    lease=DAY,
)
_GRADES = ((9, "critical"), (7, "high"), (4, "warning"))
_CHANGES = ("aws.codepipeline", "aws.codebuild", "aws.codedeploy")


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per EventBridge event; an alarm's state is an object with ``value`` in it."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    if fields.dig(document, "detail.alarmName"):
        yield _ALARM, {**document, "_labels": _dimensions(document)}
    else:
        other = {**document, "_severity": _severity(document)}
        yield (_CHANGE, document) if document.get("source") in _CHANGES else (_OTHER, other)


def _severity(document: Mapping[str, object]) -> str:
    """A word, or a number of GuardDuty, Inspector or Security Hub: 9 critical, 7 high, 4 medium, of 10."""
    paths = ("detail.severity", "detail.severity.label", "detail.findings.0.Severity.Label")
    sent = fields.first_of(document, paths)
    number = fields.number_of(sent)
    if number is None:
        return sent
    return next((word for least, word in _GRADES if number >= least), "info")


def _dimensions(document: Mapping[str, object]) -> dict[str, str]:
    metrics = fields.dig(document, "detail.configuration.metrics")
    found: dict[str, str] = {}
    for metric in metrics if isinstance(metrics, list) else []:
        found.update(fields.labels_of(fields.dig(metric, "metricStat.metric.dimensions")))
    return found
