"""What does Healthchecks (healthchecks.io) say, in our words? JSON, a form, or a query whose names its user chose."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell, text

NAME = "healthchecks"

_CHECK = Shape(
    title="name check_name slug code",
    message="desc description body",
    status="status check_status",
    service="name check_name",
    environment="_environment",
    time="now",
    url="url ping_url",
    identity="unique_key code uuid id",
    labels="tags",
    facts={"last_ping": "last_ping"},
    usual=Severity.HIGH,
)
_ENVIRONMENTS = frozenset(("prod", "production", "staging", "stage", "dev", "development", "test", "qa", "uat"))


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state of a check; a tag that is the usual name of an environment is taken as one."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, Mapping):
        tags = fields.container(text(document, "tags"))
        found = [tag for tag in tags if tag in _ENVIRONMENTS] if isinstance(tags, list) else []
        yield _CHECK, {**document, "_environment": found}
