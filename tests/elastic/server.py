"""Where is the Elasticsearch that the tests talk to? Named in the environment, else started by Docker, else none."""

import atexit
import functools
import os
import shutil
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aiops.domain.errors import Unavailable
from aiops.storage.elastic_client import Address, Cluster, Refused
from aiops.storage.elastic_store import ElasticOptions, ElasticStore

VARIABLE = "AIOPS_TEST_ELASTICSEARCH_URL"
IMAGE = "docker.elastic.co/elasticsearch/elasticsearch:8.19.0"
PREFIX = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"  # of this process's indices


@functools.cache
def url() -> str:
    """Return where a server answers; skips the test when there is none."""
    if named := os.environ.get(VARIABLE):
        return named
    asked = ["docker", "info"]
    if shutil.which("docker") is None or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip(f"no Elasticsearch: {VARIABLE} is not set, and no docker runs here to start one")
    return _by_docker()


def address(**changes: Any) -> Address:
    return Address(**{"urls": (url(),), **changes})


@functools.cache
def cluster() -> Cluster:
    return Cluster(address())


def options(**changes: Any) -> ElasticOptions:
    """Searches that do not lag, unless ``changes`` say so."""
    return ElasticOptions(**{"prefix": PREFIX, "refresh": timedelta(0), **changes})


def a_fresh_store(folder: Path) -> ElasticStore:
    """An empty store: what earlier tests left is gone."""
    wipe()
    return ElasticStore(address(), folder, options())


def indices(prefix: str = PREFIX) -> list[str]:
    try:
        return sorted(cluster().ask("GET", f"/{prefix}-*", params={"filter_path": "*.aliases", "features": "aliases"}))
    except Refused:
        return []


def wipe(prefix: str = PREFIX) -> None:
    if found := sorted(cluster().ask("GET", f"/{prefix}-*/_settings", params={"filter_path": "*.settings.index.uuid"})):
        cluster().ask("DELETE", f"/{','.join(found)}")


def _by_docker() -> str:
    options = ["-e", "discovery.type=single-node", "-e", "xpack.security.enabled=false", "-m", "1g"]
    run = ["docker", "run", "--rm", "-d", "-p", "127.0.0.1::9200", *options, IMAGE]
    name = subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()
    atexit.register(subprocess.run, ["docker", "kill", name], capture_output=True, check=False)
    port = subprocess.run(["docker", "port", name, "9200"], capture_output=True, text=True, check=True).stdout.strip()
    started = f"http://{port}"
    for _ in range(120):
        try:
            Cluster(Address(urls=(started,), timeout=1)).ask("GET", "/_cluster/health")
            return started
        except Unavailable:
            time.sleep(0.5)
    raise AssertionError(f"{IMAGE} does not answer at {started}")
