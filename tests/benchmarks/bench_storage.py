"""How fast is the embedded journal and store: accepts, saves, queries, and what does waiting cost?"""

import os
import random
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from aiops.domain.alerts import Alert, Episode
from aiops.domain.changes import Changes
from aiops.domain.documents import ALERTS
from aiops.domain.entries import Delivery, Position, encode_payload
from aiops.domain.events import Severity, Status
from aiops.domain.graph import Entity
from aiops.domain.queries import Query, Range
from aiops.domain.snapshots import Snapshot
from aiops.ports import View
from aiops.storage.folder import open_journal, open_store
from aiops.storage.sqlite_store import SqliteStore

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PER_POST = 20
PAYLOAD = Delivery(source="bench", body=b"x" * 370)  # 400 bytes as the journal keeps it
SIZES = (1_000, 10_000, 100_000)
BATCH = 500


def timed(action: Callable[[], object]) -> float:
    """Return the milliseconds that ``action`` took."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1_000


def percentiles(taken: list[float]) -> str:
    """Say the median and the slow end of many times."""
    cuts = statistics.quantiles(taken, n=100)
    return f"p50 {cuts[49]:6.2f} ms, p95 {cuts[94]:6.2f} ms, p99 {cuts[98]:6.2f} ms"


def accepts(folder: Path) -> None:
    """Appends of 20 payloads from n threads, against one synced insert after the other."""
    plain = plain_accepts(folder / "plain.db", 400)
    print(f"baseline, one synced SQLite insert per payload: {plain:,.0f} payloads/s")
    for threads in (1, 8, 32):
        with closing(open_journal(folder / str(threads))) as journal:
            posts = 3_000 if threads > 1 else 500
            cpu, began = time.process_time(), time.perf_counter()
            with ThreadPoolExecutor(threads) as pool:
                taken = list(pool.map(lambda _: timed(lambda: journal.append([PAYLOAD] * PER_POST)), range(posts)))
            wall, cpu, count = time.perf_counter() - began, time.process_time() - cpu, posts * PER_POST
            rate, each = f"{count / wall:9,.0f} payloads/s ({count / wall / plain:3.0f} x)", cpu / count * 1e6
            print(f"append, {threads:2} threads: {rate}, {each:4.1f} CPU-us each, {percentiles(taken)}")


def plain_accepts(path: Path, count: int) -> float:
    """Return payloads a second when each is committed by itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE entries(offset INTEGER PRIMARY KEY, received_at INTEGER, payload BLOB)")
        raw = encode_payload(PAYLOAD)
        insert = "INSERT INTO entries(received_at, payload) VALUES (1, ?)"
        return count / timed(lambda: [connection.execute(insert, (raw,)) for _ in range(count)]) * 1_000


def alerts(count: int, seed: int) -> Iterator[Alert]:
    """Alerts of 300 services, a fifth of them firing, spread over a day."""
    chance = random.Random(seed)
    words = ["connection", "refused", "timeout", "disk", "latency", "queue", "replica", "memory", "certificate", "job"]
    for number in range(count):
        service, host = f"service-{chance.randrange(300)}", f"host-{chance.randrange(2_000)}"
        first = T0 + timedelta(seconds=chance.uniform(0, 86_400))
        severity = chance.choice(list(Severity))
        message = f"{' '.join(chance.choices(words, k=5))} on {host} of {service}"
        episode = Episode(
            episode_id=f"fp-{number}-0-1-0",
            fingerprint=f"fp-{number}",
            name=words[number % 10],
            entity=Entity(name=service),
            kind_key=words[number % 10],
            template_id=f"template-{number % 500}",
            severity=severity,
            started_at=first,
            received_at=first,
            last_seen=first,
            incident_id=f"incident-{number // 12}",
        )
        yield Alert(
            fingerprint=f"fp-{number}",
            source=chance.choice(["alertmanager", "generic", "detector:log_errors"]),
            title=words[number % 10],
            message=message,
            entity=episode.entity,
            owner=f"team-{chance.randrange(20)}",
            labels={"alertname": words[number % 10], "service": service, "host": host, "region": f"r{number % 5}"},
            status=Status.FIRING if chance.random() < 0.2 else Status.RESOLVED,
            severity=severity,
            state_at=first,
            template_id=episode.template_id,
            pattern_id=f"pattern-{number % 60}",
            masked=message,
            episode=episode,
            first_seen=first,
            last_seen=first + timedelta(seconds=chance.uniform(0, 3_600)),
            count=chance.randrange(1, 50),
            event_id=f"0-{number}-0",
        )


def save(store: SqliteStore, documents: list[Alert], first_offset: int) -> float:
    """Save in batches; return documents a CPU-second."""
    began = time.process_time()
    for start in range(0, len(documents), BATCH):
        changes = Changes()
        changes.position = Position(0, first_offset + start)
        for document in documents[start : start + BATCH]:
            changes.put(ALERTS, document)
        store.save(changes)
    return len(documents) / (time.process_time() - began)


def plain_saves(path: Path, documents: list[Alert]) -> float:
    """Return documents a CPU-second into a bare table of key and document, in the same batches."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE docs(key TEXT PRIMARY KEY, doc BLOB)")
        began = time.process_time()
        for start in range(0, len(documents), BATCH):
            rows = [(one.fingerprint, msgspec.msgpack.encode(one)) for one in documents[start : start + BATCH]]
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO docs VALUES (?, ?)", rows)
            connection.execute("COMMIT")
        return len(documents) / (time.process_time() - began)


QUESTIONS = {
    "by key order": Query(),
    "newest firing": Query(where={"status": ("firing",)}, order=("-last_seen",)),
    "firing of a service": Query(
        where={"status": ("firing",), "entity": ("service-7",)}, order=("-rank", "-last_seen")
    ),
    "firing and critical": Query(where={"status": ("firing",), "severity": ("critical",)}, order=("-last_seen",)),
    "worst, then newest": Query(order=("-rank", "-last_seen")),
    "an incident's": Query(where={"incident": ("incident-5",)}, order=("first_seen",)),
    "by label": Query(where={"label": ("host=host-7",)}, order=("-last_seen",)),
    "a quarter of an hour": Query(ranges={"last_seen": Range(at_least=T0, below=T0 + timedelta(minutes=15))}),
    "by words": Query(text="certif service-12", order=("-last_seen",)),
    "by a frequent word": Query(text="time", order=("-last_seen",)),
}


def ask(view: View, question: Query) -> None:
    """One page, and the one behind it."""
    found = view.find(ALERTS, question)
    if found.next:
        view.find(ALERTS, msgspec.structs.replace(question, cursor=found.next))


def saves_and_queries(folder: Path, count: int) -> None:
    """Save ``count`` alerts, save a tenth of them again, then ask."""
    documents = list(alerts(count, seed=1))
    plain = plain_saves(folder / f"plain-{count}.db", documents)
    with closing(open_store(folder / f"store-{count}")) as store:
        new = save(store, documents, 1)
        again = [
            msgspec.structs.replace(one, count=99, last_seen=one.last_seen + timedelta(hours=1)) for one in documents
        ]
        changed = save(store, random.Random(2).sample(again, count // 10), count + 1)
        ratio = f"{plain / new:.1f} x the cost of a bare insert"
        print(f"{count:7,} alerts: {new:7,.0f} new docs/CPU-s ({ratio}), {changed:7,.0f} changed docs/CPU-s")
        with store.view() as view:
            for name, question in QUESTIONS.items():
                taken = [timed(lambda: ask(view, question)) / 2 for _ in range(40)]  # noqa: B023 - called at once
                print(f"    {name:22} {view.find(ALERTS, question).total:7,} found, {percentiles(taken)}")
            names = ("status", "severity", "verdict", "source", "owner")
            counts = [timed(lambda: view.facets(ALERTS, QUESTIONS["newest firing"], names)) for _ in range(20)]
            print(f"    five facets of firing   {percentiles(counts)}")
            counts = [timed(lambda: view.facets(ALERTS, Query(), names)) for _ in range(20)]
            print(f"    five facets of all      {percentiles(counts)}")
        snapshot = Snapshot(version="1", position=Position(0, 1), taken_at=T0, parts={"all": b"x" * 50_000_000})
        if count == SIZES[-1]:
            print(f"    a snapshot of 50 MB: kept in {timed(lambda: store.keep(snapshot)):.0f} ms", end="")
            print(f", read in {timed(lambda: store.snapshot('1')):.0f} ms")


def idle(folder: Path) -> None:
    """What a waiting process burns, and how soon it wakes."""
    with closing(open_journal(folder)) as journal, closing(open_journal(folder)) as other:
        (last,) = journal.append([PAYLOAD])
        cpu = time.process_time()
        other.wait(last, 5)
        print(f"waiting for another's entry: {(time.process_time() - cpu) / 5:.2%} of one CPU")
        for name, writer in (("same", other), ("another", journal)):
            woken = []
            for _ in range(50):
                waiter = threading.Thread(target=lambda: other.wait(last, 5))  # noqa: B023 - joined at once
                waiter.start()
                time.sleep(0.02)
                (appended,) = writer.append([PAYLOAD])
                woken.append(timed(waiter.join))
                last = appended
            print(f"woken by {name} journal object: {percentiles(woken)} after the append")
    with closing(open_store(folder)) as store:
        cpu = time.process_time()
        store.wait(Position(0, 10), 5)
        print(f"waiting for the store: {(time.process_time() - cpu) / 5:.2%} of one CPU")


def main() -> None:
    """Print all figures."""
    with TemporaryDirectory(dir=os.curdir, prefix=".bench-") as name:  # a real disk: /tmp may be memory
        folder = Path(name)
        accepts(folder)
        for count in SIZES:
            saves_and_queries(folder, count)
        idle(folder / "idle")


if __name__ == "__main__":
    main()
