"""Which templates, indices and aliases are there, are they as declared now, and when do they go?"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec

from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.storage.elastic_bulk import Item, Poison, write
from aiops.storage.elastic_client import RETRY_AFTER, Cluster, Refused
from aiops.storage.elastic_mapping import SCHEMA, Json, Shape, id_of
from aiops.storage.elastic_point import KEPT

PRIORITY = 300  # of our index templates, above what a cluster has for all
_PAGE = 1_000  # documents copied at once
_MARK = 8  # characters of a shape's mark

_encoder = msgspec.json.Encoder()


class Admin:
    """The indices of one installation: those whose names begin with its prefix."""

    def __init__(self, cluster: Cluster, shapes: Iterable[Shape[Any]], prefix: str, refresh: timedelta) -> None:
        self._cluster, self._shapes, self._prefix = cluster, list(shapes), prefix
        seconds = refresh.total_seconds()
        self._settings = {
            "number_of_shards": 1,
            "auto_expand_replicas": "0-1",  # a copy as soon as there is a second node
            "refresh_interval": f"{max(1, round(seconds * 1_000))}ms" if seconds else "1s",
        }
        self._there: set[str] = set()

    def prepare(self, installation: str) -> list[Poison]:
        """Make all as declared now, moving documents where it was otherwise; return those that cannot be moved."""
        self._claim(installation)
        self._templates()
        return [poison for shape in self._shapes for poison in self._migrate(shape)]

    def ensure(self, shape: Shape[Any], index: str) -> None:
        """Have ``index`` under its alias."""
        if index not in self._there:
            if not self._create(index, {"aliases": {shape.alias: {}}}):  # an interrupted migration may have made it
                self._cluster.ask("PUT", f"/{index}/_alias/{shape.alias}")
            self._there.add(index)

    def drop_before(self, limit: datetime) -> list[str]:
        """Drop the partitions whose period ended before ``limit``; return their names."""
        dropped = []
        for shape in self._shapes:
            if shape.period:
                for index in self._indices(shape):
                    ends = shape.ends(index)
                    if ends is not None and ends <= limit:
                        self._delete(index)
                        dropped.append(index)
        return dropped

    def _claim(self, installation: str) -> None:
        """Refuse documents of another data folder: their revisions count another journal."""
        index = f"{self._prefix}-installation"
        settings = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
        mappings = {"dynamic": "strict", "properties": {"id": {"type": "keyword"}}}
        self._create(index, {"settings": settings, "mappings": mappings})
        with suppress(Refused):  # it is claimed already: by whom, the next line asks
            self._cluster.ask("PUT", f"/{index}/_create/1", {"id": installation})
        holder = self._cluster.ask("GET", f"/{index}/_doc/1")["_source"]["id"]
        if holder != installation:
            problem = f"the indices {self._prefix}-* belong to another data folder"
            fix = "name another store.prefix, or delete these indices (docs/elasticsearch.md says how)"
            raise BadConfiguration(problem, place=self._cluster.name, fix=fix)

    def _templates(self) -> None:
        base = f"{self._prefix}-base"
        present = self._present("component_template", "component_templates", "component_template")
        ours: Json = {"template": {"settings": {"index": self._settings}}, "version": SCHEMA}
        self._put("component_template", base, {**ours, "_meta": {"mark": _text(self._settings)}}, present)
        present = self._present("index_template", "index_templates", "index_template")
        for shape in self._shapes:
            template: Json = {
                "index_patterns": [f"{shape.alias}-*"],
                "composed_of": [base],
                "priority": PRIORITY,
                "version": SCHEMA,
                "_meta": {"mark": shape.mark, "description": f"AIOps: {shape.name}"},
                "template": {"mappings": {**shape.mapping, "_meta": {"mark": shape.mark, "schema": SCHEMA}}},
            }
            self._put("index_template", shape.alias, template, present)

    def _present(self, kind: str, listed: str, inner: str) -> dict[str, str]:
        """Return the marks of our templates, by name."""
        try:
            found = self._cluster.ask("GET", f"/_{kind}/{self._prefix}-*")
        except Refused as refused:
            if refused.status == 404:
                return {}
            raise
        return {one["name"]: one[inner].get("_meta", {}).get("mark", "") for one in found[listed]}

    def _put(self, kind: str, name: str, template: Json, present: dict[str, str]) -> None:
        if present.get(name) != template["_meta"]["mark"]:
            self._cluster.ask("PUT", f"/_{kind}/{name}", template)

    def _migrate(self, shape: Shape[Any]) -> Iterator[Poison]:
        """Move every index that is of another shape: copy, compare, switch the alias in one step, drop the old one."""
        for index in self._indices(shape):
            rest = index.removeprefix(f"{shape.alias}-")
            if rest[:_MARK] == shape.mark:
                self._there.add(index)
                continue
            target = f"{shape.alias}-{shape.mark}{rest[_MARK:]}"
            self._create(target, {})
            poisons = self._copy(shape, index, target)
            self._compare(index, target, len(poisons))
            actions = [
                {"remove": {"index": index, "alias": shape.alias}},
                {"add": {"index": target, "alias": shape.alias}},
            ]
            self._cluster.ask("POST", "/_aliases", {"actions": actions})
            self._delete(index)
            self._there.add(target)
            yield from poisons

    def _copy(self, shape: Shape[Any], index: str, target: str) -> list[Poison]:
        poisons: list[Poison] = []
        self._cluster.ask("POST", f"/{index}/_refresh")
        point = self._cluster.ask("POST", f"/{index}/_pit", params={"keep_alive": KEPT})["id"]
        body: Json = {"size": _PAGE, "sort": ["_shard_doc"], "_source": ["doc"], "track_total_hits": False}
        while True:
            body["pit"] = {"id": point, "keep_alive": KEPT}
            hits = self._cluster.ask("POST", "/_search", body, {"allow_partial_search_results": "false"})["hits"][
                "hits"
            ]
            if not hits:
                self._cluster.ask("DELETE", "/_pit", {"id": point})
                return poisons
            documents = [shape.decode(hit["_source"]) for hit in hits]
            poisons += write(self._cluster, [item(shape, document, target) for document in documents])
            body["search_after"] = hits[-1]["sort"]

    def _compare(self, index: str, target: str, parked: int) -> None:
        self._cluster.ask("POST", f"/{target}/_refresh")
        before, after = (self._cluster.ask("GET", f"/{name}/_count")["count"] for name in (index, target))
        if after + parked < before:
            problem = f"{target} has {after} of {before} documents of {index}: moving them begins again"
            raise Unavailable(problem, retry_after=RETRY_AFTER)

    def _indices(self, shape: Shape[Any]) -> list[str]:
        try:
            return sorted(self._cluster.ask("GET", f"/_alias/{shape.alias}"))
        except Refused as refused:
            if refused.status == 404:
                return []
            raise

    def _create(self, index: str, body: Json) -> bool:
        """Create ``index``; False: it is there already."""
        try:
            self._cluster.ask("PUT", f"/{index}", body)
        except Refused as refused:
            if refused.kind != "resource_already_exists_exception":
                raise
            return False
        return True

    def _delete(self, index: str) -> None:
        self._there.discard(index)
        try:
            self._cluster.ask("DELETE", f"/{index}")
        except Refused as refused:
            if refused.status != 404:
                raise


def item(shape: Shape[Any], document: Any, index: str = "") -> Item:
    """Return ``document`` ready to be written."""
    key = shape.collection.key(document)
    return Item(
        collection=shape.name,
        key=key,
        id=id_of(key),
        index=index or shape.index(document),
        revision=int(document.revision),
        source=_encoder.encode(shape.source(document)),
    )


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True)
