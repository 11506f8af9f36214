"""Who must be heard, and has fallen silent? Dead-man switches: silence raises an alert, the next beat ends it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from aiops.domain.acts import EndWatch, PutWatch
from aiops.domain.base import stable_hash
from aiops.domain.documents import WATCHES
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Event, EventKind, Severity, Status
from aiops.domain.matching import OWN_FIELDS, Operator, all_match
from aiops.domain.part import Part
from aiops.domain.reasons import Reason
from aiops.domain.senders import Watch
from aiops.domain.timers import Timers
from aiops.domain.words import clock, span

SOURCE = "detector:silence"
MOST = 1_000
HOLDS = timedelta(days=366)  # of the alert: its silence does not end by itself


class Watches(Part):
    """All switches by id. Timers of kind "watch" carry the id as their key."""

    def __init__(self, timers: Timers) -> None:
        super().__init__()
        self._timers = timers
        self._watches: dict[str, Watch] = {}
        self._made: list[Event] = []

    def made(self) -> list[Event]:
        """Hand over the alert events that were made since the last call."""
        made, self._made = self._made, []
        return made

    def act(self, act: PutWatch | EndWatch, now: datetime) -> tuple[str, str]:
        """Apply it; return what was done in words, and the id. AiopsError says why not."""
        return self._set(act, now) if isinstance(act, PutWatch) else self._end(act, now)

    def _set(self, act: PutWatch, now: datetime) -> tuple[str, str]:
        """Watch from here on; what was silent before is watched anew."""
        watch = act.watch
        watch.check()
        before = self._watches.get(watch.id)
        if before is None and len(self._watches) >= MOST:
            raise BadInput(f"there are {MOST} already", place="id", fix="end one that is not needed")
        if before and before.silent_since:
            self._made.append(_back(before, now, "it is watched anew"))
        self._keep(msgspec.structs.replace(watch, put_at=now, last_beat=None, silent_since=None, ended_at=None))
        self._timers.set("watch", watch.id, now + watch.every)
        return f"{watch.about} must be heard every {span(watch.every)}", watch.id

    def _end(self, act: EndWatch, now: datetime) -> tuple[str, str]:
        """Watch no longer."""
        watch = self._watches.pop(act.watch_id, None)
        if watch is None:
            raise Conflict(f"there is no watch {act.watch_id}")
        self._timers.cancel("watch", watch.id)
        self.put(WATCHES, msgspec.structs.replace(watch, ended_at=now))
        if watch.silent_since:
            self._made.append(_back(watch, now, "it is watched no longer"))
        return f"{watch.about} is watched no longer", watch.id

    def heard(self, door: str, events: Sequence[Event], now: datetime) -> None:
        """Take a delivery as a beat of where it came in and of whom it is; silences that it ends are over."""
        if not self._watches:
            return
        sources = {door, *(event.source for event in events)}
        said = [_fields(event) for event in events if event.status is Status.FIRING]
        for watch in list(self._watches.values()):
            if watch.source in sources or (watch.matchers and any(all_match(watch.matchers, one) for one in said)):
                if watch.silent_since:
                    self._made.append(_back(watch, now, f"it was heard again at {clock(now)}"))
                self._keep(msgspec.structs.replace(watch, last_beat=now, silent_since=None))
                self._timers.set("watch", watch.id, now + watch.every)

    def due(self, watch_id: str, now: datetime) -> None:
        """Its time is up: raise the alert that it is silent."""
        watch = self._watches.get(watch_id)
        if watch is None or watch.silent_since:
            return
        self._keep(msgspec.structs.replace(watch, silent_since=now))
        last = watch.last_beat or watch.put_at or now
        said = f"since {clock(last)}" if watch.last_beat else f"since it is watched, {clock(last)}"
        text = f"nothing was heard of {watch.about} {said}: it must be heard every {span(watch.every)}"
        event = _event(watch, now, Status.FIRING, text)
        self._made.append(msgspec.structs.replace(event, starts_at=now, lease=HOLDS))

    def _keep(self, watch: Watch) -> None:
        self._watches[watch.id] = watch
        self.put(WATCHES, watch)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._watches.values()))

    def load(self, state: bytes) -> None:
        self._watches = {watch.id: watch for watch in msgspec.msgpack.decode(state, type=list[Watch])}


def _fields(event: Event) -> Mapping[str, str]:
    """What matchers see of an event, as far as it is known before the other parts have had their say."""
    return {**event.labels, "source": event.source, "severity": event.severity.value, "title": event.title}


def _back(watch: Watch, now: datetime, why: str) -> Event:
    event = _event(watch, now, Status.RESOLVED, why)
    return msgspec.structs.replace(event, starts_at=watch.silent_since, ends_at=now, severity=Severity.INFO)


def _event(watch: Watch, now: datetime, status: Status, text: str) -> Event:
    """Say that a watch is silent, or no longer; the same condition by its id."""
    named = {
        matcher.field: matcher.value
        for matcher in watch.matchers
        if matcher.operator is Operator.EQUAL and matcher.field not in OWN_FIELDS
    }
    watched = named.pop("alertname", "")
    labels = {"service": watch.source, **named, "alertname": "DeadManSwitch", "watch": watch.id, "watched": watched}
    return Event(
        kind=EventKind.ALERT,
        source=SOURCE,
        event_id=f"watch-{watch.id}-{status}-{now.isoformat()}",
        received_at=now,
        occurred_at=now,
        title=f"Nothing is heard of {watch.about}"[:500],
        labels={name: value for name, value in labels.items() if value},
        annotations={"owner": watch.owner} if watch.owner else {},
        status=status,
        severity=watch.severity,
        fingerprint=stable_hash("watch", watch.id),
        reasons=(Reason(step="parse", text=text, evidence={"watch": watch.id, "every": watch.every.total_seconds()}),),
    )
