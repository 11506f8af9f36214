"""How far is the probability of the first candidate to be trusted? A temperature that ships, and what people taught.

Scores are log odds of a model whose weights are set by hand: right in their order, too timid or too bold in their
size. Each sort of evidence has a temperature that they are divided by before softmax (Guo et al. 2017); it holds for
all nodes, so that no order changes. Where people name causes, what was claimed for the first one is held against what
they said: q = sigmoid(a + b logit p), Platt's map, the most likely one under a Gaussian prior around the map that
ships (a = 0, b = 1). The site's own history outweighs it slowly, and a few confirmations cannot turn it over.
"""

import math
from collections.abc import Iterable, Sequence

import msgspec

ALERTS = "alerts"  # alerts alone, with the weights that ship
FITTED = "fitted"  # alerts alone, with weights fitted to confirmed causes
TOLD = "told"  # metrics, traces, logs or changes beside them
TEMPERATURES = {ALERTS: 0.5}  # the others: 1. Hand-set weights are too timid; by how much differs between systems
STIFF = (2.0, 5.0)  # inverse variances of the prior of a and of b: a confirmation tells at most 1/4 of a
LEAST = 0.001  # no probability is taken to be closer to 0 or 1
STEPS = 30
PRECISE = 1e-9

Map = tuple[float, float]
SHIPPED: Map = (0.0, 1.0)


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """What was said of a first candidate, before anybody said whether it was right."""

    node: str
    sort: str
    probability: float  # by the map that ships


def shares(scores: Sequence[float], temperature: float = 1.0) -> list[float]:
    """Return the softmax of log odds."""
    top = max(scores)
    odds = [math.exp((score - top) / temperature) for score in scores]
    return [one / sum(odds) for one in odds]


def recalibrated(probabilities: Sequence[float], known: Map) -> list[float]:
    """Return the probabilities (largest first, sum < 1) with the first one mapped, and the rest in proportion.

    What the first one loses, the others and "none of these" get; it never falls below the second.
    """
    first, *others = probabilities
    intercept, slope = known
    odds = math.exp(intercept + slope * logit(first))
    if others:
        odds = max(odds, others[0] / (1 - first))
    factor = 1 / ((1 + odds) * (1 - first))
    return [odds / (1 + odds), *(factor * one for one in others)]


def fit(claimed: Iterable[tuple[float, bool]]) -> Map:
    """Return the map under which claims (probability, did it come true?) were most likely; Newton's method."""
    told = [(logit(probability), right) for probability, right in claimed]
    a, b = SHIPPED
    for _ in range(STEPS):
        slope_a, slope_b = -STIFF[0] * (a - SHIPPED[0]), -STIFF[1] * (b - SHIPPED[1])
        aa, ab, bb = STIFF[0], 0.0, STIFF[1]
        for x, right in told:
            expected = 1 / (1 + math.exp(-(a + b * x)))
            spread = expected * (1 - expected)
            slope_a, slope_b = slope_a + right - expected, slope_b + (right - expected) * x
            aa, ab, bb = aa + spread, ab + spread * x, bb + spread * x * x
        determinant = aa * bb - ab * ab
        step_a, step_b = (bb * slope_a - ab * slope_b) / determinant, (aa * slope_b - ab * slope_a) / determinant
        a, b = a + step_a, b + step_b
        if abs(step_a) + abs(step_b) < PRECISE:
            break
    return round(a, 6), round(max(0.0, b), 6)


def logit(probability: float) -> float:
    """Return the log odds."""
    bounded = min(max(probability, LEAST), 1 - LEAST)
    return math.log(bounded / (1 - bounded))
