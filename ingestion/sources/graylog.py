"""What does a notification of Graylog say, in our words? Event definitions, and the alerts of old streams."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity
from ingestion.reading.shape import DAY, Shape, always, tell

NAME = "graylog"

_ALERT = Shape(
    title="event_definition_title event.message check_result.result_description",
    message="event.message check_result.result_description event_definition_description",
    severity="event.priority",
    status="_status",
    service="event.fields.service stream.title",
    host="event.fields.host event.fields.source",
    time="event.timestamp check_result.triggered_at",
    url="event.fields.url stream_url http_external_uri",
    identity="event_definition_id check_result.triggered_condition.id event.key",
    labels="event.fields event.group_by_fields",
    named={"stream": "stream.title", "job": "job_definition_id"},
    severities={"1": Severity.INFO, "2": Severity.WARNING, "3": Severity.HIGH, "4": Severity.CRITICAL},
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
