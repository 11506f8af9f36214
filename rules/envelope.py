"""Is an alert still like those that its mute was made for? The shape of a known_good rule, and who leaves it.

A mute with a shape is lifted, too, where what it hides comes with trouble that nothing hides, and on what the business
cannot do without, unless the rule names that.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from aiops.domain.alerts import Alert
from aiops.domain.events import Status
from aiops.domain.matching import fields_of
from aiops.domain.rules import Envelope, Rule
from aiops.domain.settings import SuggestSettings
from aiops.domain.words import plural, span
from rules.check import NODES
from rules.profiles import MOST_PLACES, WEEK, Profile, Seen, weeks_of

LEAST_ENDED = 10  # episodes that were ended before their longest says anything
LONGER = 2  # times the longest that was learned
CROWD = 2  # other services of the incident that nothing hides
SEASONS = 2  # weeks from which on the hours of the week are told apart
MOST_ENTITIES = 50  # beyond it a rule for all of them goes for others, too
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def envelope_of(profiles: Sequence[Profile], headroom: float, *, named: bool) -> Envelope:
    """Return what these kinds of alerts are like, each entity taken by itself and the widest of them counted.

    ``headroom``: a rate may be so many times the highest that was seen. ``named``: the rule says on which entities.
    """
    entities = tuple(sorted({one.entity for one in profiles}))
    one_kind = len({(one.source, one.kind, one.template) for one in profiles}) == 1
    widest = max(max(one.peak, one.in_hour) for one in profiles)
    seasonal = all(weeks_of(one) >= SEASONS for one in profiles)
    by_hour = [max(one.most(hour) for one in profiles) for hour in range(WEEK)] if seasonal else []
    ended = sum(one.ended for one in profiles)
    crowd = any(one.crowd for one in profiles)
    return Envelope(
        per_hour=_room(widest, headroom),
        by_hour=tuple(_room(most, headroom) for most in by_hour),
        longest=timedelta(seconds=LONGER * max(one.longest for one in profiles)) if ended >= LEAST_ENDED else None,
        parameters=tuple(_values([one.values for one in profiles])) if one_kind else (),
        beside=None if crowd else tuple(sorted({kind for one in profiles for kind in one.beside})),
        entities=None if named or len(entities) > MOST_ENTITIES else entities,
    )


def shaped(
    rule: Rule, profiles: Iterable[Profile], alert_of: Callable[[str], Alert | None], settings: SuggestSettings
) -> Rule:
    """Return a rule with the shape of what it hides, as it is where too little of that was seen.

    ``alert_of``: returns the alert of a fingerprint, if it is still known.
    """
    found = []
    for profile in profiles:
        alert = alert_of(profile.fingerprint)
        if alert is not None and rule.matches(fields_of(alert)):
            found.append(profile)
    firings, hours = sum(one.firings for one in found), max((one.hours for one in found), default=0)
    if firings < settings.least or hours < settings.hours:
        return rule
    return msgspec.structs.replace(rule, envelope=envelope_of(found, settings.headroom, named=names_entity(rule)))


def lifted_by(rule: Rule, envelope: Envelope, alert: Alert, seen: Seen, now: datetime) -> str:
    """Say why the mute of ``rule``, whose shape is ``envelope``, does not hold for the alert; empty: it does."""
    if seen.vital and not names_entity(rule):
        return f"its entity: {alert.entity.name} is business-critical, and the rule does not name it"
    if len(seen.company) >= CROWD:
        return f"its company: {' and '.join(seen.company)} alert in the same incident, and nothing hides that"
    return left(envelope, alert, seen, now)


def names_entity(rule: Rule) -> bool:
    """Does every way of the rule say on which entities it holds?"""
    return all(any(matcher.field in NODES for matcher in way) for way in rule.ways)


def left(envelope: Envelope, alert: Alert, seen: Seen, now: datetime) -> str:
    """Say which bound the alert breaks; empty: none."""
    if envelope.entities is not None and alert.entity.name not in envelope.entities:
        known = plural(len(envelope.entities), "node")
        return f"its entity: {alert.entity.name or 'none'} is none of the {known} that were learned"
    most = envelope.by_hour[seen.hour] if envelope.by_hour else envelope.per_hour
    if seen.in_hour > most:
        when = f" on {_NAMES[seen.hour // 24]} {seen.hour % 24:02d}:00 UTC" if envelope.by_hour else ""
        return f"its rate: {seen.in_hour} in this hour, at most {most}{when} were learned"
    if envelope.longest is not None and alert.status is Status.FIRING:
        lasts = now - alert.episode.started_at
        if lasts > envelope.longest:
            return f"its duration: it fires for {span(lasts)}, at most {span(envelope.longest)} were learned"
    for number, (usual, value) in enumerate(zip(envelope.parameters, alert.parameters, strict=False), 1):
        if usual and value not in usual:
            return f"parameter {number}: {value[:100]!r} is none of the {plural(len(usual), 'value')} that were learned"
    if envelope.beside is not None:
        for kind in seen.beside:
            if kind not in envelope.beside:
                return f"what fires with it: {kind[:100]!r} on {alert.entity.name or 'the same'}, which never did"
    return ""


def ends(envelope: Envelope, alert: Alert) -> datetime | None:
    """Return when the alert will have lasted too long; None: never, or it is over."""
    if envelope.longest is None or alert.status is not Status.FIRING:
        return None
    return alert.episode.started_at + envelope.longest + timedelta(seconds=1)


def _room(most: int, headroom: float) -> int:
    return math.ceil(most * headroom) + 1


def _values(several: Sequence[Sequence[Sequence[str]]]) -> list[tuple[str, ...]]:
    """Return the values of each place over all of them; none where one of them had too many."""
    places = min((len(values) for values in several), default=0)
    found = []
    for place in range(min(places, MOST_PLACES)):
        here = [values[place] for values in several]
        found.append(tuple(sorted({value for values in here for value in values})) if all(here) else ())
    return found
