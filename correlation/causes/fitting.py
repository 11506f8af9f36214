"""What did people's choices of a cause say beyond what was known before? A conditional logit over traits of nodes.

p(node) = exp(s) / sum over the incident's nodes (McFadden 1974), s = slope * score + the weights of its traits. The
score is what ranking found without people; slope and weights are those that make the choices most likely (Newton's
method, with halved steps) under a Gaussian prior around what holds without them: slope 1, weights 0. A few
confirmations hence change little, and a trait that causes and bystanders share changes nothing.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

STIFF_SLOPE = 5.0  # inverse variance of the prior of the slope
STIFF = 4.0  # and of each trait's weight
MOST_TRAITS = 250  # that get a weight, the most frequent
MOST_ROWS = 30  # nodes of an incident that the chosen one is compared with, the likeliest without people
STEPS = 40
PRECISE = 1e-6

Numbers = NDArray[np.float64]


class Choice(NamedTuple):
    """One incident: score and traits by node, and which of them a person named."""

    rows: Mapping[str, tuple[float, Collection[str]]]
    chosen: str


class Lesson(msgspec.Struct, frozen=True, array_like=True):
    """What was fitted; untaught, it leaves every score as it is."""

    slope: float = 1.0
    weights: Mapping[str, float] = {}

    def score(self, plain: float, traits: Collection[str]) -> float:
        """Return log odds of a node that has these traits and this score without people."""
        return self.slope * plain + sum(self.weights.get(trait, 0.0) for trait in sorted(traits))


def fit(choices: Sequence[Choice]) -> Lesson:
    """Return what the choices teach, to 6 places."""
    often = Counter(trait for choice in choices for _, traits in choice.rows.values() for trait in traits)
    names = sorted(often, key=lambda trait: (-often[trait], trait))[:MOST_TRAITS]
    index = {trait: place for place, trait in enumerate(names, start=1)}
    problem = _Problem([_table(choice, index) for choice in choices])
    weights, best = problem.middle, problem.likelihood(problem.middle)
    for _ in range(STEPS):
        step, size = problem.newton(weights), 1.0
        while size > PRECISE and (reached := problem.likelihood(weights + size * step)) < best:
            size /= 2
        if size <= PRECISE:
            break
        weights, best = weights + size * step, reached
        if np.abs(size * step).max() < PRECISE:
            break
    slope, *rounded = (round(float(weight), 6) for weight in weights)
    return Lesson(max(0.0, slope), dict(zip(names, rounded, strict=True)))


def _table(choice: Choice, index: Mapping[str, int]) -> Numbers:
    """Return a row for each node, the chosen one first: its score, and which traits it has."""
    likeliest = sorted(choice.rows, key=lambda node: (node != choice.chosen, -choice.rows[node][0], node))[:MOST_ROWS]
    rows = np.zeros((len(likeliest), len(index) + 1))
    for row, node in zip(rows, likeliest, strict=True):
        row[0], traits = choice.rows[node]
        row[[index[trait] for trait in traits if trait in index]] = 1.0
    return rows


class _Problem:
    """All incidents' rows in one table, those of one incident together, the chosen one first."""

    def __init__(self, tables: Sequence[Numbers]) -> None:
        self._rows = np.concatenate(tables)
        sizes = [len(table) for table in tables]
        self._first = np.cumsum([0, *sizes[:-1]])
        self._incident = np.repeat(np.arange(len(sizes)), sizes)
        traits = self._rows.shape[1] - 1
        self.middle = np.array([1.0, *[0.0] * traits])
        self._stiff = np.array([STIFF_SLOPE, *[STIFF] * traits])

    def likelihood(self, weights: Numbers) -> float:
        """Return the log of the posterior, up to a constant."""
        scores, top = self._scores(weights)
        sums = np.add.reduceat(np.exp(scores - top[self._incident]), self._first)
        prior = -0.5 * float((self._stiff * (weights - self.middle) ** 2).sum())
        return prior + float((scores[self._first] - top - np.log(sums)).sum())

    def newton(self, weights: Numbers) -> Numbers:
        """Return the step to where the posterior would be largest, were it a parabola."""
        scores, top = self._scores(weights)
        odds = np.exp(scores - top[self._incident])
        weighted = self._rows * (odds / np.add.reduceat(odds, self._first)[self._incident])[:, None]
        means = np.add.reduceat(weighted, self._first)
        slope = (self._rows[self._first] - means).sum(axis=0) - self._stiff * (weights - self.middle)
        bend = weighted.T @ self._rows - means.T @ means + np.diag(self._stiff)
        return np.asarray(np.linalg.solve(bend, slope), dtype=np.float64)

    def _scores(self, weights: Numbers) -> tuple[Numbers, Numbers]:
        scores = self._rows @ weights
        return scores, np.maximum.reduceat(scores, self._first)
