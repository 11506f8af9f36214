"""What does a generic webhook of Coralogix say, in our words?"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "coralogix"

_ALERT = Shape(
    title="alert_name name alert.name",
    message="description text log_text alert.description",
    severity="alert_severity severity _fields.severity _fields.priority alert.severity",
    status="alert_action action alert.action",
    service="application _fields.application _fields.applicationName _fields.subsystem",
    host="computer _fields.computer _fields.host ip_address",
    time="alert_timestamp timestamp _fields.timestampISO _fields.timestampMs _fields.timestamp event_timestamp",
    url="alert_url url",
    identity="alert_id alert_unique_identifier _fields.alertUniqueIdentifier _fields.alertGroupByValues alert_name",
    labels="meta_labels group_by_labels _fields.metaLabelsJson",
    named={"subsystem": "subsystem _fields.subsystem", "team": "team team_name _fields.team"},
    facts={"hits": "hit_count _fields.hitCount"},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told; its fields come as a list of keys and values."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, Mapping):
        yield _ALERT, {**document, "_fields": fields.labels_of(document.get("fields"))}
