"""What does AWS CloudTrail say, in our words? Who called which API, and what came of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed, Severity
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "cloudtrail"

_ACTOR = (
    "userIdentity.userName userIdentity.sessionContext.sessionIssuer.userName userIdentity.arn "
    "userIdentity.principalId userIdentity.invokedBy userIdentity.type"
)
_TARGET = (
    "requestParameters.userName requestParameters.bucketName requestParameters.roleName "
    "requestParameters.instanceId requestParameters.groupId"
)
_CALL = Shape(
    kind=EventKind.AUDIT,
    title="eventName",
    message="errorMessage",
    service="eventSource",
    starts="eventTime",
    url="url",
    identity="eventID",
    named={"region": "awsRegion", "account": "recipientAccountId userIdentity.accountId"},
    facts={
        "action": "eventName",
        "actor": _ACTOR,
        "source_ip": "sourceIPAddress",
        "error": "errorCode",
        "target": _TARGET,
    },
    usual=Severity.INFO,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per record: of a log file (``Records``), of EventBridge (``detail``), or alone."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    listed = fields.dig(document, "Records")
    for record in listed if isinstance(listed, list) else [fields.dig(document, "detail") or document]:
        if isinstance(record, Mapping):
            yield _CALL, record
