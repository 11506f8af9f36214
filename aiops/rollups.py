"""How much of what, when? Counts kept at write, from which charts and rates are drawn."""

from datetime import UTC, datetime

import msgspec

from aiops.domain.alerts import Templated
from aiops.domain.documents import ROLLUPS
from aiops.domain.events import Event, EventKind
from aiops.domain.graph import Entity
from aiops.domain.part import Part
from aiops.domain.records import Rollup

BIN_SECONDS = 300


def bin_of(at: datetime) -> datetime:
    """Return the start of the five minutes that ``at`` lies in."""
    return datetime.fromtimestamp(int(at.timestamp()) // BIN_SECONDS * BIN_SECONDS, UTC)


class Rollups(Part):
    """Alert events by severity, log lines by service and template, in bins of five minutes by time of receipt."""

    def __init__(self) -> None:
        super().__init__()
        self._bin = datetime.fromtimestamp(0, UTC)
        self._counts: dict[tuple[str, str], int] = {}

    def count(self, event: Event, entity: Entity, templated: Templated) -> None:
        """Count one event; only the newest bin is held (an entry out of order counts in the bin at hand)."""
        current = bin_of(event.received_at)
        if current > self._bin:
            self._bin, self._counts = current, {}
        if event.kind is EventKind.ALERT:
            name, key = "alerts", str(event.severity)
        else:
            name, key = f"{event.kind}s", f"{entity.name}|{templated.template_id}"
        count = self._counts[name, key] = self._counts.get((name, key), 0) + 1
        rollup_id = f"{name}|{self._bin.isoformat()}|{key}"
        self.put(ROLLUPS, Rollup(rollup_id=rollup_id, name=name, bin=self._bin, key=key, count=count))

    def dump(self) -> bytes:
        return msgspec.msgpack.encode((self._bin, [(*key, count) for key, count in self._counts.items()]))

    def load(self, state: bytes) -> None:
        self._bin, counts = msgspec.msgpack.decode(state, type=tuple[datetime, list[tuple[str, str, int]]])
        self._counts = {(name, key): count for name, key, count in counts}
