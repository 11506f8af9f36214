"""Which records that signatures fit come together? Windows by the records' own time, one for each group; bounded."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from aiops.domain.base import Noun, stable_hash
from aiops.domain.events import Event
from aiops.domain.part import Part
from aiops.domain.signatures import Correlated, Counted, Found, Signature
from aiops.domain.words import plural, span
from rules.conditions import SIZES, compiled
from rules.record import Record

MOST = 1_000  # hits that are remembered of one group, the newest
MOST_HELD = 50_000  # hits that are remembered at all; beyond it those groups go that were quiet for longest
SHOWN = 5  # event ids that a reason names
LONGEST = 200  # characters of a value that groups or is counted

Group = tuple[tuple[str, str], ...]  # field and value


class Hit(Noun, frozen=True, kw_only=True, order=True):
    """A record that one of the correlated signatures fits."""

    at: datetime
    of: str  # the signature, as the correlation names it
    value: str = ""  # that is counted
    event_id: str


class Window(msgspec.Struct):
    """What was hit lately in one group of one correlation, by time."""

    signature: str  # id of the correlation
    group: Group
    hits: list[Hit]


class Correlations(Part):
    """The windows of all correlations. Time is the records' own, though never ahead of when they came: so a record that
    is read anew has the time that it had, and is one record still.

    A window ends at the newest hit of its group; what comes so late that it lies before the window is left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[str, Window] = {}  # the quiet ones first
        self._held = 0

    def take(
        self,
        signature: Signature,
        detection: Correlated,
        of: Iterable[str],
        event: Event,
        record: Record,
    ) -> tuple[list[Found], int]:
        """Note that the correlated signatures ``of`` fit a record; return what is reached, and how many were left out.

        ``detection`` is what ``signature`` detects. Left out is a record that lacks a field by which is grouped or
        counted, or that comes too late.
        """
        found: dict[Group, Found] = {}
        left_out = 0
        for name in of:
            group, value = _group(detection, name, record), _value(detection, record)
            if group is None or value is None:
                left_out += 1
                continue
            window = self._window(signature.id, group)
            hit = Hit(at=min(event.occurred_at, event.received_at), of=name, value=value, event_id=_first_id(event))
            if not self._note(window, hit, detection):
                left_out += 1
            elif text := _reached(detection, window):
                newest = tuple(one.event_id for one in window.hits[-SHOWN:])
                found[group] = Found(signature=signature, text=text, group=group, events=newest)
        self._forget()
        return list(found.values()), left_out

    def drop(self, keys: Iterable[str]) -> None:
        """Forget what was seen for these correlations: they are no more, or say something else now."""
        gone = set(keys)
        self._windows = {key: one for key, one in self._windows.items() if one.signature not in gone}
        self._held = sum(len(one.hits) for one in self._windows.values())

    def _window(self, key: str, group: Group) -> Window:
        """Return the window of the group, as the one that was heard of last."""
        name = stable_hash(key, *(text for pair in group for text in pair))
        window = self._windows.pop(name, None) or Window(signature=key, group=group, hits=[])
        self._windows[name] = window
        return window

    def _note(self, window: Window, hit: Hit, detection: Correlated) -> bool:
        """Keep a hit, and let go what lies before the window; False: that is where the hit lies."""
        hits, before = window.hits, len(window.hits)
        since = max(hit.at, hits[-1].at if hits else hit.at) - detection.within
        if hit.at < since:
            return False
        del hits[: bisect_left(hits, since, key=_at)]
        if (said := _said_already(hits, hit, detection.counted)) is not None:
            del hits[said]
        insort(hits, hit)
        del hits[:-MOST]
        self._held += len(hits) - before
        return True

    def _forget(self) -> None:
        while self._held > MOST_HELD:
            self._held -= len(self._windows.pop(next(iter(self._windows))).hits)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._windows.items()))

    def load(self, state: bytes) -> None:
        self._windows = dict(msgspec.msgpack.decode(state, type=list[tuple[str, Window]]))
        self._held = sum(len(one.hits) for one in self._windows.values())


def _first_id(event: Event) -> str:
    """Return the id that the record had before it was read anew ("0-7-1-r2"): it is one record, however often read."""
    return event.event_id.partition("-r")[0]


def _at(hit: Hit) -> datetime:
    return hit.at


def _said_already(hits: Sequence[Hit], hit: Hit, counted: Counted) -> int | None:
    """Return the place of an earlier hit that says no more than this one: the later of both is enough."""
    if counted is Counted.STEPS:
        return None
    start = bisect_left(hits, hit.at, key=_at) if counted is Counted.RECORDS else 0  # those of one record have its time
    for place, one in enumerate(hits[start : bisect_right(hits, hit.at, key=_at)], start):
        match counted:
            case Counted.RECORDS if one.event_id == hit.event_id:
                return place
            case Counted.VALUES if one.value == hit.value:
                return place
            case Counted.SIGNATURES if one.of == hit.of:
                return place
            case _:
                pass
    return None


def _group(detection: Correlated, name: str, record: Record) -> Group | None:
    """Return the group of a record that the signature ``name`` fits; None: it lacks a field."""
    called = {alias.name: alias.field for alias in detection.aliases if alias.signature == name}
    group = tuple((field, _said(record, called.get(field, field))) for field in detection.group_by)
    return None if any(not value for _, value in group) else group


def _value(detection: Correlated, record: Record) -> str | None:
    """Return what of the record is counted, empty where it is the record itself; None: it lacks the field."""
    values = [_said(record, field) for field in detection.values]
    return None if "" in values else "\n".join(values)


def _said(record: Record, field: str) -> str:
    return ", ".join(record.get(field.lower()))[:LONGEST]


def _reached(detection: Correlated, window: Window) -> str:
    """Say in words what came together, if it is what the correlation asks for; empty: not yet."""
    number = _number(detection, window.hits)
    if detection.expression is not None:
        names = Record.of({hit.of: "1" for hit in window.hits})
        if not compiled(detection.expression)(names):
            return ""
    elif not SIZES[detection.size](number, detection.number):
        return ""
    took = span(window.hits[-1].at - window.hits[0].at)
    alike = " and ".join(f"{field} {value}" for field, value in window.group)
    asked = f"asked for is {detection.size} {detection.number}" if detection.expression is None else "asked for"
    came = _came(detection, window.hits, number)
    return f"{came} in {took}{' for ' if alike else ''}{alike}; {asked} within {span(detection.within)}"


def _number(detection: Correlated, hits: Sequence[Hit]) -> int:
    match detection.counted:
        case Counted.RECORDS:
            return len(hits)
        case Counted.VALUES:
            return len({hit.value for hit in hits})
        case Counted.SIGNATURES:
            return len({hit.of for hit in hits})
        case Counted.STEPS:
            return sum(1 for _ in _steps(detection.of, hits))


def _came(detection: Correlated, hits: Sequence[Hit], number: int) -> str:
    of = ", ".join(dict.fromkeys(hit.of for hit in hits))
    match detection.counted:
        case Counted.RECORDS:
            return f"{plural(number, 'record')} of {of}"
        case Counted.VALUES:
            return f"{plural(number, 'value')} of {', '.join(detection.values)} in records of {of}"
        case Counted.SIGNATURES:
            return of
        case Counted.STEPS:
            return ", then ".join(_steps(detection.of, hits))


def _steps(of: Sequence[str], hits: Sequence[Hit]) -> Iterator[str]:
    """Yield the signatures that were hit one after the other, from the first on; at one time, in whatever order."""
    place = {name: index for index, name in enumerate(of)}
    step = 0
    for hit in sorted(hits, key=lambda hit: (hit.at, place[hit.of])):
        if step < len(of) and hit.of == of[step]:
            yield hit.of
            step += 1
