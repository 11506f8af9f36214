"""What stands on the pages of maintenance, inhibitions and the audit log?"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiops.domain.acts import PutWindow
from aiops.domain.documents import INHIBITIONS, RULE_CHANGES, WINDOWS
from aiops.domain.errors import BadInput
from aiops.domain.matching import parse_matcher
from aiops.domain.queries import Query
from aiops.domain.rules import Inhibition, RuleChange, RuleStatus, Window
from aiops.ports import View
from api.acting import put_window
from api.bodies import Form
from api.reading import everything
from api.requests import NewWindow
from rules.recurrence import occurrence

AHEAD = timedelta(days=14)
MOST_A_WINDOW = 20  # occurrences of one window on the calendar
RECURS: Mapping[str, str] = {  # what the form offers
    "": "once",
    "FREQ=DAILY": "every day",
    "FREQ=WEEKLY": "every week",
    "FREQ=MONTHLY": "every month, on this date",
}


@dataclass(frozen=True)
class Slot:
    """One occurrence on the calendar."""

    window: Window
    opens: datetime
    closes: datetime
    now: bool


@dataclass(frozen=True)
class WindowsPage:
    """What is being worked on, what is planned, what waits to be accepted."""

    days: tuple[tuple[str, tuple[Slot, ...]], ...]  # day as people say it, what opens on it (UTC)
    proposed: tuple[Window, ...]
    planned: tuple[Window, ...]
    over: tuple[Window, ...]  # the last ten
    inhibitions: tuple[Inhibition, ...]
    recurs: Mapping[str, str]
    zone: str = "UTC"
    problem: str = ""
    typed: Mapping[str, str] | None = None  # what the form held, when it was refused


def windows(view: View, now: datetime, problem: str = "", typed: Mapping[str, str] | None = None) -> WindowsPage:
    """Ask for all windows and lay the coming two weeks out by day."""
    found = view.find(WINDOWS, Query(where={"status": (RuleStatus.ACTIVE, RuleStatus.PROPOSED)}, limit=1_000)).items
    over = view.find(WINDOWS, Query(where={"status": (RuleStatus.EXPIRED,)}, order=("-closes",), limit=10)).items
    active = [one for one in found if one.status is RuleStatus.ACTIVE]
    slots = sorted((slot for one in active for slot in _slots(one, now)), key=lambda slot: (slot.opens, slot.window.id))
    days: dict[str, list[Slot]] = {}
    for slot in slots:
        days.setdefault("now" if slot.now else f"{slot.opens:%A %d %B}", []).append(slot)
    inhibitions = sorted(everything(view, INHIBITIONS), key=lambda one: (one.ended, one.expires, one.id))
    return WindowsPage(
        days=tuple((day, tuple(some)) for day, some in days.items()),
        proposed=tuple(sorted((one for one in found if one not in active), key=lambda one: one.id)),
        planned=tuple(sorted(active, key=lambda one: (one.opens or now, one.id))),
        over=tuple(over),
        inhibitions=tuple(inhibitions),
        recurs=RECURS,
        problem=problem,
        typed=typed or {},
    )


def _slots(window: Window, now: datetime) -> Iterator[Slot]:
    """Yield what of a window is open or opens within the next two weeks."""
    at = now
    for _ in range(MOST_A_WINDOW):
        found = occurrence(window, at)
        if found is None or found[0] > now + AHEAD:
            return
        yield Slot(window, *found, now=found[0] <= now)
        at = found[1]


def planned(form: Form, key: str) -> PutWindow:
    """Make the act that the form asks for. BadInput: what was typed cannot be read."""
    lines = [line.strip() for line in form.get("matchers").splitlines() if line.strip()]
    recurs = form.get("recurs")
    zone = form.get("zone") or "UTC"
    begins = _local(form.get("starts"), zone, "from")
    until = _local(form.get("until"), zone, "until") if recurs and form.get("until") else None
    new = NewWindow(
        matchers=tuple(parse_matcher(line, "matches") for line in lines),
        owner=form.get("owner"),
        reason=form.get("reason"),
        starts_at=begins,
        ends_at=_local(form.get("ends"), zone, "to"),
        recurs=recurs,
        zone=zone,
        until=until or (begins + timedelta(days=180) if recurs else None),
    )
    return put_window(new, key)


def _local(text: str, zone: str, place: str) -> datetime:
    """Read what a date-time field of a form holds: a time on the wall of ``zone``."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{text!r} is no time", place=place, fix="write 2027-03-07T02:00") from error
    except (ZoneInfoNotFoundError, OSError) as error:
        raise BadInput(f"{zone!r} is no time zone", place="zone", fix="give a name such as Europe/Berlin") from error


@dataclass(frozen=True)
class ChangeRow:
    """One line of the audit log, with what is different."""

    change: RuleChange
    differences: tuple[tuple[str, str, str], ...]  # field, before, after


@dataclass(frozen=True)
class ChangesPage:
    """A page of the audit log."""

    rows: tuple[ChangeRow, ...]
    total: int
    next: str
    concerns: str


def changes(view: View, asked: Mapping[str, str]) -> ChangesPage:
    """Ask for the newest changes, of one thing or of all."""
    concerns = asked.get("concerns", "")
    where = {"concerns": (concerns,)} if concerns else {}
    query = Query(where=where, order=("-at", "-change"), cursor=asked.get("cursor", ""))
    found = view.find(RULE_CHANGES, query)
    return ChangesPage(tuple(map(_row, found.items)), found.total, found.next, concerns)


def _row(change: RuleChange) -> ChangeRow:
    before, after = (json.loads(text) if text else {} for text in (change.before, change.after))
    if not (before and after):  # it was made, or it ended: its text says so
        return ChangeRow(change, ())
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ChangeRow(change, tuple((name, _said(before.get(name)), _said(after.get(name))) for name in names))


def _said(value: object) -> str:
    """Write a value as people read it: matchers as they are typed."""
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    if isinstance(value, dict) and "field" in value:
        return f'{value["field"]}{value.get("operator", "=")}"{value.get("value", "")}"'
    return json.dumps(value) if isinstance(value, dict) else "" if value is None else str(value)
