"""`aiops serve` for real: processes, signals, recovery."""

import contextlib
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from aiops.bootstrap.address import address_of
from aiops.bootstrap.clock import now
from aiops.bootstrap.engine import Loop
from aiops.bootstrap.setups import EngineSetup
from aiops.domain.documents import ALERTS, DELIVERIES, SOURCES
from aiops.domain.entries import Delivery, Position
from aiops.domain.queries import Query
from aiops.ports import Journal, Store
from aiops.replay.verify import verify
from aiops.storage.folder import open_journal, open_store
from tests.aiops.served import PATIENCE, Senders, Server, until


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


@contextlib.contextmanager
def kept(server: Server, *, readonly: bool = True) -> Iterator[tuple[Journal, Store]]:
    """Look into the folder of a server that ended."""
    with (
        contextlib.closing(open_journal(server.data)) as journal,
        contextlib.closing(open_store(server.data, readonly=readonly)) as store,
    ):
        yield journal, store


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
    assert len(server.lines()) == len(server.log.read_text().splitlines())  # one log, JSON
    assert all("event" in line and "role" in line for line in server.lines())


def test_an_engine_killed_under_load_comes_back_with_nothing_lost_and_nothing_twice(
    serve: Callable[..., Server],
) -> None:
    server = serve().ready()
    engine = server.child("engine")
    assert engine is not None
    with Senders(server) as senders:
        senders.more()
        engine.kill()
        until(lambda: server.replaced(engine), "another engine")
        senders.more()
    assert senders.refused == []
    until(server.folded, "the end of the journal")
    assert any(line.get("child") == "engine" for line in server.lines())
    assert server.end() == 0
    with kept(server) as (journal, store):
        with store.view() as view:
            line = view.get(SOURCES, "test")
            assert line is not None
            assert (line.received, line.duplicate, line.rejected) == (len(senders.accepted), 0, 0)
            assert line.balances
            assert view.find(ALERTS, Query(limit=0)).total == len(senders.accepted)
            assert len(view.many(DELIVERIES, list(senders.accepted))) == len(senders.accepted)
        found = verify(journal, store)
        assert found.equal, found.differences


def test_children_that_are_killed_come_back_and_callers_wait_for_the_api(serve: Callable[..., Server]) -> None:
    server = serve().ready()
    server.post()
    until(server.incidents, "an incident")
    dead = [child for role in ("api", "learner", "responder") if (child := server.child(role))]
    assert len(dead) == 3
    for child in dead:
        child.kill()
    psutil.wait_procs(dead, timeout=5)
    server.post(title="another thing", labels={"service": "web9"})  # nobody is there: the socket keeps it waiting
    until(lambda: len(server.incidents()) == 2, "both incidents")
    until(lambda: server.replaced(*dead), "all of them")
    assert address_of(server.data) == server.url


def test_an_end_under_load_loses_nothing_that_was_accepted(serve: Callable[..., Server]) -> None:
    server = serve().ready()
    with Senders(server) as senders:
        senders.more()
        assert server.end() == 0
    with kept(server) as (journal, _):
        for delivery_id, title in senders.accepted.items():
            entry = journal.get(Position.parse(delivery_id) or Position(0, 0))
            assert entry is not None
            assert isinstance(entry.payload, Delivery)
            assert title.encode() in entry.payload.body
    with kept(server, readonly=False) as (journal, store):
        Loop(journal, store, EngineSetup(data=server.data), now).catch_up(threading.Event())
        with store.view() as view:
            assert len(view.many(DELIVERIES, list(senders.accepted))) == len(senders.accepted)


def test_a_restart_goes_on_where_it_ended(serve: Callable[..., Server]) -> None:
    server = serve().ready()
    server.post()
    (before,) = until(server.incidents, "an incident")
    assert server.end(signal.SIGINT) == 0  # as Ctrl-C does
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


@pytest.mark.parametrize(
    ("option", "files", "named"),
    [
        ("--services", {"services.yaml": "services:\n  web: {ownr: shop}\n"}, "services.yaml"),
        ("--services", {}, "services.yaml"),
        ("--rules", {"packs": "no folder"}, "packs"),
    ],
    ids=["a bad graph", "no graph", "no folder"],
)
def test_bad_files_refuse_the_start_with_their_place(
    serve: Callable[..., Server], tmp_path: Path, option: str, files: dict[str, str], named: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    server = serve(option, str(tmp_path / ("services.yaml" if option == "--services" else "packs")))
    assert server.process.wait(PATIENCE) == 78
    (refusal,) = [line["problem"] for line in server.lines() if line["event"] == "refused to start"]
    assert str(tmp_path / named) in refusal
    assert address_of(server.data) == ""


def test_a_folder_of_a_newer_release_refuses_the_start_and_is_left_alone(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "store.db")) as database:
        database.execute("PRAGMA user_version = 99")
    server = serve()
    assert server.process.wait(PATIENCE) == 78
    assert "written by a newer release (schema 99" in server.log.read_text()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "store.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (99,)


def test_a_taken_port_refuses_the_start_before_anything_runs(serve: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = serve("--port", str(other.getsockname()[1]))
        assert server.process.wait(PATIENCE) == 3
    assert "stop what listens there or choose another with --port" in server.log.read_text()
    assert address_of(server.data) == ""


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
    (token,) = [line for line in server.log.read_text().splitlines() if line.startswith("aiops_")]
    assert server.get("/api/incidents").status_code == 401
    assert server.get("/api/incidents", Authorization=f"Bearer {token}").status_code == 200
