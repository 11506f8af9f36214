"""Who may write now? Locks that the operating system releases when their holder dies, however it dies."""

import fcntl
import os
import threading
from pathlib import Path
from typing import Self

from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.storage.durable import make_folder, on_disk


class FileLock:
    """A lock between processes and between threads, used with ``with``: waits for its turn."""

    def __init__(self, path: Path) -> None:
        self._turn = threading.Lock()  # the system's lock knows no threads
        with on_disk(path):
            make_folder(path.parent)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> Self:
        if self._handle < 0:
            raise Unavailable("what this lock guards is closed")
        self._turn.acquire()
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
        except BaseException:
            self._turn.release()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._turn.release()

    def close(self) -> None:
        """Give the file back; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class EngineLock:
    """Held by the one engine of a data folder from construction to ``release`` (or the end of a ``with`` block).

    Raises BadConfiguration at once, naming the process that holds it; Unavailable where the disk does not let us.
    """

    def __init__(self, folder: Path, name: str = "engine.lock") -> None:
        with on_disk(folder):
            make_folder(folder)
            self._handle = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._handle, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(self._handle)
            problem = f"another engine (process {holder}) works on this folder"
            raise BadConfiguration(problem, place=str(folder), fix="stop it, or name another data folder") from None
        os.truncate(self._handle, 0)
        os.write(self._handle, str(os.getpid()).encode())

    def release(self) -> None:
        """Let another engine have the folder; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.release()
