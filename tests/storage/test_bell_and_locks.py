"""Is nobody woken too late, and does nobody write out of turn?"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from math import inf
from pathlib import Path

import pytest

from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.storage.bell import Bell
from aiops.storage.durable import make_folder, on_disk, write_file
from aiops.storage.filelock import EngineLock, FileLock
from tests.storage.conftest import ROOT

HOLDER = """
import sys
from pathlib import Path
from aiops.storage.filelock import EngineLock
lock = EngineLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_ring_between_a_look_and_the_wait_is_not_missed() -> None:
    bell, looks = Bell(poll=inf), 0

    def there() -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            bell.ring()  # as another thread does just after we found nothing
        return looks == 2

    assert bell.wait(there, 20)


def test_without_a_ring_it_is_looked_for_every_so_often() -> None:
    looks: list[int] = []

    def there() -> bool:
        looks.append(1)
        return len(looks) == 3

    assert Bell(poll=0.001).wait(there, 20)


def test_no_time_means_one_look() -> None:
    assert not Bell().wait(lambda: False, 0)
    assert Bell().wait(lambda: True, 0)


def test_a_ring_wakes_everybody() -> None:
    bell, rung = Bell(poll=inf), threading.Event()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(bell.wait, rung.is_set, 20) for _ in range(4)]
        rung.set()
        bell.ring()
        assert [one.result(10) for one in waiting] == [True] * 4


@pytest.mark.parametrize("shared", [True, False])
def test_a_file_lock_lets_one_in_at_a_time(tmp_path: Path, shared: bool) -> None:
    locks = [FileLock(tmp_path / "lock")] * 4 if shared else [FileLock(tmp_path / "lock") for _ in range(4)]
    inside, most = 0, 0

    def enter(lock: FileLock) -> None:
        nonlocal inside, most
        for _ in range(50):
            with lock:
                inside += 1
                most = max(most, inside)
                os.sched_yield()
                inside -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(enter, locks))
    assert most == 1
    for lock in locks:
        lock.close()


def test_an_error_inside_gives_the_lock_back(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with pytest.raises(RuntimeError), lock:
        raise RuntimeError
    with lock, (tmp_path / "lock").open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it was free for us, and now it is held


def test_a_closed_lock_is_said(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    lock.close()
    lock.close()
    with pytest.raises(Unavailable, match="closed"), lock:
        pass


def test_the_engines_lock_goes_with_its_holder_however_it_dies(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    with pytest.raises(BadConfiguration, match=f"process {child.pid}") as refusal:
        EngineLock(tmp_path)
    assert refusal.value.place == str(tmp_path)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with EngineLock(tmp_path):
        assert (tmp_path / "engine.lock").read_text() == str(os.getpid())


def test_two_folders_have_two_locks(tmp_path: Path) -> None:
    with EngineLock(tmp_path / "a"), EngineLock(tmp_path / "b") as lock:
        lock.release()
        lock.release()


def test_a_file_is_written_whole_or_the_old_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_file(path, b"old")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(Unavailable, match="No space"), on_disk(path):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    monkeypatch.undo()
    write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def full_disk(handle: int) -> None:
    raise OSError(28, "No space left on device")


def test_new_folders_are_the_owners_alone(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o077 == 0
