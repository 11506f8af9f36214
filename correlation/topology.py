"""Which things are there, and how does one stand to another? The service graph of the present version."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

import msgspec
import networkx as nx

from aiops.domain.documents import GRAPHS
from aiops.domain.graph import Edge, GraphView, Near, Relation, Service, Topology
from aiops.domain.part import Part
from aiops.domain.records import GraphRecord
from correlation.services_file import BadTopology, parse_topology

__all__ = ["BadTopology", "ServiceGraph", "parse_topology"]

FAN_CAP = 200  # neighbours kept of one relation (by name): a hub's ball stays bounded, its ``fan`` stays true

Step = Callable[[str, Relation], list[str]]
Steps = Mapping[str, tuple[str, ...]]


class ServiceGraph(Part):
    """The graph as NetworkX model, with what the hot path asks of it cached for the present version."""

    def __init__(self) -> None:
        super().__init__()
        self._record: GraphRecord | None = None
        self._build(Topology(), 0)

    @property
    def version(self) -> int:
        """0 before the first import, then counting up."""
        return self._record.version if self._record else 0

    def replace(self, topology: Topology, now: datetime) -> str:
        """Let ``topology`` be the graph from ``now`` on; return what was done in words."""
        old = self._record
        if old is not None and old.topology == topology:
            return f"the service graph is the same as before (version {old.version})"
        if old is not None:
            self.put(GRAPHS, msgspec.structs.replace(old, valid_until=now))
        version = self.version + 1
        graph_id = f"graph-{version:010d}"
        before = self._view.services
        self._build(topology, version)
        came = {} if old is None else {name: now for name in self._view.services if name not in before}
        stayed = {} if old is None else {name: when for name, when in old.newcomers.items() if self.knows(name)}
        self._record = GraphRecord(
            graph_id=graph_id, version=version, topology=topology, valid_from=now, newcomers=stayed | came
        )
        self.put(GRAPHS, self._record)
        nodes, edges = self._graph.number_of_nodes(), self._graph.number_of_edges()
        return f"service graph version {version}: {nodes} nodes, {edges} edges"

    def view(self) -> GraphView:
        """Return the plain look-ups of this version that siblings may keep."""
        return self._view

    def knows(self, name: str) -> bool:
        """Is there a node of this name?"""
        return name in self._view.services

    def since(self, name: str) -> float:
        """Return when a node came in, in seconds since 1970; minus infinity: with the first version, or never."""
        came = self._record.newcomers.get(name) if self._record else None
        return -math.inf if came is None else came.timestamp()

    def edges(self) -> Sequence[Edge]:
        """Return the edges of this version."""
        return self._record.topology.edges if self._record else ()

    @property
    def topology(self) -> Topology:
        """Return this version as it was stated."""
        return self._record.topology if self._record else Topology()

    def callees(self, name: str) -> tuple[str, ...]:
        """Return what ``name`` depends on directly, its hosts and parents among them."""
        return self._view.depends_on.get(name, ())

    def called(self, name: str) -> str:
        """Return the node that goes by this name or alias; the name itself where none does."""
        name = name.lower()
        return name if name in self._view.services else self._aliases.get(name, name)

    def near(self, name: str) -> dict[str, Near]:
        """Return who stands close to ``name``, itself first; where two relations hold, the closer one counts.

        Bounded: at most ``FAN_CAP`` nodes of each relation. A node outside the graph has only itself.
        """
        if name not in self._view.services:  # not cached: names from outside are unbounded
            return {name: Near(relation="self", hops=0, fan=1)}
        if name not in self._balls:
            self._balls[name] = self._ball(name)
        return self._balls[name]

    def rests(self, name: str) -> frozenset[str]:
        """Return what depends on ``name`` directly or over one node between (callers, guests, children)."""
        if name in self._view.services and name not in self._rests:
            self._rests[name] = self._within_two(name, self._view.dependents)
        return self._rests.get(name, frozenset())

    def needs(self, name: str) -> frozenset[str]:
        """Return what ``name`` depends on directly or over one node between (callees, hosts, parents)."""
        if name in self._view.services and name not in self._needs:
            self._needs[name] = self._within_two(name, self._view.depends_on)
        return self._needs.get(name, frozenset())

    def share_held(self, name: str) -> float:
        """Return which share of all nodes that are no groups is part of ``name``, over hosts and groups, too.

        0 where something depends on it or runs on it: that is more than a group.
        """
        if name in self._view.services and name not in self._held:
            self._held[name] = self._share_held(name)
        return self._held.get(name, 0.0)

    def path(self, cause: str, hurt: str) -> tuple[str, ...]:
        """Return the shortest way along which ``cause`` hurts ``hurt``; empty when there is none."""
        if cause not in self._graph or hurt not in self._graph:
            return ()
        try:
            return tuple(reversed(nx.bidirectional_shortest_path(self._graph, hurt, cause)))
        except nx.NetworkXNoPath:
            return ()

    def _build(self, topology: Topology, version: int) -> None:
        """Make the model; an end of an edge that nobody declared becomes a plain service."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        services: dict[str, Service] = {}
        for service in topology.services:
            services[service.name] = service
        for edge in topology.edges:
            for end in (edge.source, edge.target):
                services.setdefault(end, Service(name=end))
        graph.add_nodes_from(services)
        for edge in topology.edges:
            if not graph.has_edge(edge.source, edge.target):  # the first relation between two nodes counts
                graph.add_edge(edge.source, edge.target, edge=edge)
        self._graph = graph
        self._view = GraphView(
            version=version,
            services=services,
            depends_on={name: tuple(sorted(graph.successors(name))) for name in graph},
            dependents={name: tuple(sorted(graph.predecessors(name))) for name in graph},
            runs_on=self._ends(graph, Relation.RUNS_ON),
            part_of=self._ends(graph, Relation.PART_OF),
        )
        self._aliases = {alias.lower(): one.name for one in services.values() for alias in one.aliases}
        self._balls: dict[str, dict[str, Near]] = {}
        self._rests: dict[str, frozenset[str]] = {}
        self._needs: dict[str, frozenset[str]] = {}
        self._held: dict[str, float] = {}

    @staticmethod
    def _ends(graph: "nx.DiGraph[str]", relation: Relation) -> dict[str, tuple[str, ...]]:
        """Return where the edges of one relation lead to, by where they come from."""
        ends: dict[str, list[str]] = {}
        for source, target, data in sorted(graph.edges(data=True), key=lambda edge: edge[:2]):
            if data["edge"].relation is relation:
                ends.setdefault(source, []).append(target)
        return {source: tuple(targets) for source, targets in ends.items()}

    def _ball(self, name: str) -> dict[str, Near]:
        ball = {name: Near(relation="self", hops=0, fan=1)}
        for relation, hops, nodes in self._relations(name):
            others = sorted(set(nodes) - {name})
            for node in others[:FAN_CAP]:
                ball.setdefault(node, Near(relation=relation, hops=hops, fan=len(others)))
        return ball

    def _relations(self, name: str) -> Iterator[tuple[str, int, Iterable[str]]]:
        """Yield (relation, hops, nodes) from the closest relation to the widest."""
        callees, callers = self._out(name, Relation.DEPENDS_ON), self._in(name, Relation.DEPENDS_ON)
        hosts, guests = self._out(name, Relation.RUNS_ON), self._in(name, Relation.RUNS_ON)
        yield "callee", 1, callees
        yield "caller", 1, callers
        yield "host", 1, hosts
        yield "guest", 1, guests
        yield "part_of", 1, self._out(name, Relation.PART_OF)
        yield "contains", 1, self._in(name, Relation.PART_OF)
        yield "callee2", 2, self._each(callees, self._out, Relation.DEPENDS_ON)
        yield "caller2", 2, self._each(callers, self._in, Relation.DEPENDS_ON)
        yield "sibling", 2, self._each(callees, self._in, Relation.DEPENDS_ON)
        yield "host_mate", 2, self._each(hosts, self._in, Relation.RUNS_ON)

    def _out(self, name: str, relation: Relation) -> list[str]:
        return [node for node, data in self._graph.succ[name].items() if data["edge"].relation is relation]

    def _in(self, name: str, relation: Relation) -> list[str]:
        return [node for node, data in self._graph.pred[name].items() if data["edge"].relation is relation]

    @staticmethod
    def _each(nodes: list[str], step: Step, relation: Relation) -> Iterator[str]:
        """Yield the neighbours of the first ``FAN_CAP`` nodes, at most ``FAN_CAP`` of each."""
        for node in sorted(nodes)[:FAN_CAP]:
            yield from islice(step(node, relation), FAN_CAP)

    def _share_held(self, name: str) -> float:
        if len(self._in(name, Relation.PART_OF)) < len(self._graph.pred[name]):
            return 0.0
        held: dict[str, None] = {}
        queue = [name]
        for node in queue:
            found = (*self._in(node, Relation.PART_OF), *self._in(node, Relation.RUNS_ON))
            queue += [other for other in found if other not in held]
            held.update(dict.fromkeys(found))
        plain = [node for node in self._graph if not self._in(node, Relation.PART_OF)]
        return sum(node in held for node in plain) / max(1, len(plain))

    @staticmethod
    def _within_two(name: str, step: Steps) -> frozenset[str]:
        first = step.get(name, ())
        second = (node for other in first[:FAN_CAP] for node in step.get(other, ())[:FAN_CAP])
        return frozenset({*first, *second} - {name})

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self._record)

    def load(self, state: bytes) -> None:
        self._record = msgspec.msgpack.decode(state, type=GraphRecord | None)
        self._build(self.topology, self.version)
