"""What does Monit say, in our words? The XML that it posts to a collector (``set mmonit``); only events are news."""

from collections.abc import Iterator
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading import xml
from ingestion.reading.shape import Item, Shape, event

NAME = "monit"

_EVENT = Shape(
    title="message",
    status="state",
    service="service",
    host="host",
    time="collected_sec",
    identity="host service id",
    usual=Severity.HIGH,
    statuses={
        "0": Status.RESOLVED,  # succeeded
        "1": Status.FIRING,  # failed
        "2": Status.FIRING,  # changed
        "3": Status.RESOLVED,  # changed not
        "4": Status.FIRING,  # initialising
    },
)
_NOT_ALERTS = ("65536",)  # Monit itself started, stopped or was reloaded ("Instance")


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per ``event``; regular status posts have none. Host, service and event id are the identity."""
    items = list(_items(xml.root(delivery.body)))
    return Parsed(events=tuple(event(item, shape, delivery.source, received_at) for shape, item in items))


def _items(root: xml.Element) -> Iterator[Item]:
    if xml.tag(root) != "monit":
        raise BadInput("no <monit>", place="body", fix="send what Monit posts to a collector (set mmonit)")
    host = xml.said(root, "server/localhostname") or root.get("id") or ""
    for found in root.iter("event"):
        if xml.said(found, "id") not in _NOT_ALERTS:
            yield _EVENT, {**{xml.tag(child): child.text or "" for child in found}, "host": host}
