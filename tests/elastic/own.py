"""Which server may a test kill? One of our own, with passwords and TLS."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from aiops.domain.errors import Unavailable
from aiops.storage.elastic_client import Address, Cluster
from aiops.storage.elastic_store import ElasticOptions, ElasticStore

SCRIPT = "AIOPS_TEST_ELASTICSEARCH_SCRIPT"  # starts and kills servers of our own: start|kill|wipe --dir DIR ...
ROLE = Path(__file__).parent.parent.parent / "deploy/elasticsearch/role.json"
SECRET = "correct-horse-battery"  # pragma: allowlist secret
HASH = "$2a$04$aiopsaiopsaiopsaiopsauTMBAg3fylPc1Bck8oFe4Dsmd65y6iBG"  # bcrypt of it

TOGETHER = pytest.mark.xdist_group("elasticsearch-of-our-own")  # one server for all: it takes a while to start
PATIENT = pytest.mark.timeout(300)


@dataclass
class Server:
    """A server of our own, with passwords and TLS."""

    script: str
    folder: Path
    port: int

    def run(self, command: str, *options: str) -> None:
        subprocess.run([self.script, command, "--dir", self.folder, *options], check=True, capture_output=True)

    def start(self) -> None:
        self.run("start", "--port", str(self.port), "--password", SECRET, "--tls")

    def address(self, **changes: object) -> Address:
        plain: dict[str, object] = {
            "urls": (f"https://127.0.0.1:{self.port}",),
            "ca": self.folder / "ca.crt",
            "username": "aiops",
            "password": SECRET,
        }
        return Address(**{**plain, **changes})  # type: ignore[arg-type]

    def store(self, folder: Path, prefix: str) -> ElasticStore:
        return ElasticStore(self.address(), folder, ElasticOptions(prefix=prefix, refresh=timedelta(0)))


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def a_server() -> Iterator[Server]:
    script = os.environ.get(SCRIPT)
    if not script:
        pytest.skip(f"needs a server that it may kill: {SCRIPT} names no script that starts one")
    memory = "/dev/shm" if shutil.disk_usage("/dev/shm").free > 2**31 else None
    folder = Path(tempfile.mkdtemp(dir=memory, prefix="aiops-test-es-"))
    folder.chmod(0o755)
    one = Server(script, folder, a_free_port())
    try:
        one.start()
        add_user(one)
        yield one
    finally:
        one.run("wipe")


def add_user(server: Server) -> None:
    """Give user aiops the documented role, by files: it is in force within seconds.

    A server looks at them every 5 s, and may look while one is being written: they are written again until it is.
    """
    config = server.folder / "node1/config"
    cluster = Cluster(server.address())
    for number in range(450):
        if number % 50 == 0:
            (config / "roles.yml").write_text(json.dumps({"aiops": json.loads(ROLE.read_text())}))
            (config / "users_roles").write_text("aiops:aiops\n")
            (config / "users").write_text(f"aiops:{HASH}\n")
        try:
            cluster.ask("GET", "/_cluster/health")
            return
        except Unavailable:
            time.sleep(0.2)
    raise AssertionError("the role was not taken")
