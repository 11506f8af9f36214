"""Which events say the same? One Alert per fingerprint: its state by event time, its episodes, counts and history."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain

import msgspec

from aiops.domain.alerts import Alert, Episode, EventRecord, Moved, Placement, Templated
from aiops.domain.base import stable_hash
from aiops.domain.documents import ALERTS, EPISODES
from aiops.domain.entries import delivery_of
from aiops.domain.events import Event, Status
from aiops.domain.part import Part
from aiops.domain.reasons import Reason, told
from aiops.domain.settings import DedupSettings
from aiops.domain.timers import Timers
from aiops.domain.words import plural
from ingestion.chatter import Chatter, Habit
from ingestion.shelf import Shelf, Shelved
from ingestion.states import News, expired, inferred, superseded

MOST_KEYS = 200_000  # contents remembered; the oldest is forgotten, a resend of it then counts as an event
MOST_ALERTS = 200_000  # remembered: beyond it the longest resolved goes, else the longest silent ends

_MICROSECOND = timedelta(microseconds=1)
_UNSTATED = datetime(1, 1, 1, tzinfo=UTC)
_Order = tuple[datetime, datetime, int, datetime]


class _Mark(msgspec.Struct, frozen=True, array_like=True):
    """Of the sender's state that an alert shows: where it stands among all states of the alert, and what it said."""

    order: _Order
    content_key: str
    leased: bool  # its sender is to repeat it while it lasts
    until: datetime | None = None  # the furthest that it promised so, in our time

    def promised(self, event: Event) -> "_Mark":
        """Return it with what ``event`` promises."""
        end = _promise(event)
        further = end is not None and (self.until is None or end > self.until)
        return msgspec.structs.replace(self, until=end) if further else self


class Dedup(Part):
    """All alerts we know of, by fingerprint. Timers of kind "lease" and "forget" carry a fingerprint as their key."""

    def __init__(self, settings: DedupSettings, timers: Timers, leave: Callable[[Episode], None] = lambda _: None):
        """``leave`` is told of each episode that its alert stands on no longer: its document is held here no more."""
        super().__init__()
        self._leave = leave
        self.settings = settings
        self._timers = timers
        self._seen: OrderedDict[str, tuple[str, datetime]] = OrderedDict()  # content key -> event id, receipt
        self._firing = Shelf()  # the longest silent first
        self._resolved = Shelf()  # the longest resolved first
        self._marks: dict[str, _Mark] = {}
        self._open: dict[str, dict[str, None]] = {}  # template id -> fingerprints that fire
        self._chatter = Chatter()

    def __len__(self) -> int:
        """How many alerts are remembered."""
        return len(self._firing) + len(self._resolved)

    def recognise(self, event: Event) -> str:
        """Return the id of the event whose content this one repeats; remember it and return "" when it is new.

        What would change what an alert shows is no resend, whatever its content: a sender without times says the same
        words when the condition or its value comes back. But where the sender gave a key of its own, that decides.
        """
        if not event.content_key:
            return ""
        original, seen_at = self._seen.get(event.content_key, ("", event.received_at))
        recent = original and event.received_at - seen_at <= self.settings.resend_window
        if recent and (event.keyed or not self._turns(event)):
            return original
        self._seen[event.content_key] = (event.event_id, event.received_at)
        self._seen.move_to_end(event.content_key)
        if len(self._seen) > MOST_KEYS:
            self._seen.popitem(last=False)
        return ""

    def renew(self, event: Event, now: datetime) -> Alert | None:
        """Take a resend as a sign of life: it renews last-seen and lease, and nothing else.

        Return the renewed alert, stored already; None when nobody remembers it.
        """
        alert = self.current(fingerprint_of(event))
        if alert is None:
            return None
        seen = max(alert.last_seen, now)
        lease = self._lease(alert, event) if alert.status is event.status else alert.lease_until
        episode = msgspec.structs.replace(alert.episode, last_seen=seen) if alert.episode.open else alert.episode
        alert = msgspec.structs.replace(
            alert, last_seen=seen, resends=alert.resends + 1, lease_until=lease, episode=episode
        )
        if alert.status is Status.FIRING:
            self._firing.move_last(alert.fingerprint)
        self._marks[alert.fingerprint] = self._marks[alert.fingerprint].promised(event)
        self._store(alert)
        return alert

    def take(self, event: Event, placement: Placement, templated: Templated, pattern_id: str) -> Alert:
        """Return the Alert as this event leaves it; ``keep`` stores it once the other parts have had their say.

        Event time orders the states: an older one counts, but changes neither status nor text. At equal times firing
        wins, unless the sender said that this very firing (same start) has ended.
        """
        fingerprint = fingerprint_of(event)
        before = self.current(fingerprint)
        news = News(fingerprint, event, placement, templated, pattern_id)
        newer = before is None or self._newer(event, before)
        self._mark(fingerprint, event, newer)
        if fingerprint in self._firing:
            self._firing.move_last(fingerprint)
        if before is None:
            alert = news.first()
        elif not newer:
            alert = news.late(before)
        elif event.status is Status.FIRING and before.status is Status.RESOLVED:
            alert = news.again(before)
            self._leave(before.episode)
        elif why := self._anew(event, before):
            alert = news.anew(before, why)
            ended = max(before.episode.started_at, alert.episode.started_at)
            over = msgspec.structs.replace(before.episode, ended_at=ended, end_reason="superseded")
            self.put(EPISODES, over)
            self._leave(over)
        else:
            alert = news.update(before)
        return self._timed(alert, event)

    def _mark(self, fingerprint: str, event: Event, newer: bool) -> None:
        mark = self._marks.get(fingerprint)
        if newer:
            order = _order(event)
            if mark is not None and mark.order > order:  # a renewed lease: what it outlived, said once more, is over
                order = (mark.order[0] + _MICROSECOND, *mark.order[1:])
            until = mark.until if mark else None
            mark = _Mark(order, event.content_key, event.lease is not None, until)
        if mark is not None:
            self._marks[fingerprint] = mark.promised(event)

    def keep(self, alert: Alert) -> None:
        """Store this version of the alert and of its episode."""
        before = self.current(alert.fingerprint)
        if before is not None and (before.template_id != alert.template_id or alert.status is Status.RESOLVED):
            self._close(before)
        if alert.status is Status.FIRING:
            self._open.setdefault(alert.template_id, {})[alert.fingerprint] = None
        self._store(alert)
        self._bound(alert.last_seen)

    def move(self, moved: Moved) -> Alert | None:
        """Store an episode with its new place; return its alert, if it stands on that episode."""
        alert = self.current(moved.fingerprint)
        if alert is None or alert.episode.episode_id != moved.episode_id:
            if moved.past is not None:
                self.put(EPISODES, msgspec.structs.replace(moved.past, incident_id=moved.incident_id, link=moved.link))
            return None
        episode = msgspec.structs.replace(alert.episode, incident_id=moved.incident_id, link=moved.link)
        alert = msgspec.structs.replace(alert, episode=episode, reasons=told(alert.reasons, moved.reason))
        self._store(alert)
        return alert

    def where(self, alert: Alert) -> Alert:
        """Return an alert that was taken up earlier with the place that its episode has by now."""
        held = self.current(alert.fingerprint)
        if held is None or held.episode.episode_id != alert.episode.episode_id:
            return alert
        episode = msgspec.structs.replace(alert.episode, incident_id=held.episode.incident_id, link=held.episode.link)
        return msgspec.structs.replace(alert, episode=episode)

    def expire(self, fingerprint: str, now: datetime) -> list[Alert]:
        """Return the alert, resolved, whose lease has run out or for which there is no room any more.

        Nothing when it was renewed or is over anyway.
        """
        alert = self._firing.get(fingerprint)
        if alert is None:
            return []
        due, crowded = alert.lease_until is not None and alert.lease_until <= now, len(self) > MOST_ALERTS
        if not due and not crowded:
            if alert.lease_until is not None:
                self._timers.set("lease", fingerprint, alert.lease_until)  # room was made before it had to go
            return []
        self._timers.set("forget", fingerprint, now + self.settings.resolved_kept)
        if not due:
            room = f"at most {plural(MOST_ALERTS, 'alert')} are remembered, and this one was silent the longest"
            return [expired(alert, now, "expiry", room)]
        return [expired(alert, now, "lease" if self._marks[fingerprint].leased else "expiry")]

    def supersede(self, records: Iterable[EventRecord], reason: Reason, now: datetime) -> list[Alert]:
        """Take back what these events said; return the alerts that they made, to be considered again.

        An alert whose present episode they made alone is over; one that others made too goes on without them. What
        repeats their content is no resend.
        """
        gone = {record.event.event_id: record for record in records}
        self._seen = OrderedDict(item for item in self._seen.items() if item[1][0] not in gone)
        taken = Counter(record.episode_id for record in gone.values() if record.episode_id)
        found = []
        for fingerprint in dict.fromkeys(record.fingerprint for record in gone.values() if record.episode_id):
            alert = self.current(fingerprint)
            if alert is None or not (number := taken[alert.episode.episode_id]):
                continue
            left = max(0, alert.episode.events - number)
            alert = msgspec.structs.replace(
                alert,
                count=max(0, alert.count - number),
                episode=msgspec.structs.replace(alert.episode, events=left),
                reasons=told(alert.reasons, reason),
            )
            if not left:
                alert = superseded(alert, now)
                self._marks[fingerprint] = _Mark((_UNSTATED, _UNSTATED, 0, _UNSTATED), "", False)
                self._timers.cancel("lease", fingerprint)
                self._timers.set("forget", fingerprint, now + self.settings.resolved_kept)
            found.append(alert)
        return found

    def forget(self, fingerprint: str) -> None:
        """Drop an alert that was resolved long ago; the same condition is a new alert from now on."""
        if gone := self._resolved.get(fingerprint):
            self._leave(gone.episode)
            self._resolved.pop(fingerprint)
            del self._marks[fingerprint]

    def all(self) -> Iterable[Alert]:
        """Return all alerts that are remembered, to be gone through once."""
        return chain(self._firing, self._resolved)

    def firing(self) -> Iterable[Alert]:
        """Return all alerts that fire, the longest silent first; to be gone through once, before anything is kept."""
        return iter(self._firing)

    def of_template(self, template_id: str, pattern_id: str) -> list[Alert]:
        """Return the firing alerts of a template, now known to belong to a pattern."""
        alerts = [self._firing.get(fingerprint) for fingerprint in self._open.get(template_id, ())]
        return [msgspec.structs.replace(alert, pattern_id=pattern_id) for alert in alerts if alert is not None]

    def current(self, fingerprint: str) -> Alert | None:
        """Return the alert of this fingerprint; None where there is none, or no longer."""
        return self._firing.get(fingerprint) or self._resolved.get(fingerprint)

    def _store(self, alert: Alert) -> None:
        """Keep this version in memory and save it; the shelf that it leaves or stays away from knows it no longer."""
        here, there = self._firing, self._resolved
        if alert.status is Status.RESOLVED:
            here, there = there, here
        there.pop(alert.fingerprint)
        here.put(alert)
        self.put(ALERTS, alert)
        self.put(EPISODES, alert.episode)

    def _bound(self, now: datetime) -> None:
        """Let go of the longest resolved, else have the longest silent end at once, then the next."""
        while len(self) > MOST_ALERTS and len(self._resolved):
            gone = self._resolved.first
            self.forget(gone)
            self._timers.set("forget", gone, now)  # for the others who remember it
        if len(self) > MOST_ALERTS:
            self._timers.set("lease", self._firing.first, now)

    def _anew(self, event: Event, before: Alert) -> str:
        """Return why a firing alert fires anew; "" when this event goes on with the same firing, or ends it."""
        if event.status is Status.RESOLVED:
            self._chatter.forget(before.fingerprint)
            return ""
        if event.starts_at is not None and event.starts_at <= before.episode.started_at:
            return ""  # its sender says that it is the same
        return self._chatter.anew(before.fingerprint, event.occurred_at, before.state_at)

    def _turns(self, event: Event) -> bool:
        """Would this event change what its alert shows?"""
        alert = self.current(fingerprint_of(event))
        if alert is None or not self._newer(event, alert):
            return False
        return alert.status is not event.status or self._marks[alert.fingerprint].content_key != event.content_key

    def _newer(self, event: Event, alert: Alert) -> bool:
        """Does the event state something later than what the alert shows? An end that we inferred yields to firing."""
        if event.status is Status.FIRING and inferred(alert):
            return True
        mark = self._marks[alert.fingerprint]
        promise, order = _promise(event), mark.order
        if promise and mark.until and promise > mark.until and alert.status is Status.RESOLVED:
            return True  # its sender renews the lease of what it, or another, called over: it was over for want of news
        stated = event.starts_at is not None or event.occurred_at != event.received_at
        if not stated and delivery_of(event.event_id) != delivery_of(alert.event_id):  # what comes later is later
            return event.occurred_at >= order[0]
        return _order(event) >= order

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
        events, times = [one for one, _ in self._seen.values()], [when for _, when in self._seen.values()]
        seen = list(self._seen), events, times
        opened = [(template, list(fingerprints)) for template, fingerprints in self._open.items()]
        return msgspec.msgpack.encode(
            (seen, self._firing.dump(), self._resolved.dump(), self._marks, opened, self._chatter.dump())
        )

    def load(self, state: bytes) -> None:
        seen_shape = tuple[list[str], list[str], list[datetime]]
        shape = tuple[
            seen_shape, Shelved, Shelved, dict[str, _Mark], list[tuple[str, list[str]]], list[tuple[str, Habit]]
        ]
        seen, firing, resolved, self._marks, opened, habits = msgspec.msgpack.decode(state, type=shape)
        self._seen = OrderedDict((key, (event_id, at)) for key, event_id, at in zip(*seen, strict=True))
        self._firing, self._resolved = Shelf.load(firing), Shelf.load(resolved)
        self._chatter = Chatter(habits)
        self._open = {template: dict.fromkeys(fingerprints) for template, fingerprints in opened}


def fingerprint_of(event: Event) -> str:
    """Return the identity of the condition: the sender's or its parser's, else of source and labels (or title)."""
    return event.fingerprint or stable_hash(event.source, event.labels.items() or event.title)


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
