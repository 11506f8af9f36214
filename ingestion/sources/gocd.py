"""What does a notification plug-in of GoCD say, in our words? Stages of pipelines."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "gocd"

_STAGE = Shape(
    kind=EventKind.BUILD,
    what="pipeline",
    title="name",
    service="name",
    starts="stage.create-time",
    ends="stage.last-transition-time",
    identity="name counter stage.name stage.counter",
    named={"group": "group"},
    facts={
        "result": "_result",
        "stage": "stage.name",
        "actor": "stage.approved-by",
        "ref": "build-cause.0.material.git-configuration.branch",
        "sha": "build-cause.0.modifications.0.revision",
        "number": "counter",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per stage that began or ended."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    pipeline = fields.dig(document, "data.pipeline") or fields.dig(document, "pipeline")
    if isinstance(pipeline, Mapping):
        result = fields.first_of(pipeline, ("stage.result",))
        ended = result.lower() not in ("", "unknown")
        yield _STAGE, {**pipeline, "_result": result if ended else fields.first_of(pipeline, ("stage.state",))}
