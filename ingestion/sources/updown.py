"""What does updown.io say, in our words? A list; a check may go down and come up within it."""

from collections.abc import Iterator
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "updown"

_CHECK = Shape(
    title="_title",
    message="description downtime.error check.error",
    status="event",
    service="check.alias",
    host="check.url",
    starts="downtime.started_at check.down_since",
    ends="downtime.ended_at",
    time="time",
    url="check.url",
    identity="check.token _what",
    usual=Severity.HIGH,
    statuses={
        "check.down": Status.FIRING,
        "check.up": Status.RESOLVED,
        "check.still_down": Status.FIRING,
        "check.ssl_invalid": Status.FIRING,
        "check.ssl_valid": Status.RESOLVED,
        "check.ssl_expiration": Status.FIRING,
        "check.ssl_renewed": Status.RESOLVED,
        "check.performance_drop": Status.FIRING,
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per element; a check's certificate is another condition than its answer."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, dict):
        name = fields.first_of(document, ("check.alias", "check.url"))
        error = fields.first_of(document, ("downtime.error", "check.error", "description"))
        kind = fields.first_of(document, ("event",)).removeprefix("check.")
        what = "ssl" if kind.startswith("ssl") else "performance" if kind.startswith("performance") else ""
        yield _CHECK, {**document, "_title": f"{name}: {error or kind.replace('_', ' ')}", "_what": what}
