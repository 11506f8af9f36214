"""When does an incident that looks like two become two by itself, and when is that left to a person?"""

from datetime import datetime

import msgspec

from aiops.domain.events import Severity
from aiops.domain.incidents import Division, IncidentStatus
from aiops.domain.words import plural, span
from correlation.live import Live
from correlation.pinning import Pinning
from correlation.pins import Tie
from correlation.splitting import Cover, cover
from correlation.unusual import unusual, waits

GROWTH = 1.1  # beyond ``SMALL`` services, it is looked at again when there are so many times more of them
SMALL = 20


def divide(held: Pinning, live: Live, now: datetime) -> None:
    """A service is new to ``live``: look at it again, and split it while that is young and nobody's.

    Later it is proposed, and a person decides; what no longer looks like two is proposed no longer.
    """
    services = len(live.services)
    if SMALL < services < live.covered * GROWTH:
        return
    live.covered = services
    if len(live.explained) == services:  # as good as always
        _withdraw(held, live, f"{live.root} explains all of its services", now)
        return
    founder = held.members.get(live.doc.founder)
    node = founder.node if founder else ""
    two = cover(live.keys.values(), node, held.graph, held.model, held.settings, now.timestamp())
    leaving = [key for key in live.members if held.members[key].node in two.leaves]
    if not leaving or len(leaving) == len(live.members):
        _withdraw(held, live, two.text, now)
    elif tie := _bond(held, live, two):
        held.pins.hit(tie.pin, now)
        _withdraw(held, live, tie.text, now)
    elif _left_alone(held, live, two, leaving, now):
        age = span(now - live.doc.opened_at)
        new = held.part(live, leaving, f"{two.text} (by itself, {age} after it began)", now)
        for one in (live, new):
            one.grouped = (f"#{live.doc.number} and #{new.doc.number} became two: {two.text}",)
    else:
        _propose(held, live, two, now)


def _bond(held: Pinning, live: Live, two: Cover) -> Tie | None:
    """Return a pin by which something that would leave belongs together with something that would stay."""
    leaving = {key for key, sign in live.keys.items() if sign.node in two.leaves}
    return held.pins.bond((key for key in live.keys if key in leaving), live.keys.keys() - leaving)


def _left_alone(held: Pinning, live: Live, two: Cover, leaving: list[str], now: datetime) -> bool:
    """Is it young, nobody's, and put to nobody yet? And would people still be shown both parts?"""
    doc = live.doc
    untouched = doc.status is IncidentStatus.OPEN and not doc.assignee and live.confirmed is None
    young = now - doc.opened_at <= held.settings.split_within and doc.division is None
    movable = not any(held.members[key].final for key in leaving)
    return untouched and young and movable and (doc.background or not _hides(held, live, two, now))


def _hides(held: Pinning, live: Live, two: Cover, now: datetime) -> bool:
    """Would one of the parts wait in the background, as it is neither bad nor unusual by itself?"""
    for leaves in (True, False):
        part = {key: sign for key, sign in live.keys.items() if (sign.node in two.leaves) is leaves}
        severity = max((sign.severity for sign in part.values()), key=lambda one: one.rank, default=Severity.INFO)
        if waits(unusual(part, held.rates, held.graph, now.timestamp()).score, severity, held.settings):
            return True
    return False


def _propose(held: Pinning, live: Live, two: Cover, now: datetime) -> None:
    before = live.doc.division
    text = f"this looks like two: {two.text}"
    live.doc = msgspec.structs.replace(live.doc, division=Division(services=two.leaves, root=two.root, text=text))
    if before is None or before.root != two.root:
        held.tell(live, now, "proposal", f"{text}; {plural(len(two.leaves), 'service')} would leave with {two.root}")


def _withdraw(held: Pinning, live: Live, why: str, now: datetime) -> None:
    if live.doc.division is not None:
        live.doc = msgspec.structs.replace(live.doc, division=None)
        held.tell(live, now, "proposal", f"it no longer looks like two: {why}")
