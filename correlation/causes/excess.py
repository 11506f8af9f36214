"""Which node adds the seconds (or failures) that the service that hurts has too many of? From metrics and the graph.

E_v(t) = R_v (latency_v - median)+, or R_v (median availability - availability_v) / 100, or the errors beyond their
median; only where it moved by more than 3 robust spreads. What remains of it without the callees' share:
X_v = sum over t of w_t (E_v - sum over callees u of E_u * E_v / sum over u's callers c of E_c)+, w_t the target's z.
A callee without a baseline is charged to its caller. A node that the target does not depend on in the graph counts
with the squared cosine of their shapes.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import re2

from correlation.causes.series import CERTAIN, Metrics, Window, role_of
from correlation.topology import ServiceGraph

LEAD = 1_200.0  # seconds before the first alert that belong to the incident already
STEP = 30.0  # seconds within which samples of two nodes count as of one time
MOST_NODES = 150  # nodes looked at: those nearest to the target first
MOST_Z = 50.0  # of the target: beyond it a time weighs no more
LEAST_POINTS = 0.2  # points of availability that are the least spread taken

MEASURES = ("latency", "failures")
PERCENTILE = re2.compile(r"(p|percentile|quantile)[._-]?\d\d|\d\d(th|p|pct|percentile)|median")

Course = Mapping[int, float]  # slot of time -> excess


class Excess(NamedTuple):
    """What was found for one target."""

    target: str
    measure: str  # latency, failures
    total: float  # of the target, weighted
    shares: Mapping[str, float]  # node -> its part of all that was found
    explained: float  # part of the target's excess that nodes of its cone explain, 0..1
    amounts: Mapping[str, float]  # node -> seconds or failures per slot of its own, unweighted


class Look:
    """The metrics as one incident sees them; every node is read once, however many targets ask for it."""

    def __init__(self, metrics: Metrics, start: float, end: float, lead: float = LEAD) -> None:
        self.metrics, self.start, self.end, self.lead = metrics, start, end, lead
        self._seen: dict[str, dict[str, Window]] = {}
        self._courses: dict[tuple[str, str], Course] = {}

    def of(self, node: str) -> dict[str, Window]:
        """Return the windows of a node, from ``lead`` before the incident."""
        if node not in self._seen:
            self._seen[node] = self.metrics.windows(node, self.start, self.end, self.lead)
        return self._seen[node]

    def course(self, node: str, measure: str) -> Course:
        """Return when and by how much a node went beyond its history in ``measure``."""
        if (node, measure) not in self._courses:
            told = {name: one for name, one in self.of(node).items() if _additive(name)}
            self._courses[node, measure] = _course(told, measure)
        return self._courses[node, measure]


@lru_cache(maxsize=4_096)
def _additive(name: str) -> bool:
    """May its values be summed over requests? Means may, percentiles may not."""
    return PERCENTILE.search(name.lower()) is None


def excess(target: str, look: Look, graph: ServiceGraph) -> Excess | None:
    """Return who adds to what hurts ``target``; None where no metric of it moved."""
    cone = _cone(target, graph)
    nodes = [*cone, *(node for node in look.metrics.nodes if node not in cone)][:MOST_NODES]
    strongest: tuple[float, str, dict[int, float]] = (CERTAIN, "", {})
    for measure in MEASURES:
        weights = _weights({name: one for name, one in look.of(target).items() if _additive(name)}, measure)
        if sum(weights.values()) > strongest[0]:
            strongest = (sum(weights.values()), measure, weights)
    _, measure, weights = strongest
    if not measure:
        return None
    courses = {node: course for node in nodes if (course := look.course(node, measure))}
    return _shared(target, measure, weights, courses, cone, graph)


def _shared(
    target: str,
    measure: str,
    weights: Mapping[int, float],
    courses: Mapping[str, Course],
    cone: Mapping[str, None],
    graph: ServiceGraph,
) -> Excess | None:
    own = {node: _exclusive(node, courses, graph) for node in courses}
    if len(cone) == 1 and target in own:  # the graph does not say whom it calls: whoever moves as it does, perhaps
        own[target] = _alike(target, courses)
    weighed = {node: _weighed(mine, weights) for node, mine in own.items()}
    for node in weighed:
        if node not in cone:
            weighed[node] *= _cosine(courses[node], courses.get(target, {})) ** 2
    total = sum(weighed.values())
    if total <= 0:
        return None
    hurt = _weighed(courses.get(target, {}), weights)
    inside = sum(amount for node, amount in weighed.items() if node in cone and node != target)
    return Excess(
        target=target,
        measure=measure,
        total=hurt,
        shares={node: amount / total for node, amount in weighed.items()},
        explained=min(1.0, inside / hurt) if hurt else 0.0,
        amounts={node: round(sum(mine.values()) / max(1, len(weights)), 6) for node, mine in own.items()},
    )


def _weighed(course: Course, weights: Mapping[int, float]) -> float:
    return sum(weights.get(slot, 0.0) * amount for slot, amount in course.items())


def _exclusive(node: str, courses: Mapping[str, Course], graph: ServiceGraph) -> dict[int, float]:
    """Return what remains of a node's course without its callees' share."""
    view = graph.view()
    callees = [callee for callee in view.depends_on.get(node, ()) if callee in courses and callee != node]
    left = {}
    for slot, amount in courses[node].items():
        theirs = 0.0
        for callee in callees:
            callers = sum(courses[c].get(slot, 0.0) for c in view.dependents[callee] if c in courses and c != callee)
            theirs += courses[callee].get(slot, 0.0) * (amount / callers if callers else 0.0)
        left[slot] = max(0.0, amount - theirs)
    return left


def _alike(target: str, courses: Mapping[str, Course]) -> dict[int, float]:
    """Return what remains of the target's course without those of its shape, each by the square of its cosine."""
    mine = courses[target]
    alike = [(_cosine(other, mine) ** 2, other) for node, other in courses.items() if node != target]
    return {
        slot: max(0.0, amount - sum(share * other.get(slot, 0.0) for share, other in alike))
        for slot, amount in mine.items()
    }


def moved(windows: Mapping[str, Window]) -> bool | None:
    """Did what a node's callers feel of it (latency, failures) move? None where nothing tells of that."""
    if not any(_of(windows, measure) for measure in MEASURES):
        return None
    return any(_weights(windows, measure) for measure in MEASURES)


def _cone(target: str, graph: ServiceGraph) -> dict[str, None]:
    """Return the target and all that it depends on, nearest first."""
    view = graph.view()
    found = {target: None}
    queue = [target]
    for node in queue:
        for callee in view.depends_on.get(node, ()):
            if callee not in found and len(found) < MOST_NODES:
                found[callee] = None
                queue.append(callee)
    return found


def _weights(windows: Mapping[str, Window], measure: str) -> dict[int, float]:
    """Return the target's z at each slot at which it moved."""
    found: dict[int, float] = {}
    for role, window in _of(windows, measure):
        for index, at in enumerate(window.times):
            z = min(MOST_Z, _z(role, window, index))
            if z > CERTAIN:
                found[_slot(at)] = max(z, found.get(_slot(at), 0.0))
    return found


def _course(windows: Mapping[str, Window], measure: str) -> dict[int, float]:
    requests = next((one for name, one in sorted(windows.items()) if role_of(name) == "requests"), None)
    rate = {_slot(at): value for at, value in zip(requests.times, requests.values, strict=True)} if requests else {}
    found: dict[int, float] = {}
    for role, window in _of(windows, measure):
        for index, at in enumerate(window.times):
            if _z(role, window, index) <= CERTAIN:
                continue
            beyond = abs(window.values[index] - window.middle)
            factor = 1.0 if role == "errors" else rate.get(_slot(at), 1.0) / (100 if role == "availability" else 1)
            found[_slot(at)] = max(found.get(_slot(at), 0.0), factor * beyond)
    return found


def _of(windows: Mapping[str, Window], measure: str) -> list[tuple[str, Window]]:
    """Return the one series that stands for the measure: a mean before a percentile, failures before availability."""
    roles = ("latency",) if measure == "latency" else ("availability", "errors")
    for role in roles:
        names = sorted((name for name in windows if role_of(name) == role), key=_preference)
        for name in names:
            if windows[name].known:
                return [(role, windows[name])]
    return []


def _preference(name: str) -> tuple[bool, str]:
    text = name.lower()
    return not any(word in text for word in ("average", "mean", "avg")), text


def _z(role: str, window: Window, index: int) -> float:
    if role == "availability":
        return -window.z(index, LEAST_POINTS)
    return window.z(index)


def _slot(at: float) -> int:
    return int(at // STEP)


def _cosine(one: Course, other: Course) -> float:
    dot = sum(amount * other.get(slot, 0.0) for slot, amount in one.items())
    norms = math.sqrt(sum(a * a for a in one.values())) * math.sqrt(sum(b * b for b in other.values()))
    return dot / norms if norms else 0.0
