"""Which weights make people's choices most likely? A conditional logit, drawn to the weights that ship.

p(node) = exp(w . x_node) / sum over the incident's nodes (McFadden 1974), maximised by Newton's method, with halved
steps, under a Gaussian prior around ``SHIPPED``; weights of single kinds are drawn to 0.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SHIPPED = (3.0, 1.5, 1.0, 0.5, 0.5, 0.0, 0.0)  # rarity, habit, manner, prior, cover, exclusive, how many kinds
STIFF = 1.0  # inverse variance of the prior of the features' weights
STIFF_KIND = 1.0  # and of single kinds
STEPS = 40
PRECISE = 1e-6

Numbers = NDArray[np.float64]


class Choice(NamedTuple):
    """One incident: a row of features for each node, and which of them a person named."""

    rows: list[list[float]]
    chosen: int


def fit(choices: Sequence[Choice]) -> tuple[list[float], list[float]]:
    """Return the weights of the features and those of the kinds behind them, to 6 places."""
    tables = [(np.array(choice.rows), choice.chosen) for choice in choices]
    kinds = tables[0][0].shape[1] - len(SHIPPED)
    middle = np.array([*SHIPPED, *[0.0] * kinds])
    stiff = np.array([STIFF] * len(SHIPPED) + [STIFF_KIND] * kinds)
    weights, best = middle, _likelihood(middle, tables, middle, stiff)
    for _ in range(STEPS):
        step, size = _newton(weights, tables, middle, stiff), 1.0
        while size > PRECISE and (reached := _likelihood(weights + size * step, tables, middle, stiff)) < best:
            size /= 2
        if size <= PRECISE:
            break
        weights, best = weights + size * step, reached
        if np.abs(size * step).max() < PRECISE:
            break
    rounded = [round(float(weight), 6) for weight in weights]
    return rounded[: len(SHIPPED)], rounded[len(SHIPPED) :]


def _likelihood(weights: Numbers, tables: Sequence[tuple[Numbers, int]], middle: Numbers, stiff: Numbers) -> float:
    total = -0.5 * float((stiff * (weights - middle) ** 2).sum())
    for rows, chosen in tables:
        scores = rows @ weights
        top = scores.max()
        total += float(scores[chosen] - top - np.log(np.exp(scores - top).sum()))
    return total


def _newton(weights: Numbers, tables: Sequence[tuple[Numbers, int]], middle: Numbers, stiff: Numbers) -> Numbers:
    slope, bend = -stiff * (weights - middle), np.diag(stiff)
    for rows, chosen in tables:
        scores = rows @ weights
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        mean = shares @ rows
        slope = slope + rows[chosen] - mean
        bend = bend + (rows * shares[:, None]).T @ rows - np.outer(mean, mean)
    return np.asarray(np.linalg.solve(bend, slope), dtype=np.float64)
