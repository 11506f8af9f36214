"""Does what is written of a document fit what is mapped, whatever the document says?"""

import base64
from typing import Any

import msgspec
import pytest

from aiops import fold
from aiops.domain.collection import Collection
from aiops.domain.documents import ALERTS, COLLECTIONS, INCIDENTS
from aiops.domain.queries import Query
from aiops.storage.elastic_mapping import MOST_SIGNS, Shape, id_of, keyword
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import T0, a_delivery, an_alert, at
from tests.elastic.test_outages import delivery

TYPES: dict[str, type | tuple[type, ...]] = {
    "keyword": (str, list),
    "long": int,
    "double": (int, float),
    "date": int,
    "binary": bytes,
    "text": str,
    "flattened": dict,
}


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    """What an engine makes of a few deliveries."""
    journal, store = MemoryJournal(clock=lambda: T0), MemoryStore()
    journal.append([a_delivery(delivery(number)) for number in range(20)] + [a_delivery("not json")], at=at(1))
    engine = fold.recover(store)
    while fold.step(engine, journal, store):
        pass
    return store


def check(source: dict[str, Any], properties: dict[str, Any], place: str = "") -> None:
    assert set(source) <= set(properties), place
    for name, value in source.items():
        mapping = properties[name]
        if "properties" in mapping:
            check(value, mapping["properties"], f"{place}{name}.")
        else:
            assert isinstance(value, TYPES[mapping["type"]]), f"{place}{name}: {value!r}"


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda one: one.name)
def test_what_an_engine_saves_fits_the_mapping_and_comes_back_whole(
    collection: Collection[Any], store: MemoryStore
) -> None:
    shape = Shape(collection, "x")
    with store.view() as view:
        for document in view.find(collection, Query(limit=1_000)).items:
            source = shape.source(document)
            check(source, shape.mapping["properties"])
            assert shape.decode({"doc": base64.b64encode(source["doc"]).decode()}) == document


def test_an_engine_makes_documents_of_most_collections(store: MemoryStore) -> None:
    with store.view() as view:
        made = {one.name for one in COLLECTIONS if view.find(one, Query(limit=0)).total}
    assert made >= {"alerts", "episodes", "events", "fates", "incidents", "timeline", "templates", "deliveries"}


def test_a_time_is_written_exactly_and_as_a_date() -> None:
    source = Shape(ALERTS, "x").source(an_alert("a", last_seen=at(0.123456)))
    assert source["aiops"]["last_seen"] % 1_000_000 == 123_456
    assert source["@timestamp"] == source["event"]["end"] == source["aiops"]["last_seen"] // 1_000


def test_json_can_say_every_score(store: MemoryStore) -> None:
    with store.view() as view:
        incident = view.find(INCIDENTS, Query(limit=1)).items[0]
    endless = Shape(INCIDENTS, "x").source(msgspec.structs.replace(incident, score=float("inf")))
    assert endless["aiops"]["score"] == 1.7e308
    unknown = Shape(INCIDENTS, "x").source(msgspec.structs.replace(incident, score=float("nan")))
    assert "score" not in unknown["aiops"]


def test_a_long_value_is_cut_and_still_told_apart() -> None:
    one, other = keyword("x" * 5_000), keyword("x" * 5_001)
    assert one != other
    assert one.startswith("x" * MOST_SIGNS)
    assert len(one.encode()) < 32_766
    assert keyword("short") == "short"


def test_an_id_is_the_key_where_it_can_be_one() -> None:
    assert id_of("fp-a") == "fp-a"
    assert len({id_of(key) for key in ("", "#", "x" * 600, "x" * 601, "ä" * 300)}) == 5


def test_every_mapping_has_its_own_mark_that_only_its_declaration_changes() -> None:
    assert Shape(ALERTS, "x").mark == Shape(ALERTS, "other-prefix").mark
    declared = [one for one in COLLECTIONS if one.fields and one.vector is None]  # those with vectors are all alike
    assert len({Shape(one, "x").mark for one in declared}) == len(declared)
