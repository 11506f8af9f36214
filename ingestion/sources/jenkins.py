"""What does Jenkins' Notification plug-in say, in our words? STARTED, COMPLETED and FINALIZED are one build."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "jenkins"

_BUILD = Shape(
    kind=EventKind.BUILD,
    what="build",
    title="display_name name",
    service="name",
    starts="_started",
    ends="_ended",
    url="build.full_url",
    identity="build.full_url",
    facts={
        "result": "build.status build.phase",
        "ref": "build.scm.branch",
        "sha": "build.scm.commit",
        "number": "build.number",
        "actor": "build.scm.culprits build.parameters.BUILD_USER",
        "phase": "build.phase",
        "failed_tests": "build.test_summary.failed",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per phase of a build; the build's address is its identity."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, Mapping):
        moment = fields.dig(document, "build.timestamp")
        over = fields.dig(document, "build.phase") in ("COMPLETED", "FINALIZED")
        yield _BUILD, {**document, "_ended" if over else "_started": moment}
