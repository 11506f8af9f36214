"""Are indices and partitions as declared, also after the declaration changed, and do they go when it is time?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from aiops.domain.alerts import EventRecord, Fate
from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.documents import (
    ALERTS,
    COLLECTIONS,
    EVENTS,
    INCIDENT_VECTORS,
    INCIDENTS,
    PATTERN_VECTORS,
    ROLLUPS,
    TIMELINE,
)
from aiops.domain.entries import Position
from aiops.domain.errors import Unavailable
from aiops.domain.learned import Direction
from aiops.domain.queries import Query
from aiops.domain.records import Rollup
from aiops.domain.snapshots import Snapshot
from aiops.domain.vectors import written
from aiops.storage.elastic_mapping import Shape
from aiops.storage.elastic_store import ElasticStore
from tests.builders import an_alert, an_event, at
from tests.contract.test_stores import an_item, changes
from tests.elastic.conftest import Opener
from tests.elastic.proxy import Answer, Proxy
from tests.elastic.server import PREFIX, cluster, indices

EARLIER = replace(ALERTS, fields={name: read for name, read in ALERTS.fields.items() if name != "owner"}, tags={})


def aliased(collection: Collection[Any]) -> list[str]:
    return sorted(cluster().ask("GET", f"/_alias/{PREFIX}-{collection.name}"))


def save_many(store: ElasticStore, collection: Collection[Any], count: int) -> None:
    made = Changes()
    made.position = Position(0, 5)
    for number in range(count):
        made.put(collection, an_alert(f"s{number:04}", owner=f"team-{number % 3}", labels={"n": str(number)}))
    store.save(made)


def total(store: ElasticStore, collection: Collection[Any], query: Query) -> int:
    with store.view() as view:
        return view.find(collection, query).total


def test_templates_carry_their_version_and_every_index_is_of_its_template(opened: Opener) -> None:
    opened().save(changes(1, (ALERTS, an_alert("a"))))
    (template,) = cluster().ask("GET", f"/_index_template/{PREFIX}-alerts")["index_templates"]
    assert template["index_template"]["version"] == 1
    assert template["index_template"]["composed_of"] == [f"{PREFIX}-base"]
    (index,) = aliased(ALERTS)
    mapping = cluster().ask("GET", f"/{index}/_mapping")[index]["mappings"]
    assert mapping["dynamic"] == "strict"
    assert mapping["_meta"]["mark"] == template["index_template"]["_meta"]["mark"]
    names = mapping["properties"]
    assert names["@timestamp"]["type"] == "date"
    assert names["service"]["properties"]["name"]["type"] == "keyword"
    assert names["event"]["properties"]["kind"]["type"] == "keyword"
    assert names["labels"]["type"] == "flattened"
    assert names["doc"]["type"] == "binary"


def test_a_changed_declaration_moves_the_documents_and_switches_the_alias(opened: Opener) -> None:
    before = opened(collections=(EARLIER,))
    save_many(before, EARLIER, 1_500)
    (old,) = aliased(ALERTS)
    before.close()
    after = opened(collections=(ALERTS,))
    after.save(changes(6, (ALERTS, an_alert("new", owner="team-0"))))
    (new,) = aliased(ALERTS)
    assert new != old
    assert old not in indices()
    assert total(after, ALERTS, Query(where={"owner": ("team-0",)})) == 501
    assert total(after, ALERTS, Query(where={"label": ("n=77",)})) == 1
    with after.view() as view:
        moved = view.get(ALERTS, "fp-s0007")
    assert moved is not None
    assert moved.revision == 5  # as it was: a later save may still replace it


@pytest.mark.parametrize("step", ["/_bulk", "/_aliases"])
def test_an_interrupted_move_shows_the_old_documents_until_it_is_done_and_loses_no_write(
    opened: Opener, proxy: Proxy, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiops.storage.elastic_bulk.PAUSES", ())
    before = opened(collections=(EARLIER,))
    save_many(before, EARLIER, 1_200)
    (old,) = aliased(ALERTS)
    before.close()
    refusals: list[Answer] = [(503, {"error": {"type": "unavailable_shards_exception"}})]
    passed = [None] if step == "/_bulk" else []  # the first thousand arrive

    def hook(method: str, path: str, body: bytes) -> Answer | None:
        if not path.startswith(step) or passed:
            return passed.pop() if path.startswith(step) else None
        return refusals.pop() if refusals else None

    proxy.hook = hook
    after = opened(proxy.url, collections=(ALERTS,))
    with pytest.raises(Unavailable):
        after.save(changes(6, (ALERTS, an_alert("new"))))
    assert aliased(ALERTS) == [old]
    assert after.position() == Position(0, 5)
    after.save(changes(6, (ALERTS, an_alert("new"))))
    (new,) = aliased(ALERTS)
    assert (new != old, old in indices()) == (True, False)
    assert total(after, ALERTS, Query()) == 1_201


def record(number: int, received_at: datetime) -> EventRecord:
    return EventRecord(event=an_event(event_id=f"0-{number}-0", received_at=received_at), fate=Fate.GROUPED)


def test_streams_lie_in_partitions_behind_one_alias_and_old_ones_are_dropped_whole(opened: Opener) -> None:
    store = opened(retention=timedelta(days=3))
    days = [datetime(2026, 2, 26 + day, 23, 59, tzinfo=UTC) for day in range(3)]
    days += [datetime(2026, 3, 1, 0, 0, tzinfo=UTC), datetime(2026, 3, 4, 12, 0, tzinfo=UTC)]
    store.save(changes(1, *((EVENTS, record(number, day)) for number, day in enumerate(days)), (TIMELINE, an_item(1))))
    assert [name.rpartition("-")[2] for name in aliased(EVENTS)] == [
        *("2026.02.26", "2026.02.27", "2026.02.28", "2026.03.01", "2026.03.04")
    ]
    assert [name.rpartition("-")[2] for name in aliased(TIMELINE)] == ["2026.03"]
    assert total(store, EVENTS, Query(where={"fate": ("grouped",)})) == 5
    with store.view() as view:
        assert [one.event.event_id for one in view.many(EVENTS, ["0-4-0", "0-9-0", "0-0-0"])] == ["0-4-0", "0-0-0"]
    store.keep(Snapshot(version="1", position=Position(0, 1), taken_at=days[-1], parts={}))
    assert [name.rpartition("-")[2] for name in aliased(EVENTS)] == ["2026.03.01", "2026.03.04"]
    assert total(store, EVENTS, Query()) == 2
    store.save(changes(1, (EVENTS, record(0, days[0]))))  # folded again: kept until the next look
    assert total(store, EVENTS, Query()) == 3


def test_without_a_retention_nothing_is_dropped(opened: Opener) -> None:
    store = opened()
    store.save(changes(1, (EVENTS, record(1, at(0)))))
    store.keep(Snapshot(version="1", position=Position(0, 1), taken_at=at(10**9), parts={}))
    assert total(store, EVENTS, Query()) == 1


@pytest.mark.parametrize(
    ("index", "ends"),
    [
        ("x-timeline-12345678-2026.12", datetime(2027, 1, 1, tzinfo=UTC)),
        ("x-timeline-12345678-2026.02", datetime(2026, 3, 1, tzinfo=UTC)),
        ("x-timeline-12345678", None),
    ],
)
def test_a_month_ends_where_the_next_begins(index: str, ends: datetime | None) -> None:
    assert Shape(TIMELINE, "x").ends(index) == ends


def test_a_rewritten_document_of_a_stream_stays_in_its_partition(opened: Opener) -> None:
    store = opened()
    for revision in (1, 2):
        rollup = Rollup(rollup_id="alerts|x|high", name="alerts", bin=at(0), key="high", count=revision)
        store.save(changes(revision, (ROLLUPS, rollup)))
    with store.view() as view:
        assert [one.count for one in view.find(ROLLUPS, Query()).items] == [2]


def test_every_declared_field_has_the_kind_that_its_name_promises() -> None:
    numbers = {"count", "rank", "revision", "suppressed", "first_seen", "last_seen"}
    kinds = Shape(ALERTS, "x").kinds
    assert {name for name, kind in kinds.items() if kind == "long"} == numbers
    assert Shape(INCIDENTS, "x").kinds["score"] == "double"
    for collection in COLLECTIONS:
        shape = Shape(collection, "x")
        assert len(set(shape.paths.values())) == len(shape.paths)  # no two fields share a place


def test_a_cluster_from_before_the_vectors_is_opened_and_copies_nothing(opened: Opener) -> None:
    vectors = (INCIDENT_VECTORS, PATTERN_VECTORS)
    before = opened(collections=[one for one in COLLECTIONS if one not in vectors])
    before.save(changes(1, (ALERTS, an_alert("db"))))
    before.close()
    there = indices()
    now = opened()
    wanted = written(np.array([1.0, 0.0], dtype=np.float32))
    with now.view() as view:  # as the API sees it before the engine has written anything
        assert view.nearest(INCIDENT_VECTORS, Query(), wanted) == []
        assert view.get(INCIDENT_VECTORS, "one") is None
        assert view.find(ALERTS, Query()).total == 1
    now.save(changes(2, (INCIDENT_VECTORS, Direction(key="one", vector=wanted, model="m"))))
    with now.view() as view:
        assert [one.document.key for one in view.nearest(INCIDENT_VECTORS, Query(), wanted)] == ["one"]
        assert view.find(ALERTS, Query()).total == 1
    assert {*there} <= {*indices()}, "an index that did not change was copied"
