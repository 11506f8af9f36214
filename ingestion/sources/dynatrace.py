"""What does a problem notification of Dynatrace say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "dynatrace"

_ALERT = Shape(
    title="ProblemTitle Title title",
    message="ProblemDetailsText ProblemDetails ProblemDetailsMarkdown",
    severity="ProblemSeverity SeverityLevel",
    status="State Status",
    service="ImpactedEntities.0.name ImpactedEntity",
    host="Host",
    starts="StartTime ProblemDetailsJSON.startTime",
    ends="EndTime ProblemDetailsJSON.endTime",
    url="ProblemURL URL",
    identity="PID ProblemID",
    labels="Tags",
    named={"impact": "ProblemImpact", "problem": "ProblemID"},
    severities={
        "availability": Severity.CRITICAL,
        "monitoring_unavailable": Severity.CRITICAL,
        "error": Severity.HIGH,
        "performance": Severity.WARNING,
        "resource_contention": Severity.WARNING,
        "resource": Severity.WARNING,
        "custom_alert": Severity.WARNING,
        "info": Severity.INFO,
    },
    statuses={"merged": Status.RESOLVED},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
