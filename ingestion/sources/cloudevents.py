"""What do CloudEvents (1.0: structured, batched or binary) say, in our words? Their data, by its usual names."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.shape import DAY, Item, Shape, tell

NAME = "cloudevents"

_EVENT = Shape(
    title="data.title data.alert data.alertname data.name data.summary data.message subject type",
    message="data.message data.description data.summary",
    severity="severity data.severity data.level data.priority",
    status="data.status data.state status",
    service="data.service data.app",
    host="data.host data.hostname data.node",
    environment="data.environment data.env",
    starts="data.startsAt data.starts_at",
    ends="data.endsAt data.ends_at",
    time="time",
    url="data.url data.link",
    value="data.value",
    identity="source subject data.alert data.alertname data.name data.title",
    labels="data.labels data.tags",
    named={"ce_type": "type", "ce_source": "source"},
    facts={"event_id": "_id"},
    lease=7 * DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per CloudEvent; ``source`` and ``id`` name the delivery, not the alert."""
    named = {name[3:]: value for name, value in delivery.headers.items() if name.startswith("ce-")}

    def items(document: object) -> Iterator[Item]:
        whole = {**named, "data": document} if named else document  # binary mode: the headers are the envelope
        if isinstance(whole, Mapping):
            yield _EVENT, {**whole, "_id": f"{whole.get('source')}#{whole.get('id')}"}

    return tell(delivery, received_at, items)
