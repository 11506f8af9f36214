"""The command line as a process of its own, beside a server that works on the same folder."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aiops.served import PATIENCE, Server, until

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all, with two incidents."""
    server = Server(tmp_path_factory.mktemp("served") / "data").ready()
    server.post()
    server.post(title="cache is cold", labels={"service": "cache"})
    until(lambda: len(server.incidents()) == 2, "both incidents")
    yield server
    server.end()


@pytest.fixture
def aiops(server: Server) -> Run:
    """Run `aiops --data FOLDER ...` and return what came of it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIOPS_", "PORT"))}

    def run(*words: str, code: int = 0, text: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "aiops.cli", "--data", str(server.data), *words]
        ran = subprocess.run(
            command, input=text, capture_output=True, text=True, env=environment, timeout=PATIENCE, check=False
        )
        assert ran.returncode == code, ran.stderr
        return ran

    return run


def line_of(server: Server, source: str) -> dict[str, Any]:
    lines = server.get("/api/ledger").json()["sources"]
    return next((line for line in lines if line["source"] == source), {"received": 0})


def test_what_the_server_has_is_what_the_command_prints(aiops: Run, server: Server) -> None:
    printed = json.loads(aiops("incidents", "-o", "json").stdout)
    assert [one["incident_id"] for one in printed] == [one["incident_id"] for one in server.incidents()]


def test_an_act_goes_through_the_engine_of_the_server(aiops: Run, server: Server) -> None:
    number = next(one["number"] for one in server.incidents() if "cache" in one["title"])
    assert aiops("incidents", "ack", str(number)).stdout == f"acknowledged #{number}\n"
    assert next(one for one in server.incidents() if one["number"] == number)["status"] == "acknowledged"
    assert "somebody has it already" in aiops("incidents", "ack", str(number), code=5).stderr


def test_a_command_that_a_server_answers_carries_no_server(server: Server) -> None:
    code = "import sys, aiops.cli\ntry: aiops.cli.main(sys.argv[1:])\nfinally: print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", code, "--data", str(server.data), "status"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert "open incidents" in ran.stdout
    imported = set(ran.stderr.split())
    assert {"fastapi", "networkx", "sklearn", "sqlite3", "aiops.engine"} & imported == set()


def test_lines_from_standard_input_are_ingested_each_once(aiops: Run, server: Server) -> None:
    before = line_of(server, "logs")["received"]
    text = "".join(f"INFO request {number} took {number % 7} ms\n" for number in range(1_200))
    told = aiops("ingest", "-", "--service", "db", text=text)
    assert told.stdout == ""
    assert told.stderr.startswith("1200 lines accepted in 3 deliveries")
    until(lambda: line_of(server, "logs")["received"] == before + 1_200, "all lines")
    assert line_of(server, "logs")["rejected"] == 0


def test_a_person_at_a_terminal_sees_how_far_it_is(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("INFO all is well\n" * 2_000)
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "aiops.cli", "--data", str(server.data), "ingest", str(file)]
    ran = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm"},
        timeout=PATIENCE,
        check=True,
    )
    os.close(terminal)
    shown = os.read(screen, 100_000).decode()
    os.close(screen)
    assert ran.stdout == b""
    assert "2000 lines" in shown
    assert "100%" in shown or "34.0/34.0 kB" in shown


def test_the_doctor_finds_our_own_server_on_the_port(aiops: Run, server: Server) -> None:
    findings = {one["name"]: one for one in json.loads(aiops("doctor", "-o", "json").stdout)}
    assert findings["port"]["text"] == f"our server answers at {server.url}"
    assert all(one["well"] for one in findings.values())


def test_a_replay_beside_a_server_at_work_is_byte_equal(aiops: Run, server: Server) -> None:
    until(server.folded, "the end of the journal")
    assert aiops("replay").stdout.startswith("byte-equal: ")
    (found,) = json.loads(aiops("replay", "-o", "json").stdout)
    assert (found["differing"], found["since"]) == (0, "")
    assert found["documents"] > 10


def test_a_demo_does_not_empty_the_folder_of_a_server(server: Server, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aiops.cli", "demo", "--once", "--data", str(server.data)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE, check=False)
    assert ran.returncode == 3
    assert "something that no demo made" in ran.stderr
    assert len(server.incidents()) >= 2


def test_a_reader_that_has_seen_enough_is_no_failure_of_ours(server: Server) -> None:
    command = f"{sys.executable} -m aiops.cli --data {server.data} incidents -o ndjson | head -n 1"
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert json.loads(ran.stdout)["number"]
    assert "Traceback" not in ran.stderr
