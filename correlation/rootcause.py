"""What is to blame? Candidates ranked from alerts alone, each with its evidence in words; abstaining is an answer.

A node's weight = (its own share, 1 for the node that has most, + a base) * (share of the alerting services that rest on
it) squared:
- own: rarity of its distinct kinds of alert (consequences such as "no traffic" count .3), of which a node keeps only
  the share that its alerting callees do not explain: own^2 / (own + theirs);
- rest on it: over calls, hosts and parents, with at most one silent node between two alerting ones;
- a silent node on which all alerting ones rest is a candidate too, at a discount.
Onset decides between equal ones only: clocks and detection delays blur it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

import msgspec

from aiops.domain.events import Severity
from aiops.domain.incidents import Candidate
from aiops.domain.reasons import Reason
from aiops.domain.words import span
from correlation.background import Rates, key_of
from correlation.topology import ServiceGraph

BASE = 0.2  # weight of a node without any own share
NONE = 0.1  # weight of "none of these"
SILENT = 0.15  # weight of a node that did not alert itself, per unit of cover
SHADOWED = 0.2  # factor for a silent node when an alerting one explains as much
COVER = 2.0  # power of the share of services that rest on it
CONSEQUENCE = 0.3  # factor for kinds that tell that something else failed
LEAST_MARGIN = 0.1  # between the first two probabilities; below it nobody is named
LEAST_SHARE = 0.5  # of the services that the first one must explain
ALONE = 0.5  # probability of the only service that alerts: nothing speaks against it, and nothing for it
MOST = 5  # candidates
MOST_NODES = 200  # alerting nodes looked at, the earliest
SAMPLED = 64  # of them, when looking for silent nodes that all rest on
CONSEQUENCES = ("no traffic", "no data", "no requests", "traffic drop", "probe", "blackbox", "synthetic", "absent")


class Sign(msgspec.Struct, frozen=True, array_like=True):
    """One distinct kind of alert on one node: what ranking counts."""

    node: str
    kind: str
    name: str
    started: float  # of the first episode
    severity: Severity  # the worst

    def joined(self, other: "Sign | None") -> "Sign":
        """Return both as one."""
        if other is None:
            return self
        worse = max(other, self, key=lambda sign: sign.severity.rank)
        first = other if other.started <= self.started else self
        return msgspec.structs.replace(first, severity=worse.severity)


class Standing(NamedTuple):
    """How one candidate stands, before it is put into words."""

    node: str
    weight: float
    rest: set[str]  # alerting nodes that rest on it, itself included if it alerts
    alerts: bool


def rank(
    signs: Sequence[Sign], graph: ServiceGraph, rates: Rates, now: datetime, confirmed: str | None = None
) -> tuple[tuple[Candidate, ...], str]:
    """Return the candidates, most probable first, and a sentence why the first one is not to be trusted, or "".

    ``confirmed``: the node that a person named (it comes first), or "" when a person said that it is none of these.
    """
    by_node = _by_node(signs)
    if not by_node:
        return (), "no alert of it names a node of the service graph"
    own = {node: sum(_telling(sign, rates, now.timestamp()) for sign in mine) for node, mine in by_node.items()}
    standings = _standings(own, graph)
    standings.sort(key=lambda one: (-round(one.weight, 6), _onset(one, by_node), one.node))
    total = sum(one.weight for one in standings) + NONE
    if len(by_node) == 1:
        total = max(total, standings[0].weight / ALONE)
    candidates = tuple(
        Candidate(
            entity=one.node,
            probability=round(one.weight / total, 3),
            share=round(len(one.rest) / len(by_node), 3),
            path=graph.path(one.node, _most_hurt(one, by_node, graph)),
            evidence=tuple(_evidence(one, by_node, rates, now.timestamp())),
        )
        for one in standings[:MOST]
    )
    if confirmed:
        return confirm(candidates, confirmed), ""
    if confirmed == "":
        return candidates, "a person said that it is none of these"
    if len(by_node) == 1:
        return candidates, f"only {candidates[0].entity} alerts: nothing to compare it with"
    return candidates, _abstained(candidates)


def confirm(candidates: Iterable[Candidate], entity: str) -> tuple[Candidate, ...]:
    """Return the candidates with ``entity`` first, as a person named it."""
    others = [one for one in candidates if one.entity != entity]
    named = Candidate(entity=entity, probability=1.0, share=0.0)
    known = next((one for one in candidates if one.entity == entity), named)
    first = msgspec.structs.replace(known, probability=1.0, confirmed=True)
    return (first, *(msgspec.structs.replace(one, probability=0.0, confirmed=False) for one in others))[:MOST]


def explained_by(graph: ServiceGraph, root: str, services: Set[str]) -> set[str]:
    """Return which of ``services`` rest on ``root``, itself included, with at most one other node between two."""
    found = {root} & services
    frontier = {root}
    while frontier:
        above: set[str] = set()
        for node in frontier:
            above |= graph.rests(node) & services
        frontier = above - found
        found |= frontier
    return found


def _by_node(signs: Iterable[Sign]) -> dict[str, list[Sign]]:
    by_node: dict[str, list[Sign]] = {}
    for sign in signs:
        if not sign.node.startswith("?") and (sign.node in by_node or len(by_node) < MOST_NODES):
            by_node.setdefault(sign.node, []).append(sign)
    return by_node


def _telling(sign: Sign, rates: Rates, now: float) -> float:
    text = sign.name.lower()
    factor = CONSEQUENCE if any(word in text for word in CONSEQUENCES) else 1.0
    return factor * rates.rarity(key_of(sign.node, sign.kind), now)


def _standings(own: Mapping[str, float], graph: ServiceGraph) -> list[Standing]:
    nodes = own.keys()
    rest = _closure(graph, own)
    exclusive = {}
    for node in own:
        theirs = sum(
            own[callee]
            for callee in sorted(graph.needs(node) & nodes)
            if node not in rest[callee] or callee not in rest[node]
        )
        exclusive[node] = own[node] ** 2 / (own[node] + theirs)
    most = max(exclusive.values())
    standings = [
        Standing(node, (BASE + exclusive[node] / most) * (len(rest[node]) / len(own)) ** COVER, rest[node], True)
        for node in own
    ]
    widest = max(len(one.rest) for one in standings)
    for node in _silent(own, graph):
        covered = explained_by(graph, node, nodes)
        factor = SHADOWED if widest >= len(covered) else 1.0
        weight = SILENT * factor * (len(covered) / len(own)) ** COVER
        standings.append(Standing(node, weight, covered, False))
    return standings


def _closure(graph: ServiceGraph, nodes: Collection[str]) -> dict[str, set[str]]:
    """Return for each alerting node which alerting nodes rest on it; bit sets, so that 200 nodes cost a millisecond."""
    names = list(nodes)
    index = {name: position for position, name in enumerate(names)}
    direct = {name: [index[other] for other in sorted(graph.rests(name) & index.keys())] for name in names}
    reach = [1 << position for position in range(len(names))]
    changed = True
    while changed:
        changed = False
        for position, name in enumerate(names):
            bits = reach[position]
            for other in direct[name]:
                bits |= reach[other]
            if bits != reach[position]:
                reach[position], changed = bits, True
    return {name: {other for other in names if reach[index[name]] >> index[other] & 1} for name in names}


def _silent(own: Mapping[str, float], graph: ServiceGraph) -> list[str]:
    """Return the nodes that did not alert but on which all alerting ones rest (directly or over one other)."""
    if len(own) < 3:  # two services share a node too easily
        return []
    sample = list(own)[:SAMPLED]
    shared = set(graph.needs(sample[0]))
    for node in sample[1:]:
        shared &= graph.needs(node)
    return sorted(shared - own.keys())[:MOST]


def _onset(one: Standing, by_node: Mapping[str, list[Sign]]) -> float:
    return min((sign.started for sign in by_node.get(one.node, ())), default=float("inf"))


def _most_hurt(one: Standing, by_node: Mapping[str, list[Sign]], graph: ServiceGraph) -> str:
    """Return the service that rests on it and hurts most: worst alert, most critical tier, closest to the users."""

    def pain(node: str) -> tuple[int, int, int, str]:
        service = graph.view().service(node)
        worst = max(sign.severity.rank for sign in by_node[node])
        return -worst, service.tier if service else 9, len(graph.rests(node)), node

    return min(one.rest - {one.node}, key=pain, default=one.node)


def _evidence(one: Standing, by_node: Mapping[str, list[Sign]], rates: Rates, now: float) -> Iterable[Reason]:
    others = sorted(one.rest - {one.node})
    affected = len(by_node) - (one.alerts and 1)
    if others:
        text = f"{len(others)} of {affected} {'other ' if one.alerts else ''}affected services depend on {one.node}"
        yield Reason(step="cause", text=text, evidence={"resting": len(others), "affected": affected})
    if not one.alerts:
        yield Reason(step="cause", text=f"{one.node} did not alert itself", evidence={"silent": True})
        return
    mine = by_node[one.node]
    first = min(sign.started for sign in mine)
    if others:
        seconds = min(sign.started for node in others for sign in by_node[node]) - first
        when = (
            f"alerted first, {span(seconds)} before"
            if round(seconds) > 0
            else f"alerted {span(-seconds)} after the first of"
            if round(seconds) < 0
            else "alerted at the same moment as the first of"
        )
        yield Reason(step="cause", text=f"{one.node} {when} those that depend on it", evidence={"seconds": seconds})
    rare = max(mine, key=lambda sign: (_telling(sign, rates, now), sign.kind))
    key = key_of(rare.node, rare.kind)
    rate = rates.rate(key, now) * 3600
    usual = f"usual rate {rate:.2g}/h" if rates.since(key) < rare.started else "never seen before"
    kinds = f"{len(mine)} kinds of alert, the rarest" if len(mine) > 1 else "its alert"
    text = f"{kinds} {rare.name!r} ({usual})"
    yield Reason(step="cause", text=text, evidence={"kinds": len(mine), "rate_per_hour": round(rate, 4)})


def _abstained(candidates: Sequence[Candidate]) -> str:
    first = candidates[0]
    if first.share < LEAST_SHARE:
        return f"no node explains half of the affected services; {first.entity} comes closest with {first.share:.0%}"
    if len(candidates) > 1 and first.probability - candidates[1].probability < LEAST_MARGIN:
        second = candidates[1]
        text = f"{first.entity} ({first.probability:.0%}) and {second.entity} ({second.probability:.0%})"
        return f"{text} are too close to call"
    return ""
