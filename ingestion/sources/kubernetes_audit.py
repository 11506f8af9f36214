"""What does the audit log of Kubernetes say, in our words? Who asked the API server for what."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed, Severity
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "kubernetes_audit"

_REQUEST = Shape(
    kind=EventKind.AUDIT,
    title="_action",
    message="responseStatus.message",
    service="objectRef.resource",
    starts="requestReceivedTimestamp stageTimestamp",
    identity="auditID stage",
    named={"namespace": "objectRef.namespace", "resource": "objectRef.resource", "object": "objectRef.name"},
    facts={
        "action": "_action",
        "actor": "impersonatedUser.username user.username",
        "source_ip": "sourceIPs",
        "target": "objectRef.name",
        "code": "responseStatus.code",
    },
    usual=Severity.INFO,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per audit event, of a list (the webhook backend) or alone (a line of the log)."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    listed = fields.dig(document, "items")
    for request in listed if isinstance(listed, list) else [document]:
        if isinstance(request, Mapping):
            parts = (
                fields.first_of(request, (path,)) for path in ("verb", "objectRef.resource", "objectRef.subresource")
            )
            yield _REQUEST, {**request, "_action": " ".join(part for part in parts if part)}
