"""What do the tests of the embedded storage share? A folder that may only be read, and children that append."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NOBODY = 65534

_APPENDER = """
import sys, threading
from pathlib import Path
from aiops.domain.entries import Delivery
from aiops.storage.sqlite_journal import SqliteJournal

name, folder, threads, count, segment_bytes = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:])
journal = SqliteJournal(folder, segment_bytes=segment_bytes)

def append(thread):
    for number in range(count):
        body = f"{name}.{thread}.{number}".encode()
        positions = journal.append([Delivery(source=name, body=body + part) for part in (b".a", b".b")])
        sys.stdout.write("".join(f"{p.offset} {body.decode()}.{part}\\n" for p, part in zip(positions, "ab")))
        sys.stdout.flush()

sys.stdin.readline()  # until everybody is there
workers = [threading.Thread(target=append, args=(number,)) for number in range(threads)]
[worker.start() for worker in workers]
[worker.join() for worker in workers]
journal.close()
"""


@pytest.fixture
def appender() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start a child that, told to by a line, appends pairs and prints what stands where as ``append`` returns."""
    children = []

    def start(
        name: str, folder: Path, *, threads: int, count: int, segment_bytes: int = 2**27
    ) -> "subprocess.Popen[str]":
        arguments = [name, str(folder), str(threads), str(count), str(segment_bytes)]
        child = subprocess.Popen(
            [sys.executable, "-c", _APPENDER, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture
def no_writing() -> Iterator[Callable[[Path], None]]:
    """Return a folder's end to writing; root, who may do everything, becomes somebody else for the rest of the test."""

    def forbid(folder: Path) -> None:
        for path in [*folder.rglob("*"), folder]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        if os.geteuid() == 0:
            os.seteuid(NOBODY)

    yield forbid
    if os.getuid() == 0:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder whose parents anybody may enter, unlike ``tmp_path``."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(folder)
