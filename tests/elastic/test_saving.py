"""Is a save all or re-runnable, whatever Elasticsearch answers?"""

import json
from datetime import timedelta
from typing import Any

import pytest

from aiops.domain.documents import ALERTS, PAGES, SOURCES
from aiops.domain.entries import Position
from aiops.domain.errors import BadConfiguration, BadInput, Unavailable
from aiops.domain.queries import Query
from aiops.domain.records import SourceRecord
from aiops.storage.elastic_bulk import write
from aiops.storage.elastic_client import Refused
from aiops.storage.elastic_mapping import Shape, id_of
from aiops.storage.elastic_store import PARKED, ElasticStore
from tests.builders import a_page, an_alert
from tests.contract.test_stores import changes
from tests.elastic.conftest import Opener
from tests.elastic.proxy import Answer, Proxy
from tests.elastic.server import PREFIX, cluster

SHAPE = Shape(ALERTS, PREFIX)


def save(store: ElasticStore, offset: int, *names: str, **fields: Any) -> None:
    store.save(changes(offset, *((ALERTS, an_alert(name, **fields)) for name in names)))


def names(store: ElasticStore, query: Query | None = None) -> list[str]:
    with store.view() as view:
        return [alert.entity.name for alert in view.find(ALERTS, query or Query()).items]


def parked(store: ElasticStore) -> dict[str, str]:
    with store.view() as view:
        return {one.key: one.problem for one in view.find(PARKED, Query(where={"open": (True,)})).items}


def versions() -> dict[str, int]:
    body = {"version": True, "query": {"match_all": {}}}
    hits = cluster().ask("POST", f"/{SHAPE.alias}/_search", body)["hits"]["hits"]
    return {hit["_id"]: hit["_version"] for hit in hits}


def test_the_revision_is_the_version_and_a_second_run_changes_nothing(opened: Opener) -> None:
    store = opened()
    for _ in range(2):
        save(store, 7, "a", "b")
        assert versions() == {"fp-a": 7, "fp-b": 7}
        assert names(store) == ["a", "b"]


def test_an_older_revision_is_part_of_the_past_and_no_failure(opened: Opener) -> None:
    store = opened()
    save(store, 7, "a", count=7)
    save(store, 5, "a", "b", count=5)
    with store.view() as view:
        assert [(one.entity.name, one.count) for one in view.find(ALERTS, Query()).items] == [("a", 7), ("b", 5)]
    assert store.position() == Position(0, 7)
    assert parked(store) == {}


def test_a_crash_between_the_two_halves_of_a_save_leaves_the_position_and_a_second_run_heals(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened()
    save(store, 1, "a")
    both = changes(2, (ALERTS, an_alert("b")), (PAGES, a_page()), (SOURCES, SourceRecord(source="s", received=2)))
    with monkeypatch.context() as patched:
        patched.setattr(store._beside, "save", lambda _: (_ for _ in ()).throw(Unavailable("the disk is full")))
        with pytest.raises(Unavailable, match="disk is full"):
            store.save(both)
    with store.view() as view:
        assert (view.position(), view.get(PAGES, "page-1"), view.get(SOURCES, "s")) == (Position(0, 1), None, None)
    store.save(both)
    with store.view() as view:
        assert (view.position(), view.find(PAGES, Query()).total) == (Position(0, 2), 1)
    assert names(store) == ["a", "b"]


def test_a_poison_document_is_parked_and_shown_and_the_others_are_stored(opened: Opener) -> None:
    narrow = json.loads(json.dumps(SHAPE.mapping))
    narrow["properties"]["aiops"]["properties"]["count"] = {"type": "byte"}  # takes no 1,000
    cluster().ask("PUT", f"/{SHAPE.alias}-{SHAPE.mark}", {"mappings": narrow, "aliases": {SHAPE.alias: {}}})
    store = opened()
    save(store, 1, "bad", count=1_000)
    save(store, 2, "good")
    assert names(store) == ["good"]
    assert store.position() == Position(0, 2)
    assert list(parked(store)) == ["fp-bad"]
    assert "document_parsing_exception" in parked(store)["fp-bad"]
    store.close()
    again = opened()  # it is still known after a restart, and leaves once a later version is taken
    save(again, 3, "bad", count=3)
    assert parked(again) == {}
    assert names(again) == ["bad", "good"]


def test_what_is_too_large_for_one_request_is_sent_in_parts_and_what_is_too_large_alone_is_parked(
    opened: Opener, proxy: Proxy
) -> None:
    def small_door(method: str, path: str, body: bytes) -> Answer | None:
        too_large = path.startswith("/_bulk") and len(body) > 8_000
        return (413, {"error": {"type": "too_large", "reason": "body"}, "status": 413}) if too_large else None

    proxy.hook = small_door
    store = opened(proxy.url)
    many = [f"s{number:02}" for number in range(20)]
    save(store, 1, *many)
    save(store, 2, "huge", annotations={"x": "y" * 9_000})
    assert names(store) == many
    assert list(parked(store)) == ["fp-huge"]


def test_a_busy_cluster_is_asked_again_later(opened: Opener, proxy: Proxy) -> None:
    busy: list[Answer] = [(429, {"error": {"type": "es_rejected_execution_exception", "reason": "queue"}})] * 2

    def hook(method: str, path: str, body: bytes) -> Answer | None:
        return busy.pop() if busy and path.startswith("/_bulk") else None

    proxy.hook = hook
    save(opened(proxy.url), 1, "a")
    assert versions() == {"fp-a": 1}


def test_of_a_bulk_that_failed_in_part_only_that_part_is_sent_again(opened: Opener, proxy: Proxy) -> None:
    store, sent = opened(proxy.url), []

    def hook(method: str, path: str, body: bytes) -> Answer | None:
        if not path.startswith("/_bulk"):
            return None
        heads = [json.loads(line)["index"] for line in body.splitlines()[::2]]
        sent.append([head["_id"] for head in heads])
        error = {"type": "es_rejected_execution_exception", "reason": "queue full"}
        items = [{"index": {"status": 429, "error": error} if number else {"status": 201}} for number in range(3)]
        return (200, {"errors": True, "items": items}) if len(sent) == 1 else None

    proxy.hook = hook
    save(store, 1, "a", "b", "c")
    assert sent == [["fp-a", "fp-b", "fp-c"], ["fp-b", "fp-c"]]


def test_who_stays_busy_is_unavailable_and_the_pauses_grow(opened: Opener, proxy: Proxy) -> None:
    opened(proxy.url)
    proxy.hook = lambda method, path, body: (429, {"error": {"type": "es_rejected_execution_exception"}})
    pauses: list[float] = []
    from aiops.storage.elastic_admin import item
    from aiops.storage.elastic_client import Address, Cluster

    with pytest.raises(Unavailable, match="too much to do") as refusal:
        write(Cluster(Address(urls=(proxy.url,))), [item(SHAPE, an_alert("a"))], pause=pauses.append)
    assert pauses == sorted(pauses)
    assert len(pauses) >= 3
    assert refusal.value.retry_after >= 1


def test_at_the_flood_stage_a_save_waits_and_reading_goes_on(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops.storage.elastic_bulk.PAUSES", (0.01,))
    store = opened()
    save(store, 1, "a")
    block = f"/{SHAPE.alias}/_settings"
    cluster().ask("PUT", block, {"index.blocks.read_only_allow_delete": True})
    with pytest.raises(Unavailable, match="flood-stage"):
        save(store, 2, "b")
    assert names(store) == ["a"]
    assert store.position() == Position(0, 1)
    cluster().ask("PUT", block, {"index.blocks.read_only_allow_delete": None})
    save(store, 2, "b")
    assert names(store) == ["a", "b"]


def test_a_slow_cluster_is_waited_for_and_one_that_is_too_slow_is_unavailable(
    opened: Opener, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiops.storage.elastic_bulk.PAUSES", ())
    store = opened(proxy.url, timeout=1.0)
    save(store, 1, "a")
    proxy.delay = 0.1
    save(store, 2, "b")
    assert names(store) == ["a", "b"]
    proxy.delay = 1.5
    with pytest.raises(Unavailable, match="cannot be reached"):
        save(store, 3, "c")
    assert store.position() == Position(0, 2)
    proxy.delay = 0.0
    save(store, 3, "c")
    assert names(store) == ["a", "b", "c"]


def test_a_prefix_belongs_to_one_data_folder(opened: Opener) -> None:
    save(opened(folder="mine"), 1, "a")
    yours = opened(folder="yours")
    with pytest.raises(BadConfiguration, match="belong to another data folder"):
        save(yours, 1, "a")
    assert yours.position() is None


def test_searches_lag_by_the_refresh_and_reads_by_key_do_not(opened: Opener) -> None:
    store = opened(refresh=timedelta(minutes=1))
    save(store, 1, "a")
    store.refresh()
    save(store, 2, "a", "b", count=2)
    with store.view() as view:
        assert [(one.entity.name, one.count) for one in view.find(ALERTS, Query()).items] == [("a", 1)]
        assert [one.count for one in view.many(ALERTS, ["fp-a", "fp-b"])] == [2, 2]
    store.refresh()
    assert names(store) == ["a", "b"]


@pytest.mark.parametrize("name", ["", "#a", "ä" * 400, "x" * 3_000, "a b/c?d", "_x"])
def test_any_key_makes_an_id_and_is_found_again(opened: Opener, name: str) -> None:
    store = opened()
    alert = an_alert("a", fingerprint=name, labels={"k": name, "": "v", "a\0b": "c"}, message=name)
    store.save(changes(1, (ALERTS, alert)))
    assert parked(store) == {}
    with store.view() as view:
        assert view.get(ALERTS, name) is not None
        assert view.find(ALERTS, Query(where={"label": (f"k={name}",)})).total == 1
    assert len(id_of(name).encode()) <= 512


def test_a_limit_of_the_cluster_makes_a_save_wait(opened: Opener, proxy: Proxy) -> None:
    refusal = {"type": "validation_exception", "reason": "this would add 1 shards, but the cluster has [1000]/[1000]"}
    proxy.hook = lambda method, path, body: (
        (400, {"error": refusal}) if method == "PUT" and path == f"/{SHAPE.alias}-{SHAPE.mark}" else None
    )
    store = opened(proxy.url)
    with pytest.raises(Unavailable, match=r"1000]/\[1000"):
        save(store, 1, "a")
    assert store.position() is None
    proxy.hook = lambda method, path, body: None
    save(store, 1, "a")
    assert names(store) == ["a"]


def test_what_cannot_be_answered_is_bad_input_and_no_failure(opened: Opener, proxy: Proxy) -> None:
    store = opened(proxy.url)
    save(store, 1, "a")
    assert names(store, Query(text=" ".join(f"w{number}" for number in range(1_500)))) == []
    error = {"type": "too_many_nested_clauses", "reason": "too many clauses"}
    proxy.hook = lambda method, path, body: (400, {"error": error}) if path.startswith("/_search") else None
    with pytest.raises(BadInput, match="too many clauses"):
        names(store)


def test_mappings_are_strict(opened: Opener) -> None:
    save(opened(), 1, "a")
    with pytest.raises(Refused, match="strict_dynamic_mapping"):
        cluster().ask("PUT", f"/{SHAPE.alias}/_doc/x", {"colour": "red"})
