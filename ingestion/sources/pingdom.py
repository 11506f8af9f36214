"""What does a webhook of Pingdom say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "pingdom"

_ALERT = Shape(
    title="check_name",
    message="long_description description",
    severity="importance_level",
    status="current_state",
    service="check_name",
    host="check_params.hostname check_params.url",
    time="state_changed_timestamp state_changed_utc_time",
    url="check_params.full_url",
    identity="check_id",
    labels="tags custom_message_tags",
    named={"check_type": "check_type"},
    facts={"previous": "previous_state"},
    statuses={"failing": Status.FIRING, "success": Status.RESOLVED, "unconfirmed_down": Status.FIRING},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
