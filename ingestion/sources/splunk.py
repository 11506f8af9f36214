"""What does the webhook action of a Splunk alert say, in our words? Only its first result, and never an end."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.shape import DAY, Shape, always, tell

NAME = "splunk"

_ALERT = Shape(
    title="search_name result.search_name result.alert_name",
    message="result.message result._raw result.description",
    severity="result.severity result.urgency alert.severity severity",
    service="result.service result.app_name",
    host="result.host result.dest result.hostname",
    environment="result.environment result.env",
    time="result._time trigger_time",
    url="results_link",
    identity="app search_name _key result.host",
    named={"splunk_app": "app", "source": "result.source", "sourcetype": "result.sourcetype", "index": "result.index"},
    facts={"sid": "sid", "actor": "owner"},
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
