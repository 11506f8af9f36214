"""Is the cluster fit to keep our documents? The classic faults, each with what mends it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from aiops.domain.errors import AiopsError, Unavailable
from aiops.domain.queries import Query
from aiops.domain.sections import StoreConfig
from aiops.storage.elastic_client import Cluster, Refused
from aiops.storage.elastic_opening import address_of
from aiops.storage.elastic_store import BESIDE, PARKED
from aiops.storage.sqlite_store import STORE_DB, SqliteStore

VERSIONS = ("8", "9")
MOST_FULL = 0.85  # of a node's disk: Elasticsearch's own low watermark, above which it places nothing new there
LEAST_MAPS = 262_144  # vm.max_map_count
TIMEOUT = 5.0
_MAPS = Path("/proc/sys/vm/max_map_count")
_RIGHTS = ("manage", "read", "index")
_HERE = ("localhost", "127.0.0.1", "[::1]")


class Look(NamedTuple):
    """One thing that was looked at: ``fix`` mends it where it is not ``well``."""

    name: str
    well: bool
    text: str
    fix: str


def look(where: StoreConfig, folder: Path) -> Iterator[Look]:
    """Look at the cluster that the settings name, and at what lies beside it in ``folder``; what fails is said too."""
    if (folder / STORE_DB).exists():
        yield _parked(folder)
    cluster = Cluster(address_of(where, TIMEOUT))
    try:
        try:
            yield _health(cluster)
        except AiopsError as error:
            fix = "start it, or check store.url, store.ca and who we are there (docs/elasticsearch.md)"
            yield Look("elasticsearch", False, str(error), fix)
            return
        looks: tuple[Callable[[Cluster, StoreConfig], Look], ...] = (_version, _disk, _blocks, _rights)
        for one in looks:
            try:
                yield one(cluster, where)
            except Unavailable as error:
                name = f"elasticsearch {one.__name__.strip('_')}"
                yield Look(name, False, str(error), "give our user the role of docs/elasticsearch.md")
        yield from _maps(where)
    finally:
        cluster.close()


def _parked(folder: Path) -> Look:
    store = SqliteStore(folder, readonly=True, collections=BESIDE)
    try:
        with store.view() as view:
            found = view.find(PARKED, Query(where={"open": (True,)}, limit=3))
    except AiopsError as error:
        return Look("elasticsearch parked", False, str(error), "aiops serve: its engine makes what is missing")
    finally:
        store.close()
    named = "; ".join(f"{one.collection} {one.key}: {one.problem}" for one in found.items)
    text = f"{found.total} documents were refused: {named}" if found.total else "no document was refused"
    fix = "report it with this line; each is kept whole beside the cluster, and written once it changes"
    return Look("elasticsearch parked", not found.total, text, fix)


def _health(cluster: Cluster) -> Look:
    answer = cluster.ask("GET", "/_cluster/health")
    text = (
        f"{answer['status']}, {answer['number_of_nodes']} nodes, {answer['unassigned_shards']} shards without a place"
    )
    return Look("elasticsearch", answer["status"] != "red", text, "see why: GET _cluster/allocation/explain")


def _version(cluster: Cluster, where: StoreConfig) -> Look:
    nodes = cluster.ask("GET", "/_nodes", params={"filter_path": "nodes.*.version"})["nodes"]
    versions = sorted({str(node["version"]) for node in nodes.values()})
    well = all(version.split(".")[0] in VERSIONS for version in versions)
    return Look("elasticsearch version", well, ", ".join(versions), "run Elasticsearch 8 or 9")


def _disk(cluster: Cluster, where: StoreConfig) -> Look:
    nodes = cluster.ask("GET", "/_nodes/stats/fs", params={"filter_path": "nodes.*.name,nodes.*.fs.total"})["nodes"]
    full = {
        str(node["name"]): 1 - node["fs"]["total"]["available_in_bytes"] / node["fs"]["total"]["total_in_bytes"]
        for node in nodes.values()
    }
    worst = max(full, key=lambda name: full[name])
    text = f"the fullest disk is that of {worst}: {full[worst]:.0%} used"
    fix = "make room or shorten store.retention: at 95% Elasticsearch takes no more writes"
    return Look("elasticsearch disk", full[worst] <= MOST_FULL, text, fix)


def _blocks(cluster: Cluster, where: StoreConfig) -> Look:
    params = {"filter_path": "*.settings.index.blocks"}
    answer = cluster.ask("GET", f"/{where.prefix}-*/_settings/index.blocks.*", params=params)
    blocked = [index for index, one in answer.items() if "true" in str(one).lower()]
    text = f"{len(blocked)} indices may not be written" if blocked else "all indices may be written"
    fix = f"make room; then PUT {where.prefix}-*/_settings {{'index.blocks.read_only_allow_delete': null}}"
    return Look("elasticsearch blocks", not blocked, text, fix)


def _rights(cluster: Cluster, where: StoreConfig) -> Look:
    asked = {
        "cluster": ["monitor", "manage_index_templates"],
        "index": [{"names": [f"{where.prefix}-*"], "privileges": list(_RIGHTS)}],
    }
    try:
        answer = cluster.ask("POST", "/_security/user/_has_privileges", asked)
    except Refused as refused:
        if refused.status in (400, 404, 405, 500):  # no such door where security is off
            return Look("elasticsearch rights", True, "security is off: everybody may do everything", "")
        raise
    granted = {**answer["cluster"], **next(iter(answer["index"].values()))}
    missing = [name for name, has in granted.items() if not has]
    text = f"missing: {', '.join(missing)}" if missing else "all that we need"
    return Look("elasticsearch rights", not missing, text, "give our user the role of docs/elasticsearch.md")


def _maps(where: StoreConfig) -> Iterator[Look]:
    """Only of this machine, and only where the cluster runs on it."""
    if any(f"//{host}:" in url for url in where.url for host in _HERE) and _MAPS.exists():
        count = int(_MAPS.read_text())
        fix = f"sysctl -w vm.max_map_count={LEAST_MAPS}, and the same in /etc/sysctl.d"
        yield Look("elasticsearch maps", count >= LEAST_MAPS, f"vm.max_map_count = {count}", fix)
