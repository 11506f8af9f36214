"""Which pairs are no more than the way over a third node? And how sure is each, then?

Of all that seem to bring about one effect, the weakest is asked first: where next to none of it is left without a
stronger one to which it stands close itself, it is no edge but a way over that one (or both follow from it). It is the
test of conditional independence of constraint-based causal discovery (Spirtes and Glymour, PC), with one node at a
time, on counts that were kept anyway.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from correlation.cofiring import Cofiring, Found

ALONE = 0.3  # of a pair's excess; with less left without the other, it is indirect
MOST_CAUSES = 50  # of one effect that are compared, the strongest
# up to this share left without the other -> of such pairs so many were edges, in simulations whose edges are known
# (tests/correlation/alarms.py, 21 runs, 3,240 pairs); tests/correlation/test_indirect.py measures it on other runs
PRECISION = ((0.05, 0.01), (0.1, 0.03), (0.2, 0.11), (0.3, 0.27), (0.4, 0.58), (0.5, 0.87), (1.0, 0.96))


class Standing(NamedTuple):
    """How one cause of an effect stands beside the others."""

    alone: float  # the least share of its excess that is left without any of them
    through: str  # over which it is no more than a way; empty: it is direct

    @property
    def confidence(self) -> float:
        """Return the share of such pairs that are edges, as measured."""
        return next(share for most, share in PRECISION if self.alone < most or most == 1.0)


def standing(causes: Sequence[Found], known: Collection[str], counts: Cofiring) -> dict[str, Standing]:
    """Return how each of the ``causes`` of one effect stands; those that are ``known`` are never doubted."""
    strongest = sorted(causes, key=lambda one: (-one.strength, one.cause))[:MOST_CAUSES]
    stand: dict[str, Standing] = {}
    for one in reversed([one for one in strongest if one.cause not in known]):
        others = [other.cause for other in strongest if other.cause != one.cause and not _indirect(stand, other.cause)]
        shares = [(counts.alone(one, other), other) for other in others]
        near = [(share, other) for share, other in sorted(shares) if share < 1 and counts.found(one.cause, other)]
        least, other = near[0] if near else (1.0, "")
        stand[one.cause] = Standing(least, other if least < ALONE else "")
    return stand


def _indirect(stand: dict[str, Standing], cause: str) -> bool:
    return cause in stand and bool(stand[cause].through)
