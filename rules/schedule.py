"""What is being worked on? Maintenance windows, once or recurring, and those that change tickets ask for."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from aiops.domain.acts import EndWindow, PutWindow, WindowAct
from aiops.domain.alerts import Alert, Suppression
from aiops.domain.documents import WINDOWS
from aiops.domain.errors import AiopsError, BadInput, Conflict
from aiops.domain.events import Event, EventKind
from aiops.domain.matching import Matcher, Operator, all_match, any_text, fields_of
from aiops.domain.part import Part
from aiops.domain.rules import RuleStatus, Window
from aiops.domain.settings import MutingSettings
from aiops.domain.timers import Timers
from aiops.domain.words import clock
from rules.check import check_common, masked
from rules.index import Index
from rules.recurrence import check_recurrence, occurrence
from rules.trail import ENGINE, Trail

MOST = 10_000  # windows that are not over
STATES = (RuleStatus.ACTIVE, RuleStatus.PROPOSED)


class Schedule(Part):
    """Holds windows that are not over. Timers of kind ``window`` carry the id of one that opens or closes."""

    def __init__(self, settings: MutingSettings, timers: Timers) -> None:
        super().__init__()
        self.settings = settings
        self._timers = timers
        self._windows: dict[str, Window] = {}
        self._index = Index()  # of those that may open
        self._trail = Trail(self, "window")

    def over(self, alert: Alert, now: datetime, hit: bool) -> tuple[Suppression, ...]:
        """Return what is open over the alert; ``hit``: an event came in for it, which counts."""
        if not self._windows:
            return ()
        found = [self._windows[key] for key in self._index.find(fields_of(alert))]
        found = [one for one in found if one.opens and one.closes and one.opens <= now < one.closes]
        for window in found if hit else ():
            self._keep(msgspec.structs.replace(window, hits=window.hits + 1, last_hit=now))
        return tuple(_maintained(window) for window in found)

    def act(self, act: WindowAct, actor: str, now: datetime) -> tuple[str, str]:
        """Apply an act; return what was done in words and the window's id. Raises BadInput | Conflict."""
        match act:
            case PutWindow(window=window):
                return self._put(window, actor, now)
            case EndWindow(window_id=window_id):
                return self._end(window_id, actor, now)

    def plan(self, event: Event, now: datetime) -> str:
        """Make or propose the window that a change ticket asks for; return its id, empty where it asks for none.

        A ticket that is cancelled or done ends its window; one that changed replaces it, accepted as it was.
        """
        ticket = str(event.facts.get("ticket") or "")
        if event.kind is not EventKind.CHANGE or "window" not in event.facts or self.settings.from_tickets == "off":
            return ""
        window_id = f"{event.source}-{ticket}"
        before = self._windows.get(window_id)
        actor = f"{event.source}:{event.facts.get('actor') or ticket}"
        if event.facts["window"] in ("cancelled", "done"):
            return self._end(window_id, actor, now)[1] if before else ""
        services = [name for name in str(event.facts.get("services") or "").split("\n") if name]
        if not services or event.starts_at is None or event.ends_at is None:
            return ""
        accepted = self.settings.from_tickets == "make" or (before and before.status is RuleStatus.ACTIVE)
        window = Window(
            id=window_id,
            matchers=(Matcher(field="entity", operator=Operator.REGEX, value=any_text(services)),),
            owner=str(event.facts.get("actor") or event.source),
            reason=f"{ticket}: {event.title}",
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            ticket=ticket,
            status=RuleStatus.ACTIVE if accepted else RuleStatus.PROPOSED,
        )
        try:
            return self._put(window, actor, now)[1]
        except AiopsError:  # it is over, or too long: the ticket stays in the list of changes
            return ""

    def turn(self, key: str, now: datetime) -> None:
        """A window opens or closes; a recurring one looks for its next occurrence."""
        window = self._windows.get(key)
        if window is None:
            return
        if window.closes is not None and now < window.closes:
            self._timers.set("window", key, window.closes)
        elif next_one := occurrence(window, now):
            self._arm(msgspec.structs.replace(window, opens=next_one[0], closes=next_one[1]), now)
        else:
            self._forget(window, now)
            self._trail.note(window, None, ENGINE, now, f"window {key} is over")

    def concerned(self, key: str, alerts: Iterable[Alert]) -> Iterator[Alert]:
        """Yield those of ``alerts`` that the window hides, or matches."""
        window = self._windows.get(key)
        for alert in alerts:
            named = any(item.kind == "maintenance" and item.id == key for item in alert.suppressed_by)
            if named or (window is not None and all_match(window.matchers, fields_of(alert))):
                yield alert

    def dump(self) -> bytes:
        return msgspec.msgpack.encode((list(self._windows.values()), self._trail.lines))

    def load(self, state: bytes) -> None:
        windows, self._trail.lines = msgspec.msgpack.decode(state, type=tuple[list[Window], int])
        self._windows, self._index = {window.id: window for window in windows}, Index()
        for window in windows:
            self._file(window)

    def _put(self, window: Window, actor: str, now: datetime) -> tuple[str, str]:
        self._check(window, now)
        before = self._windows.get(window.id)
        if before is None and len(self._windows) >= MOST:
            raise Conflict(f"there are {MOST} windows: end some first")
        first = occurrence(window, now)
        if first is None:
            raise BadInput("it is over already", place=f"window {window.id}", fix="give an end in the future")
        window = msgspec.structs.replace(
            window,
            matchers=masked(window.matchers),
            opens=first[0],
            closes=first[1],
            created_by=before.created_by if before else actor,
            created_at=before.created_at if before else now,
            hits=before.hits if before else 0,
            last_hit=before.last_hit if before else None,
        )
        self._arm(window, now)
        again = f", then {window.recurs} ({window.zone})" if window.recurs else ""
        state = "is proposed" if window.status is RuleStatus.PROPOSED else "is planned"
        text = f"maintenance {window.id} {state}: {clock(first[0])} to {clock(first[1])}{again}: {window.reason}"
        self._trail.note(before, window, actor, now, text)
        return text, window.id

    def _check(self, window: Window, now: datetime) -> None:
        place = f"window {window.id}"
        for problem in check_common(place, window.id, window.owner, window.reason, window.matchers):
            raise BadInput(problem.problem, place=problem.place, fix=problem.fix)
        if window.status not in STATES:
            raise BadInput(f"{window.status} is no state of a window", place=place, fix="say active or proposed")
        if window.ends_at <= window.starts_at:
            raise BadInput("it ends before it starts", place=f"{place}, ends_at", fix="give a later end")
        longest = self.settings.longest
        end = window.until if window.recurs else window.ends_at
        if end is None or end > max(now, window.starts_at) + longest or window.ends_at - window.starts_at > longest:
            name = "until" if window.recurs else "ends_at"
            raise BadInput("it hides for too long", place=f"{place}, {name}", fix=f"end it within {longest.days} days")
        check_recurrence(window, place)

    def _end(self, window_id: str, actor: str, now: datetime) -> tuple[str, str]:
        window = self._windows.get(window_id)
        if window is None:
            raise Conflict(f"there is no maintenance window {window_id!r}, or it is over")
        self._forget(window, now)
        text = f"maintenance {window_id} ended by {actor}"
        self._trail.note(window, None, actor, now, text)
        return text, window_id

    def _forget(self, window: Window, now: datetime) -> None:
        del self._windows[window.id]
        self._index.drop(window.id)
        self._timers.cancel("window", window.id)
        closes = min(window.closes, now) if window.closes else now
        opens = window.opens if window.opens and window.opens <= closes else closes
        done = msgspec.structs.replace(window, status=RuleStatus.EXPIRED, opens=opens, closes=closes)
        self.put(WINDOWS, done)

    def _arm(self, window: Window, now: datetime) -> None:
        self._keep(window)
        self._file(window)
        assert window.opens is not None
        assert window.closes is not None
        self._timers.set("window", window.id, window.opens if window.opens > now else window.closes)

    def _file(self, window: Window) -> None:
        if window.status is RuleStatus.ACTIVE:
            self._index.put(window.id, window.matchers)
        else:
            self._index.drop(window.id)

    def _keep(self, window: Window) -> None:
        self._windows[window.id] = window
        self.put(WINDOWS, window)


def _maintained(window: Window) -> Suppression:
    assert window.closes is not None
    text = f"maintenance {window.id} ({window.owner}) until {clock(window.closes)}: {window.reason}"
    return Suppression(kind="maintenance", id=window.id, text=text, until=window.closes)
