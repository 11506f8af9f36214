"""How long does one wait to learn what a rule would hide, now and in the past month?

``python -m tests.benchmarks.bench_preview [ALERTS]`` on SQLite; the goal is p95 < 2 s over 1 M alerts, for matchers
that the indexes know (a service, two labels, a shape) and for those that they do not (an expression, a negation).
``FOLDER=...`` keeps the store, so that a second run need not fill it.
"""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from aiops.domain.changes import INCIDENTS, Changes
from aiops.domain.entries import Position
from aiops.domain.incidents import Candidate
from aiops.domain.matching import parse_matcher
from aiops.domain.queries import Query
from aiops.ports import Store
from aiops.storage.folder import open_store
from api.preview import preview
from tests.benchmarks.bench_store import fill
from tests.builders import T0

ROUNDS = 20
ASKED = {
    "one service": ("entity=service-7",),
    "two labels": ("alertname=disk", "region=r3"),
    "a label of half": ("alertname=disk",),
    "a shape": ('template="disk <*> <*> <*> <*> on <*> of <*>"',),
    "severity and shape": ("severity=critical", 'template="job job <**>"'),
    "an expression": ("host=~host-17.*",),
    "a negation": ("service!=service-7", "region!=r1"),
}


def confirm(store: Store) -> None:
    """Let a person have named the cause of 200 incidents."""
    made = Changes()
    made.position = Position(0, 10_000_000)
    with store.view() as view:
        found = view.find(INCIDENTS, Query(order=("-last_activity",), limit=200)).items
    for incident in found:
        cause = Candidate(entity=incident.services[0], probability=0.9, share=1.0, confirmed=True)
        made.put(INCIDENTS, msgspec.structs.replace(incident, candidates=(cause,)))
    store.save(made)


def measure(store: Store) -> None:
    """Print what each question costs and how much of it was answered exactly."""
    now = T0 + timedelta(days=2)
    for name, texts in ASKED.items():
        matchers = [parse_matcher(text, "benchmark") for text in texts]
        taken, spent = [], []
        for _ in range(ROUNDS):
            start, cpu = time.perf_counter(), time.process_time()
            with store.view() as view:
                found = preview(view, matchers, past=(now, 30))
            taken.append(time.perf_counter() - start)
            spent.append(time.process_time() - cpu)
        taken.sort()
        spent.sort()
        p50, p95 = taken[ROUNDS // 2], taken[int(ROUNDS * 0.95)]
        past = found.past
        assert past is not None
        told = f"{past.alerts:,} of the past, {past.looked_at:,} of {past.candidates:,} candidates looked at"
        verdict = "" if p95 < 2 else "  ABOVE 2 s"
        cpu_p50 = spent[ROUNDS // 2]
        print(
            f"    {name:20} p50 {p50:5.2f} s, p95 {p95:5.2f} s{verdict}, CPU p50 {cpu_p50:4.2f} s; {told}", flush=True
        )


def main(sizes: Sequence[int] = (1_000_000,)) -> None:
    """Fill a store of each size, and ask."""
    for count in sizes:
        with TemporaryDirectory(dir=os.curdir, prefix=".bench-") as folder:
            kept = Path(os.environ.get("FOLDER", folder)) / f"preview-{count}"
            fresh = not kept.exists()
            with closing(open_store(kept)) as store:
                if fresh:
                    fill(store, count)
                    confirm(store)
                print(f"SQLite, {count:,} alerts", flush=True)
                measure(store)


if __name__ == "__main__":
    main([int(word.replace("_", "")) for word in sys.argv[1:]] or (1_000_000,))
