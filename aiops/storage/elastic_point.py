"""What does a view see of Elasticsearch? One point in time of all that changes; of a stream, when it is first asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiops.domain.errors import BadInput, Unavailable
from aiops.storage.elastic_client import RETRY_AFTER, Cluster, Refused
from aiops.storage.elastic_mapping import Json, Shape

KEPT = "1m"  # from one search to the next
_EMPTY: Json = {"hits": {"hits": [], "total": {"value": 0}}}
_WHOLE = {"allow_partial_search_results": "false"}


class Points:
    """The points in time of one view. Elasticsearch out of reach at the start is an error only of who asks for it."""

    def __init__(self, cluster: Cluster, shapes: Mapping[str, Shape[Any]]) -> None:
        self._cluster = cluster
        self._open: dict[str, str] = {}  # group -> id; empty: there is no index yet
        self._changing = [shape.alias for shape in shapes.values() if not shape.period]
        self._problem: Unavailable | None = None
        try:
            self._begin("", self._changing)
        except Unavailable as problem:
            self._problem = problem

    def search(self, shape: Shape[Any], body: Json) -> Json:
        """Answer ``body`` at the point in time of ``shape``; nothing where there is no index yet."""
        group = shape.name if shape.period else ""
        if not group and self._problem is not None:
            raise self._problem
        if group not in self._open:
            self._begin(group, [shape.alias])
        if not self._open[group]:
            return _EMPTY
        asked = {**body, "pit": {"id": self._open[group], "keep_alive": KEPT}}
        try:
            answer = self._cluster.ask("POST", "/_search", asked, _WHOLE)
        except Refused as refused:
            if refused.status == 400:
                fix = "ask for less at once"
                raise BadInput(f"it cannot be answered: {refused.reason}", place="query", fix=fix) from refused
            if refused.status != 404:
                raise
            problem = f"Elasticsearch at {self._cluster.name} no longer has what this view was looking at: ask again"
            raise Unavailable(problem, retry_after=RETRY_AFTER) from refused
        self._open[group] = answer.get("pit_id", self._open[group])
        return answer

    def close(self) -> None:
        """Let go; what Elasticsearch does not hear, it forgets by itself."""
        for point in self._open.values():
            if point:
                try:
                    self._cluster.ask("DELETE", "/_pit", {"id": point})
                except Unavailable:
                    return

    def _begin(self, group: str, aliases: Sequence[str]) -> None:
        params = {"keep_alive": KEPT, "ignore_unavailable": "true"}
        try:
            self._open[group] = self._cluster.ask("POST", f"/{','.join(aliases)}/_pit", params=params)["id"]
        except Refused as refused:
            if refused.status != 404:
                raise
            self._open[group] = ""
