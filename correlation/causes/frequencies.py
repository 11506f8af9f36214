"""In how many earlier incidents did a node say this sort of thing? Document frequencies over the newest incidents.

What differs in numbers only is one sort of thing (``stem``): that one core of sixteen is busy is no news where every
day another one is. The state is that of the incidents told of, so it can be made anew from these.
"""

import math
from collections.abc import Iterable, Mapping

from correlation.causes.signs import starves, stem

POWER = 1.5  # of log(N / document frequency): rare signs outweigh many common ones
STRANGE = 10.0  # incidents in which a sign that was never seen is taken to have been absent

Kinds = Mapping[str, Iterable[str]]  # of one incident, by node


class Frequencies:
    """Counts of incidents; what is counted can be forgotten again."""

    def __init__(self) -> None:
        self.incidents = 0
        self._seen: dict[str, dict[str, int]] = {}  # node -> stem
        self._starved: dict[str, int] = {}  # node -> incidents in which it said only that nothing reaches it
        self._spoke: dict[str, int] = {}  # and those in which it said more

    def count(self, kinds: Kinds, by: int = 1) -> None:
        """Note an incident; ``by=-1``: forget it."""
        self.incidents += by
        for node, mine in kinds.items():
            told = list(mine)
            _add(self._starved if all(starves(kind) for kind in told) else self._spoke, node, by)
            seen = self._seen.setdefault(node, {})
            for name in {stem(kind) for kind in told}:
                _add(seen, name, by)
            if not seen:
                del self._seen[node]

    def seen(self, node: str, name: str) -> int:
        """In how many incidents did the node say what has this stem?"""
        return self._seen.get(node, {}).get(name, 0)

    def spoke(self, node: str) -> int:
        """In how many incidents did the node say something of itself?"""
        return self._spoke.get(node, 0)

    def starved(self, node: str) -> int:
        """In how many incidents did it say that nothing reaches it, and no more?"""
        return self._starved.get(node, 0)

    def rarity(self, node: str, name: str) -> float:
        """Return log(N / document frequency) to the power of ``POWER``, this incident counted in."""
        return math.pow(math.log((self.incidents + STRANGE) / (self.seen(node, name) + 1)), POWER)


def _add(counts: dict[str, int], name: str, by: int) -> None:
    """Count what is no longer seen no longer at all: memory is that of the incidents held."""
    counts[name] = counts.get(name, 0) + by
    if not counts[name]:
        del counts[name]
