"""What does Falco (or Falcosidekick) say, in our words? It tells what happened and never an end."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.shape import DAY, Shape, always, tell

NAME = "falco"

_ALERT = Shape(
    title="rule",
    message="output",
    severity="priority",
    service="output_fields.k8s.deployment.name output_fields.container.name",
    host="hostname output_fields.evt.hostname",
    time="time output_fields.evt.time",
    identity="rule hostname",
    named={
        "tags": "tags",
        "namespace": "output_fields.k8s.ns.name output_fields.ka.target.namespace",
        "pod": "output_fields.k8s.pod.name",
        "container": "output_fields.container.name",
        "falco_source": "source",
    },
    facts={"actor": "output_fields.user.name output_fields.ka.user.name", "process": "output_fields.proc.cmdline"},
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
