"""Which templates of a leaf can be near enough to a message? An index, so that a large leaf is not gone through.

A template that shares at least ``least`` of a message's n tokens shares ``least - m`` of any n - m of them: it is
enough to count who holds the rarer ones. What a leaf offers is a superset; whoever asks compares exactly.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import chain

FEW = 32  # templates that are gone through faster than they are looked up
RARE = 64  # a token with no more holders than this is counted, though it could be left out


class Leaf:
    """By place in the message: constant token -> ids of the templates that held it there, ascending.

    Templates only lose constants, so what was once entered stays, and costs at most a needless comparison.
    """

    def __init__(self, wildcard: str) -> None:
        self._wildcard = wildcard
        self._holders: list[dict[str, list[int]]] = []

    def add(self, template_id: int, tokens: Sequence[str]) -> None:
        """Enter a template; all are of one length."""
        self._holders = self._holders or [{} for _ in tokens]
        for holders, token in zip(self._holders, tokens, strict=True):
            if token != self._wildcard:
                holders.setdefault(token, []).append(template_id)

    def near(self, tokens: Sequence[str], least: int) -> list[int]:
        """Return, ascending, the ids of those that may share at least ``least`` (> 0) of ``tokens``."""
        lists = [holders.get(token, _NOBODY) for holders, token in zip(self._holders, tokens, strict=True)]
        lists.sort(key=len)
        common = least - 1  # so many of the longest can be left out
        while common and len(lists[-common]) <= RARE:
            common -= 1
        shared = Counter(chain.from_iterable(lists[: len(lists) - common]))
        return sorted(one for one, count in shared.items() if count >= least - common)


_NOBODY: list[int] = []


def least_equal(similarity: float, length: int) -> int:
    """Return how many of ``length`` tokens must be equal for their share to be at least ``similarity``."""
    least = int(similarity * length)
    return least + (least / length < similarity)
