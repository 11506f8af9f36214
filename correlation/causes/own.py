"""What do logs and spans say of each node as cause? How far it went beyond its own history in each; odds add up.

Each is measured by a z against the same node's past, so that a chatty or a slow node is no suspect for being so; each
doubling of the z is worth the same, and what several of them say is summed.
"""

import math
from collections.abc import Collection, Iterable, Iterator

from aiops.domain.reasons import Evidence, Reason
from aiops.domain.words import plural
from correlation.causes.cones import nearest
from correlation.causes.operations import Extra, Operations
from correlation.causes.sayings import Saying, Sayings
from correlation.causes.series import CERTAIN, MINUTE, REQUESTS, SECONDS, SELF, Metrics, Window
from correlation.causes.testimony import Testimony
from correlation.topology import ServiceGraph

DOUBLING = 1.0  # log odds per doubling of a z
HEARD = 0.5  # z of a saying from which it says something: small, as it is the oddest of what the node says
TOLD = frozenset((SELF, REQUESTS))
LEAD = 60.0  # seconds before the first alert that belong to the incident already
DOUBT = "no logs are further from what they usually are than they have been before"
BORNE = 0.2  # what the logs of a node count where something that it needs alerts: they may tell of that


def logged(
    sayings: Sayings, hurt: Collection[str], graph: ServiceGraph, start: float, end: float
) -> Iterator[Testimony]:
    """Yield what the logs of each node say, from ``start`` (the first alert) to ``end``.

    Where fewer than half of what hurts (``hurt``) and of what that needs log, alerts count no less beside it.
    """
    held, ill = frozenset(sayings.nodes), frozenset(hurt)
    near = ill.union(*(graph.needs(node) for node in hurt))
    wide = 2 * len(near & held) >= len(near)
    for node in nearest(sayings.nodes, hurt, graph):
        one = sayings.odd(node, start, end)
        if one and abs(one.z) > HEARD:
            evidence: dict[str, Evidence] = {
                "lines": one.number,
                "expected": round(one.expected, 1),
                "z": round(one.z, 2),
            }
            reason = Reason(step="cause", text=_told(one), evidence=evidence)
            borne = BORNE if (graph.needs(node) & ill) - {node} else 1.0
            odds = borne * DOUBLING * math.log2(abs(one.z) / HEARD)
            yield Testimony(node, odds, (reason,), measured=wide, doubt="" if abs(one.z) > one.before else DOUBT)


def _told(one: Saying) -> str:
    times = f"{one.number} times in {plural(one.minutes, 'minute')}"
    if not one.known:
        return f"{one.node} logs what it never did before, {times}: {one.text!r}"
    expected = f"its other lines make one expect {one.expected:.2g}"
    if not one.number:
        return f"{one.node} no longer logs {one.text!r}, though {expected}"
    return f"{one.node} logs {one.text!r} {times}; {expected}"


def traced(nodes: Iterable[str], metrics: Metrics) -> bool:
    """Do spans tell of any of these? What others estimate of its share, spans measure."""
    return any(metrics.has(node, SECONDS) for node in nodes)


def spent(
    metrics: Metrics, operations: Operations, hurt: Collection[str], graph: ServiceGraph, start: float, end: float
) -> Iterator[Testimony]:
    """Yield what each node's spans say of the time that it spends in itself, and in which operation most of it is."""
    found: list[tuple[str, Window, Window, float]] = []
    spanned = (node for node in metrics.nodes if metrics.has(node, SECONDS))
    start = start // MINUTE * MINUTE
    for node in nearest(spanned, hurt, graph):
        windows = metrics.windows(node, start, end, LEAD, TOLD.__contains__)
        window, requests = windows.get(SELF), windows.get(REQUESTS)
        if window and requests and window.known and window.values:
            number = dict(zip(requests.times, requests.values, strict=True))
            pairs = zip(window.times, window.values, strict=True)
            extra = sum((value - window.middle) * number.get(at, 0.0) for at, value in pairs)
            found.append((node, window, requests, max(0.0, extra)))
    total = sum(extra for *_, extra in found)
    for node, window, requests, extra in found:
        mean = sum(window.values) / len(window.values)
        z = window._replace(values=[mean], deviation=max(window.deviation, window.tail)).z(0)
        if z > CERTAIN:
            share = extra / total if total else 0.0
            text = f"{node} spends {mean:.2g} s of a request in itself, {window.middle:.2g} s before"
            text += f": {share:.0%} of all the time that was added"
            reason = Reason(step="cause", text=text, evidence={"z": round(z, 2), "share": round(share, 3)})
            most = operations.most(node, requests, start, end, LEAD)
            reasons = (reason, _within(node, most)) if most else (reason,)
            yield Testimony(node, DOUBLING * math.log2(z / CERTAIN), reasons, measured=True)


def _within(node: str, most: Extra) -> Reason:
    text = f"most of the extra time ({most.share:.0%}) is in {most.operation!r} of {node}:"
    text += f" {most.mean:.2g} s of a request, {most.before:.2g} s before"
    evidence: dict[str, Evidence] = {"operation": most.operation, "share": round(most.share, 3)}
    return Reason(step="cause", text=text, evidence=evidence)
