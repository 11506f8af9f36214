"""Which edges does the service graph seem to lack, and which of those it has are never seen? A person decides.

A proposal counts for nothing before it is accepted; an accepted edge is part of every later version of the graph, also
of one that is imported, until it is rejected.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from aiops.domain import acts
from aiops.domain.alerts import Alert
from aiops.domain.documents import EDGES
from aiops.domain.edges import EdgeRecord, EdgeStatus, edge_id
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Status
from aiops.domain.graph import Edge, Entity, Relation, Topology
from aiops.domain.part import Part
from aiops.domain.timers import Timers
from aiops.domain.words import clock, plural, span
from correlation.cofiring import Cofiring, Found
from correlation.indirect import Standing, standing
from correlation.topology import ServiceGraph

TIMER = "edges"
CALLS = "spans.calls"  # what else spans tell of a pair says how it goes, not who calls whom
EVERY = timedelta(hours=1)  # evidence is weighed so often, while there is any
MOST_WEIGHED = 2_000  # pairs each time; the others next time
MOST_RECORDS = 5_000  # the proposal that was changed longest ago is forgotten
MOST_CALLS = 20_000  # pairs of caller and callee held
LEAST_CALLS = 20  # that a pair is proposed from
HEARD = 20  # alerts of both ends, without which silence along an edge says nothing
SILENT = timedelta(days=30)  # an edge that was seen once, and not for so long, is doubted
PLACES = ("site", "region", "datacenter", "cluster", "zone", "device")  # labels, the first that is there says where


class Calls(msgspec.Struct):
    """How often one service called another."""

    number: int
    first: float
    last: float


class Edges(Part):
    """What is found out about edges: evidence, proposals, what people said of them, doubts."""

    def __init__(self, graph: ServiceGraph, timers: Timers) -> None:
        super().__init__()
        self._graph, self._timers = graph, timers
        self._cofiring = Cofiring()
        self._calls: OrderedDict[tuple[str, str], Calls] = OrderedDict()
        self._called: dict[tuple[str, str], None] = {}  # pairs that were called since they were last weighed
        self._records: OrderedDict[str, EdgeRecord] = OrderedDict()

    def hear(self, alert: Alert, now: datetime) -> Alert:
        """Count the alert where it just began; return it as it is."""
        name, episode = alert.entity.name, alert.episode
        if name and alert.status is Status.FIRING and episode.events == 1:
            place = next((alert.labels[label] for label in PLACES if alert.labels.get(label)), "")
            at = min(max(episode.started_at, now - timedelta(days=1)), now)
            self._cofiring.start(name, place, at.timestamp())
            self._weigh_later(now)
        return alert

    def observe(self, event: Event, entity: Entity, now: datetime) -> None:
        """Count calls that a trace tells of."""
        if event.title != CALLS or event.facts.get("cumulative"):
            return  # what was called before we listened is no news of an edge
        callee = event.facts.get("callee")
        if not entity.name or not isinstance(callee, str) or not event.points:
            return
        pair = (entity.name, self._graph.called(callee))
        calls = self._calls.setdefault(pair, Calls(0, event.points[0][0], 0.0))
        calls.number += int(sum(value for _, value in event.points))
        calls.last = max(calls.last, event.points[-1][0])
        self._calls.move_to_end(pair)
        self._called[pair] = None
        if len(self._calls) > MOST_CALLS:
            forgotten, _ = self._calls.popitem(last=False)
            self._called.pop(forgotten, None)
        self._weigh_later(now)

    def turn(self, now: datetime) -> None:
        """Weigh what came in since the last time."""
        weighed = [self._weigh(one, two) for one, two in self._cofiring.changed(MOST_WEIGHED)]
        self._compare(found.effect for found in weighed if found)
        for caller, callee in list(self._called)[:MOST_WEIGHED]:
            del self._called[caller, callee]
            self._weigh_calls(caller, callee)
        self._doubt(now)
        if self._called or self._cofiring.waiting:
            self._weigh_later(now)

    def act(self, act: acts.EdgeAct, actor: str, now: datetime) -> tuple[str, str]:
        """A person accepts or rejects; ``accepted`` tells what the graph is then. BadInput: no such edge."""
        record = self._records.get(act.edge_id)
        if record is None or record.status is EdgeStatus.DECLARED:
            raise BadInput(f"no edge {act.edge_id!r} is proposed", place="edge_id", fix="take it from /services")
        accepted = isinstance(act, acts.AcceptEdge)
        status = EdgeStatus.ACCEPTED if accepted else EdgeStatus.REJECTED
        self._put(msgspec.structs.replace(record, status=status, stale="", decided_by=actor, decided_at=now))
        edge = record.edge
        said = "is in the graph now" if accepted else "is not in the graph, and is not proposed again"
        return f"{edge.source} depends on {edge.target}: {said}", act.edge_id

    def accepted(self, topology: Topology) -> Topology:
        """Return the graph as stated by people, with every accepted edge and without any rejected one."""
        ours = [one.edge for one in self._records.values() if one.status is EdgeStatus.ACCEPTED]
        kept = [edge for edge in topology.edges if edge.provenance not in ("learned", "trace")]
        there = {(edge.source, edge.target) for edge in kept}
        new = [edge for edge in ours if (edge.source, edge.target) not in there]
        return msgspec.structs.replace(topology, edges=(*kept, *new))

    def _weigh_later(self, now: datetime) -> None:
        if not self._timers.waits(TIMER, ""):
            self._timers.set(TIMER, "", now + EVERY)

    def _weigh(self, one: str, two: str) -> Found | None:
        """Propose, renew or withdraw what alerts say of two nodes; return what is proposed."""
        found = self._cofiring.found(one, two)
        edge = _edge(found.effect, found.cause) if found else None
        for old in (_edge(one, two), _edge(two, one)):
            record = self._records.get(edge_id(old))
            if record and old != edge and record.status is EdgeStatus.PROPOSED and not record.calls:
                self._put(msgspec.structs.replace(record, status=EdgeStatus.WITHDRAWN))
        if found is None or edge is None or self._joined(one, two):
            return None
        edge = msgspec.structs.replace(edge, confidence=0.0, seen_at=_moment(found.last))  # until it is compared
        self._propose(
            EdgeRecord(
                edge_id=edge_id(edge),
                edge=edge,
                status=EdgeStatus.PROPOSED,
                together=found.together,
                expected=round(found.expected, 3),
                first_seen=_moment(found.first),
            )
        )
        return found

    def _weigh_calls(self, caller: str, callee: str) -> None:
        calls = self._calls.get((caller, callee))
        if calls is None or calls.number < LEAST_CALLS or caller == callee or self._joined(caller, callee):
            return
        edge = msgspec.structs.replace(_edge(caller, callee, "trace"), confidence=0.99, seen_at=_moment(calls.last))
        text = f"{caller} called {callee} {plural(calls.number, 'time')}, by its spans"
        self._propose(
            EdgeRecord(
                edge_id=edge_id(edge),
                edge=edge,
                status=EdgeStatus.PROPOSED,
                text=text,
                calls=calls.number,
                first_seen=_moment(calls.first),
            )
        )

    def _propose(self, record: EdgeRecord) -> None:
        """Keep a proposal or renew its evidence; what people decided stays so, and spans say more than alerts."""
        old = self._records.get(record.edge_id)
        if old and old.status not in (EdgeStatus.PROPOSED, EdgeStatus.WITHDRAWN):
            return
        if old and old.calls and not record.calls:
            return
        self._put(record)
        while len(self._records) > MOST_RECORDS:
            spare = next((key for key, one in self._records.items() if one.status in _SPARE), "")
            if not spare:
                break
            gone = self._records.pop(spare)
            self.put(EDGES, msgspec.structs.replace(gone, status=EdgeStatus.WITHDRAWN))

    def _compare(self, effects: Iterable[str]) -> None:
        """Say of all that is proposed of these nodes how sure it is, and whether it is no more than a way."""
        proposed: dict[str, list[EdgeRecord]] = {}
        for record in self._records.values():
            if record.status is EdgeStatus.PROPOSED:
                proposed.setdefault(record.edge.source, []).append(record)
        for effect in dict.fromkeys(effects):
            records = {one.edge.target: one for one in proposed.get(effect, ())}
            sure = {*self._graph.callees(effect), *(cause for cause, one in records.items() if one.calls)}
            pairs = {cause: self._cofiring.found(cause, effect) for cause in sorted({*records, *sure})}
            found = {cause: one for cause, one in pairs.items() if one and one.cause == cause}
            for cause, stand in standing(list(found.values()), sure, self._cofiring).items():
                self._say(records[cause], found[cause], stand)

    def _say(self, record: EdgeRecord, found: Found, stand: Standing) -> None:
        said = msgspec.structs.replace(
            record,
            edge=msgspec.structs.replace(record.edge, confidence=stand.confidence),
            through=stand.through,
            text=_text(found, stand),
        )
        if said != record:
            self._put(said)

    def _joined(self, one: str, two: str) -> bool:
        """Does the graph already say how these two stand to each other?"""
        return two in self._graph.callees(one) or one in self._graph.callees(two)

    def _doubt(self, now: datetime) -> None:
        """Say of every edge of the graph whether it is doubted, where that changed."""
        present = {edge_id(edge): edge for edge in self._graph.edges() if edge.relation is Relation.DEPENDS_ON}
        for known in list(self._records.values()):
            if known.status is EdgeStatus.DECLARED and known.stale and known.edge_id not in present:
                self._put(msgspec.structs.replace(known, stale=""))  # the graph has it no more: nothing to doubt
        for key, edge in present.items():
            stale = self._stale(edge, now)
            record = self._records.get(key)
            if record is None and stale:
                record = EdgeRecord(edge_id=key, edge=edge, status=EdgeStatus.DECLARED, first_seen=now)
            if record is not None and record.stale != stale:
                self._put(msgspec.structs.replace(record, stale=stale))

    def _stale(self, edge: Edge, now: datetime) -> str:
        ends = {name: self._cofiring.heard(name) for name in (edge.source, edge.target)}
        last = self._last(edge)
        if min(number for number, _ in ends.values()) < HEARD:
            return ""
        if last is None:
            told = " and ".join(f"{name} alerted {number:,} times" for name, (number, _) in ends.items())
            return (
                f"nothing was ever seen along it: {told}, never within 5 minutes of each other, and no span tells of it"
            )
        silent = now - last
        if silent > SILENT and min(at for _, at in ends.values()) > last.timestamp():
            return f"nothing was seen along it for {span(silent)}, though both ends have alerted since"
        return ""

    def _last(self, edge: Edge) -> datetime | None:
        """Return when alerts or spans last went along the edge."""
        calls = self._calls.get((edge.source, edge.target))
        together = self._cofiring.last_together(edge.source, edge.target)
        seen = [*([calls.last] if calls else []), *([together] if together is not None else [])]
        return _moment(max(seen)) if seen else None

    def _put(self, record: EdgeRecord) -> None:
        self._records[record.edge_id] = record
        self._records.move_to_end(record.edge_id)
        self.put(EDGES, record)

    def dump(self) -> bytes:
        calls = [(*pair, one) for pair, one in self._calls.items()]
        records = list(self._records.values())
        return msgspec.msgpack.encode((self._cofiring.dump(), calls, list(self._called), records))

    def load(self, state: bytes) -> None:
        shape = tuple[bytes, list[tuple[str, str, Calls]], list[tuple[str, str]], list[EdgeRecord]]
        cofiring, calls, called, records = msgspec.msgpack.decode(state, type=shape)
        self._cofiring.load(cofiring)
        self._calls = OrderedDict(((caller, callee), one) for caller, callee, one in calls)
        self._called = dict.fromkeys(called)
        self._records = OrderedDict((record.edge_id, record) for record in records)


_SPARE = (EdgeStatus.PROPOSED, EdgeStatus.WITHDRAWN)


def _edge(source: str, target: str, provenance: str = "learned") -> Edge:
    return Edge(source=source, relation=Relation.DEPENDS_ON, target=target, provenance=provenance)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _text(found: Found, stand: Standing) -> str:
    """Say where it is known from, how sure it is, and how old, with the numbers."""
    usual = f"{found.expected:.1f}" if found.expected >= 0.05 else "less than 0.1"
    way = (
        f"; without {stand.through} only {stand.alone:.0%} of that is left: maybe no more than the way over it"
        if stand.through
        else ""
    )
    return (
        f"{found.effect} began to alert within a minute of {found.cause} {plural(found.together, 'time')}, where chance"
        f" would have it {usual} times; out of calm it followed {_of(found.forth)} of {found.cause}, and the other way"
        f" round {_of(found.back)}; {span(found.lag)} apart on average{way}; first {clock(_moment(found.first))}, last"
        f" {clock(_moment(found.last))}; of such pairs {stand.confidence:.0%} were edges where all edges were known"
    )


def _of(onsets: tuple[int, int]) -> str:
    return f"{onsets[0]:,} of {plural(onsets[1], 'alert')}"
