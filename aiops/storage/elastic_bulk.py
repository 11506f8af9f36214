"""How are many documents written? Again where it failed for now; aside where they never will be."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from aiops.domain.errors import Unavailable
from aiops.storage.elastic_client import RETRY_AFTER, Cluster, Refused, is_passing, words_for

MOST_ITEMS = 1_000  # of one request
MOST_BYTES = 8_000_000  # of one request, unless a single document is larger
PAUSES = (0.05, 0.2, 0.8, 2.0)  # seconds before what failed for now is sent again; then the caller waits
_TOO_LARGE = 413
_CONFLICT = 409
_ANSWER = "errors,items.*.status,items.*.error.type,items.*.error.reason"

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Item:
    """One document on its way."""

    collection: str
    key: str
    id: str
    index: str
    revision: int
    source: bytes  # JSON

    def lines(self) -> tuple[bytes, bytes]:
        """Return what the bulk request says of it. External versions: an older revision never replaces a newer one."""
        head = {"_index": self.index, "_id": self.id, "version": self.revision, "version_type": "external_gte"}
        return _encoder.encode({"index": head}), self.source


@dataclass(frozen=True)
class Poison:
    """A document that Elasticsearch will never take, and why."""

    item: Item
    problem: str


def write(
    cluster: Cluster, items: Sequence[Item], *, refresh: bool = False, pause: Callable[[float], None] = time.sleep
) -> list[Poison]:
    """Write all ``items``; return those that cannot be. Unavailable: some are not written yet, the same call may."""
    poisons: list[Poison] = []
    for chunk in _chunks(items):
        poisons += _write(cluster, chunk, refresh, pause)
    return poisons


def _write(cluster: Cluster, items: Sequence[Item], refresh: bool, pause: Callable[[float], None]) -> list[Poison]:
    poisons: list[Poison] = []
    pending, why = list(items), ""
    for wait in (0.0, *PAUSES):
        if wait:
            pause(wait)
        try:
            pending, why = _send(cluster, pending, refresh, poisons)
        except Refused as refused:
            if refused.status != _TOO_LARGE or len(pending) == 1:
                return [*poisons, *(Poison(item, f"{refused.kind}: {refused.reason}") for item in pending)]
            middle = len(pending) // 2
            halves = (pending[:middle], pending[middle:])
            return [*poisons, *(poison for half in halves for poison in _write(cluster, half, refresh, pause))]
        except Unavailable as away:
            why = str(away)
        if not pending:
            return poisons
    problem = f"Elasticsearch at {cluster.name} did not take {len(pending)} of {len(items)} documents: {why}"
    raise Unavailable(problem, retry_after=RETRY_AFTER)


def _send(cluster: Cluster, items: Sequence[Item], refresh: bool, poisons: list[Poison]) -> tuple[list[Item], str]:
    """Send once; add to ``poisons``, and return what is worth another try, with the reason of the last."""
    lines = [line for item in items for line in item.lines()]
    answer = cluster.bulk(lines, {"filter_path": _ANSWER, "refresh": "true" if refresh else "false"})
    again: list[Item] = []
    why = ""
    for item, result in zip(items, answer["items"], strict=True) if answer["errors"] else ():
        status, error = result["index"]["status"], result["index"].get("error")
        if error is None or status == _CONFLICT:  # a newer revision is there already: ours is part of the past
            continue
        if is_passing(status, error["type"]):
            again.append(item)
            why = f"{words_for(status, error['type'])} ({status} {error['type']})"
        else:
            poisons.append(Poison(item, f"{error['type']}: {error['reason'][:300]}"))
    return again, why


def _chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    size = 0
    for item in items:
        if chunk and (len(chunk) >= MOST_ITEMS or size + len(item.source) > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item.source)
    if chunk:
        yield chunk
