"""`aiops serve` for real: processes, signals, recovery."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from aiops.bootstrap.address import address_of

ALERT = {"title": "disk full", "severity": "critical", "labels": {"service": "db1"}}
PATIENCE = 30.0


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

    def post(self, **changes: Any) -> None:
        response = httpx.post(f"{self.url}/webhooks/test", json=ALERT | changes, timeout=10, trust_env=False)
        assert response.status_code == 202

    def child(self, role: str) -> psutil.Process | None:
        for child in psutil.Process(self.process.pid).children():
            if f"aiops.bootstrap.{role}" in child.cmdline():
                return child
        return None

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*options: str) -> Server:
        servers.append(Server(tmp_path / "data", *options))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.end()


def test_an_alert_becomes_an_incident_and_the_server_ends_cleanly(serve: Callable[..., Server]) -> None:
    server = serve().ready()
    children = psutil.Process(server.process.pid).children()
    server.post()
    (incident,) = until(server.incidents, "an incident")
    assert "disk full" in incident["title"]
    began = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - began < 10
    assert not any(child.is_running() for child in children)
    assert list((server.data / "snapshots").glob("*.snap"))
    assert address_of(server.data) == ""
    assert all("event" in line and "role" in line for line in server.lines())  # one log, JSON


def test_what_was_accepted_while_the_engine_was_dead_is_folded_once_it_is_back(serve: Callable[..., Server]) -> None:
    server = serve().ready()
    server.post()
    until(server.incidents, "an incident")
    engine = server.child("engine")
    assert engine is not None
    engine.kill()
    server.post(labels={"service": "web9"}, title="another thing")
    until(lambda: len(server.incidents()) == 2, "the second incident")
    again = server.child("engine")
    assert again is not None
    assert again.pid != engine.pid
    assert any(line.get("child") == "engine" for line in server.lines())


def test_a_restart_goes_on_where_it_ended(serve: Callable[..., Server]) -> None:
    server = serve().ready()
    server.post()
    (before,) = until(server.incidents, "an incident")
    server.end()
    (after,) = until(serve().ready().incidents, "the same incident")
    assert after == before


def test_a_second_server_on_the_folder_is_refused_and_the_first_goes_on(serve: Callable[..., Server]) -> None:
    first = serve().ready()
    second = serve()
    assert second.process.wait(PATIENCE) == 3
    assert "another engine" in second.log.read_text()
    assert address_of(first.data) == first.url
    assert first.get("/readyz").status_code == 200


def test_no_process_outlives_a_supervisor_that_was_killed(serve: Callable[..., Server]) -> None:
    server = serve().ready()
    children = psutil.Process(server.process.pid).children()
    assert len(children) == 4
    server.process.kill()
    server.process.wait()
    gone, alive = psutil.wait_procs(children, timeout=12)
    assert (len(gone), alive) == (4, [])


def test_bad_files_refuse_the_start_with_their_place(serve: Callable[..., Server], tmp_path: Path) -> None:
    services = tmp_path / "services.yaml"
    services.write_text("services:\n  web: {ownr: shop}\n")
    server = serve("--services", str(services))
    assert server.process.wait(PATIENCE) == 78
    assert "services.yaml" in server.log.read_text()


def graph_version(server: Server) -> int:
    response = server.get("/api/services")
    return int(response.json()["graph_version"]) if response.is_success else -1


def test_files_are_applied_at_start_where_they_differ(serve: Callable[..., Server], tmp_path: Path) -> None:
    services = tmp_path / "services.yaml"
    for owner, version in (("shop", 1), ("shop", 1), ("store", 2)):
        services.write_text(f"services:\n  web: {{owner: {owner}, depends_on: [db]}}\n  db: {{owner: dba}}\n")
        server = serve("--services", str(services)).ready()
        until(lambda: graph_version(server) == version, f"version {version} of the graph")  # noqa: B023 - used at once
        server.end()


def test_a_public_server_asks_for_the_token_that_it_showed_once(serve: Callable[..., Server]) -> None:
    server = serve("--host", "0.0.0.0").ready()
    (token,) = [line["admin_token"] for line in server.lines() if "admin_token" in line]
    assert server.get("/api/incidents").status_code == 401
    assert server.get("/api/incidents", Authorization=f"Bearer {token}").status_code == 200
