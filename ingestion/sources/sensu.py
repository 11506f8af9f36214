"""What does a handler of Sensu Go get, in our words? An event: a check's result for an entity."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import Shape, always, tell

NAME = "sensu"

_CHECK = Shape(
    title="check.output",
    message="check.output",
    severity="check.status",
    status="check.status",
    host="entity.system.hostname entity.metadata.name",
    time="check.executed check.issued timestamp",
    identity="entity.metadata.namespace entity.metadata.name check.metadata.name",
    labels="entity.metadata.labels check.metadata.labels",
    named={"check": "check.metadata.name", "namespace": "entity.metadata.namespace"},
    severities={"0": Severity.INFO, "1": Severity.WARNING, "2": Severity.CRITICAL},
    statuses={"0": Status.RESOLVED, "1": Status.FIRING, "2": Status.FIRING},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state of a check of an entity; ``status`` is the exit code of a plugin."""
    return tell(delivery, received_at, always(_CHECK))
