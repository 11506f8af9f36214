"""Whose clock goes wrong, and by how much? One offset per source, from alerts of two sources on one node.

Where two sources alert on the same node within ``WITHIN``, the difference of their stated starts is their clocks'
difference plus chance. A source's offset is the median over its pairs, each corrected by the other source's offset;
the median source is right. It is applied only with ``LEAST`` pairs and where it is more than twice its standard error
(1.2533 * 1.4826 * MAD / sqrt(n)): without that gate correcting harms more than it helps.
"""

import math
from collections.abc import Iterable
from statistics import median

import msgspec

WITHIN = 600.0  # seconds between two starts
LEAST = 15  # pairs
KEPT = 200  # newest pairs per source
EVERY = 5  # new pairs before offsets are found again
ROUNDS = 5
MOST_SOURCES = 100  # names come from outside; beyond it a new source is taken as it says


class Offset(msgspec.Struct, frozen=True, array_like=True):
    """How far a source's clock is ahead (negative: behind)."""

    seconds: float
    error: float  # standard error
    pairs: int

    @property
    def sure(self) -> bool:
        """May it be applied?"""
        return self.pairs >= LEAST and abs(self.seconds) > 2 * self.error


class Clocks:
    """Offsets by source, found again as pairs come in."""

    def __init__(self) -> None:
        self._pairs: dict[str, list[tuple[str, float]]] = {}  # source -> (other source, its start minus the other's)
        self._new = 0
        self.offsets: dict[str, Offset] = {}

    def ahead(self, source: str) -> float:
        """Return the seconds to take off what ``source`` states; 0 unless that is sure."""
        offset = self.offsets.get(source)
        return offset.seconds if offset is not None and offset.sure else 0.0

    def note(self, source: str, stated: float, others: Iterable[tuple[str, float]]) -> None:
        """An alert of ``source`` began at ``stated``; ``others``: (source, start) of what fires on the same node."""
        for other, theirs in others:
            if other != source and abs(stated - theirs) <= WITHIN:
                self._pair(source, other, stated - theirs)
                self._pair(other, source, theirs - stated)
        if self._new >= EVERY:
            self._new = 0
            self._find()

    def _pair(self, source: str, other: str, seconds: float) -> None:
        if source not in self._pairs and len(self._pairs) >= MOST_SOURCES:
            return
        pairs = self._pairs.setdefault(source, [])
        pairs.append((other, seconds))
        del pairs[:-KEPT]
        self._new += 1

    def _find(self) -> None:
        found = dict.fromkeys(self._pairs, 0.0)
        for _ in range(ROUNDS):
            for source, pairs in self._pairs.items():
                found[source] = median(seconds + found.get(other, 0.0) for other, seconds in pairs)
            right = median(found.values())
            found = {source: seconds - right for source, seconds in found.items()}
        for source, pairs in self._pairs.items():
            off = [abs(seconds + found.get(other, 0.0) - found[source]) for other, seconds in pairs]
            error = 1.2533 * 1.4826 * median(off) / math.sqrt(len(pairs))
            self.offsets[source] = Offset(round(found[source], 1), round(error, 1), len(pairs))

    def dump(self) -> bytes:
        """Return all state."""
        return msgspec.msgpack.encode((self._pairs, self._new, self.offsets))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        shape = tuple[dict[str, list[tuple[str, float]]], int, dict[str, Offset]]
        self._pairs, self._new, self.offsets = msgspec.msgpack.decode(state, type=shape)
