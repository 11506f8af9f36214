"""Who can say something of the cause beside the alerts of the incident? Experience, metrics, changes: held together."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from aiops.domain.events import MEASURED, Event, EventKind
from aiops.domain.graph import Entity
from correlation.causes.changes import Changes
from correlation.causes.experience import Experience
from correlation.causes.measured import measured
from correlation.causes.series import Metrics
from correlation.causes.testimony import Testimony
from correlation.live import Live
from correlation.topology import ServiceGraph


class Witnesses:
    """All that ranking asks beside the incident itself."""

    def __init__(self) -> None:
        self.experience = Experience()
        self.metrics = Metrics()
        self.changes = Changes()

    def hear(self, event: Event, entity: Entity) -> bool:
        """Note what an observation says; is it of any use here?"""
        if "callee" in event.facts:
            return False  # it tells who calls whom, nothing of how either is
        if event.kind in MEASURED and entity.name and event.points:
            self.metrics.put(entity.name, event.title, event.points, cumulative=bool(event.facts.get("cumulative")))
            return True
        if event.kind is EventKind.CHANGE and entity.name:
            self.changes.put(event, entity.name)
            return True
        return False

    def testimonies(self, live: Live, graph: ServiceGraph, now: datetime) -> Sequence[Testimony]:
        """Return what is said of any node about this incident."""
        hurt = [node for node in live.services if not node.startswith("?")]
        start = live.doc.opened_at.timestamp()
        said = measured(hurt, self.metrics, graph, start, now.timestamp())
        return [*said, *self.changes.testify(hurt, self.metrics, graph, start)]

    def dump(self) -> bytes:
        """Return all state."""
        return msgspec.msgpack.encode((self.experience.dump(), self.metrics.dump(), self.changes.dump()))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        experience, metrics, changes = msgspec.msgpack.decode(state, type=tuple[bytes, bytes, bytes])
        self.experience.load(experience)
        self.metrics.load(metrics)
        self.changes.load(changes)
