"""How long has the oldest entry that the engine has not folded been waiting? The one measure of a hung engine."""

from datetime import datetime

from aiops.domain.entries import Position
from aiops.ports import Journal


def behind(journal: Journal, committed: Position | None, now: datetime) -> float:
    """Return the age in seconds of the oldest entry behind ``committed``; 0.0 when there is none.

    The number of entries says little: one that waits for a minute means a hung engine, 10,000 of the last second a
    busy one.
    """
    waiting = journal.read(committed, 1)
    return max(0.0, (now - waiting[0].received_at).total_seconds()) if waiting else 0.0
