"""What does an engine know at one position, and how much of what it knew before is kept?"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from aiops.domain.base import Noun
from aiops.domain.entries import Position


class Snapshot(Noun, frozen=True, kw_only=True):
    """Learned and running state of all parts at ``position``; folding goes on behind it."""

    version: str  # of the parts' formats: another version's snapshot is not read, the journal is folded instead
    position: Position
    taken_at: datetime  # the engine's now
    parts: dict[str, bytes]  # part name -> what its dump() returned


NEWEST = 2  # should the last one be damaged, there is the one before
PARTS = 7  # of a history, each of which has a snapshot to begin from


def staying(taken: Mapping[Position, datetime], history: timedelta) -> list[Position]:
    """Return which snapshots stay, the newest first, so that a replay can begin anywhere in ``history``.

    The newest ones; of the others those that are a part of it apart, back to the last that is as old as all of it.
    """
    ordered = sorted(taken)
    newest, older = ordered[-NEWEST:], ordered[:-NEWEST]
    spaced: list[Position] = []
    for position in older if history else ():
        if not spaced or taken[position] - taken[spaced[-1]] >= history / PARTS:
            spaced.append(position)
    begin = taken[ordered[-1]] - history
    first = max((index for index, position in enumerate(spaced) if taken[position] <= begin), default=0)
    return [*spaced[first:], *newest][::-1]
