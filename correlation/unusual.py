"""How unusual is an incident? Its score, by which it is shown to people or waits in the background queue.

Each of its keys (node, kind of alert) counts by its surprise. Kinds that begin on one node within ``MOMENT`` of one
another are told by several rules of one happening, perhaps: beside the most surprising of them the others count as
company (``Rates.company``), which tells less while a day of the node is not over. An incident that waits by its own
score, and began soon after something new in one that is shown, on the same node, counts that too (``Sequels``).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from aiops.domain.events import Severity
from aiops.domain.settings import CorrelationSettings
from aiops.domain.words import plural, span
from correlation.background import Rates
from correlation.causes.signs import Sign
from correlation.topology import ServiceGraph

LOUD = Severity.HIGH  # what its sender calls at least so bad never waits in the background queue
MOMENT = 5.0  # seconds
TOLD = 0.5  # what would change a score by less is not told


class Unusual(NamedTuple):
    """A score, with what became of its parts."""

    score: float
    full: float  # had each key counted by itself
    less: int  # keys that counted less
    text: str  # why, in a sentence; "" where nothing is to be told


def unusual(signs: Mapping[str, Sign], rates: Rates, graph: ServiceGraph, now: float) -> Unusual:
    """Return how unusual it is that all these keys are there."""
    score = full = 0.0
    less, nodes = 0, dict[str, None]()
    for moment in _moments(signs):
        node, began = moment[0][1].node, moment[0][1].started
        since = graph.since(node)
        first, *others = sorted((rates.surprise(key, now, since) for key, _ in moment), reverse=True)
        company = [rates.company(own, began, since) for own in others]
        score += first + sum(company)
        full += first + sum(others)
        if fewer := sum(told < own for told, own in zip(company, others, strict=True)):
            less += fewer
            nodes[node] = None
    return Unusual(score, full, less, _why(score, full, less, list(nodes)) if full - score >= TOLD else "")


def _moments(signs: Mapping[str, Sign]) -> Iterator[list[tuple[str, Sign]]]:
    """Yield the keys that began on one node within ``MOMENT`` of the first of them, earliest first."""
    moment: list[tuple[str, Sign]] = []
    for key, sign in sorted(signs.items(), key=lambda one: (one[1].node, one[1].started, one[0])):
        if moment and (sign.node != moment[0][1].node or sign.started - moment[0][1].started > MOMENT):
            yield moment
            moment = []
        moment.append((key, sign))
    if moment:
        yield moment


def _why(score: float, full: float, less: int, nodes: list[str]) -> str:
    where = nodes[0] if len(nodes) == 1 else plural(len(nodes), "node")
    text = f"{plural(less, 'kind')} of alert began on {where} within {span(MOMENT)} of another one"
    began = f"{text}, before a day of it was known: its routine may bring them all"
    return f"{began}; all its kinds add up to {score:.1f}, not {full:.1f}"


def waits(score: float, severity: Severity, settings: CorrelationSettings) -> bool:
    """Is an incident of this score, and no worse, left in the background queue?"""
    return score < settings.background_score and severity.rank < LOUD.rank
