"""Which alerts end by themselves before anybody can look? Such a kind pages only once it has lasted longer than usual.

The time is learned from the kind's own past episodes that their sender ended, and never longer than ``hold_most``. What
is worse than ``hold_worst``, known bad, business-critical, or in company of other trouble is not held back.
"""

import math
from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec

from aiops.domain.alerts import Alert, Suppression
from aiops.domain.base import stable_hash
from aiops.domain.events import Status
from aiops.domain.part import Part
from aiops.domain.settings import CalmSettings
from aiops.domain.timers import Timers
from aiops.domain.words import clock, span
from rules.envelope import CROWD
from rules.profiles import Seen

TIMER = "held"
STEPS = (30, 60, 120, 180, 300, 600, 900, 1_800, 3_600)  # seconds that durations are counted by
LEAST = 28  # episodes of which a duration is learned
FADES = 400  # episodes from which on older ones count half
MOST = 20_000  # kinds remembered; the longest unheard is forgotten
_Z = 1.96


class Holding(Part):
    """Timers of kind ``held`` carry the fingerprint of an alert that lasts longer than its kind usually does."""

    def __init__(self, settings: CalmSettings, timers: Timers) -> None:
        super().__init__()
        self.settings = settings
        self._timers = timers
        self._ended: OrderedDict[str, list[int]] = OrderedDict()  # kind -> episodes by duration; the last: longer ones

    def learn(self, alert: Alert) -> None:
        """An episode was ended by its sender: note how long it was; one alert that flaps says nothing of its kind."""
        episode = alert.episode
        if episode.ended_at is None or episode.end_reason != "sender" or alert.flapping:
            return
        lasted = (episode.ended_at - episode.started_at).total_seconds()
        step = next((number for number, most in enumerate(STEPS) if lasted <= most), len(STEPS))
        kind = _kind(alert)
        counts = self._ended.setdefault(kind, [0] * (len(STEPS) + 1))
        self._ended.move_to_end(kind)
        counts[step] += 1
        if sum(counts) >= FADES:
            self._ended[kind] = [count // 2 for count in counts]
        if len(self._ended) > MOST:
            self._ended.popitem(last=False)

    def over(self, alert: Alert, now: datetime, hit: bool, seen: Seen) -> tuple[Suppression, ...]:
        """Return what holds a new episode back, and goes on to until its time has come."""
        if alert.severity.rank > self.settings.hold_worst.rank or seen.vital or len(seen.company) >= CROWD:
            return ()
        held = next((one for one in alert.suppressed_by if one.kind == "held"), None)
        if held is not None:
            return (held,) if held.until and (now < held.until or alert.status is Status.RESOLVED) else ()
        fresh = hit and alert.episode.events == 1 and alert.status is Status.FIRING
        learned = self._learned(alert) if fresh and self.settings.hold_back else None
        if learned is None:
            return ()
        seconds, ended, total = learned
        until = alert.episode.received_at + timedelta(seconds=seconds)
        if until <= now:
            return ()
        self._timers.set(TIMER, alert.fingerprint, until)
        share = f"{ended} of the last {total} of its kind ended by themselves within {span(seconds)}"
        text = f"held back until {clock(until.replace(microsecond=0))}, as {share}: it pages if it still fires then"
        return (Suppression(kind="held", id=alert.fingerprint, text=text, until=until),)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._ended.items()))

    def load(self, state: bytes) -> None:
        self._ended = OrderedDict(msgspec.msgpack.decode(state, type=list[tuple[str, list[int]]]))

    def _learned(self, alert: Alert) -> tuple[int, int, int] | None:
        """Return the shortest time within which surely most ended: seconds, how many did, of how many."""
        counts = self._ended.get(_kind(alert))
        total = sum(counts) if counts else 0
        if not counts or total < LEAST:
            return None
        ended = 0
        for seconds, count in zip(STEPS, counts, strict=False):
            ended += count
            if seconds > self.settings.hold_most.total_seconds():
                return None
            if at_least(ended, total) >= self.settings.hold_share:
                return seconds, ended, total
        return None


def at_least(count: int, total: int) -> float:
    """Return the lower end of the 95 % interval of a share (Wilson 1927)."""
    share = count / total
    spread = _Z * math.sqrt(share * (1 - share) / total + _Z * _Z / (4 * total * total))
    return max(0.0, (share + _Z * _Z / (2 * total) - spread) / (1 + _Z * _Z / total))


def _kind(alert: Alert) -> str:
    return stable_hash(alert.source, alert.episode.kind_key)
