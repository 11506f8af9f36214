"""What does a webhook of Checkly say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "checkly"

_ALERT = Shape(
    title="CHECK_NAME check_name name ALERT_TITLE",
    message="CHECK_ERROR_MESSAGE check_error_message event ALERT_TITLE CHECK_ERROR_MESSAGE alert_title",
    severity="severity ALERT_TYPE alert_type",
    status="ALERT_TYPE alert_type",
    service="CHECK_NAME check_name",
    host="host",
    time="STARTED_AT started_at",
    url="link RESULT_LINK result_link CHECK_RESULT_LINK",
    identity="CHECK_ID check_id",
    labels="TAGS tags",
    named={"group": "GROUP_NAME group_name", "region": "RUN_LOCATION run_location region", "check_type": "CHECK_TYPE"},
    usual=Severity.HIGH,
    severities={
        "alert_failure": Severity.CRITICAL,
        "alert_failure_remain": Severity.CRITICAL,
        "alert_degraded_failure": Severity.CRITICAL,
        "alert_degraded": Severity.WARNING,
        "alert_degraded_remain": Severity.WARNING,
        "alert_failure_degraded": Severity.WARNING,
        "alert_ssl": Severity.WARNING,
        "alert_recovery": Severity.INFO,
        "alert_degraded_recovery": Severity.INFO,
        "no_alert": Severity.INFO,
    },
    statuses={
        "alert_failure": Status.FIRING,
        "alert_degraded": Status.FIRING,
        "alert_failure_remain": Status.FIRING,
        "alert_failure_degraded": Status.FIRING,
        "alert_degraded_remain": Status.FIRING,
        "alert_degraded_failure": Status.FIRING,
        "alert_ssl": Status.FIRING,
        "alert_recovery": Status.RESOLVED,
        "no_alert": Status.RESOLVED,
        "alert_failure_recovery": Status.RESOLVED,
        "alert_degraded_recovery": Status.RESOLVED,
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
