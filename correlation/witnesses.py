"""Who can say something of the cause beside the alerts? Experience, metrics, spans, logs, changes: held together."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from aiops.domain.alerts import Templated
from aiops.domain.events import MEASURED, Event, EventKind
from aiops.domain.graph import Entity
from correlation.causes.calls import lost, metric_of
from correlation.causes.changes import Changes
from correlation.causes.experience import Experience
from correlation.causes.measured import measured
from correlation.causes.operations import Operations
from correlation.causes.own import logged, spent, traced
from correlation.causes.sayings import Sayings
from correlation.causes.series import FINE_BUCKETS, MOST_FINE, Metrics
from correlation.causes.testimony import Testimony
from correlation.live import Live
from correlation.topology import ServiceGraph


class Witnesses:
    """All that ranking asks beside the incident itself."""

    def __init__(self) -> None:
        self.experience = Experience()
        self.metrics = Metrics()
        self.changes = Changes()
        self.sayings = Sayings()
        self.operations = Operations()
        self.calls = Metrics(MOST_FINE, FINE_BUCKETS)  # of pairs, each with its caller

    def hear(self, event: Event, entity: Entity) -> bool:
        """Note what an observation says; is it of any use here?"""
        if event.kind in MEASURED and entity.name and event.points:
            self._measure(event, entity.name)
            return True
        if event.kind is EventKind.CHANGE and entity.name:
            self.changes.put(event, entity.name)
            return True
        return False

    def _measure(self, event: Event, node: str) -> None:
        """What spans tell (of a pair, of an operation, of a node) adds up: several deliveries tell of one minute."""
        callee, operation = event.facts.get("callee"), event.facts.get("operation")
        grows, summed = bool(event.facts.get("cumulative")), event.kind is EventKind.TRACE
        if isinstance(callee, str):
            self.calls.put(node, metric_of(event.title, callee), event.points, grows, summed=True)
        elif isinstance(operation, str):
            self.operations.put(node, operation, event.points)
        else:
            self.metrics.put(node, event.title, event.points, grows, summed)

    def read(self, event: Event, entity: Entity, templated: Templated) -> bool:
        """Count what a line of a log says; return whether it is the node's first of a minute."""
        if event.kind is not EventKind.LOG or not entity.name:
            return False
        at = min(event.occurred_at, event.received_at).timestamp()
        return self.sayings.put(entity.name, templated.template_id, templated.text, at)

    def testimonies(self, live: Live, graph: ServiceGraph, now: datetime) -> Sequence[Testimony]:
        """Return what is said of any node about this incident."""
        hurt = [node for node in live.services if not node.startswith("?")]
        start, end = live.doc.opened_at.timestamp(), now.timestamp()
        own = (
            *spent(self.metrics, self.operations, hurt, graph, start, end),
            *lost(self.calls, self.metrics, hurt, graph, start, end),
            *logged(self.sayings, hurt, graph, start, end),
        )
        said = [] if traced(hurt, self.metrics) else measured(hurt, self.metrics, graph, start, end)
        return [*said, *own, *self.changes.testify(hurt, self.metrics, graph, start)]

    def dump(self) -> bytes:
        """Return all state."""
        return msgspec.msgpack.encode([held.dump() for held in self._held])

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        for held, its in zip(self._held, msgspec.msgpack.decode(state, type=list[bytes]), strict=True):
            held.load(its)

    @property
    def _held(self) -> tuple[Experience | Metrics | Changes | Sayings | Operations, ...]:
        return self.experience, self.metrics, self.changes, self.sayings, self.operations, self.calls
