"""Does an incident begin where one that people are shown was new shortly before? Then it is part of its story, perhaps.

Of each node the time is kept at which a shown incident last had a key new to it there, and how often another one came
to the node. Where such incidents come at random, the chance that one is as near as ``gap`` seconds is
1 - exp(-rate * gap), with the rate of ``Rates``; -ln of it is what the coincidence counts. Only incidents that are
shown by their own score count, or one would show the next for ever.
"""

from itertools import islice

import msgspec

from aiops.domain.settings import CorrelationSettings
from aiops.domain.words import span
from correlation.background import MOST_NODES, Rates
from correlation.live import Live
from correlation.topology import ServiceGraph
from correlation.unusual import TOLD

LEAST_GAP = 1.0  # seconds: clocks are no finer


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """The last shown incident that had something new on a node."""

    incident: str
    number: int
    at: float


class Sequels:
    """Where shown incidents were of late."""

    def __init__(self) -> None:
        self._rates = Rates()  # of a shown incident on each node
        self._last: dict[str, Shown] = {}  # node -> the newest; the longest not heard of first

    def note(self, live: Live) -> None:
        """Take in what is new of an incident that is shown by its own score."""
        if len(live.keys) == live.noted:
            return
        for sign in islice(live.keys.values(), live.noted, None):
            self._new(sign.node, sign.started, live)
        live.noted = len(live.keys)

    def _new(self, node: str, at: float, live: Live) -> None:
        last = self._last.pop(node, None)
        if last is None or not _same(last, live):
            self._rates.count(node, 1.0, at)
        self._last[node] = last if last and at < last.at else Shown(live.doc.incident_id, live.doc.number, at)
        if len(self._last) > MOST_NODES:
            del self._last[next(iter(self._last))]

    def of(self, live: Live, rates: Rates, graph: ServiceGraph, settings: CorrelationSettings) -> tuple[float, str]:
        """Return what it counts that ``live`` follows another incident, with a sentence; (0, "") where it does not."""
        found = [one for node in live.services if (one := self._on(node, live, rates, graph, settings))]
        return max(found, default=(0.0, ""))

    def _on(
        self, node: str, live: Live, rates: Rates, graph: ServiceGraph, settings: CorrelationSettings
    ) -> tuple[float, str] | None:
        last, began = self._last.get(node), live.services[node]
        if last is None or _same(last, live) or not 0 <= began - last.at <= settings.reopen_window.total_seconds():
            return None
        gap = max(LEAST_GAP, began - last.at)
        counts = rates.company(self._rates.rarity(node, began, gap), began, graph.since(node))
        if counts < TOLD:
            return None
        text = f"it began on {node} {span(gap)} after something new in #{last.number}, of which it may be a part"
        return counts, f"{text}: so near to one adds {counts:.1f} to its score"

    def dump(self) -> bytes:
        """Return all state."""
        return msgspec.msgpack.encode((self._rates.dump(), self._last))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        rates, self._last = msgspec.msgpack.decode(state, type=tuple[bytes, dict[str, Shown]])
        self._rates.load(rates)


def _same(last: Shown, live: Live) -> bool:
    return last.incident == live.doc.incident_id or last.incident in live.doc.merged_from
