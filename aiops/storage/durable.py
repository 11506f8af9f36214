"""What must be done so that a file is still there after a power cut?"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiops.domain.errors import Unavailable


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Turn what the system says of files (no room, no right, no such folder) into Unavailable."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror or error}") from error


def sync_folder(folder: Path) -> None:
    """Put the folder's list of names on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make ``folder`` and its parents where they are missing, for the owner alone."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)


def write_file(path: Path, content: bytes) -> None:
    """Write a whole file that is there either complete or not at all."""
    unfinished = path.with_name(path.name + ".new")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)
