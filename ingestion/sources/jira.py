"""What do Jira's webhooks say, in our words? Tickets that were made or changed."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "jira"

_ISSUE = Shape(
    kind=EventKind.CHANGE,
    what="ticket",
    title="issue.fields.summary issue.key",
    message="comment.body issue.fields.description",
    service="_project",
    starts="timestamp issue.fields.updated",
    url="_url",
    identity="issue.key timestamp",
    named={"issue_type": "issue.fields.issuetype.name", "priority": "issue.fields.priority.name"},
    facts={
        "actor": "user.displayName user.name comment.author.displayName",
        "action": "issue_event_type_name webhookEvent",
        "ticket": "issue.key",
        "state": "issue.fields.status.name",
        "changed": "_changed",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per change of a ticket; the project is what stands before the number in its key."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    key, link = fields.first_of(document, ("issue.key",)), fields.first_of(document, ("issue.self",))
    site, rest, _ = link.partition("/rest/api/")
    changes = fields.dig(document, "changelog.items")
    told = [
        f"{fields.first_of(change, ('field',))}: {fields.first_of(change, ('fromString',))} -> "
        f"{fields.first_of(change, ('toString',))}"
        for change in (changes if isinstance(changes, list) else [])
    ]
    url = f"{site}/browse/{key}" if rest and key else ""
    yield _ISSUE, {**document, "_project": key.rpartition("-")[0], "_url": url, "_changed": "; ".join(told)}
