"""What does a status page of Atlassian say of its incidents, in our words?"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import Item, Shape, tell

NAME = "statuspage"

_ALERT = Shape(
    title="name",
    message="incident_updates.0.body",
    severity="impact_override impact",
    status="status",
    service="components.0.name incident_updates.0.affected_components.0.name",
    starts="started_at created_at",
    ends="resolved_at",
    time="updated_at",
    url="shortlink",
    identity="id",
    named={"page": "page_id"},
    severities={
        "none": Severity.INFO,
        "minor": Severity.WARNING,
        "major": Severity.HIGH,
        "critical": Severity.CRITICAL,
        "maintenance": Severity.INFO,
    },
    statuses={"postmortem": Status.RESOLVED, "verifying": Status.FIRING, "scheduled": Status.FIRING},
)
_COMPONENT = Shape(
    title="component.name",
    severity="component_update.new_status component.status",
    status="component_update.new_status component.status",
    service="component.name",
    time="component_update.created_at",
    identity="page.id component.id",
    named={"page": "page.id"},
    severities={
        "operational": Severity.INFO,
        "under_maintenance": Severity.INFO,
        "degraded_performance": Severity.WARNING,
        "partial_outage": Severity.HIGH,
        "major_outage": Severity.CRITICAL,
    },
    statuses={"under_maintenance": Status.FIRING},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state of an incident or of a component."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, Mapping):
        incident = document.get("incident")
        yield (_ALERT, incident) if isinstance(incident, Mapping) else (_COMPONENT, document)
