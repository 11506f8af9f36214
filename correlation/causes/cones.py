"""Which of the nodes that alert would a fault of this node explain? Over calls, hosts and parents."""

from collections.abc import Collection, Iterable, Set
from heapq import nsmallest

from correlation.causes.signs import Signs
from correlation.topology import ServiceGraph

SAMPLED = 64  # alerting nodes, when looking for silent ones that all rest on
MOST_SILENT = 5
MOST_UNHEARD = 20  # callees of which all callers complain: those with the most callers
MOST_ASKED = 100  # nodes asked for what they measure or log


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


def closure(graph: ServiceGraph, nodes: Collection[str]) -> dict[str, set[str]]:
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


def starving(signs: Signs) -> set[str]:
    """Return the nodes that say only that nothing reaches them."""
    return {node for node, mine in signs.items() if all(sign.consequence for sign in mine)}


def starved_by(rest: Collection[str], starving: Set[str], graph: ServiceGraph) -> set[str]:
    """Return which of the ``starving`` are called by something in ``rest``, directly or over one other."""
    callers = set(rest)
    return {node for node in starving - callers if graph.rests(node) & callers}


def company(node: str, starving: Set[str], graph: ServiceGraph) -> float:
    """Return what share of its caller's callees starve with a starving node, at the caller where it is least.

    Where all of them do, or the caller starves itself, it calls nobody; where it is this one alone, it is this one.
    """
    view = graph.view()
    shares = []
    for caller in view.dependents.get(node, ()):
        callees = view.depends_on[caller]
        if caller in starving:
            shares.append(1.0)
        elif len(callees) > 1:
            shares.append((sum(callee in starving for callee in callees) - 1) / (len(callees) - 1))
    return min(shares, default=0.0)


def silent(graph: ServiceGraph, nodes: Collection[str]) -> list[str]:
    """Return the nodes that did not alert but on which all alerting ones rest (directly or over one other)."""
    if len(nodes) < 3:  # two services share a node too easily
        return []
    sample = list(nodes)[:SAMPLED]
    shared = set(graph.needs(sample[0]))
    for node in sample[1:]:
        shared &= graph.needs(node)
    return sorted(shared - set(nodes))[:MOST_SILENT]


def unheard(named: Signs, graph: ServiceGraph) -> dict[str, tuple[str, ...]]:
    """Return the silent nodes of which all that call them complain, and these callers; at most ``MOST_UNHEARD``.

    Who tells of its own state complains of nobody, whatever else it says; what is told of its calls names the one
    called. One node alone is compared with none.
    """
    if len(named) < 2:
        return {}
    complaining = {
        node
        for node, mine in named.items()
        if any(sign.complains and not sign.of_calls for sign in mine) and not any(sign.own for sign in mine)
    }
    view = graph.view()
    found: dict[str, tuple[str, ...]] = {}
    for node in sorted(complaining):
        under = {*view.runs_on.get(node, ()), *view.part_of.get(node, ())}
        for callee in view.depends_on.get(node, ()):
            if callee in named or callee in under or callee in found:
                continue
            callers = view.dependents[callee]
            if all(caller in complaining for caller in callers):
                found[callee] = callers
    widest = sorted(found, key=lambda callee: (-len(found[callee]), callee))[:MOST_UNHEARD]
    return {callee: found[callee] for callee in widest}


def nearest(nodes: Iterable[str], hurt: Collection[str], graph: ServiceGraph) -> list[str]:
    """Return up to ``MOST_ASKED`` of ``nodes``: what hurts first, then what that needs, then the others, as given.

    Not all are asked, as an incident asks again and again while it is young.
    """
    ill = frozenset(hurt)
    needed = ill.union(*(graph.needs(node) for node in hurt))
    return nsmallest(MOST_ASKED, nodes, key=lambda node: (node not in ill, node not in needed))
