"""What do CircleCI's webhooks say, in our words? Workflows and jobs."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading.shape import Item, Shape, tell

NAME = "circleci"

_BUILD = Shape(
    kind=EventKind.BUILD,
    what="pipeline",
    title="job.name workflow.name",
    service="project.name project.slug",
    starts="job.started_at workflow.created_at",
    ends="job.stopped_at workflow.stopped_at happened_at",
    url="workflow.url",
    identity="job.id workflow.id",
    facts={
        "result": "job.status workflow.status",
        "actor": "pipeline.vcs.commit.author.name pipeline.trigger_parameters.circleci.actor_id",
        "ref": "pipeline.vcs.branch pipeline.vcs.tag pipeline.trigger_parameters.git.branch",
        "sha": "pipeline.vcs.revision pipeline.trigger_parameters.git.checkout_sha",
        "number": "pipeline.number",
        "action": "type",
    },
)
_JOB = msgspec.structs.replace(_BUILD, what="job")


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per workflow or job that is over."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, Mapping):
        yield (_JOB if "job" in document else _BUILD), document
