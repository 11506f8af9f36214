"""What does SonarQube say, in our words? The quality gate's status counts, not that of the analysis."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "sonarqube"

_GATE = Shape(
    kind=EventKind.BUILD,
    what="quality-gate",
    title="qualityGate.name project.name project.key",
    service="project.key project.name",
    ends="analysedAt changedAt",
    starts="startedAt",
    url="_url",
    identity="project.key branch.name",
    facts={
        "result": "qualityGate.status status",
        "ref": "branch.name",
        "sha": "revision",
        "failed_conditions": "_failed",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per analysed branch."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    conditions = fields.dig(document, "qualityGate.conditions")
    failed = [
        fields.first_of(condition, ("metric",))
        for condition in (conditions if isinstance(conditions, list) else [])
        if fields.first_of(condition, ("status",)) == "ERROR"
    ]
    main = fields.dig(document, "branch.isMain") is not False
    url = fields.first_of(document, ("project.url", "branch.url") if main else ("branch.url", "project.url"))
    yield _GATE, {**document, "_failed": "\n".join(failed), "_url": url}
