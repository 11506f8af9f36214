"""What does a page cost on SQLite and on Elasticsearch, and does that depend on how much there is?

``python -m tests.benchmarks.bench_store [--keep FOLDER] [ALERTS ...]``: a tenth as many incidents, one of which has a
hundredth of all alerts, and as many vectors, at most 20,000. Elasticsearch is the one at AIOPS_TEST_ELASTICSEARCH_URL;
without it only SQLite is measured. What is written to FOLDER (and to the cluster) stays, and is measured again the next
time. Each figure is of one page, with a view of its own; the goal is p95 < 300 ms at every size, and < 2 s for what is
asked before a rule is made. At the end a table, as it stands in docs/elasticsearch.md.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from aiops.domain.alerts import Alert
from aiops.domain.changes import Changes
from aiops.domain.documents import ALERTS, EPISODES, INCIDENT_VECTORS, INCIDENTS, TIMELINE
from aiops.domain.entries import Position
from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, IncidentStatus, TimelineItem
from aiops.domain.learned import Direction
from aiops.domain.queries import Query
from aiops.domain.vectors import written
from aiops.ports import Store, View
from aiops.response.runbooks import Library
from aiops.storage.elastic_store import ElasticStore
from aiops.storage.folder import open_store
from api.filters import Paged
from api.ui import dossier
from tests.benchmarks import bench_preview
from tests.benchmarks.bench_preview import ask
from tests.benchmarks.bench_storage import alerts
from tests.builders import T0
from tests.elastic import server

SIZES = (10_000, 100_000, 1_000_000)
BATCH = 2_000
ROUNDS = 40
GOAL, SLOW_GOAL = 300, 2_000  # milliseconds
VECTORS, DIMENSIONS = 20_000, 384  # at most, and as an embedder makes them
BIG = "incident-big"
LIBRARY = Library()


def members(count: int) -> Iterator[Alert]:
    """Alerts with their incidents: ten to one, but a hundredth of all in one."""
    for number, alert in enumerate(alerts(count, seed=1)):
        incident = BIG if number < count // 100 else f"incident-{number // 10}"
        yield msgspec.structs.replace(alert, episode=msgspec.structs.replace(alert.episode, incident_id=incident))


def incidents(count: int) -> Iterator[Incident]:
    """A fiftieth of them open, spread over a month."""
    chance = random.Random(2)
    for number in range(count):
        opened = T0 + timedelta(seconds=chance.uniform(0, 30 * 86_400))
        yield Incident(
            incident_id=BIG if number == 0 else f"incident-{number}",
            number=number + 1,
            title=f"{chance.choice(['disk full', 'connection refused', 'latency'])} on service-{number % 300}",
            status=IncidentStatus.OPEN if number % 50 == 0 else IncidentStatus.CLOSED,
            severity=chance.choice(list(Severity)),
            opened_at=opened,
            last_activity=opened + timedelta(minutes=9),
            services=(f"service-{number % 300}", f"service-{number % 7}"),
            owners=(f"team-{number % 20}",),
            episodes=10,
            founder=f"fp-{number}-0-1-0",
        )


def fill(store: Store, count: int) -> None:
    """Save alerts, their episodes, incidents, and the story of the big one."""
    made, offset = Changes(), 1
    made.position = Position(0, offset)

    def flush() -> None:
        nonlocal made, offset
        store.save(made)
        made, offset = Changes(), offset + 1
        made.position = Position(0, offset)

    for number, alert in enumerate(members(count)):
        made.put(ALERTS, alert)
        made.put(EPISODES, alert.episode)
        if number % BATCH == BATCH - 1:
            flush()
    for number, incident in enumerate(incidents(count // 10)):
        made.put(INCIDENTS, incident)
        if number % BATCH == BATCH - 1:
            flush()
    flush()
    for number, direction in enumerate(directions(min(count // 10, VECTORS))):
        made.put(INCIDENT_VECTORS, direction)
        if number % BATCH == BATCH - 1:
            flush()
    for number in range(200):
        when = T0 + timedelta(seconds=number)
        line = {"incident_id": BIG, "item_id": f"{BIG}-{number:06}", "at": when, "kind": "joined", "text": "joined"}
        made.put(TIMELINE, msgspec.convert(line, TimelineItem))
    flush()


def directions(count: int) -> Iterator[Direction]:
    """Vectors of incidents around twenty topics."""
    chance = np.random.default_rng(3)
    topics = chance.normal(size=(20, DIMENSIONS))
    for number in range(count):
        vector = topics[number % 20] + chance.normal(size=DIMENSIONS)
        key = BIG if number == 0 else f"incident-{number}"
        yield Direction(key=key, vector=written(vector.astype(np.float32)), model="bench")


def incident_list(view: View, _: int) -> None:
    """The first page of what is open, worst first, and the one behind it."""
    query = Query(where={"active": (True,)}, order=("-rank", "-opened_at"), limit=50)
    found = view.find(INCIDENTS, query)
    view.find(INCIDENTS, msgspec.structs.replace(query, cursor=found.next))


def filtered(view: View, number: int) -> None:
    """By severity, service and owner."""
    where = {"severity": ("critical", "high"), "service": (f"service-{number}",), "owner": (f"team-{number % 20}",)}
    view.find(INCIDENTS, Query(where=where, order=("-opened_at",)))


def text(view: View, number: int) -> None:
    """Alerts by the beginnings of three words, each time others."""
    view.find(ALERTS, Query(text=f"certif service-{number + 10}", order=("-last_seen",)))


def facets(view: View, number: int) -> None:
    """Four of all incidents, two of all alerts that fire or, every other time, that do not."""
    view.facets(INCIDENTS, Query(), ("status", "severity", "service", "owner"))
    view.facets(ALERTS, Query(where={"status": (("firing", "resolved")[number % 2],)}), ("severity", "owner"))


def incident_page(view: View, _: int) -> None:
    """The largest incident: itself, a page of its members, its templates counted, their alerts, its story."""
    assert view.get(INCIDENTS, BIG) is not None
    query = Query(where={"incident": (BIG,)}, order=("started_at",), limit=100)
    episodes = view.find(EPISODES, query).items
    view.facets(EPISODES, Query(where={"incident": (BIG,)}), ("template",))
    assert len(view.many(ALERTS, [one.fingerprint for one in episodes])) == len(episodes)
    view.find(TIMELINE, Query(where={"incident": (BIG,)}, order=("-at",), limit=100))


def incident_page_whole(view: View, _: int) -> None:
    """The largest incident, with all that its page asks: what is like it, where its alerts could go, its advice."""
    shown = dossier.incident_page(view, BIG, Paged(), T0 + timedelta(days=30), LIBRARY)
    assert len(shown.others) == dossier.MOST_OTHERS


def nearest(view: View, _: int) -> None:
    """The five incidents most like one."""
    one = view.get(INCIDENT_VECTORS, "incident-17")
    assert one is not None
    assert len(view.nearest(INCIDENT_VECTORS, Query(limit=5), one.vector)) == 5


PAGES: dict[str, Callable[[View, int], None]] = {
    "list, two pages": incident_list,
    "filter": filtered,
    "words": text,
    "facets": facets,
    "incident page": incident_page,
    "incident page, whole": incident_page_whole,
    "most alike": nearest,
}


def load(name: str, store: Store, count: int) -> None:
    """Fill ``store``, unless it is full, and say how fast that went."""
    if store.position() is None:
        began = time.monotonic()
        fill(store, count)
        seconds = time.monotonic() - began
        print(f"{name}, {count:,} alerts: {count * 2.1 / seconds:,.0f} documents/s ({seconds:.0f} s)", flush=True)
    if not bench_preview.is_confirmed(store):
        bench_preview.confirm(store, count)


def measure(store: Store) -> dict[str, tuple[float, float]]:
    """Return the median and the 95th percentile, in milliseconds, of every page and preview."""
    found = {page: _measured(store, page, look, GOAL) for page, look in PAGES.items()}
    for name in bench_preview.ASKED:
        found[f"preview: {name}"] = _measured(store, name, partial(_previewed, name), SLOW_GOAL)
        with store.view() as view:
            print(f"        {ask(view, name)}", flush=True)
    return found


def _previewed(name: str, view: View, _: int) -> None:
    ask(view, name)


def _measured(store: Store, page: str, look: Callable[[View, int], object], goal: float) -> tuple[float, float]:
    taken = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        with store.view() as view:
            look(view, number)
        taken.append((time.perf_counter() - start) * 1_000)
    taken.sort()
    p50, p95 = taken[ROUNDS // 2], taken[int(ROUNDS * 0.95)]
    above = "" if p95 < goal else f"  ABOVE {goal} ms"
    print(f"    {page:22} p50 {p50:6.1f} ms, p95 {p95:6.1f} ms{above}", flush=True)
    return p50, p95


def on_sqlite(folder: Path, count: int) -> dict[str, tuple[float, float]]:
    """Measure the embedded store."""
    print(f"SQLite, {count:,} alerts", flush=True)
    with closing(open_store(folder / f"sqlite-{count}")) as store:
        load("SQLite", store, count)
        return measure(store)


def on_elastic(folder: Path, count: int, *, keep: bool) -> dict[str, tuple[float, float]]:
    """Measure the cluster's."""
    print(f"Elasticsearch, {count:,} alerts", flush=True)
    prefix, beside = f"bench-{count}", folder / f"elastic-{count}"
    if not beside.exists():
        server.wipe(prefix)
    options = msgspec.structs.replace(server.options(prefix=prefix), refresh=timedelta(seconds=1))
    with closing(ElasticStore(server.address(), beside, options)) as store:
        load("Elasticsearch", store, count)
        store.refresh()
        found = measure(store)
    if not keep:
        server.wipe(prefix)
    return found


def table(columns: Mapping[str, dict[str, tuple[float, float]]]) -> Iterator[str]:
    """Yield the lines of the table in the documents."""
    yield f"| p50 / p95 in ms | {' | '.join(columns)} |"
    yield f"|---|{'---|' * len(columns)}"
    for page in next(iter(columns.values())):
        cells = (f"{found[page][0]:.1f} / {found[page][1]:.1f}" for found in columns.values())
        yield f"| {page} | {' | '.join(cells)} |"


def main(sizes: Sequence[int] = SIZES, keep: Path | None = None) -> None:
    """Print all figures."""
    columns = {}
    with TemporaryDirectory(dir=os.curdir, prefix=".bench-") as temporary:  # a real disk: /tmp may be memory
        folder = keep or Path(temporary)
        for count in sizes:
            columns[f"SQLite {count:,}"] = on_sqlite(folder, count)
        if os.environ.get(server.VARIABLE):
            for count in sizes:
                columns[f"Elasticsearch {count:,}"] = on_elastic(folder, count, keep=keep is not None)
        else:
            print(f"Elasticsearch: not measured, {server.VARIABLE} is not set")
    load_average = " ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"\nload average at the end: {load_average}\n\n" + "\n".join(table(columns)))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--keep", type=Path)
    arguments.add_argument("sizes", type=lambda word: int(word.replace("_", "")), nargs="*", default=SIZES)
    main(**vars(arguments.parse_args()))
