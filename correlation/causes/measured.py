"""What do metrics say of each node as cause? Its exclusive excess where callers tell, else its gauges and who waits."""

import math
from collections.abc import Sequence

from aiops.domain.reasons import Reason
from correlation.causes.cones import nearest
from correlation.causes.excess import Excess, Look, excess, moved
from correlation.causes.gauges import gauged
from correlation.causes.series import MINUTE, Metrics
from correlation.causes.testimony import Testimony
from correlation.topology import ServiceGraph

SHARP = 3.0  # power of a node's share of the excess
LEAST_SHARE = 0.01  # a share below it says nothing
LEAD = 60.0  # seconds before the first alert whose gauges belong to the incident already
MOST_TARGETS = 3  # alerting nodes that are asked what hurts them, the earliest
OUTSIDE = 0.5  # of the target's excess that its cone must explain
UNMOVED = "nothing that is measured of {} shows that it suffers"


def measured(hurt: Sequence[str], metrics: Metrics, graph: ServiceGraph, start: float, end: float) -> list[Testimony]:
    """Return what metrics say of any node, from ``start`` (the first alert) to ``end``."""
    known, look = set(metrics.nodes), Look(metrics, start, end)
    targets = [node for node in hurt if node in known][:MOST_TARGETS]
    found = [one for target in targets if (one := excess(target, look, graph))]
    if found:
        return _from_excess(max(found, key=lambda one: (len(graph.needs(one.target)), one.total)))
    doubt = next((UNMOVED.format(one) for one in targets if moved(look.of(one)) is False), "")
    near = Look(metrics, start // MINUTE * MINUTE, end, LEAD)
    return gauged(nearest(metrics.nodes, hurt, graph), near, graph, doubt)


def _from_excess(found: Excess) -> list[Testimony]:
    unit = "seconds" if found.measure == "latency" else "failures"
    said = []
    for node, share in sorted(found.shares.items(), key=lambda item: (-item[1], item[0])):
        if share <= LEAST_SHARE:
            continue
        text = f"{node} adds {share:.0%} of the extra {unit} behind {found.target}"
        reasons = [Reason(step="cause", text=text, evidence={"share": round(share, 3), "own": found.amounts[node]})]
        if node == found.target and found.explained < OUTSIDE:
            left = f"{1 - found.explained:.0%} of its extra {unit} come from none that it calls"
            text = f"{left}: from itself, or from outside the known graph"
            reasons.append(Reason(step="cause", text=text, evidence={"residual": round(1 - found.explained, 3)}))
        said.append(Testimony(node, SHARP * math.log(share / LEAST_SHARE), tuple(reasons), measured=True))
    return said
