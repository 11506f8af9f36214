"""Is an alert still like those that its mute was made for? The shape of a known_good rule, and who leaves it."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from aiops.domain.alerts import Alert
from aiops.domain.events import Status
from aiops.domain.rules import Envelope
from aiops.domain.words import plural, span
from rules.profiles import MOST_PLACES, WEEK, Profile, Seen, weeks_of

LEAST_ENDED = 10  # episodes that were ended before their longest says anything
LONGER = 2  # times the longest that was learned
SEASONS = 2  # weeks from which on the hours of the week are told apart
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def envelope_of(profiles: Sequence[Profile], headroom: float) -> Envelope:
    """Return what these kinds of alerts are like, each entity taken by itself and the widest of them counted.

    ``headroom``: a rate may be so many times the highest that was seen.
    """
    widest = max(max(one.peak, one.in_hour) for one in profiles)
    seasonal = all(weeks_of(one) >= SEASONS for one in profiles)
    by_hour = {hour: max(one.week.get(hour, 0) for one in profiles) for hour in range(WEEK)} if seasonal else {}
    ended = sum(one.ended for one in profiles)
    crowd = any(one.crowd for one in profiles)
    return Envelope(
        per_hour=_room(widest, headroom),
        by_hour={hour: _room(most, headroom) for hour, most in by_hour.items()},
        longest=timedelta(seconds=LONGER * max(one.longest for one in profiles)) if ended >= LEAST_ENDED else None,
        parameters=tuple(_values([one.values for one in profiles])),
        beside=None if crowd else tuple(sorted({kind for one in profiles for kind in one.beside})),
    )


def left(envelope: Envelope, alert: Alert, seen: Seen, now: datetime) -> str:
    """Say which bound the alert breaks; empty: none."""
    most = envelope.by_hour.get(seen.hour, envelope.per_hour)
    if seen.in_hour > most:
        when = f" on {_NAMES[seen.hour // 24]} {seen.hour % 24:02d}:00 UTC" if envelope.by_hour else ""
        return f"its rate: {seen.in_hour} in this hour, at most {most}{when} were learned"
    if envelope.longest is not None and alert.status is Status.FIRING:
        lasts = now - alert.episode.started_at
        if lasts > envelope.longest:
            return f"its duration: it fires for {span(lasts)}, at most {span(envelope.longest)} were learned"
    for number, (known, value) in enumerate(zip(envelope.parameters, alert.parameters, strict=False), 1):
        if known and value not in known:
            return f"parameter {number}: {value[:100]!r} is none of the {plural(len(known), 'value')} that were learned"
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
