"""Does every store keep what ``aiops.ports.Store`` promises? A new one is a line in STORES."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from aiops.domain.acts import Outcome
from aiops.domain.alerts import Alert
from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.documents import (
    ALERTS,
    COLLECTIONS,
    EPISODES,
    INCIDENT_VECTORS,
    OUTCOMES,
    RULES,
    SOURCES,
    TEMPLATES,
    TIMELINE,
)
from aiops.domain.entries import Position
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity, Status
from aiops.domain.incidents import TimelineItem
from aiops.domain.learned import Direction
from aiops.domain.queries import Query, Range
from aiops.domain.records import SourceRecord
from aiops.domain.rules import Rule
from aiops.domain.snapshots import Snapshot
from aiops.domain.vectors import written
from aiops.ports import Store
from aiops.storage.folder import open_store
from aiops.storage.memory import MemoryStore
from tests.builders import T0, a_mute, an_alert, an_episode, at
from tests.elastic.server import a_fresh_store

STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda folder: MemoryStore(),
    "sqlite": open_store,
    "elasticsearch": a_fresh_store,
}
MARKS = {"elasticsearch": [pytest.mark.elasticsearch]}


@pytest.fixture(params=[pytest.param(name, marks=MARKS.get(name, [])) for name in STORES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = STORES[request.param](tmp_path)
    yield store
    store.close()


def changes(offset: int, *documents: tuple[Collection[Any], Any]) -> Changes:
    made = Changes()
    made.position = Position(0, offset)
    for collection, document in documents:
        made.put(collection, document)
    return made


def save(store: Store, *alerts: Alert, offset: int = 1) -> None:
    store.save(changes(offset, *((ALERTS, alert) for alert in alerts)))


def found(store: Store, query: Query) -> list[str]:
    with store.view() as view:
        return [alert.fingerprint for alert in view.find(ALERTS, query).items]


def an_item(number: int, incident: str = "i1") -> TimelineItem:
    return TimelineItem(incident_id=incident, item_id=f"{incident}-{number:06}", at=at(number), kind="joined", text="x")


def a_rule(name: str, expires: datetime | None) -> Rule:
    return a_mute(id=name, expires=expires)


# what was saved


def test_a_new_store_is_empty(store: Store) -> None:
    assert store.position() is None
    assert store.snapshot("1") is None
    with store.view() as view:
        assert view.position() is None
        assert view.get(ALERTS, "a") is None
        assert view.many(ALERTS, ["a", "b"]) == []
        answer = view.find(ALERTS, Query())
        assert (answer.items, answer.total, answer.next) == ([], 0, "")


def test_documents_come_back_equal_with_the_position_they_were_saved_with(store: Store) -> None:
    alert, episode = an_alert("db", labels={"a": "ü", "b": ""}, value=1.5), an_episode("db", ended_at=at(3))
    store.save(changes(7, (ALERTS, alert), (EPISODES, episode)))
    with store.view() as view:
        assert view.position() == store.position() == Position(0, 7)
        assert view.get(ALERTS, alert.fingerprint) == msgspec.structs.replace(alert, revision=7)
        assert view.get(EPISODES, episode.episode_id) == msgspec.structs.replace(episode, revision=7)


def test_every_collection_can_be_asked(store: Store) -> None:
    with store.view() as view:
        for collection in COLLECTIONS:
            answer = view.find(collection, Query(order=tuple(collection.fields), text="x" if collection.text else ""))
            assert answer.total == 0
            assert view.facets(collection, Query(), [*collection.fields, *collection.tags]) is not None


def test_many_keeps_the_order_asked_for_and_leaves_out_what_is_not_there(store: Store) -> None:
    save(store, an_alert("a"), an_alert("b"), an_alert("c"))
    with store.view() as view:
        assert [one.fingerprint for one in view.many(ALERTS, ["fp-c", "fp-x", "fp-a"])] == ["fp-c", "fp-a"]


def test_a_newer_revision_replaces_and_an_older_one_does_not(store: Store) -> None:
    save(store, an_alert("db", count=1), offset=5)
    save(store, an_alert("db", count=2), offset=6)
    save(store, an_alert("db", count=3), offset=4)
    with store.view() as view:
        alert = view.get(ALERTS, "fp-db")
        assert alert is not None
        assert (alert.count, alert.revision) == (2, 6)
        assert view.find(ALERTS, Query(where={"count": (2,)})).total == 1
        assert view.find(ALERTS, Query(where={"count": (1, 3)})).total == 0


def test_the_same_revision_may_be_saved_again(store: Store) -> None:
    for count in (1, 2):
        save(store, an_alert("db", count=count), offset=5)
    with store.view() as view:
        assert [one.count for one in view.find(ALERTS, Query()).items] == [2]


def test_the_position_never_goes_back(store: Store) -> None:
    save(store, an_alert("a"), offset=5)
    save(store, an_alert("b"), offset=3)
    assert store.position() == Position(0, 5)
    assert found(store, Query()) == ["fp-a", "fp-b"]


def test_collections_with_nothing_declared_are_kept_and_listed_by_key(store: Store) -> None:
    outcome = Outcome(command_id="c1", applied=True, text="done")
    store.save(
        changes(1, (SOURCES, SourceRecord(source="b")), (SOURCES, SourceRecord(source="a")), (OUTCOMES, outcome))
    )
    with store.view() as view:
        assert [one.source for one in view.find(SOURCES, Query()).items] == ["a", "b"]
        assert view.get(OUTCOMES, "c1") == msgspec.structs.replace(outcome, revision=1)


# consistent reads and waiting


def test_a_view_does_not_see_what_is_saved_after_it_was_opened(store: Store) -> None:
    save(store, an_alert("a", count=1), offset=1)
    with store.view() as view:
        save(store, an_alert("a", count=2), an_alert("b"), offset=2)
        save(store, an_alert("c"), offset=3)
        assert view.position() == Position(0, 1)
        assert [one.count for one in view.find(ALERTS, Query()).items] == [1]
        assert view.get(ALERTS, "fp-b") is None
    assert found(store, Query()) == ["fp-a", "fp-b", "fp-c"]


def test_a_view_that_ends_in_an_error_leaves_the_store_usable(store: Store) -> None:
    for _ in range(10):
        with pytest.raises(RuntimeError, match="mine"), store.view():
            raise RuntimeError("mine")
    save(store, an_alert("a"))
    assert found(store, Query()) == ["fp-a"]


def test_an_error_of_the_caller_stays_the_callers(store: Store) -> None:
    with pytest.raises(ConnectionResetError), store.view():
        raise ConnectionResetError


def test_waiting_ends_at_the_position_or_when_the_time_is_over(store: Store) -> None:
    assert not store.wait(Position(0, 1), 0.01)
    save(store, an_alert("a"), offset=3)
    assert store.wait(Position(0, 2), 0)
    assert store.wait(Position(0, 3), 0)
    assert not store.wait(Position(0, 4), 0.01)


def test_a_save_wakes_who_waits(store: Store) -> None:
    woken: list[bool] = []
    waiter = threading.Thread(target=lambda: woken.append(store.wait(Position(0, 2), 20)))
    waiter.start()
    save(store, an_alert("a"), offset=1)
    save(store, an_alert("a"), offset=2)
    waiter.join(10)
    assert woken == [True]


# queries


def test_fields_filter_by_any_of_the_values(store: Store) -> None:
    save(store, an_alert("a"), an_alert("b", status=Status.RESOLVED), an_alert("c", severity=Severity.INFO))
    assert found(store, Query(where={"status": (Status.FIRING,)})) == ["fp-a", "fp-c"]
    assert found(store, Query(where={"status": ("firing", "resolved")})) == ["fp-a", "fp-b", "fp-c"]
    assert found(store, Query(where={"status": ("firing",), "severity": ("critical",)})) == ["fp-a"]
    assert found(store, Query(where={"status": ()})) == []
    assert found(store, Query(unless={"status": ("resolved",)})) == ["fp-a", "fp-c"]
    assert found(store, Query(unless={"status": ()})) == ["fp-a", "fp-b", "fp-c"]


def test_values_of_another_type_are_other_values(store: Store) -> None:
    save(store, an_alert("a", count=5))
    assert found(store, Query(where={"count": (5,)})) == ["fp-a"]
    assert found(store, Query(where={"count": (5.0,)})) == ["fp-a"]
    assert found(store, Query(where={"count": ("5",)})) == []
    assert found(store, Query(where={"count": (10**30,)})) == []


def test_truth_and_time_are_values_too(store: Store) -> None:
    save(store, an_alert("a", last_seen=at(1)), an_alert("b", last_seen=at(2)))
    assert found(store, Query(where={"suppressed": (False,)})) == ["fp-a", "fp-b"]
    assert found(store, Query(where={"suppressed": (True,)})) == []
    assert found(store, Query(where={"last_seen": (at(2),)})) == ["fp-b"]


def test_tags_filter_by_any_of_a_documents_values(store: Store) -> None:
    save(store, an_alert("a", labels={"x": "1", "y": "2"}), an_alert("b", labels={"x": "1"}), an_alert("c", labels={}))
    assert found(store, Query(where={"label": ("x=1",)})) == ["fp-a", "fp-b"]
    assert found(store, Query(where={"label": ("y=2", "z=3")})) == ["fp-a"]
    assert found(store, Query(unless={"label": ("y=2",)})) == ["fp-b", "fp-c"]
    assert found(store, Query(where={"label": (None,)})) == []


def test_changed_tags_and_words_are_found_in_place_of_the_old_ones(store: Store) -> None:
    save(store, an_alert("a", labels={"x": "1"}, message="disk full"), offset=1)
    save(store, an_alert("a", labels={"x": "2"}, message="disk empty"), offset=2)
    assert found(store, Query(where={"label": ("x=1",)})) == []
    assert found(store, Query(where={"label": ("x=2",)})) == ["fp-a"]
    assert found(store, Query(text="full")) == []
    assert found(store, Query(text="empty")) == ["fp-a"]


def test_missing_values_can_be_asked_for_and_sort_first(store: Store) -> None:
    rules = [a_rule("late", at(9)), a_rule("never", None), a_rule("soon", at(1))]
    store.save(changes(1, *((RULES, rule) for rule in rules)))
    with store.view() as view:

        def names(query: Query) -> list[str]:
            return [rule.id for rule in view.find(RULES, query).items]

        assert names(Query(order=("expires",))) == ["never", "soon", "late"]
        assert names(Query(order=("-expires",))) == ["late", "soon", "never"]
        assert names(Query(where={"expires": (None, at(1))})) == ["never", "soon"]
        assert names(Query(unless={"expires": (None,)})) == ["late", "soon"]
        assert names(Query(unless={"expires": (at(1),)})) == ["late", "never"]
        assert names(Query(ranges={"expires": Range(below=at(5))})) == ["soon"]


def test_ranges_are_half_open(store: Store) -> None:
    save(store, *(an_alert(name, last_seen=at(second)) for second, name in enumerate("abcd")))
    assert found(store, Query(ranges={"last_seen": Range(at_least=at(1), below=at(3))})) == ["fp-b", "fp-c"]
    assert found(store, Query(ranges={"last_seen": Range(at_least=at(3))})) == ["fp-d"]
    assert found(store, Query(ranges={"last_seen": Range(below=at(1))})) == ["fp-a"]
    assert found(store, Query(ranges={"last_seen": Range()})) == ["fp-a", "fp-b", "fp-c", "fp-d"]


def test_text_finds_by_the_beginnings_of_words_whatever_the_case(store: Store) -> None:
    save(
        store,
        an_alert("billing-db", title="Disk_Full", message="no space on /dev/sda1"),
        an_alert("straße", title="ÜBERLAST", message="latency 12.5s"),
    )
    assert found(store, Query(text="spa disk")) == ["fp-billing-db"]
    assert found(store, Query(text="billing-d")) == ["fp-billing-db"]
    assert found(store, Query(text="ull")) == []
    assert found(store, Query(text="über")) == found(store, Query(text="STRASSE")) == ["fp-straße"]
    assert found(store, Query(text="disk latency")) == []
    assert found(store, Query(text=' "*) OR (NEAR ')) == []
    assert found(store, Query(text=" -- ")) == ["fp-billing-db", "fp-straße"]


def test_order_is_by_several_fields_either_way_and_the_key_breaks_ties(store: Store) -> None:
    save(store, an_alert("d", count=1), an_alert("c", count=2), an_alert("b", count=2), an_alert("a", count=1))
    assert found(store, Query(order=("-count",))) == ["fp-b", "fp-c", "fp-a", "fp-d"]
    assert found(store, Query(order=("count", "-entity"))) == ["fp-d", "fp-a", "fp-c", "fp-b"]


def test_pages_follow_each_other_even_when_documents_are_added_between(store: Store) -> None:
    save(store, *(an_alert(name, count=number // 2) for number, name in enumerate("abcdef")))
    query = Query(order=("-count",), limit=2)
    seen, totals = [], []
    for offset in range(2, 6):
        with store.view() as view:
            page = view.find(ALERTS, query)
        seen += [alert.entity.name for alert in page.items]
        totals.append(page.total)
        if not page.next:
            break
        save(store, an_alert(f"new-{offset}", count=9), offset=offset)
        query = msgspec.structs.replace(query, cursor=page.next)
    assert seen == ["e", "f", "c", "d", "a", "b"]
    assert totals == [6, 7, 8]


def test_the_last_page_has_no_cursor_and_nothing_is_behind_it(store: Store) -> None:
    save(store, an_alert("a"), an_alert("b"))
    with store.view() as view:
        assert view.find(ALERTS, Query(limit=2)).next == ""
        page = view.find(ALERTS, Query(limit=1))
        assert view.find(ALERTS, Query(limit=1, cursor=page.next)).next == ""


def test_a_limit_of_zero_asks_for_the_total_alone(store: Store) -> None:
    save(store, an_alert("a"), an_alert("b"))
    with store.view() as view:
        page = view.find(ALERTS, Query(limit=0))
    assert (page.items, page.total, page.next) == ([], 2, "")


def test_facets_count_what_matches_by_field_and_by_tag(store: Store) -> None:
    save(
        store,
        an_alert("a", labels={"x": "1"}),
        an_alert("b", labels={"x": "1", "y": "2"}, severity=Severity.INFO),
        an_alert("c", labels={"x": "3"}, status=Status.RESOLVED),
    )
    with store.view() as view:
        facets = view.facets(ALERTS, Query(where={"status": ("firing",)}), ["severity", "label", "suppressed"])
        assert facets == {"severity": {"critical": 1, "info": 1}, "label": {"x=1": 2, "y=2": 1}, "suppressed": {"0": 2}}
        assert list(view.facets(ALERTS, Query(), ["status"])["status"]) == ["firing", "resolved"]
        assert view.facets(ALERTS, Query(text="nothing"), ["status"]) == {"status": {}}


def test_a_total_is_exact_up_to_what_was_asked_for_and_says_when_there_are_more(store: Store) -> None:
    save(store, *(an_alert(f"s{number}", message="disk full") for number in range(5)))
    with store.view() as view:
        known = view.find(ALERTS, Query(text="disk", most=5, limit=2))
        more = view.find(ALERTS, Query(text="disk", most=4, limit=2))
        assert (known.total, known.exact) == (5, True)
        assert (more.total, more.exact) == (4, False)
        rest = view.find(ALERTS, Query(text="disk", most=4, limit=9, cursor=more.next))
        assert len({*(one.fingerprint for one in more.items), *(one.fingerprint for one in rest.items)}) == 5


def test_what_is_counted_at_write_is_exact_however_many_there_are(store: Store) -> None:
    firing = [an_alert(f"s{number}", owner="noc") for number in range(5)]
    save(store, *firing, an_alert("over", owner="noc", status=Status.RESOLVED))
    one, two = {"status": ("firing",)}, {"status": ("firing",), "owner": ("noc", "dba")}
    with store.view() as view:
        totals = [view.find(ALERTS, Query(where=where, most=1)) for where in ({}, one, two)]
        assert [(found.total, found.exact) for found in totals] == [(6, True), (5, True), (5, True)]
        unlike = view.find(ALERTS, Query(unless={"status": ("resolved",)}, most=1))
        assert (unlike.total, unlike.exact) == (1, False)
    changed = changes(9, *((ALERTS, alert) for alert in (an_alert("s0", owner="dba", status=Status.RESOLVED),)))
    store.save(changed)
    with store.view() as view:
        assert view.find(ALERTS, Query(where=two, most=0)).total == 4
        assert view.facets(ALERTS, Query(where=one), ("owner",)) == {"owner": {"noc": 4}}
        assert view.facets(ALERTS, Query(where={"owner": ("dba",)}), ("status",)) == {"status": {"resolved": 1}}


def test_facets_name_at_most_a_hundred_values_the_most_frequent_first(store: Store) -> None:
    items = [an_item(number, f"i{number % 120:03}") for number in range(130)]
    store.save(changes(1, *((TIMELINE, item) for item in items)))
    with store.view() as view:
        counts = view.facets(TIMELINE, Query(), ["incident"])["incident"]
    assert len(counts) == 100
    assert list(counts.values()) == [2] * 10 + [1] * 90


@pytest.mark.parametrize(
    ("query", "place"),
    [
        (Query(where={"colour": ("red",)}), "where.colour"),
        (Query(unless={"colour": ("red",)}), "unless.colour"),
        (Query(ranges={"label": Range()}), "ranges.label"),
        (Query(order=("label",)), "order"),
        (Query(order=("-colour",)), "order"),
        (Query(limit=1_001), "limit"),
        (Query(limit=-1), "limit"),
        (Query(where={"count": tuple(range(10_001))}), "where.count"),
        (Query(cursor="!"), "cursor"),
        (Query(cursor="garbage"), "cursor"),
        (Query(cursor="ü"), "cursor"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(store: Store, query: Query, place: str) -> None:
    with store.view() as view, pytest.raises(BadInput) as refusal:
        view.find(ALERTS, query)
    assert refusal.value.place == place
    assert refusal.value.fix


def test_a_cursor_belongs_to_its_collection_and_order(store: Store) -> None:
    save(store, an_alert("a"), an_alert("b"))
    with store.view() as view:
        cursor = view.find(ALERTS, Query(order=("count",), limit=1)).next
        with pytest.raises(BadInput, match="another question"):
            view.find(ALERTS, Query(order=("-count",), cursor=cursor))
        with pytest.raises(BadInput, match="another question"):
            view.find(ALERTS, Query(cursor=cursor))
        with pytest.raises(BadInput, match="another question"):
            view.find(TEMPLATES, Query(order=("count",), cursor=cursor))


def test_text_and_facets_are_refused_where_nothing_is_declared(store: Store) -> None:
    with store.view() as view:
        with pytest.raises(BadInput, match="episodes have no text"):
            view.find(EPISODES, Query(text="x"))
        with pytest.raises(BadInput, match="facets"):
            view.facets(ALERTS, Query(), ["colour"])


# vectors


def a_direction(key: str, *values: float, model: str = "m") -> Direction:
    return Direction(key=key, vector=written(np.array(values, dtype=np.float32)), model=model)


def point(store: Store, *directions: Direction, offset: int = 1) -> None:
    store.save(changes(offset, *((INCIDENT_VECTORS, one) for one in directions)))


def near(store: Store, *values: float, query: Query | None = None) -> list[tuple[str, float]]:
    with store.view() as view:
        found = view.nearest(INCIDENT_VECTORS, query or Query(), a_direction("", *values).vector)
    return [(one.document.key, one.similarity) for one in found]


def test_the_nearest_come_first_with_their_cosine_and_equals_by_key(store: Store) -> None:
    point(store, a_direction("same", 5, 0), a_direction("b", 1, 1), a_direction("a", 1, 1), a_direction("off", 0, 1))
    assert near(store, 2, 0) == [("same", 1.0), ("a", 0.7071), ("b", 0.7071)]
    assert near(store, 2, 0, query=Query(limit=1)) == [("same", 1.0)]
    assert near(store, 2, 0, query=Query(limit=0)) == []


def test_what_is_nearest_is_chosen_among_what_matches(store: Store) -> None:
    point(store, a_direction("a", 1, 0), a_direction("b", 1, 0.1, model="other"), a_direction("wide", 1, 0, 0))
    assert near(store, 1, 0, query=Query(where={"model": ("other",)})) == [("b", 0.995)]
    assert near(store, 1, 0, query=Query(unless={"model": ("other",)})) == [("a", 1.0)]
    assert near(store, 1, 0, query=Query(where={"model": ("none",)})) == []


def test_a_vector_that_was_replaced_or_taken_away_is_found_no_more(store: Store) -> None:
    point(store, a_direction("a", 1, 0), a_direction("b", 1, 0), offset=1)
    point(store, a_direction("a", 0, 1), a_direction("b", 0, 0), offset=2)
    assert near(store, 1, 0) == []
    assert near(store, 0, 1) == [("a", 1.0)]
    assert near(store, 0, 0) == []


def test_a_random_crowd_has_the_same_neighbours_in_every_store(store: Store) -> None:
    chance = np.random.default_rng(7)
    rows = chance.normal(size=(150, 384)).astype(np.float32)
    point(store, *(a_direction(f"i{number:03}", *row) for number, row in enumerate(rows)))
    found = near(store, *rows[3], query=Query(limit=10))
    exact = rows @ rows[3] / np.linalg.norm(rows, axis=1) / np.linalg.norm(rows[3])
    assert [key for key, _ in found] == [f"i{number:03}" for number in np.argsort(-exact)[:10]]
    assert [similarity for _, similarity in found] == pytest.approx(sorted(exact, reverse=True)[:10], abs=1e-3)


def test_where_there_is_no_vector_or_another_order_is_wanted_nothing_is_nearest(store: Store) -> None:
    vector = a_direction("", 1, 0).vector
    with store.view() as view:
        with pytest.raises(BadInput, match="alerts have no vector"):
            view.nearest(ALERTS, Query(), vector)
        for query in (Query(order=("model",)), Query(limit=101)):
            with pytest.raises(BadInput):
                view.nearest(INCIDENT_VECTORS, query, vector)


# snapshots


def a_snapshot(offset: int, version: str = "1", hours: float = 0) -> Snapshot:
    parts, taken_at = {"p": b"\x00" * 10 + b"%d" % offset}, T0 + timedelta(hours=hours)
    return Snapshot(version=version, position=Position(0, offset), taken_at=taken_at, parts=parts)


def test_the_newest_snapshot_of_a_version_comes_back(store: Store) -> None:
    save(store, an_alert("a"), offset=100)
    for snapshot in (a_snapshot(9), a_snapshot(10), a_snapshot(99, version="2"), a_snapshot(11)):
        store.keep(snapshot)
    assert store.snapshot("1") == a_snapshot(11)
    assert store.snapshot("2") == a_snapshot(99, version="2")
    assert store.snapshot("3") is None


def test_a_snapshot_may_be_kept_twice(store: Store) -> None:
    save(store, an_alert("a"), offset=5)
    store.keep(a_snapshot(5))
    store.keep(a_snapshot(5))
    assert store.snapshot("1") == a_snapshot(5)


def test_snapshots_stay_that_a_history_needs_and_are_found_by_where_a_replay_begins(store: Store) -> None:
    save(store, an_alert("a"), offset=100)
    for number in range(1, 30):
        stay = store.keep(a_snapshot(number, hours=number), history=timedelta(hours=14))
    assert stay == [Position(0, offset) for offset in (29, 28, 27, 25, 23, 21, 19, 17, 15)]
    assert (store.snapshots("1"), store.snapshots("2")) == (stay, [])
    assert store.snapshot("1", Position(0, 22)) == a_snapshot(21, hours=21)
    assert store.snapshot("1", Position(0, 14)) is None
    assert store.keep(a_snapshot(30, hours=30)) == [Position(0, 30), Position(0, 29)]
    assert store.snapshot("1", Position(0, 28)) is None


def test_distinct_values_are_listed_by_how_they_begin(store: Store) -> None:
    odd = {"env": "prod", "a.b": "1", "quote": 'say "x" (*) \\ [y]', "e": "f"}
    alerts = [an_alert(f"s{n}", fingerprint=f"f{n}", labels={**odd, "n": str(n % 3)}) for n in range(9)]
    save(store, *alerts)
    with store.view() as view:
        assert list(view.values(ALERTS, "label", "n=")) == ["n=0", "n=1", "n=2"]
        assert list(view.values(ALERTS, "label", "env=")) == ["env=prod"]
        assert list(view.values(ALERTS, "label", "a.b=")) == ["a.b=1"]
        assert list(view.values(ALERTS, "label", 'quote=say "x" (*) \\ [')) == ['quote=say "x" (*) \\ [y]']
        assert list(view.values(ALERTS, "label", "nothing=")) == []
        assert list(view.values(ALERTS, "entity")) == sorted(f"s{n}" for n in range(9))
        assert list(view.values(ALERTS, "severity")) == [str(alerts[0].severity)]
        with pytest.raises(BadInput, match="no field or tag"):
            view.values(ALERTS, "nothing")


def test_more_values_than_a_condition_can_have_are_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("plan", "sqlite_query", "elastic_query"):
        monkeypatch.setattr(f"aiops.storage.{module}.MOST_VALUES", 4)
    save(store, *(an_alert(f"s{n}", fingerprint=f"f{n}") for n in range(5)))
    with store.view() as view, pytest.raises(BadInput, match="more than 4 values"):
        view.values(ALERTS, "entity")


def test_conditions_on_one_name_can_all_be_asked_for(store: Store) -> None:
    for number, labels in enumerate(({"env": "prod", "team": "a"}, {"env": "prod"}, {"team": "a"})):
        save(store, an_alert("db", fingerprint=f"f{number}", labels=labels), offset=number + 1)
    both = Query(every=(("label", ("env=prod", "env=test")), ("label", ("team=a",))))
    assert found(store, both) == ["f0"]
