"""Which files is the journal made of? ``<first offset>.db``, each a whole SQLite database; the newest is written to."""

import bisect
import itertools
import os
import re
from pathlib import Path

from aiops.storage.durable import make_folder, sync_folder
from aiops.storage.sqlite import connect

_NAME = re.compile(r"(\d{20})\.db")
_TABLE = "CREATE TABLE entries(offset INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, payload BLOB NOT NULL)"


class Segments:
    """The segments of one journal folder; only the holder of the journal's lock creates or drops."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_folder(folder)

    def starts(self) -> list[int]:
        """Return the first offsets, ascending, as they are on disk now."""
        names = map(_NAME.fullmatch, os.listdir(self.folder))
        return sorted(int(name[1]) for name in names if name)

    def path(self, start: int) -> Path:
        """Return the file of the segment that begins at offset ``start``."""
        return self.folder / f"{start:020}.db"

    def holding(self, offset: int) -> list[int]:
        """Return the segment that ``offset`` belongs to and all behind it; where it was dropped, all there are."""
        starts = self.starts()
        return starts[max(0, bisect.bisect_right(starts, offset) - 1) :]

    def size(self, offset: int) -> int:
        """Return the bytes of the segment that ``offset`` belongs to and of all behind it, with their logs."""
        held = {f"{start:020}" for start in self.holding(offset)}
        with os.scandir(self.folder) as files:
            return sum(file.stat().st_size for file in files if file.name.partition(".")[0] in held)

    def create(self, start: int) -> None:
        """Begin a segment; no other process ever sees it unfinished."""
        path = self.path(start)
        unfinished = path.with_suffix(".new")
        self._unlink(unfinished)
        connection = connect(unfinished, create=True)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_TABLE)
        connection.close()  # the last one to close moves the log into the file
        unfinished.replace(path)
        sync_folder(self.folder)

    def drop_before(self, offset: int) -> None:
        """Forget the segments whose entries all stand before ``offset``, never the newest."""
        starts = self.starts()
        for start, following in itertools.pairwise(starts):
            if following <= offset:
                self._unlink(self.path(start))

    def _unlink(self, path: Path) -> None:
        for suffix in ("", "-wal", "-shm"):  # the database first: without its log it would look shorter than it is
            path.with_name(path.name + suffix).unlink(missing_ok=True)
