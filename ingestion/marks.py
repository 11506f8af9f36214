"""Which of an alert's states is the later one? By event time, whatever the order in which they come in."""

from datetime import UTC, datetime, timedelta

import msgspec

from aiops.domain.alerts import Alert
from aiops.domain.entries import delivery_of
from aiops.domain.events import Event, Status
from ingestion.states import inferred

_MICROSECOND = timedelta(microseconds=1)
_UNSTATED = datetime(1, 1, 1, tzinfo=UTC)
_Order = tuple[datetime, datetime, int, datetime]


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """Of the sender's state that an alert shows: where it stands among all states of the alert, and what it said."""

    order: _Order
    content_key: str
    leased: bool  # its sender is to repeat it while it lasts
    until: datetime | None = None  # the furthest that it promised so, in our time

    def promised(self, event: Event) -> "Mark":
        """Return it with what ``event`` promises."""
        end = _promise(event)
        further = end is not None and (self.until is None or end > self.until)
        return msgspec.structs.replace(self, until=end) if further else self

    def newer(self, event: Event, alert: Alert) -> bool:
        """Does the event state something later than what the alert shows? An end that we inferred yields to firing."""
        if event.status is Status.FIRING and inferred(alert):
            return True
        promise = _promise(event)
        if promise and self.until and promise > self.until and alert.status is Status.RESOLVED:
            return True  # its sender renews the lease of what it, or another, called over: it was over for want of news
        stated = event.starts_at is not None or event.occurred_at != event.received_at
        if not stated and delivery_of(event.event_id) != delivery_of(alert.event_id):  # what comes later is later
            return event.occurred_at >= self.order[0]
        return _order(event) >= self.order


NOTHING = Mark((_UNSTATED, _UNSTATED, 0, _UNSTATED), "", False)  # of an alert of which nothing is left: all is later


def marked(before: Mark | None, event: Event) -> Mark:
    """Return the mark of an alert that shows what this event states."""
    order = _order(event)
    if before is not None and before.order > order:  # a renewed lease: what it outlived, said once more, is over
        order = (before.order[0] + _MICROSECOND, *before.order[1:])
    until = before.until if before else None
    return Mark(order, event.content_key, event.lease is not None, until).promised(event)


def _promise(event: Event) -> datetime | None:
    """Return until when a firing is said to last, unless it is repeated; None: it says nothing of that."""
    return event.received_at + event.lease if event.lease and event.status is Status.FIRING else None


def _order(event: Event) -> _Order:
    """Return where a state stands among all of its alert; the largest counts, in whatever order they come in.

    By time; then by the start of the firing that is spoken of; then an end outranks the firing that it names, and a
    firing an end that names none. Nothing ends before it began: where the sender's clock says so, the start counts.
    """
    wins = Status.RESOLVED if event.starts_at else Status.FIRING
    start = event.starts_at or _UNSTATED
    return max(event.occurred_at, start), start, int(event.status is wins), event.occurred_at
