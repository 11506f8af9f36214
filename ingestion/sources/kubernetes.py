"""What do Kubernetes events say, in our words? Warnings are alerts that never end; the others are changes."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import DAY, Item, Shape, tell

NAME = "kubernetes"

_WARNING = Shape(
    title="reason",
    message="message note",
    severity="type",
    service="_workload",
    host="source.host deprecatedSource.host reportingInstance",
    starts="firstTimestamp deprecatedFirstTimestamp eventTime metadata.creationTimestamp",
    time="lastTimestamp deprecatedLastTimestamp series.lastObservedTime eventTime",
    identity="_object.namespace _object.kind _object.name reason",
    named={"namespace": "_object.namespace", "kind": "_object.kind", "object": "_object.name"},
    facts={"count": "count deprecatedCount series.count", "component": "source.component reportingComponent"},
    lease=DAY / 4,
)
_NORMAL = msgspec.structs.replace(_WARNING, kind=EventKind.CHANGE, what="k8s-event", lease=None)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per event, of a list or alone (also inside a watch's ``object``)."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    listed = fields.dig(document, "items")
    for event in listed if isinstance(listed, list) else [fields.dig(document, "object") or document]:
        if isinstance(event, Mapping):
            about = event.get("involvedObject") or event.get("regarding") or {}
            shape = _NORMAL if event.get("type") == "Normal" else _WARNING
            yield shape, {**event, "_object": about, "_workload": workload(fields.first_of(about, ("name",)))}


def workload(pod: str) -> str:
    """Return the name of a pod without what its controllers put behind it: ``api-66bddd5dc8-9ggwb`` is of ``api``."""
    parts = pod.split("-")
    if len(parts) > 1 and len(parts[-1]) == 5 and parts[-1].isalnum():
        parts.pop()
        if len(parts) > 1 and 8 <= len(parts[-1]) <= 10 and any(letter.isdigit() for letter in parts[-1]):
            parts.pop()
    elif len(parts) > 1 and parts[-1].isdecimal():
        parts.pop()
    return "-".join(parts)
