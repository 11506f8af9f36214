"""Does it work behind TLS with the least rights, and does a server that is killed at work come back with everything?"""

import subprocess
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from aiops.domain.changes import Changes
from aiops.domain.documents import ALERTS, EPISODES, TIMELINE
from aiops.domain.entries import Position
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.queries import Query
from aiops.domain.snapshots import Snapshot
from aiops.storage.elastic_client import Address, Cluster
from aiops.storage.elastic_store import ElasticOptions, ElasticStore
from tests.builders import T0, an_alert, an_episode
from tests.contract.test_stores import an_item, changes
from tests.elastic.own import PATIENT, TOGETHER, Server
from tests.elastic.proxy import Proxy
from tests.elastic.server import url
from tests.elastic.test_indices import EARLIER

pytestmark = [TOGETHER, PATIENT]


def test_the_documented_role_is_enough_for_a_whole_life(server: Server, tmp_path: Path) -> None:
    earlier = ElasticStore(
        server.address(), tmp_path, ElasticOptions(prefix="aiops-life", refresh=timedelta(0)), collections=(EARLIER,)
    )
    earlier.save(changes(1, (ALERTS, an_alert("a"))))
    earlier.close()
    options = ElasticOptions(prefix="aiops-life", refresh=timedelta(0), retention=timedelta(days=1))
    store = ElasticStore(server.address(), tmp_path, options)  # moves the documents
    store.save(changes(2, (ALERTS, an_alert("b")), (EPISODES, an_episode("b")), (TIMELINE, an_item(1))))
    with store.view() as view:
        assert view.find(ALERTS, Query()).total == 2
        assert view.facets(ALERTS, Query(), ["owner"]) == {"owner": {"": 2}}
        assert view.get(ALERTS, "fp-a") is not None
    store.keep(Snapshot(version="1", position=Position(0, 2), taken_at=T0 + timedelta(days=400), parts={}))
    store.refresh()
    store.close()


def test_it_is_enough_for_nothing_else(server: Server, tmp_path: Path) -> None:
    store = server.store(tmp_path, "somebody-elses")
    with pytest.raises(Unavailable, match=r"refuses us.*role"):
        store.save(changes(1, (ALERTS, an_alert("a"))))
    store.close()


def test_a_wrong_password_is_said_without_showing_it(server: Server) -> None:
    with pytest.raises(Unavailable, match="refuses us") as refusal:
        Cluster(server.address(password="not-this-one")).ask("GET", "/_cluster/health")  # pragma: allowlist secret
    assert "not-this-one" not in str(refusal.value)


def test_only_the_named_authority_may_vouch_for_the_server(server: Server, tmp_path: Path) -> None:
    other = tmp_path / "other.crt"
    make = f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=other -keyout {tmp_path}/key -out {other}"
    subprocess.run(make.split(), check=True, capture_output=True)
    for ca in (None, other):
        with pytest.raises(Unavailable, match="certificate verify failed"):
            Cluster(server.address(ca=ca)).ask("GET", "/_cluster/health")


def test_an_authority_that_cannot_be_read_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="name the certificate"):
        Cluster(Address(urls=("https://127.0.0.1:1",), ca=tmp_path / "none.crt"))


def test_an_api_key_is_sent_as_one_and_no_secret_is_shown() -> None:
    with Proxy(url()) as proxy:
        keyed = Address(urls=(proxy.url,), api_key="a2V5OnNlY3JldA==", password="pw")
        Cluster(keyed).ask("GET", "/_cluster/health")
        assert proxy.headers[-1]["authorization"] == "ApiKey a2V5OnNlY3JldA=="
        named = Address(urls=(proxy.url,), username="ana", password="pw-of-ana")
        Cluster(named).ask("GET", "/_cluster/health")
        assert proxy.headers[-1]["authorization"] == "Basic YW5hOnB3LW9mLWFuYQ=="
    assert "a2V5" not in repr(keyed)
    assert "pw-of-ana" not in repr(named)


def test_a_server_killed_at_work_comes_back_with_every_committed_document(server: Server, tmp_path: Path) -> None:
    store = server.store(tmp_path, "aiops-killed")
    done, enough = threading.Event(), threading.Event()
    committed, refused = 0, 0

    def batch(offset: int) -> Changes:
        items = [(ALERTS, an_alert(f"s{offset:03}-{number:03}")) for number in range(200)]
        return changes(offset, *items)

    def work() -> None:
        nonlocal committed, refused
        while committed < 400 and not (done.is_set() and refused and committed % 10 == 0):
            try:
                store.save(batch(committed + 1))
                committed += 1
            except Unavailable:
                refused += 1
                time.sleep(0.2)
            if committed >= 5:
                enough.set()

    worker = threading.Thread(target=work)
    worker.start()
    assert enough.wait(60)
    server.run("kill")
    server.start()
    done.set()
    worker.join(60)
    assert not worker.is_alive()
    assert refused > 0
    assert store.position() == Position(0, committed)
    store.refresh()
    with store.view() as view:
        assert view.find(ALERTS, Query(limit=0)).total == committed * 200
    store.close()
