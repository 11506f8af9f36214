"""Does an alert turn on and off all the time? Hysteresis over its changes of state: many begin it, calm ends it.

A flapping alert is one thing to tell, not many: while somebody knows of it, what it does next pages nobody unless it
gets worse, and nobody hears that it is over before it is calm. Where nobody knows, its next firing pages even if it is
over before the hold.
"""

from collections import OrderedDict
from datetime import UTC, datetime

import msgspec

from aiops.domain.alerts import Alert, Suppression
from aiops.domain.events import Severity, Status
from aiops.domain.part import Part
from aiops.domain.reasons import Reason, told
from aiops.domain.settings import CalmSettings
from aiops.domain.timers import Timers
from aiops.domain.words import clock, span

TIMER = "flap"
MOST = 20_000  # alerts whose changes are remembered; the one that changed longest ago is forgotten
SAID_AT = (25, 100, 1_000)  # changes at which the count is told again


class _Flap(msgspec.Struct, array_like=True):
    """One alert that changed lately; times in seconds since 1970."""

    worst: Severity
    changes: list[float] = []  # the newest, as many as begin it
    since: float = 0.0  # first of the changes that began it; 0: it does not flap
    total: int = 0  # changes since then
    paged: bool = False  # somebody knows of it


class Flapping(Part):
    """Timers of kind ``flap`` carry the fingerprint of an alert that may be calm by then."""

    def __init__(self, settings: CalmSettings, timers: Timers) -> None:
        super().__init__()
        self.settings = settings
        self._timers = timers
        self._flaps: OrderedDict[str, _Flap] = OrderedDict()  # the longest unchanged first

    def knows(self, fingerprint: str) -> bool:
        """Did this alert change its state lately?"""
        return fingerprint in self._flaps

    def mark(self, alert: Alert, now: datetime, *, turned: bool, paged: bool) -> Alert:
        """Return the alert with how often it changed while it flaps.

        ``turned``: its state is another one than before; ``paged``: somebody knows of the incident it was in, which is
        not over.
        """
        flap = self._flaps.get(alert.fingerprint)
        if turned and (alert.status is Status.FIRING or alert.episode.end_reason == "sender"):
            flap = self._change(alert, flap or _Flap(worst=alert.severity), now)
        if flap is None or not flap.since:
            return calmed(alert, now) if alert.flapping else alert
        flap.paged = paged
        return _counted(alert, flap)

    def over(self, alert: Alert) -> tuple[Suppression, ...]:
        """Return what keeps a flapping alert quiet: that somebody knows, and that it is no worse than it was."""
        flap = self._flaps.get(alert.fingerprint)
        if flap is None or not flap.since or not flap.paged or alert.severity.rank > flap.worst.rank:
            return ()
        calm = span(self.settings.calm_after)
        known = f"flapping since {_clock(flap.since)}, which somebody knows"
        text = f"{known}; told again when it is worse, or was calm for {calm}"
        return (Suppression(kind="flapping", id=alert.fingerprint, text=text),)

    def turn(self, fingerprint: str, now: datetime) -> None:
        """It may be calm now: then it flaps no more."""
        flap = self._flaps.get(fingerprint)
        if flap is None:
            return
        calm_at = flap.changes[-1] + self.settings.calm_after.total_seconds()
        if flap.since and now.timestamp() >= calm_at:
            del self._flaps[fingerprint]
        elif flap.since:
            self._timers.set(TIMER, fingerprint, datetime.fromtimestamp(calm_at, UTC))

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._flaps.items()))

    def load(self, state: bytes) -> None:
        self._flaps = OrderedDict(msgspec.msgpack.decode(state, type=list[tuple[str, _Flap]]))

    def _change(self, alert: Alert, flap: _Flap, at: datetime) -> _Flap:
        """Note a change of the state; an end that we inferred is none, as its sender did not say so."""
        settings, now = self.settings, at.timestamp()
        recent = [when for when in flap.changes if now - when < settings.flapping_window.total_seconds()]
        flap.changes = [*recent, now][-settings.flapping_changes :]
        if not recent and not flap.since:
            flap.worst = alert.severity
        self._flaps[alert.fingerprint] = flap
        self._flaps.move_to_end(alert.fingerprint)
        if flap.since:
            flap.total += 1
        elif len(flap.changes) >= settings.flapping_changes:
            flap.since, flap.total = flap.changes[0], len(flap.changes)
        else:
            flap.worst = max(flap.worst, alert.severity, key=lambda severity: severity.rank)
        if flap.since:
            self._timers.set(TIMER, alert.fingerprint, at + settings.calm_after)
        while len(self._flaps) > MOST:
            gone, old = self._flaps.popitem(last=False)
            if old.since:
                self._timers.set(TIMER, gone, at)
        return flap


def _counted(alert: Alert, flap: _Flap) -> Alert:
    """Say that it flaps, with its counts; not at every change."""
    total, reasons = flap.total, alert.reasons
    if not alert.flapping or total in SAID_AT or not any(one.step == "flapping" for one in reasons):
        said = f"flapping: its state changed {total} times since {_clock(flap.since)}; it is told once until calm"
        reasons = told(reasons, Reason(step="flapping", text=said, evidence={"changes": total}))
    return msgspec.structs.replace(alert, flapping=total, reasons=reasons)


def calmed(alert: Alert, now: datetime) -> Alert:
    """Return an alert that flaps no more, with what it came to."""
    text = f"calm since {clock(now)}: it flapped no more after {alert.flapping} changes of its state"
    reason = Reason(step="flapping", text=text, evidence={"changes": alert.flapping})
    return msgspec.structs.replace(alert, flapping=0, reasons=told(alert.reasons, reason))


def _clock(when: float) -> str:
    return clock(datetime.fromtimestamp(when, UTC).replace(microsecond=0))
