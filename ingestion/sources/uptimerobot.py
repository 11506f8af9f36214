"""What does a webhook of UptimeRobot say, in our words? A form, a query or JSON with its variables."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "uptimerobot"

_ALERT = Shape(
    title="monitorFriendlyName monitor_friendly_name monitor.name friendly_name",
    message="alertDetails alert_details alertTypeFriendlyName",
    status="alertTypeFriendlyName alert_type_friendly_name alertType alert_type",
    service="monitorFriendlyName monitor_friendly_name monitor.name",
    host="monitorURL monitor_url monitor.url",
    time="alertDateTime alert_date_time alertDateTimeUTC timestamp",
    url="monitorURL monitor_url monitor.url",
    identity="monitorID monitor_id monitor.id",
    facts={"duration_s": "alertDuration"},
    usual=Severity.HIGH,
    statuses={"2": Status.RESOLVED, "3": Status.FIRING, "paused": Status.RESOLVED, "ssl expiry": Status.FIRING},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
