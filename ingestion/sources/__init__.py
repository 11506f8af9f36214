"""Which senders do we understand? One file each: a delivery's bytes in, Events and problems out; pure."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Parsed, Problem
from ingestion.reading.documents import is_document
from ingestion.sources import alertmanager, generic, lines

__all__ = ["SOURCES", "Parse", "is_document", "parse"]

Parse = Callable[[Delivery, datetime], Parsed]

SOURCES: dict[str, Parse] = {
    alertmanager.NAME: alertmanager.parse,
    generic.NAME: generic.parse,
    lines.NAME: lines.parse,
}


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return what a delivery says; a source that nobody described is read as generic JSON. Never raises.

    The sender's own idempotency key, where it gave one, recognises a resend better than the content does.
    """
    try:
        parsed = SOURCES.get(delivery.source, generic.parse)(delivery, received_at)
    except BadInput as error:
        return Parsed(problems=(Problem(place=error.place, problem=error.problem, fix=error.fix),))
    except Exception as error:  # noqa: BLE001  wall: a fault in one source must not stop the fold; it is counted as rejected
        said = f"the parser of {delivery.source} failed: {type(error).__name__}: {error}"[:300]
        return Parsed(problems=(Problem(place="body", problem=said, fix="report it with this delivery's id"),))
    if delivery.idempotency_key:
        events = tuple(_keyed(event, delivery, index) for index, event in enumerate(parsed.events))
        parsed = msgspec.structs.replace(parsed, events=events)
    return parsed


def _keyed(event: Event, delivery: Delivery, index: int) -> Event:
    return msgspec.structs.replace(event, content_key=f"{delivery.source} {delivery.idempotency_key} {index}")
