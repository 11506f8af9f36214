"""Which events say the same? One Alert per fingerprint: its state by event time, its episodes, counts and history."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from aiops.domain.alerts import Alert, Placement, Templated
from aiops.domain.base import stable_hash
from aiops.domain.changes import ALERTS, EPISODES
from aiops.domain.events import Event, Status
from aiops.domain.part import Part
from aiops.domain.settings import DedupSettings
from aiops.domain.timers import Timers
from ingestion.states import News, expired, inferred

MOST_KEYS = 200_000  # contents remembered; the oldest is forgotten, a resend of it then counts as an event

_UNSTATED = datetime(1, 1, 1, tzinfo=UTC)
_Order = tuple[datetime, datetime, int]


class Dedup(Part):
    """All alerts we know of, by fingerprint. Timers of kind "lease" and "forget" carry a fingerprint as their key."""

    def __init__(self, settings: DedupSettings, timers: Timers) -> None:
        super().__init__()
        self.settings = settings
        self._timers = timers
        self._seen: OrderedDict[str, tuple[str, datetime]] = OrderedDict()  # content key -> event id, receipt
        self._alerts: dict[str, Alert] = {}
        self._orders: dict[str, _Order] = {}  # of the sender's state that each alert shows
        self._open: dict[str, dict[str, None]] = {}  # template id -> fingerprints that fire

    def recognise(self, event: Event) -> str:
        """Return the id of the event whose content this one repeats; remember it and return "" when it is new.

        What would change an alert's status is no resend, whatever its content: a sender without times says the same
        words when the condition comes back.
        """
        if not event.content_key:
            return ""
        original, seen_at = self._seen.get(event.content_key, ("", event.received_at))
        if original and event.received_at - seen_at <= self.settings.resend_window and not self._turns(event):
            return original
        self._seen[event.content_key] = (event.event_id, event.received_at)
        self._seen.move_to_end(event.content_key)
        if len(self._seen) > MOST_KEYS:
            self._seen.popitem(last=False)
        return ""

    def renew(self, event: Event, now: datetime) -> None:
        """Take a resend as a sign of life: it renews last-seen and lease, and nothing else."""
        alert = self._alerts.get(fingerprint_of(event))
        if alert is None:
            return
        seen = max(alert.last_seen, now)
        lease = self._lease(alert, event) if alert.status is event.status else alert.lease_until
        episode = msgspec.structs.replace(alert.episode, last_seen=seen) if alert.episode.open else alert.episode
        alert = msgspec.structs.replace(
            alert, last_seen=seen, resends=alert.resends + 1, lease_until=lease, episode=episode
        )
        self._alerts[alert.fingerprint] = alert
        self.put(ALERTS, alert)

    def take(self, event: Event, placement: Placement, templated: Templated, pattern_id: str) -> Alert:
        """Return the Alert as this event leaves it; ``keep`` stores it once the other parts have had their say.

        Event time orders the states: an older one counts, but changes neither status nor text. At equal times firing
        wins, unless the sender said that this very firing (same start) has ended.
        """
        fingerprint = fingerprint_of(event)
        before = self._alerts.get(fingerprint)
        news = News(fingerprint, event, placement, templated, pattern_id)
        newer = before is None or self._newer(event, before)
        if newer:
            self._orders[fingerprint] = _order(event)
        if before is None:
            alert = news.first()
        elif not newer:
            alert = news.late(before)
        elif event.status is Status.FIRING and before.status is Status.RESOLVED:
            alert = news.again(before)
        else:
            alert = news.update(before)
        return self._timed(alert, event)

    def keep(self, alert: Alert) -> None:
        """Store this version of the alert and of its episode."""
        before = self._alerts.get(alert.fingerprint)
        if before is not None and (before.template_id != alert.template_id or alert.status is Status.RESOLVED):
            self._close(before)
        if alert.status is Status.FIRING:
            self._open.setdefault(alert.template_id, {})[alert.fingerprint] = None
        self._alerts[alert.fingerprint] = alert
        self.put(ALERTS, alert)
        self.put(EPISODES, alert.episode)

    def expire(self, fingerprint: str, now: datetime) -> list[Alert]:
        """Return the alert, resolved, whose lease has run out; nothing when it was renewed or is over anyway."""
        alert = self._alerts.get(fingerprint)
        if alert is None or alert.lease_until is None or alert.lease_until > now:
            return []
        self._timers.set("forget", fingerprint, now + self.settings.resolved_kept)
        return [expired(alert, now)]

    def forget(self, fingerprint: str) -> None:
        """Drop an alert that was resolved long ago; the same condition is a new alert from now on."""
        alert = self._alerts.get(fingerprint)
        if alert is not None and alert.status is Status.RESOLVED:
            del self._alerts[fingerprint]
            self._orders.pop(fingerprint, None)

    def firing(self) -> Iterable[Alert]:
        """Return all alerts that fire, in the order in which they were first seen here."""
        return [alert for alert in self._alerts.values() if alert.status is Status.FIRING]

    def of_template(self, template_id: str, pattern_id: str) -> list[Alert]:
        """Return the firing alerts of a template, now known to belong to a pattern."""
        alerts = [self._alerts[fingerprint] for fingerprint in self._open.get(template_id, ())]
        return [msgspec.structs.replace(alert, pattern_id=pattern_id) for alert in alerts]

    def current(self, fingerprint: str) -> Alert | None:
        """Return the alert of this fingerprint; None where there is none, or no longer."""
        return self._alerts.get(fingerprint)

    def _turns(self, event: Event) -> bool:
        """Would this event change its alert's status?"""
        alert = self._alerts.get(fingerprint_of(event))
        return alert is not None and alert.status is not event.status and self._newer(event, alert)

    def _newer(self, event: Event, alert: Alert) -> bool:
        """Does the event state something later than what the alert shows? An end that we inferred yields to firing."""
        if event.status is Status.FIRING and inferred(alert):
            return True
        return _order(event) >= self._orders[alert.fingerprint]

    def _lease(self, alert: Alert, event: Event) -> datetime | None:
        """Until when it fires without another word; an earlier promise is never shortened."""
        lease = event.lease or self.settings.default_lease
        if alert.status is Status.RESOLVED or lease is None:
            return None
        until = event.received_at + lease
        until = max(until, alert.lease_until) if alert.lease_until else until
        self._timers.set("lease", alert.fingerprint, until)
        return until

    def _timed(self, alert: Alert, event: Event) -> Alert:
        """Set the timers that follow from the alert's status."""
        if alert.status is Status.FIRING:
            self._timers.cancel("forget", alert.fingerprint)
        else:
            self._timers.cancel("lease", alert.fingerprint)
            self._timers.set("forget", alert.fingerprint, event.received_at + self.settings.resolved_kept)
        return msgspec.structs.replace(alert, lease_until=self._lease(alert, event))

    def _close(self, alert: Alert) -> None:
        fingerprints = self._open.get(alert.template_id, {})
        fingerprints.pop(alert.fingerprint, None)
        if not fingerprints:
            self._open.pop(alert.template_id, None)

    def dump(self) -> bytes:
        seen = [(key, *value) for key, value in self._seen.items()]
        opened = [(template, list(fingerprints)) for template, fingerprints in self._open.items()]
        return msgspec.msgpack.encode((seen, list(self._alerts.values()), self._orders, opened))

    def load(self, state: bytes) -> None:
        shape = tuple[list[tuple[str, str, datetime]], list[Alert], dict[str, _Order], list[tuple[str, list[str]]]]
        seen, alerts, self._orders, opened = msgspec.msgpack.decode(state, type=shape)
        self._seen = OrderedDict((key, (event_id, at)) for key, event_id, at in seen)
        self._alerts = {alert.fingerprint: alert for alert in alerts}
        self._open = {template: dict.fromkeys(fingerprints) for template, fingerprints in opened}


def fingerprint_of(event: Event) -> str:
    """Return the identity of the condition: the sender's or its parser's, else of source and labels (or title)."""
    return event.fingerprint or stable_hash(event.source, event.labels.items() or event.title)


def _order(event: Event) -> _Order:
    """Return where a state stands among all of its alert; the largest counts, in whatever order they come in.

    By time; then by the start of the firing that is spoken of; then an end outranks the firing that it names, and a
    firing an end that names none.
    """
    wins = Status.RESOLVED if event.starts_at else Status.FIRING
    return event.occurred_at, event.starts_at or _UNSTATED, int(event.status is wins)
