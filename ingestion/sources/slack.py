"""What do messages in Slack's format (also Mattermost's, Rocket.Chat's) say, in our words? Attachments with colours."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import DAY, Item, Shape, tell

NAME = "slack"

_ATTACHMENT = Shape(
    title="title fallback pretext text _text",
    message="text _text",
    severity="color",
    status="color",
    host="_fields.host _fields.Host _fields.instance",
    service="_fields.service _fields.Service",
    time="ts",
    url="title_link",
    identity="_from title fallback",
    labels="_fields",
    named={"sender": "_from", "channel": "_channel"},
    severities={
        "danger": Severity.CRITICAL,
        "#ff0000": Severity.CRITICAL,
        "warning": Severity.WARNING,
        "good": Severity.INFO,
    },
    statuses={"danger": Status.FIRING, "warning": Status.FIRING, "good": Status.RESOLVED},
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per attachment, or one for a message without any."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    around = {"_text": document.get("text"), "_from": document.get("username"), "_channel": document.get("channel")}
    attached = document.get("attachments")
    for attachment in attached if isinstance(attached, list) and attached else [{}]:
        if isinstance(attachment, Mapping):
            yield _ATTACHMENT, {**attachment, **around, "_fields": _fields(attachment.get("fields"))}


def _fields(sent: object) -> dict[str, object]:
    pairs = sent if isinstance(sent, list) else []
    return {str(pair.get("title")): pair.get("value") for pair in pairs if isinstance(pair, Mapping)}
