"""What do webhooks of the registry Harbor say, in our words? Pushes, scans, deletions of images."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading.shape import Shape, always, tell

NAME = "harbor"

_IMAGE = Shape(
    kind=EventKind.CHANGE,
    what="image",
    title="event_data.repository.repo_full_name type",
    service="event_data.repository.name event_data.repository.repo_full_name",
    starts="occur_at",
    identity="type event_data.resources.0.digest event_data.resources.0.tag",
    named={"project": "event_data.repository.namespace"},
    facts={
        "action": "type",
        "actor": "operator",
        "ref": "event_data.resources.0.tag",
        "sha": "event_data.resources.0.digest",
        "url": "event_data.resources.0.resource_url",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per delivery."""
    return tell(delivery, received_at, always(_IMAGE))
