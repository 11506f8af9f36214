"""What lies in a data folder? The embedded journal and store."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from aiops.storage.clock import wall_clock
from aiops.storage.sqlite_journal import SqliteJournal
from aiops.storage.sqlite_store import SqliteStore


def open_journal(folder: Path, clock: Callable[[], datetime] = wall_clock) -> SqliteJournal:
    """Open (or begin) the embedded journal of a data folder; any number of processes may append. Unavailable."""
    return SqliteJournal(folder / "journal", clock=clock)


def open_store(folder: Path, readonly: bool = False) -> SqliteStore:
    """Open (or begin) the embedded store of a data folder.

    Only the engine opens it to write: a second writer is refused with BadConfiguration. A reader may be opened before
    there is a store: until the engine has made it, ``view`` raises Unavailable and ``position`` is None.
    """
    return SqliteStore(folder, readonly=readonly)
