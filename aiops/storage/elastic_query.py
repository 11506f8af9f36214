"""How is a plan said to Elasticsearch? With filters, sorts and aggregations that every distribution has."""

import math
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from aiops.domain.errors import BadInput
from aiops.domain.queries import Facets, Found, Near, Query
from aiops.storage.elastic_mapping import VECTOR, Json, Kind, Shape, keyword, padded
from aiops.storage.nearest import ranked
from aiops.storage.plan import (
    MOST_FACETS,
    MOST_NEAR,
    MOST_VALUES,
    Between,
    Choice,
    Cursor,
    Plan,
    Sort,
    check_facets,
    check_values,
    is_counted,
    plan,
    plan_nearest,
    total_of,
)
from aiops.storage.values import Stored, stored

T = TypeVar("T")

_SIGN = re.compile(r"[^A-Za-z0-9_ ]")  # may mean something in Lucene's regular expressions
NOTHING: Json = {"match_none": {}}
EXACT_FACETS = 5_000  # values of a facet that each partition reports, so that the sum of the first 100 is right
CANDIDATES = 2 * MOST_NEAR  # that the index of vectors (eight bits a dimension) names
_LEAST = -(2**63)  # what stands for a missing number: it sorts first
_MOST = 2**63 - 1


def page(shape: Shape[Any], query: Query) -> tuple[Plan, Json]:
    """Return the plan of ``query`` and the search that answers it. BadInput as ``plan`` says."""
    asked = plan(shape.collection, query)
    body: Json = {
        "size": asked.limit + 1 if asked.limit else 0,  # one more: is there a next page?
        "query": _matching(shape, asked),
        "track_total_hits": True if is_counted(shape.collection, asked) else max(1, asked.most + 1),
        "_source": ["doc"],
        "sort": [*(_sort(shape, sort) for sort in asked.sorts), {"key": "asc"}],
    }
    if asked.after is not None:
        body["search_after"] = _behind(shape, asked, asked.after)
    return asked, body


def found(shape: Shape[T], query: Query, asked: Plan, answer: Json) -> Found[T]:
    """Return what Elasticsearch found."""
    documents = [shape.decode(hit["_source"]) for hit in answer["hits"]["hits"]]
    more = asked.limit > 0 and len(documents) > asked.limit
    documents = documents[: asked.limit]
    cursor = _cursor(shape, query, asked, documents[-1]) if more else ""
    total, exact = total_of(shape.collection, asked, answer["hits"]["total"]["value"])
    return Found(documents, total=total, exact=exact, next_cursor=cursor)


def counting(shape: Shape[Any], query: Query, names: Sequence[str]) -> Json:
    """Return the search that counts what ``query`` matches by the values of ``names``."""
    check_facets(shape.collection, names)
    return {
        "size": 0,
        "query": _matching(shape, plan(shape.collection, query)),
        "track_total_hits": False,
        "aggs": {str(number): {"terms": _facet(shape.paths[name])} for number, name in enumerate(names)},
    }


def counted(names: Sequence[str], answer: Json) -> Facets:
    """Return the counts, the most frequent first."""
    aggregations = answer.get("aggregations", {})
    return Facets({name: _counts(aggregations.get(str(number), {})) for number, name in enumerate(names)})


def listing(shape: Shape[Any], name: str, beginning: str) -> Json:
    """Return the search that lists the distinct values of a field or tag that begin with ``beginning``."""
    check_values(shape.collection, name, 0)
    if shape.kinds.get(name, "keyword") != "keyword":  # no texts, and no pattern to ask for them by
        return {"size": 0, "query": NOTHING}
    terms: Json = {"field": shape.paths[name], "size": MOST_VALUES + 1, "order": {"_key": "asc"}}
    if beginning:
        terms["include"] = _SIGN.sub(r"\\\g<0>", beginning) + ".*"
    filters = [{"wildcard": {"_index": f"{shape.alias}-*"}}]
    return {
        "size": 0,
        "query": {"bool": {"filter": filters}},
        "track_total_hits": False,
        "aggs": {"values": {"terms": terms}},
    }


def listed(shape: Shape[Any], name: str, answer: Json) -> list[str]:
    """Return the values, sorted by code point."""
    found = [one["key"] for one in answer.get("aggregations", {}).get("values", {}).get("buckets", ())]
    check_values(shape.collection, name, len(found))
    return sorted(value for value in found if isinstance(value, str))


def nearing(shape: Shape[Any], query: Query, vector: bytes) -> tuple[Plan, Json]:
    """Return the plan of ``query`` and the search for candidates: more than are wanted, as their index is coarse."""
    asked = plan_nearest(shape.collection, query)
    near = {
        "field": VECTOR,
        "query_vector": padded(vector),
        "k": CANDIDATES,
        "num_candidates": CANDIDATES,
        "filter": _matching(shape, asked),
    }
    return asked, {"size": CANDIDATES, "knn": near, "_source": ["doc"], "track_total_hits": False}


def neared(shape: Shape[T], asked: Plan, vector: bytes, answer: Json) -> list[Near[T]]:
    """Return the most alike of the candidates, by their own vectors."""
    documents = [shape.decode(hit["_source"]) for hit in answer["hits"]["hits"]]
    return ranked(shape.collection, documents, vector, asked.limit)


def _counts(terms: Json) -> dict[str, int]:
    return {str(bucket["key"]): int(bucket["doc_count"]) for bucket in terms.get("buckets", ())}


def _facet(path: str) -> Json:
    return {
        "field": path,
        "size": MOST_FACETS,
        "shard_size": EXACT_FACETS,
        "order": [{"_count": "desc"}, {"_key": "asc"}],
    }


def _matching(shape: Shape[Any], asked: Plan) -> Json:
    filters = [
        {"wildcard": {"_index": f"{shape.alias}-*"}},  # a point in time holds other collections too
        *(_chosen(shape, choice) for choice in asked.choices),
        *(_between(shape, between) for between in asked.ranges),
        *({"prefix": {"words": word}} for word in asked.words),
    ]
    return {"bool": {"filter": filters}}


def _chosen(shape: Shape[Any], choice: Choice) -> Json:
    """A missing value is a value here: one can ask for it and against it."""
    path = shape.paths[choice.name]
    kind = "keyword" if choice.is_tag else shape.kinds[choice.name]
    listed: Json = {"terms": {path: [value for one in choice.values for value in _equal(kind, one)]}}
    if None in choice.values and not choice.is_tag:
        missing = {"bool": {"must_not": {"exists": {"field": path}}}}
        listed = {"bool": {"should": [listed, missing], "minimum_should_match": 1}}
    return listed if choice.wanted else {"bool": {"must_not": listed}}


def _equal(kind: Kind, value: Stored) -> tuple[Stored, ...]:
    """Return the value, or nothing where no field of this kind can have it."""
    if isinstance(value, str):
        return (keyword(value),) if kind == "keyword" else ()
    if value is None or kind == "keyword":
        return ()
    if not math.isfinite(value) or (kind == "long" and value != int(value)):
        return ()
    return (value if kind == "double" else max(_LEAST, min(_MOST, int(value))),)


def _between(shape: Shape[Any], between: Between) -> Json:
    path, kind = shape.paths[between.name], shape.kinds[between.name]
    low, high = _bound(kind, between.at_least), _bound(kind, between.below)
    if low == math.inf or high == -math.inf:
        return NOTHING
    sides = {"gte": low, "lt": high}
    bounds = {name: value for name, value in sides.items() if value is not None and value not in (math.inf, -math.inf)}
    return {"range": {path: bounds}} if bounds else {"exists": {"field": path}}


def _bound(kind: Kind, value: Stored) -> Stored:
    """Return where a field of this kind is cut: numbers stand before texts, so one bounds the other wholly or not."""
    if value is None:
        return None
    if kind == "keyword":
        return keyword(value) if isinstance(value, str) else -math.inf
    if isinstance(value, str):
        return math.inf
    if kind == "double" or not math.isfinite(value):
        return value
    whole = math.ceil(value)
    return math.inf if whole > _MOST else -math.inf if whole < _LEAST else whole


def _sort(shape: Shape[Any], sort: Sort) -> Json:
    way = {"order": "desc", "missing": "_last"} if sort.descending else {"order": "asc", "missing": "_first"}
    return {shape.paths[sort.name]: way}


def _behind(shape: Shape[Any], asked: Plan, cursor: Cursor) -> list[Stored]:
    values: list[Stored] = []
    for sort, value in zip(asked.sorts, cursor.values, strict=True):
        kind = shape.kinds[sort.name]
        if value is not None and isinstance(value, str) is not (kind == "keyword"):
            fix = "give the cursor of the page before as it came, with the same order, or none"
            raise BadInput("this is no cursor of ours", place="cursor", fix=fix)
        values.append(_last(kind, value))
    return [*values, keyword(cursor.key)]


def _last(kind: Kind, value: Stored) -> Stored:
    if value is None:
        return {"keyword": None, "long": _LEAST, "double": "-Infinity"}[kind]
    return keyword(value) if isinstance(value, str) else value


def _cursor(shape: Shape[T], query: Query, asked: Plan, last: T) -> str:
    values = tuple(stored(shape.collection.fields[sort.name](last)) for sort in asked.sorts)
    return Cursor(shape.name, query.order, values, shape.collection.key(last)).write()
