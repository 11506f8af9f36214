"""What do tickets of planned changes say, in our words? ServiceNow's, Jira Service Management's, or plain JSON."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "change_tickets"

_TICKET = Shape(
    kind=EventKind.CHANGE,
    what="change ticket",
    title="short_description summary title issue.fields.summary",
    message="description issue.fields.description",
    service="_service",
    starts="start_date planned_start starts_at start issue.fields.planned_start issue.fields.customfield_start",
    ends="end_date planned_end ends_at end issue.fields.planned_end issue.fields.customfield_end",
    url="url link",
    identity="_ticket _state start_date planned_start starts_at start end_date planned_end ends_at end",
    facts={
        "actor": "assigned_to.display_value assigned_to.name assigned_to requested_by user.displayName owner",
        "ticket": "_ticket",
        "state": "_state",
        "services": "_services",
        "window": "_window",
    },
)
_WRAPPERS = ("result", "record", "data", "change", "change_request")
_NAMED = ("cmdb_ci", "services", "service", "affected_services", "affected_cis", "issue.fields.components")
_CANCELLED = frozenset(("canceled", "cancelled", "rejected", "declined", "withdrawn", "4"))
_DONE = frozenset(("closed", "complete", "completed", "done", "implemented", "resolved", "3", "review"))
_MOST = 100  # services of one ticket


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per ticket; with a start, an end and services it asks for a maintenance window."""
    told = tell(delivery, received_at, _items)
    events = [msgspec.structs.replace(one, occurred_at=min(one.occurred_at, received_at)) for one in told.events]
    return msgspec.structs.replace(told, events=tuple(events))  # planned for later, but said now


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    for name in _WRAPPERS:
        if isinstance(inner := document.get(name), Mapping):
            document = inner
    ticket = fields.first_of(document, ("number", "ticket", "issue.key", "key", "id"))
    if not ticket:
        return
    state = fields.first_of(document, ("state.display_value", "state", "status", "issue.fields.status.name"))
    folded = state.lower()
    window = "cancelled" if folded in _CANCELLED else "done" if folded in _DONE else "planned"
    services = list(dict.fromkeys(name for path in _NAMED for name in _names(fields.dig(document, path))))[:_MOST]
    more = {"_ticket": ticket, "_state": state or "planned", "_window": window, "_services": "\n".join(services)}
    yield _TICKET, {**document, **more, "_service": services[0] if services else ""}


def _names(value: object) -> Iterator[str]:
    """Yield the names of things: a text (parted by commas), an object that has a name, or a list of these."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            one = fields.first_of(one, ("name", "display_value", "value"))
        if isinstance(one, str):
            yield from (name.strip().lower() for name in one.split(",") if name.strip())
