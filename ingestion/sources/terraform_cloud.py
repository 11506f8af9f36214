"""What do run notifications of Terraform Cloud (HCP Terraform) say, in our words?"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "terraform_cloud"

_RUN = Shape(
    kind=EventKind.CHANGE,
    what="terraform-run",
    title="run_message _last.message",
    service="workspace_name",
    starts="run_created_at",
    ends="_ended",
    url="run_url",
    identity="run_id",
    named={"organization": "organization_name", "workspace": "workspace_name"},
    facts={"result": "_result", "actor": "run_created_by", "action": "_last.trigger", "state": "_last.run_status"},
)
_OVER = ("applied", "errored", "canceled", "discarded", "planned_and_finished", "force_canceled", "policy_soft_failed")
_RESULTS = {"planned_and_finished": "success", "force_canceled": "cancelled", "policy_soft_failed": "failure"}


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per run; the verification of a new destination tells nothing. The run's status is the result."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    told = fields.dig(document, "notifications")
    if not isinstance(document, Mapping) or not document.get("run_id"):
        return
    last = told[-1] if isinstance(told, list) and told else {}
    status = fields.first_of(last, ("run_status",))
    ended = fields.first_of(last, ("run_updated_at",)) if status in _OVER else ""
    yield _RUN, {**document, "_last": last, "_ended": ended, "_result": _RESULTS.get(status, status)}
