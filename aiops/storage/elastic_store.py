"""Where does a large installation keep its documents? In Elasticsearch, with a small SQLite database beside it.

Beside it lies what must change in one transaction or be exact at once: position, outbox, outcomes of commands, lines of
the ledger, snapshots, and documents that Elasticsearch would not take. ``save`` writes to Elasticsearch until every
document is stored or parked, then commits beside it: after a crash between the two all is folded again, and changes
nothing, for each document carries its revision. A view's position is the one committed beside. Searches lag behind it
by at most ``refresh``; reads by key do not, but for those of streams (events, deliveries, timeline, rollups).
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from aiops.domain.base import Noun
from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.documents import COLLECTIONS, ENGINE, LESSONS, OUTCOMES, PAGES, SOURCES
from aiops.domain.entries import Position
from aiops.domain.errors import Unavailable
from aiops.domain.queries import Facets, Found, Near, Query
from aiops.domain.snapshots import Snapshot
from aiops.ports import View
from aiops.storage import elastic_query
from aiops.storage.durable import make_folder, on_disk, write_file
from aiops.storage.elastic_admin import Admin, item
from aiops.storage.elastic_bulk import Item, Poison, write
from aiops.storage.elastic_client import Address, Cluster, Refused
from aiops.storage.elastic_mapping import Shape, id_of
from aiops.storage.elastic_point import Points
from aiops.storage.sqlite_store import SqliteStore

T = TypeVar("T")
Shapes = Mapping[str, Shape[Any]]
_PAGE = 1_000  # keys asked for at once


class Parked(Noun, frozen=True, kw_only=True):
    """A document that Elasticsearch will never take as it is: kept here, whole, for a person to look at."""

    collection: str
    key: str
    problem: str
    document: bytes  # the JSON that was refused
    open: bool = True  # False: a later version was taken
    revision: int = 0


PARKED = Collection(
    "parked",
    Parked,
    key=lambda parked: f"{parked.collection} {parked.key}",
    fields={"open": lambda parked: parked.open},
)
BESIDE: tuple[Collection[Any], ...] = (PAGES, OUTCOMES, SOURCES, ENGINE, LESSONS, PARKED)
_BESIDE_NAMES = {collection.name for collection in BESIDE}


class ElasticOptions(Noun, frozen=True, kw_only=True):
    """How the indices are named and kept."""

    prefix: str = "aiops"
    refresh: timedelta = timedelta(seconds=1)  # how far searches lag; 0: every save waits until it can be found
    retention: timedelta | None = None  # streams older than this go, whole partitions at a time; None: never


class ElasticStore:
    """A Store in an Elasticsearch cluster. ``folder`` holds what lies beside it, and the writer's lock.

    Nothing is asked of the cluster until something is saved or looked for, so a store opens while it is away.
    """

    def __init__(
        self,
        address: Address,
        folder: Path,
        options: ElasticOptions | None = None,
        *,
        readonly: bool = False,
        collections: Sequence[Collection[Any]] = COLLECTIONS,
    ) -> None:
        self._options, self._folder = options or ElasticOptions(), folder
        self._cluster = Cluster(address)
        kept = [collection for collection in collections if collection.name not in _BESIDE_NAMES]
        self._shapes: Shapes = {one.name: Shape(one, self._options.prefix) for one in kept}
        self._beside = SqliteStore(folder, readonly=readonly, collections=BESIDE)
        self._admin = Admin(self._cluster, self._shapes.values(), self._options.prefix, self._options.refresh)
        self._is_prepared = False
        self._parked: set[tuple[str, str]] = set()

    def save(self, changes: Changes) -> None:
        """Write all to Elasticsearch, then commit position and the rest beside it. Unavailable: do it again."""
        self._prepare()
        beside = Changes()
        beside.position = changes.position
        items = []
        for collection, documents in changes:
            if collection.name in _BESIDE_NAMES:
                for document in documents:
                    beside.carry(collection, document)
            else:
                items += self._items(self._shapes[collection.name], documents)
        self._park(items, write(self._cluster, items, refresh=not self._options.refresh), beside)
        self._beside.save(beside)

    def position(self) -> Position | None:
        """Return the committed position."""
        return self._beside.position()

    def wait(self, until: Position, timeout: float) -> bool:
        """Wait until ``until`` is committed, by whichever process."""
        return self._beside.wait(until, timeout)

    def keep(self, snapshot: Snapshot, history: timedelta = timedelta(0)) -> list[Position]:
        """Keep a snapshot; as of its time, drop the streams that are past their retention."""
        stay = self._beside.keep(snapshot, history)
        if self._options.retention is not None:
            self._prepare()
            self._admin.drop_before(snapshot.taken_at - self._options.retention)
        return stay

    def snapshot(self, version: str, until: Position | None = None) -> Snapshot | None:
        """Return the newest readable one."""
        return self._beside.snapshot(version, until)

    def snapshots(self, version: str) -> list[Position]:
        """Return where those beside it stand."""
        return self._beside.snapshots(version)

    @contextmanager
    def view(self) -> Iterator["ElasticView"]:
        """Open one consistent read: one point in time of Elasticsearch, one transaction beside it."""
        with self._beside.view() as beside:
            points = Points(self._cluster, self._shapes)
            try:
                yield ElasticView(self._cluster, self._shapes, beside, points, exact=not self._options.refresh)
            finally:
                points.close()

    def refresh(self) -> None:
        """Have all that was saved found by searches from now on."""
        aliases = ",".join(shape.alias for shape in self._shapes.values())
        self._cluster.ask("POST", f"/{aliases}/_refresh", params={"ignore_unavailable": "true"})

    def close(self) -> None:
        """Hang up and let go of the lock."""
        self._beside.close()
        self._cluster.close()

    def _prepare(self) -> None:
        """Have templates, indices and aliases as declared; once, by the writer."""
        if not self._is_prepared:
            poisons = self._admin.prepare(self._installation())
            with self._beside.view() as view:
                open_ones = view.find(PARKED, Query(where={"open": (True,)}, limit=_PAGE)).items
            self._parked = {(one.collection, one.key) for one in open_ones}
            if poisons:
                beside = Changes()
                beside.position = self._beside.position()
                self._park([], poisons, beside)
                self._beside.save(beside)
            self._is_prepared = True

    def _installation(self) -> str:
        """Return the name of this data folder, made once."""
        path = self._folder / "installation"
        with on_disk(path):
            if not path.exists():
                make_folder(self._folder)
                write_file(path, secrets.token_hex(8).encode())
            return path.read_text("ascii")

    def _items(self, shape: Shape[Any], documents: Sequence[Any]) -> list[Item]:
        items = [item(shape, document) for document in documents]
        for index in dict.fromkeys(one.index for one in items):
            self._admin.ensure(shape, index)
        return items

    def _park(self, items: Sequence[Item], poisons: Sequence[Poison], beside: Changes) -> None:
        refused = {(poison.item.collection, poison.item.key) for poison in poisons}
        for place in self._parked & {(one.collection, one.key) for one in items} - refused:
            beside.put(PARKED, Parked(collection=place[0], key=place[1], problem="", document=b"", open=False))
            self._parked.discard(place)
        for poison in poisons:
            it = poison.item
            parked = Parked(collection=it.collection, key=it.key, problem=poison.problem, document=it.source)
            beside.put(PARKED, parked)
        self._parked |= refused


class ElasticView:
    """A View of an ElasticStore. ``exact``: searches do not lag, so what they do not find was not there."""

    def __init__(self, cluster: Cluster, shapes: Shapes, beside: View, points: Points, *, exact: bool) -> None:
        self._cluster, self._shapes, self._beside, self._points = cluster, shapes, beside, points
        self._exact = exact
        position = beside.position()
        self._revision = position.offset if position else 0

    def position(self) -> Position | None:
        """Return the position of this state."""
        return self._beside.position()

    def get(self, collection: Collection[T], key: str) -> T | None:
        """Return one document."""
        found = self.many(collection, (key,))
        return found[0] if found else None

    def many(self, collection: Collection[T], keys: Sequence[str]) -> list[T]:
        """Return those that exist, in the order of ``keys``; one that has changed since as it was, if still found."""
        shape = self._shapes.get(collection.name)
        if shape is None:
            return self._beside.many(collection, keys)
        found = {} if shape.period else self._now(shape, keys)
        newer = [key for key in keys if shape.period or (key in found and _revision(found[key]) > self._revision)]
        before = self._then(shape, newer)
        for key in newer:
            if key in before:
                found[key] = before[key]
            elif self._exact:
                found.pop(key, None)
        return [found[key] for key in keys if key in found]

    def find(self, collection: Collection[T], query: Query) -> Found[T]:
        """Return one page."""
        shape = self._shapes.get(collection.name)
        if shape is None:
            return self._beside.find(collection, query)
        asked, body = elastic_query.page(shape, query)
        return elastic_query.found(shape, query, asked, self._points.search(shape, body))

    def values(self, collection: Collection[T], name: str, beginning: str = "") -> Sequence[str]:
        """List the distinct ones."""
        shape = self._shapes.get(collection.name)
        if shape is None:
            return self._beside.values(collection, name, beginning)
        body = elastic_query.listing(shape, name, beginning)
        return elastic_query.listed(shape, name, self._points.search(shape, body))

    def facets(self, collection: Collection[T], query: Query, names: Sequence[str]) -> Facets:
        """Count by values."""
        shape = self._shapes.get(collection.name)
        if shape is None:
            return self._beside.facets(collection, query, names)
        body = elastic_query.counting(shape, query, names)
        return elastic_query.counted(names, self._points.search(shape, body))

    def nearest(self, collection: Collection[T], query: Query, vector: bytes) -> list[Near[T]]:
        """Return the most alike, as Elasticsearch's index of vectors finds them."""
        shape = self._shapes.get(collection.name)
        if shape is None:
            return self._beside.nearest(collection, query, vector)
        asked, body = elastic_query.nearing(shape, query, vector)
        if not vector or not asked.limit:
            return []
        return elastic_query.neared(shape, asked, vector, self._points.search(shape, body))

    def _now(self, shape: Shape[T], keys: Sequence[str]) -> dict[str, T]:
        """Return documents as they are at this moment, by key."""
        found: dict[str, T] = {}
        for first in range(0, len(keys), _PAGE):
            ids = [id_of(key) for key in keys[first : first + _PAGE]]
            try:
                answer = self._cluster.ask("POST", f"/{shape.alias}/_mget", {"ids": ids}, {"_source_includes": "doc"})
            except Refused as refused:
                if refused.status == 404:  # no index yet
                    return {}
                raise
            for one in answer["docs"]:
                if "error" in one and one["error"].get("type") != "index_not_found_exception":
                    raise Unavailable(f"Elasticsearch at {self._cluster.name}: {one['error'].get('reason', '')}")
                if one.get("found"):
                    document = shape.decode(one["_source"])
                    found[shape.collection.key(document)] = document
        return found

    def _then(self, shape: Shape[T], keys: Sequence[str]) -> dict[str, T]:
        """Return documents as this view sees them, by key."""
        found: dict[str, T] = {}
        for first in range(0, len(keys), _PAGE):
            ids = [id_of(key) for key in keys[first : first + _PAGE]]
            filters = [{"ids": {"values": ids}}, {"wildcard": {"_index": f"{shape.alias}-*"}}]
            body = {"size": len(ids), "query": {"bool": {"filter": filters}}, "_source": ["doc"]}
            for hit in self._points.search(shape, body)["hits"]["hits"]:
                document = shape.decode(hit["_source"])
                found[shape.collection.key(document)] = document
        return found


def _revision(document: Any) -> int:
    return int(document.revision)
