"""What if one of three nodes is killed under load? Nothing that was committed is lost, and the work goes on."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from aiops.domain.documents import ALERTS
from aiops.domain.entries import Position
from aiops.domain.errors import Unavailable
from aiops.domain.queries import Query
from aiops.storage.elastic_client import Address
from aiops.storage.elastic_store import ElasticOptions, ElasticStore
from tests.builders import an_alert
from tests.contract.test_stores import changes
from tests.elastic.own import SCRIPT, a_free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("elasticsearch-of-three-nodes")]
TRIES = 2


@pytest.fixture
def cluster() -> Iterator[tuple[Path, Address]]:
    script = os.environ.get(SCRIPT)
    if not script:
        pytest.skip(f"needs servers that it may kill: {SCRIPT} names no script that starts them")
    memory = "/dev/shm" if shutil.disk_usage("/dev/shm").free > 2**32 else None
    folder = Path(tempfile.mkdtemp(dir=memory, prefix="aiops-test-es3-"))
    folder.chmod(0o755)
    try:
        port = _started(script, folder)
        yield folder, Address(urls=tuple(f"http://127.0.0.1:{port + node}" for node in range(3)), timeout=20.0)
    finally:
        subprocess.run([script, "wipe", "--dir", str(folder)], check=True, capture_output=True)


def _started(script: str, folder: Path) -> int:
    """Start three nodes, of which six ports in a row must be free; once more elsewhere, where they do not come up."""
    said = ""
    for _ in range(TRIES):
        port = a_free_port()
        start = [script, "start", "--dir", str(folder), "--port", str(port), "--nodes", "3", "--heap", "384m"]
        done = subprocess.run(start, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            return port
        said = done.stderr[-2_000:]
        subprocess.run([script, "kill", "--dir", str(folder)], check=False, capture_output=True)
    raise AssertionError(f"three nodes do not start: {said}")


def holder(store: ElasticStore, folder: Path) -> int:
    """Return the process of the node that holds the primary of the alerts."""
    rows = store._cluster.ask("GET", "/_cluster/state/routing_table,nodes/three-alerts*")
    (index,) = rows["routing_table"]["indices"].values()
    (primary,) = [copy for copy in index["shards"]["0"] if copy["primary"]]
    name = rows["nodes"][primary["node"]]["name"]
    return int((folder / name / "es.pid").read_text())


def test_one_of_three_nodes_killed_under_load_loses_nothing(cluster: tuple[Path, Address], tmp_path: Path) -> None:
    folder, address = cluster
    store = ElasticStore(address, tmp_path, ElasticOptions(prefix="three", refresh=timedelta(seconds=1)))
    with contextlib.closing(store):
        stop = threading.Event()
        committed = 0

        def work() -> None:
            nonlocal committed
            while not stop.is_set():
                batch = [(ALERTS, an_alert(f"s{committed:04}-{number:02}")) for number in range(50)]
                try:
                    store.save(changes(committed + 1, *batch))
                    committed += 1
                except Unavailable:
                    time.sleep(0.2)

        worker = threading.Thread(target=work)
        worker.start()
        until(lambda: committed >= 10)
        until(lambda: store._cluster.ask("GET", "/_cluster/health")["status"] == "green")  # each document twice
        os.kill(holder(store, folder), signal.SIGKILL)
        killed_at = committed
        until(lambda: committed >= killed_at + 20)
        stop.set()
        worker.join(60)
        assert store.position() == Position(0, committed)
        store.refresh()
        with store.view() as view:
            assert view.find(ALERTS, Query(limit=0)).total == committed * 50
        assert store._cluster.ask("GET", "/_cluster/health")["number_of_nodes"] == 2


def until(there: Callable[[], bool]) -> None:
    """Wait for something that the cluster does."""
    for _ in range(600):
        if there():
            return
        time.sleep(0.2)
    raise AssertionError("it did not happen within two minutes")
