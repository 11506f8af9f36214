"""What does a page cost on SQLite and on Elasticsearch, and does that depend on how much there is?

``python -m tests.benchmarks.bench_store [ALERTS ...]``: a tenth as many incidents, one of which has a hundredth of all
alerts. Elasticsearch is the one at AIOPS_TEST_ELASTICSEARCH_URL; without it only SQLite is measured. Each figure is of
one page, with a view of its own; the goal is p95 < 300 ms at every size.
"""

import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from aiops.domain.alerts import Alert
from aiops.domain.changes import ALERTS, EPISODES, INCIDENTS, TIMELINE, Changes
from aiops.domain.entries import Position
from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, IncidentStatus, TimelineItem
from aiops.domain.queries import Query
from aiops.ports import Store, View
from aiops.storage.elastic_store import ElasticStore
from aiops.storage.folder import open_store
from tests.benchmarks.bench_storage import alerts
from tests.builders import T0
from tests.elastic import server

SIZES = (10_000, 100_000, 1_000_000)
BATCH = 2_000
ROUNDS = 40
BIG = "incident-big"


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
    for number in range(200):
        when = T0 + timedelta(seconds=number)
        line = {"incident_id": BIG, "item_id": f"{BIG}-{number:06}", "at": when, "kind": "joined", "text": "joined"}
        made.put(TIMELINE, msgspec.convert(line, TimelineItem))
    flush()


def incident_list(view: View) -> None:
    """The first page of what is open, worst first, and the one behind it."""
    query = Query(where={"active": (True,)}, order=("-rank", "-opened_at"), limit=50)
    found = view.find(INCIDENTS, query)
    view.find(INCIDENTS, msgspec.structs.replace(query, cursor=found.next))


def filtered(view: View) -> None:
    """By severity, service and owner."""
    where = {"severity": ("critical", "high"), "service": ("service-3",), "owner": ("team-3",)}
    view.find(INCIDENTS, Query(where=where, order=("-opened_at",)))


def text(view: View) -> None:
    """Alerts by the beginnings of two words."""
    view.find(ALERTS, Query(text="certif service-12", order=("-last_seen",)))


def facets(view: View) -> None:
    """Four of all incidents, two of all alerts that fire."""
    view.facets(INCIDENTS, Query(), ("status", "severity", "service", "owner"))
    view.facets(ALERTS, Query(where={"status": ("firing",)}), ("severity", "owner"))


def incident_page(view: View) -> None:
    """The largest incident: itself, a page of its members, its templates counted, their alerts, its story."""
    assert view.get(INCIDENTS, BIG) is not None
    query = Query(where={"incident": (BIG,)}, order=("started_at",), limit=100)
    episodes = view.find(EPISODES, query).items
    view.facets(EPISODES, Query(where={"incident": (BIG,)}), ("template",))
    assert len(view.many(ALERTS, [one.fingerprint for one in episodes])) == len(episodes)
    view.find(TIMELINE, Query(where={"incident": (BIG,)}, order=("-at",), limit=100))


PAGES: dict[str, Callable[[View], None]] = {
    "list, two pages": incident_list,
    "filter": filtered,
    "words": text,
    "facets": facets,
    "incident page": incident_page,
}


def measure(name: str, store: Store, count: int) -> None:
    """Fill ``store`` and print what each page costs."""
    began = time.monotonic()
    fill(store, count)
    if isinstance(store, ElasticStore):
        store.refresh()
    seconds = time.monotonic() - began
    print(f"{name}, {count:,} alerts: {count * 2.1 / seconds:,.0f} documents/s ({seconds:.0f} s)", flush=True)
    for page, look in PAGES.items():
        taken = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            with store.view() as view:
                look(view)
            taken.append((time.perf_counter() - start) * 1_000)
        taken.sort()
        p50, p95 = taken[ROUNDS // 2], taken[int(ROUNDS * 0.95)]
        print(f"    {page:16} p50 {p50:6.1f} ms, p95 {p95:6.1f} ms{'' if p95 < 300 else '  ABOVE 300 ms'}", flush=True)


def main(sizes: Sequence[int] = SIZES) -> None:
    """Print all figures."""
    for count in sizes:
        with TemporaryDirectory(dir=os.curdir, prefix=".bench-") as folder:  # a real disk: /tmp may be memory
            with closing(open_store(Path(folder) / "sqlite")) as embedded:
                measure("SQLite", embedded, count)
            if not os.environ.get(server.VARIABLE):
                print(f"Elasticsearch: not measured, {server.VARIABLE} is not set")
                continue
            prefix = f"bench-{count}"
            server.wipe(prefix)
            options = msgspec.structs.replace(server.options(prefix=prefix), refresh=timedelta(seconds=1))
            with closing(ElasticStore(server.address(), Path(folder) / "elastic", options)) as elastic:
                measure("Elasticsearch", elastic, count)
            server.wipe(prefix)


if __name__ == "__main__":
    main([int(word.replace("_", "")) for word in sys.argv[1:]] or SIZES)
