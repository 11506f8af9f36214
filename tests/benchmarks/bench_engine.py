"""What does an alert cost with everything on: parse, template, 1,000 rules, graph, incident, page, store?"""

import json
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from aiops import fold
from aiops.domain.acts import ImportTopology, PutRule
from aiops.domain.alerts import Verdict
from aiops.domain.entries import Command, Delivery, Payload
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.matching import Matcher
from aiops.domain.rules import Rule
from aiops.engine import Engine
from aiops.ports import Store
from aiops.storage.folder import open_store
from aiops.storage.memory import MemoryJournal, MemoryStore

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PER_POST = 20


def estate(services: int) -> Topology:
    """A layered graph: each service depends on up to three of a deeper layer."""
    chance = random.Random(1)
    names = [f"service-{number}" for number in range(services)]
    edges = [
        Edge(source=name, relation=Relation.DEPENDS_ON, target=names[target])
        for number, name in enumerate(names)
        for target in sorted(
            {chance.randint(number + 1, services - 1) for _ in range(3)} if number < services - 1 else ()
        )
    ]
    return Topology(services=tuple(Service(name=name) for name in names), edges=tuple(edges))


def known(rules: int) -> list[Payload]:
    """Rules of which few match."""
    made = (
        Rule(
            id=f"rule-{number}",
            verdict=Verdict.KNOWN_GOOD,
            matchers=(
                Matcher(field="service", value=f"service-{number % 200}"),
                Matcher(field="alertname", value=f"A{number}"),
            ),
            owner="noc",
            reason="noise",
            expires=T0 + timedelta(days=30),
        )
        for number in range(rules)
    )
    return [Command(id=rule.id, actor="noc", act=PutRule(rule=rule)) for rule in made]


def posts(alerts: int, services: int) -> list[Payload]:
    """Alerts of many kinds all over the estate, firing and resolving."""
    chance = random.Random(2)
    made: list[Payload] = []
    for first in range(0, alerts, PER_POST):
        elements = []
        for number in range(first, first + PER_POST):
            at = (T0 + timedelta(seconds=number / 50)).isoformat()
            labels = {
                "alertname": f"A{chance.randint(0, 300)}",
                "service": f"service-{chance.randint(0, services - 1)}",
            }
            summary = f"value {chance.randint(0, 999)} over limit on host-{chance.randint(0, 99)}"
            over = chance.random() < 0.4
            ends = at if over else "0001-01-01T00:00:00Z"
            status = "resolved" if over else "firing"
            alert = {"status": status, "labels": labels, "annotations": {"summary": summary}}
            elements.append({**alert, "startsAt": at, "endsAt": ends})
        body = json.dumps({"version": "4", "alerts": elements}).encode()
        made.append(Delivery(source="alertmanager", body=body, content_type="application/json"))
    return made


def cost(alerts: int, services: int, rules: int, store: Store) -> float:
    """Return CPU milliseconds per alert."""
    journal, engine = MemoryJournal(), Engine()
    setup = [Command(id="graph", actor="noc", act=ImportTopology(topology=estate(services))), *known(rules)]
    journal.append(setup, at=T0)
    while fold.step(engine, journal, store):
        pass
    for number, post in enumerate(posts(alerts, services)):
        journal.append([post], at=T0 + timedelta(seconds=number * PER_POST / 50))
    began = time.process_time()
    while fold.step(engine, journal, store, limit=25):
        pass
    return (time.process_time() - began) * 1000 / alerts


def main() -> None:
    """Print the cost, its growth with the number of alerts, and with the number of rules."""
    with TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        print(
            f"everything on, SQLite, 500 services, 1,000 rules: {cost(10_000, 500, 1_000, store):.3f} CPU-ms an alert"
        )
        store.close()
    cost(1_000, 500, 10, MemoryStore())  # warm-up
    for alerts in (5_000, 10_000, 20_000):
        each = cost(alerts, 500, 1_000, MemoryStore())
        print(f"engine alone, {alerts:6} alerts, 1,000 rules: {each:.3f} CPU-ms an alert")
    few = cost(5_000, 500, 10, MemoryStore())
    for rules in (1_000, 10_000):
        print(f"{rules:6} rules against 10: {cost(5_000, 500, rules, MemoryStore()) / few:.2f} times the cost")


if __name__ == "__main__":
    main()
