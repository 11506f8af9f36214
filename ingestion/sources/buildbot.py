"""What does Buildbot's HttpStatusPush say, in our words?"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "buildbot"

_RESULTS = ("success", "unstable", "failure", "skipped", "failure", "queued", "cancelled")  # by Buildbot's number
_BUILD = Shape(
    kind=EventKind.BUILD,
    what="build",
    title="buildername builder.name state_string",
    message="state_string",
    service="project properties.project.0 buildername builder.name buildset.sourcestamps.0.project",
    starts="_started started_at",
    ends="_ended complete_at",
    url="url",
    identity="buildid",
    facts={
        "result": "_result",
        "ref": "properties.branch.0 buildset.sourcestamps.0.branch",
        "sha": "properties.got_revision.0 properties.revision.0 buildset.sourcestamps.0.revision",
        "actor": "properties.owner.0 properties.owners.0",
        "number": "number",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per build that began or ended; what it sends now, and what it sent before version 2."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, Mapping):
        result = fields.number_of(document.get("results"))
        word = _RESULTS[int(result)] if result is not None and 0 <= result < len(_RESULTS) else "started"
        time = "_started" if word == "started" else "_ended"
        yield _BUILD, {**document, "_result": word, time: document.get("timestamp")}
