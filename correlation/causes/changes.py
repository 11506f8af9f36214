"""What was changed shortly before? Deploys, flags, configuration and commits, on a node that hurts or what it needs."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from aiops.domain.events import Event
from aiops.domain.reasons import Evidence, Reason
from aiops.domain.words import span
from correlation.causes.series import CERTAIN, Metrics, Window, role_of
from correlation.causes.testimony import Testimony
from correlation.topology import ServiceGraph

MOST_CHANGES = 2_000  # the newest
HORIZON = 2.5 * 3600.0  # seconds before the first alert that are looked at
LEADS = (HORIZON, 3600.0, 1800.0)  # seconds looked back for the onset; the rest of the history is the baseline
HALF = 600.0  # seconds between change and onset that halve what the change says
SLACK = 60.0  # seconds by which clocks and minutes may put a change behind what it caused
FAR = 6.0  # robust z of a metric that is part of what is wrong
ODDS = 3.0  # log odds of a change at the very onset
ALIKE = 0.8  # share of the first one's weight from which another change is as likely
MOST_NAMED = 4
LEAST = 0.3  # share of that below which a change says nothing: "none" is an answer


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One change of one node."""

    node: str
    at: float
    title: str
    ref: str  # commit, version, or what else the sender calls it


class Suspect(NamedTuple):
    """A change that may have done it."""

    weight: float  # 1 at the onset, halved every ``HALF`` before it
    change: Change
    gap: float  # seconds from it to the onset


class Changes:
    """The newest changes, by event."""

    def __init__(self) -> None:
        self._changes: OrderedDict[str, Change] = OrderedDict()

    def put(self, event: Event, node: str) -> None:
        """Note a change of ``node``."""
        ref = next((str(event.facts[name]) for name in ("sha", "ref", "version") if event.facts.get(name)), "")
        self._changes[event.event_id] = Change(node, event.occurred_at.timestamp(), event.title, ref)
        if len(self._changes) > MOST_CHANGES:
            self._changes.popitem(last=False)

    def testify(self, hurt: Iterable[str], metrics: Metrics, graph: ServiceGraph, start: float) -> list[Testimony]:
        """Return what the changes before ``start``, the first alert, say of each node."""
        found: dict[str, list[Suspect]] = {}
        nodes = list(hurt)
        began = {node: onset(node, metrics, start) for node in nodes}
        for change in self._near(nodes, graph, start):
            first = min([*began.values(), onset(change.node, metrics, start)])
            weight = 0.5 ** (max(0.0, first - change.at) / HALF)
            if change.at <= first + SLACK and weight >= LEAST:
                found.setdefault(change.node, []).append(Suspect(weight, change, first - change.at))
        return [_testimony(sorted(mine, key=_strongest)) for _, mine in sorted(found.items())]

    def _near(self, hurt: list[str], graph: ServiceGraph, start: float) -> Iterator[Change]:
        near = set(hurt).union(*(graph.needs(node) for node in hurt))
        for change in self._changes.values():
            if change.node in near and start - HORIZON <= change.at <= start:
                yield change

    def dump(self) -> bytes:
        """Return all state."""
        return msgspec.msgpack.encode(list(self._changes.items()))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        self._changes = OrderedDict(msgspec.msgpack.decode(state, type=list[tuple[str, Change]]))


def onset(node: str, metrics: Metrics, start: float) -> float:
    """Return since when a metric of ``node`` has been far from its history until ``start``, the earliest of them.

    ``start`` if none is.
    """
    found = start
    for lead in LEADS:
        windows = metrics.windows(node, start, start, lead)
        far = [one for name, one in windows.items() if role_of(name) != "requests" and _far(one)]
        if any(one.times[0] < start - lead / 2 for one in windows.values() if one.times):
            return min((_since(one) for one in far), default=start)  # the longest look back that has a baseline
        found = min([found, *(_since(one) for one in far)])
    return found


def _far(window: Window) -> bool:
    """Is a metric far from its history at the end of the window?"""
    return window.known and len(window.values) > 0 and abs(window.z(len(window.values) - 1)) > FAR


def _since(window: Window) -> float:
    index = len(window.values) - 1
    while index > 0 and abs(window.z(index - 1)) > CERTAIN:
        index -= 1
    return window.times[index]


def _strongest(one: Suspect) -> tuple[float, float, str]:
    return -one.weight, -one.change.at, one.change.ref


def _testimony(suspects: list[Suspect]) -> Testimony:
    """Say which change it was; where another one is nearly as close, that it cannot be told which."""
    first = suspects[0]
    alike = [one for one in suspects if one.weight >= ALIKE * first.weight]
    node, said = first.change.node, _said(first)
    if len(alike) > 1:
        others = "; ".join(_said(one) for one in alike[1:MOST_NAMED])
        text = f"{node} was changed {len(alike)} times, and which of these it was cannot be told: {said}; {others}"
        reason = Reason(step="cause", text=text, evidence={"changes": len(alike), "seconds": round(first.gap)})
    else:
        evidence: dict[str, Evidence] = {"change": first.change.ref or first.change.title, "seconds": round(first.gap)}
        reason = Reason(step="cause", text=f"{node} was changed {said}", evidence=evidence)
    return Testimony(node, ODDS * first.weight, (reason,))


def _said(one: Suspect) -> str:
    when = f"{span(one.gap)} before" if one.gap >= 1 else "at the moment of"
    return f"{when} the first sign: {one.change.title}"
