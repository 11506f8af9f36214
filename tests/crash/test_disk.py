"""The disk fills up, or may only be read, under a real server: what was accepted stays, and it goes on afterwards."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.aiops.served import Server, until

SIZE = "24m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"a small disk can only be mounted by root: {made.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def server(disk: Path) -> Iterator[Server]:
    one = Server(disk / "data").ready()
    yield one
    if one.process.poll() is None:
        one.end()


def post(server: Server, number: int) -> httpx.Response:
    body = {"title": f"check {number} failed", "severity": "high", "labels": {"service": f"s{number}"}}
    return httpx.post(f"{server.url}/webhooks/test", json=body, timeout=20, trust_env=False)


def fill(disk: Path) -> Path:
    """Take all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    assert os.statvfs(disk).f_bavail == 0
    return ballast


def known(server: Server) -> int:
    return int(server.get("/api/ledger").json()["total"]["received"])


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_full_disk_is_answered_with_503_and_nothing_accepted_is_lost(server: Server, disk: Path) -> None:
    accepted = [post(server, number).json()["delivery_id"] for number in range(5)]
    until(lambda: known(server) == 5, "five events")
    ballast = fill(disk)
    answers = [post(server, number) for number in range(5, 60)]
    refused = [one for one in answers if one.status_code != 202]
    assert refused, "the disk was not full"
    assert {one.status_code for one in refused} == {503}
    assert all(int(one.headers["retry-after"]) > 0 for one in refused)
    accepted += [one.json()["delivery_id"] for one in answers if one.status_code == 202]
    assert server.process.poll() is None
    ballast.unlink()
    late = until(lambda: (one := post(server, 99)).status_code == 202 and one, "an accepted delivery")
    accepted.append(late.json()["delivery_id"])
    until(lambda: server.folded() and known(server) == len(accepted), "every accepted event, once")
    for delivery in accepted:
        assert server.get(f"/api/ledger/{delivery}").status_code == 200
    until(lambda: server.get("/readyz").status_code == 200, "readiness")


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_disk_that_may_only_be_read_is_said_and_waited_for(server: Server, disk: Path) -> None:
    post(server, 1).raise_for_status()
    until(lambda: known(server) == 1, "one event")
    server.end()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    command = ["-m", "aiops.cli", "serve", "--port", "0", "--data", str(server.data)]
    run = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode != 0
    assert "ead-only file system" in run.stderr
    assert "Traceback" not in run.stderr
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    third = Server(server.data).ready()
    try:
        assert post(third, 2).status_code == 202
        until(lambda: known(third) == 2, "both events")
    finally:
        third.end()
