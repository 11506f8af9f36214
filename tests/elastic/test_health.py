"""Does the doctor see what ails a cluster, and say what mends it?"""

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest

from aiops.config import load
from aiops.domain.documents import ALERTS
from aiops.domain.errors import BadConfiguration
from aiops.domain.sections import StoreConfig
from aiops.storage import elastic_health
from aiops.storage.elastic_health import Look, look
from aiops.storage.elastic_opening import open_elastic
from aiops.storage.elastic_store import ElasticStore
from aiops.storage.folder import open_configured
from aiops.storage.sqlite_store import SqliteStore
from tests.builders import an_alert
from tests.contract.test_stores import changes
from tests.elastic.conftest import Opener
from tests.elastic.own import PATIENT, SECRET, TOGETHER, Server
from tests.elastic.proxy import Answer, Proxy
from tests.elastic.server import PREFIX, cluster, url


def looks(where: StoreConfig) -> dict[str, Look]:
    return {one.name.removeprefix("elasticsearch").strip(): one for one in look(where, Path("none"))}


def at(address: str, **changes: object) -> StoreConfig:
    return StoreConfig(url=(address,), prefix=PREFIX, **changes)  # type: ignore[arg-type]


def test_a_healthy_cluster_has_nothing_to_mend() -> None:
    found = looks(at(url()))
    assert list(found) == ["", "version", "disk", "blocks", "rights", "maps"]
    assert [name for name in ("", "version", "blocks", "rights") if not found[name].well] == []


def test_a_block_is_found_with_the_request_that_lifts_it(opened: Opener) -> None:
    opened().save(changes(1, (ALERTS, an_alert("a"))))
    cluster().ask("PUT", f"/{PREFIX}-alerts/_settings", {"index.blocks.read_only_allow_delete": True})
    found = looks(at(url()))["blocks"]
    assert (found.well, found.text) == (False, "1 indices may not be written")
    assert "read_only_allow_delete" in found.fix


@pytest.mark.parametrize(
    ("path", "answer", "name", "text"),
    [
        ("/_nodes?", {"nodes": {"n": {"version": "7.17.1"}}}, "version", "7.17.1"),
        (
            "/_nodes/stats/fs",
            {"nodes": {"n": {"name": "n1", "fs": {"total": {"available_in_bytes": 9, "total_in_bytes": 100}}}}},
            "disk",
            "the fullest disk is that of n1: 91% used",
        ),
        (
            "/_security",
            {"cluster": {"monitor": True}, "index": {"x-*": {"read": True, "manage": False}}},
            "rights",
            "missing: manage",
        ),
        (
            "/_cluster/health",
            {"status": "red", "number_of_nodes": 1, "unassigned_shards": 4},
            "",
            "red, 1 nodes, 4 shards without a place",
        ),
    ],
)
def test_classic_faults_are_found(proxy: Proxy, path: str, answer: dict[str, object], name: str, text: str) -> None:
    def hook(method: str, asked: str, body: bytes) -> Answer | None:
        return (200, answer) if asked.startswith(path) else None

    proxy.hook = hook
    found = looks(at(proxy.url))[name]
    assert (found.well, found.text) == (False, text)
    assert found.fix


def test_parked_documents_are_shown(opened: Opener, proxy: Proxy, tmp_path: Path) -> None:
    error = {"type": "document_parsing_exception", "reason": "no"}
    store = opened(proxy.url)
    save = changes(1, (ALERTS, an_alert("a")))
    store.save(save)
    (calm,) = [one for one in look(at(url()), tmp_path / "elastic") if one.name.endswith("parked")]
    assert (calm.well, calm.text) == (True, "no document was refused")

    def refusing(method: str, asked: str, body: bytes) -> Answer | None:
        answer = {"errors": True, "items": [{"index": {"status": 400, "error": error}}]}
        return (200, answer) if asked.startswith("/_bulk") else None

    proxy.hook = refusing
    store.save(save)
    (found,) = [one for one in look(at(url()), tmp_path / "elastic") if one.name.endswith("parked")]
    assert not found.well
    assert found.text == "1 documents were refused: alerts fp-a: document_parsing_exception: no"


def test_too_few_maps_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "maps").write_text("65530\n")
    monkeypatch.setattr(elastic_health, "_MAPS", tmp_path / "maps")
    found = looks(at(url()))["maps"]
    assert (found.well, found.text) == (False, "vm.max_map_count = 65530")


def test_a_cluster_that_is_away_is_one_finding(proxy: Proxy) -> None:
    proxy.stop()
    (found,) = look(at(proxy.url), Path("none"))
    assert not found.well
    assert "cannot be reached" in found.text


@TOGETHER
@PATIENT
def test_the_rights_of_the_documented_role_are_all_that_is_asked_for(server: Server) -> None:
    where = StoreConfig(url=server.address().urls, ca=server.folder / "ca.crt", username="aiops", password=SECRET)
    found = looks(where)
    assert (found["rights"].well, found["rights"].text) == (True, "all that we need")
    assert found["version"].well


@pytest.mark.parametrize(("name", "value"), [("refresh", "PT2S"), ("retention", "PT1H")])
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, name: str, value: str) -> None:
    import msgspec

    where = msgspec.convert({"url": [url()], name: value}, StoreConfig)
    with pytest.raises(BadConfiguration, match=f"store.{name}"):
        open_elastic(tmp_path, where)


def test_the_settings_say_where_a_store_is_and_show_no_secret(tmp_path: Path) -> None:
    environ = {
        "AIOPS_STORE_URL": f"{url()}, http://127.0.0.1:2",
        "AIOPS_STORE_PASSWORD": "pw",  # pragma: allowlist secret
        "AIOPS_STORE_REFRESH": "0",
    }
    loaded = load(environ=environ, file=None)
    store = loaded.config.store
    assert (store.url, store.refresh, store.retention) == (
        (url(), "http://127.0.0.1:2"),
        timedelta(0),
        timedelta(days=30),
    )
    assert "pw" not in repr(loaded.config)
    assert ("store.password", "***", "AIOPS_STORE_PASSWORD") in list(loaded.rows())
    with contextlib.closing(open_configured(tmp_path / "cluster", store)) as opened:
        assert isinstance(opened, ElasticStore)
    with contextlib.closing(open_configured(tmp_path / "embedded", StoreConfig())) as embedded:
        assert isinstance(embedded, SqliteStore)
