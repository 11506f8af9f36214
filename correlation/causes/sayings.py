"""How often does each node log each thing, by its own history? Shares of its lines, minute by minute, bounded.

A template's share of all lines of its node is compared with its shares in earlier stretches of the same length:
z = (n - e) / sqrt(e + (MAD N)^2 + 1 + mean N / 4), where N are the node's lines now and e = median share x N. So
traffic that falls or grows moves nothing, what comes in bursts is no news, and what is always said is missed when it
is not. What a node says that it never said, more often, less often or no more is weighed by one measure.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from math import sqrt
from statistics import median
from typing import NamedTuple

import msgspec

from correlation.causes.series import MAD, MINUTE

MOST_SAYINGS = 5_000  # pairs of node and template; the one not heard for longest is forgotten
MOST_MINUTES = 120  # of a node in which it spoke: these are its history
MOST_STRETCHES = 20  # of history that are compared with
MOST_WINDOW = 10  # minutes of an incident that are looked at, the first
LEAD = 1  # minutes before the first alert that belong to the incident already
SLACK = 1.0  # variance of a template that was never said: one line is no proof
BURSTS = 0.25  # variance added for each line that its mean, not its median, makes one expect
LONGEST = 120  # characters of a template that are told


class Saying(NamedTuple):
    """How one template of a node stands."""

    node: str
    text: str
    number: int  # lines in the window
    expected: float
    z: float  # above 0: said more often than it usually is
    minutes: int  # that the window is long
    known: bool  # was it ever said before?
    before: float  # how far (whichever way) a saying of the node went in an earlier stretch, the furthest


class Usual(NamedTuple):
    """What share of a whole something usually is."""

    middle: float
    spread: float
    mean: float

    @classmethod
    def of(cls, parts: Sequence[float], wholes: Sequence[float]) -> "Usual":
        """Return what it was in earlier stretches: so much of so many."""
        shares = [part / whole for part, whole in zip(parts, wholes, strict=True)]
        middle = median(shares)
        return cls(middle, MAD * median([abs(share - middle) for share in shares]), sum(shares) / len(shares))

    def z(self, number: float, whole: float) -> float:
        """Return by how many deviations a ``number`` of a ``whole`` is more than that."""
        return self.all([number], [whole])[0]

    def all(self, parts: Sequence[float], wholes: Sequence[float]) -> list[float]:
        """Return the same of each."""
        middle, steady, spread = self.middle, self.middle + BURSTS * self.mean, self.spread**2
        return [
            (part - middle * whole) / sqrt(steady * whole + spread * whole * whole + SLACK)
            for part, whole in zip(parts, wholes, strict=True)
        ]


class _Past(NamedTuple):
    """The stretches of a node's history."""

    place: Mapping[int, int]  # minute -> which stretch
    sizes: Sequence[int]  # lines of each


class _Saying(msgspec.Struct, array_like=True):
    text: str
    minutes: dict[int, int]  # minute -> lines


class Sayings:
    """All templates of logs by node, and in which minutes they were said how often."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[str, str], _Saying] = OrderedDict()
        self._totals: dict[str, dict[int, int]] = {}  # node -> minute -> its lines
        self._of: dict[str, dict[str, None]] = {}  # node -> its templates

    @property
    def nodes(self) -> Iterable[str]:
        """Which nodes have logs?"""
        return self._of

    def put(self, node: str, template_id: str, text: str, at: float) -> bool:
        """Count one line; return whether it is the node's first of a minute."""
        minute = int(at // MINUTE)
        totals = self._totals.setdefault(node, {})
        fresh = minute not in totals
        if fresh and len(totals) >= MOST_MINUTES and not self._make_room(node, minute):
            return False
        totals = self._totals.setdefault(node, totals)
        totals[minute] = totals.get(minute, 0) + 1
        saying = self._said.get((node, template_id))
        if saying is None:
            saying = self._said[node, template_id] = _Saying(text, {})
            self._of.setdefault(node, {})[template_id] = None
            self._bound()
        self._said.move_to_end((node, template_id))
        saying.text = text
        saying.minutes[minute] = saying.minutes.get(minute, 0) + 1
        return fresh

    def odd(self, node: str, start: float, end: float) -> Saying | None:
        """Return what of the node's sayings from ``start`` (the first alert) to ``end`` fits its history least."""
        first = int(start // MINUTE) - LEAD
        last = min(int(end // MINUTE), first + MOST_WINDOW)
        totals = self._totals.get(node, {})
        spoken = [lines for minute, lines in totals.items() if first <= minute <= last]
        stretches = _stretches([minute for minute in totals if minute < first], len(spoken))
        if not stretches:
            return None
        past = _Past(
            place={minute: index for index, stretch in enumerate(stretches) for minute in stretch},
            sizes=[sum(totals[minute] for minute in stretch) for stretch in stretches],
        )
        found = [self._stand(node, one, (first, last), sum(spoken), past) for one in self._of.get(node, ())]
        most = max(found, key=lambda one: (abs(one.z), one.text), default=None)
        return most._replace(before=max(one.before for one in found)) if most else None

    def _stand(self, node: str, template_id: str, window: tuple[int, int], now: int, past: "_Past") -> Saying:
        saying, (first, last) = self._said[node, template_id], window
        counts = [0] * len(past.sizes)
        for minute, lines in saying.minutes.items():
            if minute in past.place:
                counts[past.place[minute]] += lines
        number = sum(lines for minute, lines in saying.minutes.items() if first <= minute <= last)
        usual = Usual.of(counts, past.sizes)
        return Saying(
            node=node,
            text=saying.text[:LONGEST],
            number=number,
            expected=usual.middle * now,
            z=usual.z(number, now),
            minutes=last - first + 1,
            known=any(minute < first for minute in saying.minutes),
            before=max(map(abs, usual.all(counts, past.sizes))),
        )

    def _make_room(self, node: str, minute: int) -> bool:
        """Forget the oldest minute of the node; not, where ``minute`` would be older."""
        totals = self._totals[node]
        oldest = min(totals)
        if minute < oldest:
            return False
        del totals[oldest]
        for template_id in list(self._of.get(node, ())):
            minutes = self._said[node, template_id].minutes
            minutes.pop(oldest, None)
            if not minutes:
                self._drop(node, template_id)
        return True

    def _bound(self) -> None:
        while len(self._said) > MOST_SAYINGS:
            self._drop(*next(iter(self._said)))

    def _drop(self, node: str, template_id: str) -> None:
        del self._said[node, template_id], self._of[node][template_id]
        if not self._of[node]:
            del self._of[node], self._totals[node]

    def dump(self) -> bytes:
        """Return all state."""
        return msgspec.msgpack.encode(
            ([(*key, one) for key, one in self._said.items()], self._totals, self._of_lists())
        )

    def _of_lists(self) -> Mapping[str, list[str]]:
        return {node: list(held) for node, held in self._of.items()}

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        shape = tuple[list[tuple[str, str, _Saying]], dict[str, dict[int, int]], dict[str, list[str]]]
        said, self._totals, held = msgspec.msgpack.decode(state, type=shape)
        self._said = OrderedDict(((node, template_id), one) for node, template_id, one in said)
        self._of = {node: dict.fromkeys(ids) for node, ids in held.items()}


def _stretches(minutes: Iterable[int], length: int) -> list[list[int]]:
    """Cut the minutes, newest first, into stretches of ``length`` minutes in which the node spoke."""
    if not length:
        return []
    newest = nlargest(length * MOST_STRETCHES, minutes)
    return [newest[at : at + length] for at in range(0, len(newest), length)]
