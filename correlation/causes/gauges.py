"""How far did the metrics of each node go beyond its own history, and which of it is the doing of those it waits for?

Two of three samples must go so far: one alone is a blip. What went no further than the bursts of its own past have gone
makes an order, and no verdict. What a node waits for others (``role_of``: waiting) tells of these: of each that all its
callers wait longer for, unless one of those called went beyond its bursts itself. And where one that is called is slow
too, a node that waits is not slow by itself.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from aiops.domain.reasons import Reason
from correlation.causes.excess import Look
from correlation.causes.series import CERTAIN, Window, role_of
from correlation.causes.testimony import Testimony
from correlation.topology import ServiceGraph

GAUGE = 1.0  # log odds per doubling of how far beyond its own history a metric of the node went
DOUBT = "no metric goes further than it has gone before"

Bad = Mapping[str, Callable[[float], float]]  # role -> how far a robust z is to the bad
WAITING: Bad = {"waiting": lambda z: max(0.0, z)}
STATE: Bad = {"gauge": abs}
OWN: Bad = {
    **STATE,
    "latency": lambda z: max(0.0, z),
    "errors": lambda z: max(0.0, z),
    "availability": lambda z: max(0.0, -z),
}


class Furthest(NamedTuple):
    """The metric of a node that went furthest beyond its own history."""

    z: float
    metric: str
    node: str
    beyond: float  # how far it went beyond the bursts of that history


def gauged(nodes: Sequence[str], look: Look, graph: ServiceGraph, doubt: str) -> list[Testimony]:
    """Return what metrics say of each of these; ``doubt``: why no verdict may follow from them, or "".

    Of nodes without a metric nothing is said.
    """
    waits = {node: wait for node in nodes if (wait := _furthest(node, look, WAITING))}
    owns = _owns(nodes, look, graph, waits)
    clear = {node for node, own in owns.items() if own.beyond > CERTAIN}
    unexplained = {node: wait for node, wait in waits.items() if not clear.intersection(graph.callees(node))}
    said = []
    for node in nodes:
        theirs = [unexplained[one] for one in graph.view().dependents.get(node, ()) if one in unexplained]
        told = [*([owns[node]] if node in owns else []), *sorted(theirs)[:1]]
        most = max(told, default=None)
        if most and most.z > CERTAIN:
            said.append(_testimony(node, most, doubt))
    return said


def _owns(nodes: Sequence[str], look: Look, graph: ServiceGraph, waits: Mapping[str, Furthest]) -> dict[str, Furthest]:
    """Return what went furthest of each node's own; of one that waits for one that is slow itself, its state alone."""
    owns = {node: own for node in nodes if (own := _furthest(node, look, OWN))}
    slow = {node for node, own in owns.items() if own.z > CERTAIN}
    for node, wait in waits.items():
        if wait.z > CERTAIN and slow.intersection(graph.callees(node)):
            owns.pop(node, None)
            if state := _furthest(node, look, STATE):
                owns[node] = state
    return owns


def _testimony(node: str, most: Furthest, doubt: str) -> Testimony:
    text = f"{most.metric} of {most.node} went {most.z:.3g} times as far from its median as it usually does"
    if most.node != node:
        text = f"all that call {node} wait longer: {text}"
    reason = Reason(step="cause", text=text, evidence={"metric": most.metric, "z": round(most.z, 3)})
    doubted = doubt or ("" if most.beyond > CERTAIN else DOUBT)
    return Testimony(node, GAUGE * math.log2(most.z / CERTAIN), (reason,), measured=not doubted, doubt=doubted)


def _furthest(node: str, look: Look, bad: Bad) -> Furthest | None:
    """Return what went furthest of the metrics with these roles; None where there is none."""
    found = [
        Furthest(_lasting(window, bad[role]), name, node, _lasting(_bursting(window), bad[role]))
        for name, window in look.of(node).items()
        if window.known and window.values and (role := role_of(name)) in bad
    ]
    return max(found, default=None)


def _bursting(window: Window) -> Window:
    """Return it as it is seen against the bursts of its own past."""
    return window._replace(deviation=max(window.deviation, window.tail))


def _lasting(window: Window, bad: Callable[[float], float]) -> float:
    """Return how far two of three samples went."""
    course = [bad(window.z(index)) for index in range(len(window.values))]
    if len(course) < 2:
        return max(course)
    return max(sorted(course[at : at + 3])[-2] for at in range(max(1, len(course) - 2)))
