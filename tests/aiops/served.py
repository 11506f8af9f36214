"""How do tests run `aiops serve` for real, and wait for what it does?"""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from aiops.bootstrap.address import address_of

ALERT = {"title": "disk full", "severity": "critical", "labels": {"service": "db1"}}
ROLES = ("engine", "responder", "learner", "api")
PATIENCE = 30.0  # seconds for anything to come true


def until(there: Callable[[], Any], what: str) -> Any:
    """Wait for something to be true, and return it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := there():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE:.0f} s: {what}")


class Server:
    """One `aiops serve` on a folder."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data, self.log = data, data.with_suffix(".log")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIOPS_", "PORT"))}
        environment["AIOPS_LEARNER_EMBEDDER"] = "light"  # its start costs nothing
        command = [sys.executable, "-m", "aiops.cli", "serve", "--port", "0", "--data", str(data), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, cwd=data.parent, env=environment)

    def ready(self) -> "Server":
        self.url = until(lambda: self.process.poll() is not None or address_of(self.data), "an address")
        assert self.process.poll() is None, self.log.read_text()
        until(lambda: self.get("/readyz").status_code == 200, "readiness")
        return self

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers, timeout=10, trust_env=False)

    def incidents(self) -> list[dict[str, Any]]:
        response = self.get("/api/incidents")
        return response.json()["items"] if response.is_success else []

    def post(self, **changes: Any) -> str:
        """Send an alert, and return the id of its delivery."""
        response = httpx.post(f"{self.url}/webhooks/test", json=ALERT | changes, timeout=10, trust_env=False)
        assert response.status_code == 202
        return str(response.json()["delivery_id"])

    def child(self, role: str) -> psutil.Process | None:
        for child in psutil.Process(self.process.pid).children():
            if f"aiops.bootstrap.{role}" in child.cmdline():
                return child
        return None

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def replaced(self, *dead: psutil.Process) -> bool:
        """Is there another process in place of each of these?"""
        alive = [child.pid for child in psutil.Process(self.process.pid).children() if child.status() != "zombie"]
        return len(alive) == len(ROLES) and not {one.pid for one in dead} & set(alive)

    def folded(self) -> bool:
        """Has the engine come to the end of the journal?"""
        response = self.get("/api/status")
        return response.is_success and response.json()["lag"] == 0

    def end(self, name: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(name)
        return self.process.wait(15)


class Senders:
    """Post alerts, each another one, from several threads until the ``with`` block ends or nobody answers."""

    def __init__(self, server: Server, number: int = 3) -> None:
        self.accepted: dict[str, str] = {}  # delivery id -> title
        self.refused: list[int] = []  # statuses
        self._url, self._stop = server.url, threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(name,)) for name in range(number)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def more(self, number: int = 60) -> None:
        """Wait until so many more were accepted."""
        present = len(self.accepted)
        until(lambda: len(self.accepted) >= present + number, f"{number} more deliveries")

    def _send(self, name: int) -> None:
        with httpx.Client(base_url=self._url, timeout=10, trust_env=False) as client:
            for count in itertools.count():
                title = f"check {name}-{count} failed"
                labels = {"service": f"s{count % 30}", "check": f"{name}-{count}"}
                if self._stop.is_set():
                    return
                try:
                    response = client.post("/webhooks/test", json={"title": title, "labels": labels})
                except httpx.HTTPError:
                    return
                if response.status_code == 202:
                    self.accepted[response.json()["delivery_id"]] = title
                else:
                    self.refused.append(response.status_code)
