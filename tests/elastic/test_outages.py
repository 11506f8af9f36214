"""What if the cluster is away for a while? What was accepted waits in the journal; nothing is lost or done twice."""

import contextlib
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from starlette.testclient import TestClient

from aiops import fold
from aiops.bootstrap.engine import Loop
from aiops.bootstrap.setups import EngineSetup
from aiops.domain.documents import ALERTS, INCIDENTS, SOURCES
from aiops.domain.errors import Unavailable
from aiops.domain.queries import Query
from aiops.ports import Store
from aiops.storage.folder import open_journal
from aiops.storage.memory import MemoryJournal, MemoryStore
from api.app import create_app
from api.settings import ApiSettings
from tests.api.world import BASE
from tests.builders import T0, a_delivery
from tests.elastic.conftest import Opener
from tests.elastic.proxy import Proxy


def delivery(number: int) -> bytes:
    alert = f'{{"title": "down", "service": "s{number % 7}", "severity": "critical", "message": "refused {number}"}}'
    return alert.encode()


def work_off(journal, store: Store) -> None:  # type: ignore[no-untyped-def]
    """Fold as the engine's process does: an engine recovered anew after each refusal."""
    engine = fold.recover(store)
    while fold.step(engine, journal, store, limit=5):
        pass


def answers(store: Store) -> tuple[object, ...]:
    with store.view() as view:
        alerts = view.find(ALERTS, Query(limit=1_000)).items
        incidents = view.find(INCIDENTS, Query(limit=1_000)).items
        return view.position(), alerts, incidents, view.find(SOURCES, Query()).items


def test_down_and_back_again_gives_what_no_outage_would_have_given(
    opened: Opener, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiops.storage.elastic_bulk.PAUSES", ())
    store = opened(proxy.url)
    with contextlib.closing(open_journal(tmp_path)) as journal:
        journal.append([a_delivery(delivery(number), source="generic") for number in range(10)])
        work_off(journal, store)
        committed = store.position()
        proxy.stop()
        for number in range(10, 40):
            journal.append([a_delivery(delivery(number), source="generic")])  # senders are still answered
        for _ in range(2):
            with pytest.raises(Unavailable, match="cannot be reached"):
                work_off(journal, store)
        assert store.position() == committed
        with store.view() as view:
            assert view.position() == committed
            assert view.find(SOURCES, Query()).total == 1  # what lies beside is still shown
            with pytest.raises(Unavailable, match="cannot be reached"):
                view.find(ALERTS, Query())
            with pytest.raises(Unavailable, match="cannot be reached"):
                view.get(ALERTS, "x")
        proxy.start()
        work_off(journal, store)
        expected = MemoryStore()
        work_off(journal, expected)
    assert answers(store) == answers(expected)
    assert len(answers(expected)[1]) == 7  # type: ignore[arg-type]


def test_a_reader_opens_while_the_cluster_is_away(opened: Opener, proxy: Proxy) -> None:
    opened(proxy.url)
    proxy.stop()
    reader = opened(proxy.url, readonly=True)
    with reader.view() as view:
        assert view.position() is None


def test_an_engine_started_while_the_cluster_is_away_waits_and_catches_up(
    opened: Opener, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiops.storage.elastic_bulk.PAUSES", ())
    proxy.stop()
    store, journal, now = opened(proxy.url), MemoryJournal(clock=lambda: now), T0
    journal.append([a_delivery(delivery(number), source="generic") for number in range(20)])
    loop = Loop(journal, store, EngineSetup(data=tmp_path), lambda: now)
    tried, stop = Event(), Event()
    recover = Loop._recover

    def recovering(self: Loop) -> None:
        tried.set()
        recover(self)

    monkeypatch.setattr(Loop, "_recover", recovering)
    worker = Thread(target=loop.catch_up, args=(stop,))
    worker.start()
    try:
        assert tried.wait(60)  # it was refused, and began again by itself
        assert store.position() is None
        app = create_app(journal, store, ApiSettings(), lambda: now + timedelta(minutes=1))
        client = TestClient(app, base_url=BASE)
        assert client.get("/readyz").status_code == 503
        proxy.start()
        worker.join(120)
        assert not worker.is_alive()
        assert store.position() == journal.last()
        assert client.get("/readyz").status_code == 200
    finally:
        stop.set()
        worker.join(60)
