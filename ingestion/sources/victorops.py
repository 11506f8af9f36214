"""What does the REST endpoint of Splunk On-Call (VictorOps) get to hear, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.shape import Shape, always, tell

NAME = "victorops"

_ALERT = Shape(
    title="entity_display_name state_message entity_id",
    message="state_message details",
    severity="message_type alert.message_type ALERT.message_type",
    status="message_type alert.message_type ALERT.message_type",
    service="service SERVICE.service STATE.SERVICE",
    host="host_name hostname HOST.host_name",
    time="timestamp state_start_time VO_ALERT_RCV_TIME ALERT.timestamp",
    url="alert_url vo_annotate.u.link url",
    identity="entity_id ALERT.entity_id",
    named={"routing_key": "routing_key", "monitor": "monitoring_tool"},
    facts={"actor": "ack_author ack_user"},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
