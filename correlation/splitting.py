"""Is an incident two? The greedy cover of its services by two roots, or why it is one.

It is two where two of the services that alert explain ``merge_cover`` of them together, neither so many alone, and each
at least ``LEAST`` that the other does not; where the graph knows nothing on which both roots rest, however silent it
is (a group that holds as good as all there is tells nothing by that: it counts only where it alerts); and where
nothing that only one root explains would join the other's side, now that the roots are known: with ``off_cone``, what
alerts over there makes it at most ``join_ratio`` times likelier than chance. So what one root explains is never cut,
and no merge would undo a cut.

What both roots explain, or neither, goes where its neighbours pull it more.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from aiops.domain.settings import CorrelationSettings
from aiops.domain.words import plural, times
from correlation.background import key_of
from correlation.causes.cones import closure
from correlation.causes.signs import Sign, by_node, onset
from correlation.joining import Model
from correlation.topology import ServiceGraph

LEAST = 2  # services that each root explains and the other does not
MOST_SERVICES = 100  # among which roots are looked for: what is larger is one
MOST_SIGNS = 4  # kinds of alert of one service that pull and are pulled, the earliest

Sides = tuple[Set[str], Set[str]]


class Cover(NamedTuple):
    """How an incident falls into two, or why it does not."""

    text: str
    leaves: tuple[str, ...] = ()  # services, the earliest first; empty: it is one
    root: str = ""  # of what leaves
    other: str = ""  # of what stays


def cover(
    signs: Iterable[Sign],
    founder: str,
    graph: ServiceGraph,
    model: Model,
    settings: CorrelationSettings,
    now: float,
) -> Cover:
    """Return how the services of an incident fall into two; the side of the node ``founder`` stays.

    What the graph does not know stays too. The order of ``signs`` changes nothing. Cost: sets of at most
    ``MOST_SERVICES`` services; the links between them are weighed only once all else is given.
    """
    named = {node: mine for node, mine in by_node(signs).items() if graph.knows(node)}
    if not 2 * LEAST <= len(named) <= MOST_SERVICES:
        number = plural(len(named), "service")
        return Cover(f"{number} of the graph: it takes {2 * LEAST} to {MOST_SERVICES} to tell two roots apart")
    nodes = sorted(named, key=lambda node: (onset(node, named), node))
    cones = closure(graph, nodes)
    first = max(nodes, key=lambda node: len(cones[node]))  # of equals the earliest
    second = max(nodes, key=lambda node: len(cones[node] - cones[first]))
    if why := _one_root(first, second, cones, graph, settings):
        return Cover(why)
    links = _Links(named, graph, model, now)
    alone = cones[first] - cones[second], cones[second] - cones[first]
    across = max(links.pull(node, alone[1 - side]) for side in (0, 1) for node in alone[side])
    linked = f"the strongest link between these is {times(across)} than chance"
    if across * settings.off_cone > settings.join_ratio:
        return Cover(f"{first} and {second} explain services of their own, but {linked}")
    sides = _sides(nodes, alone, links)
    leaving, roots = 0 if founder in sides[1] else 1, (first, second)
    text = (
        f"{first} explains {len(alone[0])} of its {len(nodes)} services, {second} {len(alone[1])} others; nothing is "
        f"known on which both rest, and {linked}"
    )
    return Cover(text, tuple(node for node in nodes if node in sides[leaving]), roots[leaving], roots[1 - leaving])


def _one_root(
    first: str, second: str, cones: Mapping[str, Set[str]], graph: ServiceGraph, settings: CorrelationSettings
) -> str:
    """Return why one root is behind all, or two are not behind enough; "" where two explain it better."""
    most, both = len(cones[first]), cones[first] | cones[second]
    if most >= settings.merge_cover * len(cones):
        return f"one root explains it: {first}, {most} of its {len(cones)} services"
    for root, other in ((second, first), (first, second)):
        if (alone := len(cones[root] - cones[other])) < LEAST:
            return f"{root} explains {plural(alone, 'service')} that {other} does not: {LEAST} are needed"
    below = _below(first, cones, graph) & _below(second, cones, graph)
    if shared := {one for one in below if one in cones or graph.share_held(one) < settings.merge_cover}:
        return f"{min(shared)} may be behind both {first} and {second}: they rest on it"
    if len(both) < settings.merge_cover * len(cones):
        return f"{first} and {second} together explain {len(both)} of its {len(cones)} services only"
    return ""


def _below(root: str, cones: Mapping[str, Set[str]], graph: ServiceGraph) -> set[str]:
    """Return all that may be behind ``root``: what explains it, and what that rests on."""
    behind = [node for node, cone in cones.items() if root in cone]
    return {root}.union(behind, *(graph.needs(node) for node in behind))


def _sides(nodes: Sequence[str], alone: Sides, links: "_Links") -> Sides:
    """Return which services go with which root; what neither pulls more goes with the first."""
    sides = (set(alone[0]), set(alone[1]))
    for node in nodes:
        if node not in alone[0] and node not in alone[1]:
            sides[links.pull(node, alone[1]) > links.pull(node, alone[0])].add(node)
    return sides


class _Links:
    """How strongly do alerts pull one another? As for a join, over distinct kinds of alert."""

    def __init__(self, named: Mapping[str, Sequence[Sign]], graph: ServiceGraph, model: Model, now: float) -> None:
        self._signs = {node: sorted(mine, key=lambda sign: (sign.started, sign.kind)) for node, mine in named.items()}
        self._graph, self._model, self._now = graph, model, now

    def pull(self, node: str, others: Set[str]) -> float:
        """Return how many times likelier than chance ``others`` make what alerts on ``node``; of its kinds the most."""
        near = sorted(others & self._graph.near(node).keys())
        return max(sum(self._strength(sign, other) for other in near) for sign in self._signs[node][:MOST_SIGNS])

    def _strength(self, sign: Sign, other: str) -> float:
        relation = self._graph.near(sign.node)[other].relation
        fan = self._graph.near(other).get(sign.node, self._graph.near(sign.node)[other]).fan
        rates, strength = self._model.rates, 0.0
        for theirs in self._signs[other][:MOST_SIGNS]:
            rate = rates.rate(key_of(other, theirs.kind), self._now)
            strength += self._model.kernels.pull(relation, fan, sign.started - theirs.started, rate, sign.kind)
        return strength / rates.rate(key_of(sign.node, sign.kind), self._now)
