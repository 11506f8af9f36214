"""Which records that signatures fit come together? Windows by the records' own time, one for each group; bounded."""

from bisect import insort
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
    """The windows of all correlations. Time is the records' own, though never ahead of when they came.

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
        now: datetime,
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
            hit = Hit(at=min(event.occurred_at, now), of=name, value=value, event_id=event.event_id)
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
        before, newest = len(window.hits), max(hit.at, window.hits[-1].at) if window.hits else hit.at
        since = newest - detection.within
        if hit.at < since:
            return False
        kept = [one for one in window.hits if one.at >= since and not _replaced(one, hit, detection.counted)]
        insort(kept, hit)
        window.hits = kept[-MOST:]
        self._held += len(window.hits) - before
        return True

    def _forget(self) -> None:
        while self._held > MOST_HELD:
            self._held -= len(self._windows.pop(next(iter(self._windows))).hits)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._windows.items()))

    def load(self, state: bytes) -> None:
        self._windows = dict(msgspec.msgpack.decode(state, type=list[tuple[str, Window]]))
        self._held = sum(len(one.hits) for one in self._windows.values())


def _replaced(one: Hit, hit: Hit, counted: Counted) -> bool:
    """Does the later hit say all that the earlier one says? Then the later of both is enough."""
    match counted:
        case Counted.RECORDS:
            return one.event_id == hit.event_id  # it fits two of the signatures, and is one record
        case Counted.VALUES:
            return one.value == hit.value and one.at <= hit.at
        case Counted.SIGNATURES:
            return one.of == hit.of and one.at <= hit.at
        case Counted.STEPS:
            return False


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
    number, text = _counted(detection, window.hits)
    if detection.expression is not None:
        names = Record.of({hit.of: "1" for hit in window.hits})
        if not compiled(detection.expression)(names):
            return ""
    elif not SIZES[detection.size](number, detection.number):
        return ""
    took = span(window.hits[-1].at - window.hits[0].at)
    alike = " and ".join(f"{field} {value}" for field, value in window.group)
    asked = f"asked for is {detection.size} {detection.number}" if detection.expression is None else "asked for"
    return f"{text} in {took}{' for ' if alike else ''}{alike}; {asked} within {span(detection.within)}"


def _counted(detection: Correlated, hits: Sequence[Hit]) -> tuple[int, str]:
    of = ", ".join(dict.fromkeys(hit.of for hit in hits))
    match detection.counted:
        case Counted.RECORDS:
            return len(hits), f"{plural(len(hits), 'record')} of {of}"
        case Counted.VALUES:
            number = len({hit.value for hit in hits})
            return number, f"{plural(number, 'value')} of {', '.join(detection.values)} in records of {of}"
        case Counted.SIGNATURES:
            return len({hit.of for hit in hits}), f"all of {of}" if "," in of else of
        case Counted.STEPS:
            steps = list(_steps(detection.of, hits))
            return len(steps), ", then ".join(steps)


def _steps(of: Sequence[str], hits: Sequence[Hit]) -> Iterator[str]:
    """Yield the signatures that were hit one after the other, from the first on; at one time, in whatever order."""
    place = {name: index for index, name in enumerate(of)}
    step = 0
    for hit in sorted(hits, key=lambda hit: (hit.at, place[hit.of])):
        if step < len(of) and hit.of == of[step]:
            yield hit.of
            step += 1
