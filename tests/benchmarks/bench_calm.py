"""What do flapping, holding back, learned shapes and proposals cost an alert, beside what rules alone would?"""

import time
from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

from aiops import engine as page
from aiops import fold
from aiops.domain.acts import ImportTopology
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.entries import Command
from aiops.domain.matching import Matcher
from aiops.domain.rules import Rule
from aiops.judging import judge, propose
from aiops.parts import Parts
from aiops.storage.memory import MemoryJournal, MemoryStore
from rules.envelope import shaped
from tests.benchmarks.bench_engine import PER_POST, T0, estate, known, posts

Judge = Callable[[Parts, Alert, bool], Alert]


def by_rules_alone(parts: Parts, alert: Alert, hit: bool) -> Alert:
    """Judge an alert as if nothing were learned of it."""
    planned = parts.schedule.over(alert, parts.now, hit)
    inhibited = parts.inhibitor.over(alert, parts.graph.view(), parts.now, hit)
    return parts.book.judge(alert, parts.now, hit, (*planned, *inhibited))


def spent(alerts: int, how: Judge) -> tuple[float, page.Engine]:
    """Return CPU milliseconds per alert with one way to judge, and the engine after it."""
    journal, store, engine = MemoryJournal(), MemoryStore(), page.Engine()
    journal.append([Command(id="graph", actor="noc", act=ImportTopology(topology=estate(500))), *known(1_000)], at=T0)
    while fold.step(engine, journal, store):
        pass
    for number, post in enumerate(posts(alerts, 500)):
        journal.append([post], at=T0 + timedelta(seconds=number * PER_POST / 50))
    began = time.process_time()
    with patch.object(page, "judge", how):
        while fold.step(engine, journal, store, limit=25):
            pass
    return (time.process_time() - began) * 1000 / alerts, engine


def milliseconds(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return (time.process_time() - began) * 1000


def main() -> None:
    """Print the cost of an alert both ways, of an hourly look for proposals, of a mute's shape, of a snapshot."""
    spent(1_000, judge)  # warm-up
    for alerts in (5_000, 20_000):
        alone, (full, engine) = spent(alerts, by_rules_alone)[0], spent(alerts, judge)
        print(
            f"{alerts:6} alerts: {full:.3f} CPU-ms an alert, {full - alone:.3f} more than by rules alone ({alone:.3f})"
        )
    profiles, settings = list(engine.profiles.all()), engine.settings.suggest
    kinds = f"{len(profiles)} kinds of alerts on nodes"
    print(f"{kinds}: proposals are thought of in {milliseconds(lambda: propose(engine)):.0f} CPU-ms")
    mute = Rule(
        id="r",
        verdict=Verdict.KNOWN_GOOD,
        matchers=(Matcher(field="alertname", value="A7"),),
        owner="noc",
        reason="noise",
        expires=T0 + timedelta(days=30),
    )
    shape = milliseconds(lambda: shaped(mute, profiles, engine.dedup.current, settings))
    print(f"{kinds}: a mute that a person makes takes its shape in {shape:.0f} CPU-ms")
    parts = (engine.flapping, engine.holding, engine.profiles, engine.suggest, engine.harms)
    size, took = sum(len(part.dump()) for part in parts), milliseconds(lambda: [part.dump() for part in parts])
    print(f"{kinds}: {size / 1e6:.1f} MB of a snapshot, written in {took:.0f} CPU-ms")


if __name__ == "__main__":
    main()
