"""How does a document look in Elasticsearch, and how are its fields mapped? All of it follows from the declaration.

``doc`` is the document itself (msgpack, not indexed): all the rest can be made anew from it. What a query compares lies
under ``aiops.*`` or, where the Elastic Common Schema has a name for it, there. A time is written twice: in microseconds
as a number, which queries and sorts compare exactly, and as a date under its common name, for charts.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec

from aiops.domain.base import stable_hash
from aiops.domain.collection import Collection
from aiops.domain.documents import ALERTS, DELIVERIES, EVENTS, TIMELINE
from aiops.domain.vectors import DIMENSIONS, read
from aiops.storage.values import Stored, moment, stored, words

T = TypeVar("T")
Json = dict[str, Any]
Kind = Literal["keyword", "long", "double"]

SCHEMA = 1  # raised when documents are to be written anew though no declaration changed
MOST_SIGNS = 1_000  # of a keyword; a longer one is cut and told apart by its hash (Lucene takes 32,766 bytes)
VECTOR = "vector"  # the field of a collection that declares one
MOST_ID_BYTES = 400  # Elasticsearch takes 512

_NUMBERS = {
    *("rank", "count", "revision", "number", "alerts", "hits", "templates", "version", "firing", "seen", "rejected"),
    *("suppressed", "open", "active", "background", "muted", "retired", "known", "waiting", "sick", "ended"),
    *("confirmed", "together"),
}
_DATES = {
    "first_seen": "event.start",
    "started_at": "event.start",
    "opened_at": "event.start",
    "starts_at": "event.start",
    "last_seen": "event.end",
    "last_activity": "event.end",
    "ends_at": "event.end",
    "received_at": "event.ingested",
    "made_at": "event.created",
    "created_at": "event.created",
    "at": "event.created",
    "bin": "event.start",
    "expires": "event.end",
    "last_hit": "event.created",
    "opens": "event.start",
    "valid_from": "event.start",
    "closes": "event.end",
}
_COMMON = {"entity": "service.name", "source": "event.provider", "rank": "event.severity"}
_MAIN = ("received_at", "at", "bin", "last_activity", "last_seen", "started_at", "created_at", "starts_at")
_EVENT_KINDS: Mapping[str, str] = {ALERTS.name: "alert", EVENTS.name: "event", TIMELINE.name: "event"}
_LABELS: Mapping[str, Callable[[Any], Mapping[str, str]]] = {
    ALERTS.name: lambda alert: alert.labels,
    EVENTS.name: lambda record: record.event.labels,
}
_BY_DAY = {EVENTS.name, DELIVERIES.name}  # of the dated collections, which have an index per period; else by month
_PERIODS = {"day": "%Y.%m.%d", "month": "%Y.%m"}

_encoder = msgspec.msgpack.Encoder()


class Shape(Generic[T]):
    """One collection as Elasticsearch sees it. ``prefix`` keeps several installations apart on one cluster."""

    def __init__(self, collection: Collection[T], prefix: str) -> None:
        self.collection, self.name = collection, collection.name
        self.alias = f"{prefix}-{collection.name}"
        self.period = ("day" if self.name in _BY_DAY else "month") if collection.dated else ""  # empty: one index
        self.kinds: dict[str, Kind] = {name: _kind(name) for name in collection.fields}
        self.paths = {name: _COMMON.get(name, f"aiops.{name}") for name in collection.fields}
        self.paths |= {name: f"tags.{name}" for name in collection.tags}
        self.mapping = _mapping(self)
        self.mark = stable_hash(str(SCHEMA), msgspec.json.encode(self.mapping, order="deterministic").decode())[:8]
        self._decoder = msgspec.msgpack.Decoder(collection.type)
        self._main = next((name for name in _MAIN if name in collection.fields), "")

    def index(self, document: T) -> str:
        """Return the index that ``document`` belongs into: the same one whatever its revision."""
        if not self.period:
            return f"{self.alias}-{self.mark}"
        when = self.collection.fields[self.collection.dated](document)
        assert isinstance(when, datetime)
        return f"{self.alias}-{self.mark}-{when.astimezone(UTC).strftime(_PERIODS[self.period])}"

    def ends(self, index: str) -> datetime | None:
        """Return when the period of a partition ends; None for an index that is none of ours."""
        try:
            start = datetime.strptime(index.rpartition("-")[2], _PERIODS[self.period]).replace(tzinfo=UTC)
        except ValueError:
            return None
        if self.period == "day":
            return datetime.fromtimestamp(start.timestamp() + 86_400, UTC)
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)

    def source(self, document: T) -> Json:
        """Return what is written of ``document``."""
        source: Json = {"key": keyword(self.collection.key(document)), "doc": _encoder.encode(document)}
        _place(source, "event.kind", _EVENT_KINDS.get(self.name, "state"))
        for name, field in self.collection.fields.items():
            value = stored(field(document))
            if value is not None:
                _place(source, self.paths[name], keyword(value) if isinstance(value, str) else _finite(value))
                if name in _DATES and isinstance(value, int):
                    _place(source, _DATES[name], _milliseconds(value))
        if self._main and isinstance(main := self.collection.fields[self._main](document), datetime):
            source["@timestamp"] = _milliseconds(int(stored(main) or 0))
        for name, read_all in self.collection.tags.items():
            _place(source, self.paths[name], [keyword(value) for value in dict.fromkeys(read_all(document))])
        if self.name in _LABELS:
            labels = _LABELS[self.name](document)
            source["labels"] = {key.replace("\0", " ") or " ": value for key, value in labels.items() if len(key) < 200}
        if self.collection.text is not None:
            text = self.collection.text(document)
            source["words"], source["message"] = sorted(set(words(text))), text[:MOST_SIGNS]
        if self.collection.vector is not None and (vector := self.collection.vector(document)):
            source[VECTOR] = padded(vector)
        return source

    def decode(self, source: Json) -> T:
        """Return the document that was written."""
        return self._decoder.decode(msgspec.convert(source["doc"], bytes))


def keyword(value: str) -> str:
    """Return ``value`` as a keyword field takes it."""
    return value if len(value) <= MOST_SIGNS else f"{value[:MOST_SIGNS]}…{stable_hash(value)}"


def id_of(key: str) -> str:
    """Return the deterministic ``_id`` of a key: itself, where Elasticsearch can take it."""
    raw = key.encode("utf-8", "surrogatepass")
    return key if 0 < len(raw) <= MOST_ID_BYTES and not key.startswith("#") else f"#{stable_hash(key, key[::-1])}"


def padded(vector: bytes) -> list[float]:
    """Return a vector at the one width that a mapping has: zeros behind it change no cosine."""
    found: list[float] = read(vector).tolist()
    return found + [0.0] * (DIMENSIONS - len(found))


def _kind(name: str) -> Kind:
    if name in ("score", "weight"):
        return "double"
    return "long" if name in _NUMBERS or name in _DATES else "keyword"


def _mapping(shape: Shape[Any]) -> Json:
    properties: Json = {
        "@timestamp": {"type": "date", "format": "epoch_millis"},
        "key": {"type": "keyword"},
        "doc": {"type": "binary"},
    }
    _declare(properties, "event.kind", {"type": "keyword"})
    for name in shape.collection.fields:
        _declare(properties, shape.paths[name], {"type": shape.kinds[name]})
        if name in _DATES:
            _declare(properties, _DATES[name], {"type": "date", "format": "epoch_millis"})
    for name in shape.collection.tags:
        _declare(properties, shape.paths[name], {"type": "keyword"})
    if shape.name in _LABELS:
        properties["labels"] = {"type": "flattened", "ignore_above": MOST_SIGNS}
    if shape.collection.text is not None:
        properties["words"] = {"type": "keyword", "doc_values": False}
        properties["message"] = {"type": "text", "norms": False}
    if shape.collection.vector is not None:
        index = {"type": "int8_hnsw"}  # a quarter of the memory; what it names is compared exactly (elastic_query)
        similar = {"index": True, "similarity": "cosine", "index_options": index}
        properties[VECTOR] = {"type": "dense_vector", "dims": DIMENSIONS, **similar}
    return {"dynamic": "strict", "properties": properties}


def _declare(properties: Json, path: str, mapping: Json) -> None:
    first, _, rest = path.partition(".")
    if rest:
        _declare(properties.setdefault(first, {"properties": {}})["properties"], rest, mapping)
    else:
        properties[first] = mapping


def _place(source: Json, path: str, value: object) -> None:
    first, _, rest = path.partition(".")
    if rest:
        _place(source.setdefault(first, {}), rest, value)
    else:
        source[first] = value


def _milliseconds(microseconds: int) -> int:
    return int(moment(microseconds).timestamp() * 1_000)


def _finite(value: Stored) -> Stored:
    """JSON has no infinity: the largest number stands for it."""
    return max(-1.7e308, min(1.7e308, value)) if isinstance(value, float) else value
