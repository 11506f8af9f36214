"""What do the events of Flux's notification controller say, in our words? Good news of an object ends its error."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Status
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "flux"

_OBJECT = Shape(
    title="reason",
    message="message",
    severity="severity",
    status="severity",
    service="involvedObject.name",
    time="timestamp",
    identity="involvedObject.kind involvedObject.namespace involvedObject.name",
    named={"namespace": "involvedObject.namespace", "kind": "involvedObject.kind", "cluster": "metadata.cluster"},
    facts={"sha": "_sha", "controller": "reportingController"},
    statuses={"error": Status.FIRING, "info": Status.RESOLVED, "trace": Status.RESOLVED},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state of an object."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    metadata = fields.labels_of(document.get("metadata"))
    revision = next((value for name, value in metadata.items() if name.endswith("revision")), "")
    sha = revision.rpartition("/" if "@" not in revision else "@")[2].rpartition(":")[2]
    yield _OBJECT, {**document, "_sha": sha}
