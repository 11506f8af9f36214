"""What is known of an alert at this moment, and what keeps it quiet? And which rules could be made of what is known?"""

from contextlib import suppress

import msgspec

from aiops.domain.acts import PutRule
from aiops.domain.alerts import Alert, Suppression
from aiops.domain.errors import AiopsError
from aiops.parts import Parts
from rules.profiles import Seen
from rules.trail import ENGINE

VITAL = 1  # the tier of what the business cannot do without


def judge(parts: Parts, alert: Alert, hit: bool) -> Alert:
    """Return the alert with its verdict and all that suppresses it; ``hit``: an event came in for it."""
    before = parts.dedup.current(alert.fingerprint)
    turned = before is not None and before.status is not alert.status
    if turned or parts.flapping.knows(alert.fingerprint) or alert.flapping:
        paged = before is not None and parts.correlator.paged(before.episode.incident_id)
        alert = parts.flapping.mark(alert, parts.now, turned=turned, paged=paged)
    if turned:
        parts.holding.learn(alert)
    seen = _seen(parts, alert, hit, turned)
    parts.suggest.wake(parts.now)
    alert = parts.book.judge(alert, parts.now, hit, _quiet(parts, alert, hit, seen), seen)
    parts.profiles.judged(alert)
    return alert


def propose(parts: Parts) -> None:
    """Put what could be a rule before people: it decides nothing until somebody accepts it."""
    vital = {name for name, node in parts.graph.view().services.items() if node.tier == VITAL}
    present, tested = parts.book.statuses(), parts.harms.tested(parts.now)
    for rule in parts.suggest.due(parts.now, present, vital, tested):
        with suppress(AiopsError):  # the book is full, or it would not stand: it is thought of again within the hour
            parts.book.act(PutRule(rule=rule), ENGINE, parts.now, {})


def _seen(parts: Parts, alert: Alert, hit: bool, turned: bool) -> Seen:
    """Return how the alert stands beside others of its kind, and in its incident."""
    node = parts.graph.view().service(alert.entity.name)
    return msgspec.structs.replace(
        parts.profiles.note(alert, parts.now, hit, turned),
        company=parts.correlator.company(alert),
        vital=node is not None and node.tier == VITAL,
    )


def _quiet(parts: Parts, alert: Alert, hit: bool, seen: Seen) -> tuple[Suppression, ...]:
    """Return what suppresses the alert beside rules and silences."""
    planned = parts.schedule.over(alert, parts.now, hit)
    inhibited = parts.inhibitor.over(alert, parts.graph.view(), parts.now, hit)
    return (*planned, *inhibited, *parts.flapping.over(alert), *parts.holding.over(alert, parts.now, hit, seen))
