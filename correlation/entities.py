"""Which node of the service graph is an event about, and how are the nodes?"""

from collections import Counter
from collections.abc import Mapping
from itertools import islice

import msgspec

from aiops.domain.alerts import Alert, Placement
from aiops.domain.documents import SERVICES
from aiops.domain.events import Event, Severity, Status
from aiops.domain.graph import Edge, Entity, EntityMapping, GraphView, Service, Topology
from aiops.domain.part import Part
from aiops.domain.reasons import Reason, told
from aiops.domain.records import ServiceRecord, Unmapped
from correlation.naming import name_entity

MOST_UNKNOWN = 20_000  # nodes seen outside the graph that are counted; the oldest that do not fire are forgotten
MOST_RESOLVED = 50_000  # alerts remembered after they resolved, so that a repeat is not counted twice
MOST_ALERTS = 200_000  # alerts counted at once; what was counted longest ago counts as firing no longer
MOST_PLACEMENTS = 20_000  # label combinations whose placement is remembered
SAY_NOTHING = frozenset(("alertname", "level", "severity"))  # labels that never name a node
MOST_LABELS = 400  # "label=value" counts of unmapped alerts; the rarer half is forgotten beyond it
WORST_FIRST = sorted(Severity, key=lambda severity: -severity.rank)


class Health(msgspec.Struct, array_like=True):
    """What is counted of one node."""

    seen: int = 0
    firing: dict[Severity, int] = {}
    example: dict[str, str] = {}


class Counted(msgspec.Struct, array_like=True):
    """What one alert has contributed so far."""

    entity: str
    count: int
    firing: Severity | None


class Entities(Part):
    """Maps events to nodes, and keeps how many alerts each node has."""

    def __init__(self) -> None:
        super().__init__()
        self._health: dict[str, Health] = {}
        self._alerts: dict[str, Counted] = {}  # by fingerprint, those last heard of at the end
        self._resolved: dict[str, None] = {}
        self._unmapped = Unmapped()
        self._labels: Counter[str] = Counter()
        self._stale = True  # are the top labels to be found again?
        self._view: GraphView | None = None  # whose placements are remembered
        self._placements: dict[tuple[str | None, ...], Placement] = {}
        self._use(Topology())

    def configure(self, topology: Topology) -> None:
        """Map by this topology from now on; its nodes are shown even before anything alerts on them."""
        gone = self._services
        self._use(topology)
        for name in {**gone, **self._services}:
            self._show(name)

    def place(self, event: Event, view: GraphView) -> Placement:
        """Return the node the event is about, with a Reason for every step; the same labels are read only once."""
        return self._named(event.labels, view)

    def replaced(self, alert: Alert, view: GraphView) -> Alert | None:
        """Return the alert with the node and owner that it has in the present graph; None where they are the same."""
        placement = self._named(alert.labels, view)
        if (placement.entity, placement.owner) == (alert.entity, alert.owner):
            return None
        text = f"placed anew by service graph version {view.version}: {_said(placement.entity, placement.owner)}"
        reason = Reason(step="entity", text=f"{text}; before: {_said(alert.entity, alert.owner)}")
        return msgspec.structs.replace(
            alert,
            entity=placement.entity,
            owner=placement.owner,
            episode=msgspec.structs.replace(alert.episode, entity=placement.entity),
            reasons=told(alert.reasons, reason),
        )

    def _named(self, labels: Mapping[str, str], view: GraphView) -> Placement:
        if view is not self._view:
            self._view, self._placements = view, {}
        key = tuple(labels.get(label) for label in self._looked_at)
        placement = self._placements.get(key)
        if placement is None:
            if len(self._placements) >= MOST_PLACEMENTS:
                self._placements.clear()
            placement = name_entity(labels, self._mapping, view, self._aliases)
            self._placements[key] = placement
        return placement

    def count(self, alert: Alert) -> None:
        """Note an alert as it is now: each of its events counts once, however often it is considered."""
        name = alert.entity.name
        before = self._alerts.pop(alert.fingerprint, None)
        counted = before.count if before else alert.count - 1
        new = max(0, alert.count - counted)
        firing = alert.severity if alert.status is Status.FIRING else None
        self._alerts[alert.fingerprint] = Counted(name, alert.count, firing)
        if before and before.firing:
            self._fire(before.entity, before.firing, -1)
        if firing:
            self._fire(name, firing, 1)
        self._count(alert, new)
        if before and before.entity != name:
            self._show(before.entity)
        self._show(name)
        self._bound(alert.fingerprint, resolved=firing is None)

    def unmapped(self) -> Unmapped:
        """Return how many alerts found their node, and which labels those have that did not."""
        if self._stale:
            top = sorted(self._labels.items(), key=lambda item: (-item[1], item[0]))[:20]
            self._unmapped = msgspec.structs.replace(self._unmapped, labels=dict(top))
            self._stale = False
        return self._unmapped

    def _use(self, topology: Topology) -> None:
        self._topology = topology
        self._mapping: EntityMapping = topology.mapping
        self._looked_at = (*self._mapping.labels, *(look_up.label for look_up in self._mapping.look_ups))
        self._services: dict[str, Service] = {service.name: service for service in topology.services}
        self._aliases = {alias: service.name for service in topology.services for alias in service.aliases}
        self._edges: dict[str, list[Edge]] = {}
        for edge in topology.edges:
            self._edges.setdefault(edge.source, []).append(edge)
        self._view = None

    def _fire(self, name: str, severity: Severity, by: int) -> None:
        firing = self._health.setdefault(name, Health()).firing
        firing[severity] = max(0, firing.get(severity, 0) + by)

    def _count(self, alert: Alert, new: int) -> None:
        health = self._health.setdefault(alert.entity.name, Health())
        health.seen += new
        if not new:
            return
        seen = self._unmapped
        if alert.entity.known:
            self._unmapped = msgspec.structs.replace(seen, mapped=seen.mapped + new)
            return
        health.example = alert.labels
        kind = "unmapped" if alert.entity.name else "unplaced"
        self._unmapped = msgspec.structs.replace(seen, **{kind: getattr(seen, kind) + new})
        telling = [(label, value) for label, value in alert.labels.items() if label not in SAY_NOTHING]
        self._labels.update({f"{label}={value}": new for label, value in telling[:20]})
        if len(self._labels) > MOST_LABELS:
            kept = sorted(self._labels.items(), key=lambda item: (-item[1], item[0]))[: MOST_LABELS // 2]
            self._labels = Counter(dict(kept))
        self._stale = True

    def _show(self, name: str) -> None:
        if not name:
            return
        health = self._health.get(name) or Health()
        worst = next((severity for severity in WORST_FIRST if health.firing.get(severity)), "")
        record = ServiceRecord(
            name=name,
            service=self._services.get(name),
            edges=tuple(self._edges.get(name, ())),
            seen=health.seen,
            firing=sum(health.firing.values()),
            worst=worst,
            example_labels={} if name in self._services else health.example,
        )
        self.put(SERVICES, record)

    def _bound(self, fingerprint: str, resolved: bool) -> None:
        """Forget what resolved longest ago, the oldest alerts, and the oldest nodes outside the graph."""
        self._resolved.pop(fingerprint, None)
        if resolved:
            self._resolved[fingerprint] = None
            if len(self._resolved) > MOST_RESOLVED:
                oldest = next(iter(self._resolved))
                del self._resolved[oldest], self._alerts[oldest]
        if len(self._alerts) > MOST_ALERTS:
            oldest = next(iter(self._alerts))
            gone = self._alerts.pop(oldest)
            self._resolved.pop(oldest, None)
            if gone.firing:
                self._fire(gone.entity, gone.firing, -1)
                self._show(gone.entity)
        if len(self._health) > MOST_UNKNOWN + len(self._services):
            quiet = (name for name, health in self._health.items() if name not in self._services and not _fires(health))
            for name in list(islice(quiet, MOST_UNKNOWN // 10)):
                del self._health[name]

    def dump(self) -> bytes:
        state = (self._topology, self._health, self._alerts, list(self._resolved), self.unmapped(), dict(self._labels))
        return msgspec.msgpack.encode(state)

    def load(self, state: bytes) -> None:
        shape = tuple[Topology, dict[str, Health], dict[str, Counted], list[str], Unmapped, dict[str, int]]
        topology, self._health, self._alerts, resolved, self._unmapped, labels = msgspec.msgpack.decode(
            state, type=shape
        )
        self._resolved, self._labels = dict.fromkeys(resolved), Counter(labels)
        self._use(topology)


def _said(entity: Entity, owner: str) -> str:
    name = entity.name or "no node"
    return f"{name}{'' if entity.known else ', unmapped'}{f', of {owner}' if owner else ''}"


def _fires(health: Health) -> bool:
    return any(health.firing.values())
