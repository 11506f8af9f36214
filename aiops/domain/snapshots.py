"""What does an engine know at one position?"""

from datetime import datetime

from aiops.domain.base import Noun
from aiops.domain.entries import Position


class Snapshot(Noun, frozen=True, kw_only=True):
    """Learned and running state of all parts at ``position``; folding goes on behind it."""

    version: str  # of the parts' formats: another version's snapshot is not read, the journal is folded instead
    position: Position
    taken_at: datetime  # the engine's now
    parts: dict[str, bytes]  # part name -> what its dump() returned
