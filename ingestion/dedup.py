"""Which events say the same? One Alert per fingerprint: its state by event time, its episodes, counts and history."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import chain

import msgspec

from aiops.domain.alerts import Alert, Episode, EventRecord, Moved, Placement, Templated
from aiops.domain.base import stable_hash
from aiops.domain.documents import ALERTS, EPISODES
from aiops.domain.events import Event, Status
from aiops.domain.part import Part
from aiops.domain.reasons import Reason, told
from aiops.domain.settings import DedupSettings
from aiops.domain.timers import Timers
from aiops.domain.words import plural
from ingestion.chatter import Chatter, Habit
from ingestion.marks import NOTHING, Mark, marked
from ingestion.shelf import Shelf, Shelved
from ingestion.states import News, expired, superseded

MOST_KEYS = 200_000  # contents remembered; the oldest is forgotten, a resend of it then counts as an event
MOST_ALERTS = 200_000  # remembered: beyond it the longest resolved goes, else the longest silent ends

_Seen = tuple[list[str], list[str], list[datetime]]  # content keys, event ids, receipts


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
        self._marks: dict[str, Mark] = {}
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
        mark = self._marks.get(fingerprint)
        newer = before is None or mark is None or mark.newer(event, before)
        self._marks[fingerprint] = marked(mark, event) if newer or mark is None else mark.promised(event)
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
                self._marks[fingerprint] = NOTHING
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
        if alert is None or not (mark := self._marks[alert.fingerprint]).newer(event, alert):
            return False
        return alert.status is not event.status or mark.content_key != event.content_key

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
        shape = tuple[_Seen, Shelved, Shelved, dict[str, Mark], list[tuple[str, list[str]]], list[tuple[str, Habit]]]
        seen, firing, resolved, self._marks, opened, habits = msgspec.msgpack.decode(state, type=shape)
        self._seen = OrderedDict((key, (event_id, at)) for key, event_id, at in zip(*seen, strict=True))
        self._firing, self._resolved = Shelf.load(firing), Shelf.load(resolved)
        self._chatter = Chatter(habits)
        self._open = {template: dict.fromkeys(fingerprints) for template, fingerprints in opened}


def fingerprint_of(event: Event) -> str:
    """Return the identity of the condition: the sender's or its parser's, else of source and labels (or title)."""
    return event.fingerprint or stable_hash(event.source, event.labels.items() or event.title)
