"""Storms whose troubles are known, for gates: a random service graph, faults that spread to callers, overlap, chance.

A fault reaches its callers within a minute or two, and its alerts last a quarter of an hour: several troubles are about
at any time, and what only meets looks like a late consequence.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from aiops.domain.acts import ConfirmCause, Move, Split
from aiops.domain.alerts import Alert
from aiops.domain.events import Severity
from aiops.domain.graph import Edge, Relation, Service, Topology
from tests.correlation.rig import Rig

LENGTH = 8 * 3600.0  # seconds
LAYERS = (6, 14, 14)  # services
SPREADS = 0.8  # chance that a caller is hurt
FIRST, THEN, CHANCE = ("conn", "mem"), ("slow", "errors"), ("disk", "cpu", "probe")  # kinds: of the cause, of the hurt
LASTS = 900.0  # seconds that an alert fires
Told = Sequence[tuple[Alert, str]]  # alerts and their troubles; "" is chance


class Surge:
    """One storm, made by ``seed`` alone."""

    def __init__(self, name: str, seed: int, troubles: int, chance: int) -> None:
        self._dice = random.Random(seed)
        layers = [[f"{name}-{layer}-{number}" for number in range(size)] for layer, size in enumerate(LAYERS)]
        services = [service for layer in layers for service in layer]
        self.callers: dict[str, list[str]] = {service: [] for service in services}
        for above, below in pairwise(layers):
            for caller in above:
                for callee in self._dice.sample(below, self._dice.randint(1, 3)):
                    self.callers[callee].append(caller)
        self.causes = {f"{name}{number}": self._dice.choice(services) for number in range(troubles)}
        self.alerts: list[tuple[float, str, str, str]] = []  # second, service, kind, trouble
        for trouble, cause in self.causes.items():
            self._spread(trouble, cause, self._dice.uniform(0, LENGTH))
        for _ in range(chance):
            self.alerts.append(
                (self._dice.uniform(0, LENGTH), self._dice.choice(services), self._dice.choice(CHANCE), "")
            )

    def _spread(self, trouble: str, cause: str, start: float) -> None:
        hurt, queue = {cause: start}, [cause]
        while queue:
            service = queue.pop(0)
            kinds = FIRST if service == cause else THEN
            for kind in self._dice.sample(kinds, self._dice.randint(1, len(kinds))):
                self.alerts.append((hurt[service] + self._dice.uniform(20, 80), service, kind, trouble))
            for caller in self.callers[service]:
                if caller not in hurt and self._dice.random() < SPREADS:
                    hurt[caller] = hurt[service] + self._dice.expovariate(1 / 30)
                    queue.append(caller)

    def topology(self) -> Topology:
        """Return who calls whom."""
        pairs = [(caller, callee) for callee, callers in self.callers.items() for caller in callers]
        edges = tuple(Edge(source=caller, relation=Relation.DEPENDS_ON, target=callee) for caller, callee in pairs)
        return Topology(services=tuple(Service(name=name) for name in self.callers), edges=edges)

    def play(self, rig: Rig, start: float) -> Told:
        """Let it happen, and end; each alert is one of its own, however many there are of a kind."""
        told = []
        begins = [(one[0], True, number) for number, one in enumerate(self.alerts)]
        for at, fires, number in sorted([*begins, *((at + LASTS, False, number) for at, _, number in begins)]):
            _, service, kind, trouble = self.alerts[number]
            name = f"{kind}-{number}"
            if fires:
                told.append((rig.fire(start + at, service, name, kind_key=kind, severity=Severity.WARNING), trouble))
            else:
                rig.resolve(start + at, service, name)
        return told


def put_right(rig: Rig, at: float, told: Told, causes: Mapping[str, str]) -> None:
    """Let people give each trouble of two alerts or more an incident of its own, and name its cause."""
    for trouble, cause in causes.items():
        mine: dict[str, list[str]] = {}
        for alert, its in told:
            if its == trouble:
                mine.setdefault(rig.of(alert).incident_id, []).append(alert.episode.episode_id)
        if sum(map(len, mine.values())) < 2:
            continue
        home = max(mine, key=lambda one: len(mine[one]))
        there = tuple(mine.pop(home))
        if rig.incidents[home].episodes > len(there):
            _, home = rig.act(at, Split(incident_id=home, episodes=there))
        for other, episodes in mine.items():
            rig.act(at, Move(incident_id=other, other_id=home, episodes=tuple(episodes)))
        rig.act(at, ConfirmCause(incident_id=home, entity=cause))


def pairwise_f1(rig: Rig, told: Told) -> float:
    """Return how well two alerts are in one incident where they are of one trouble."""
    ours = Counter((rig.of(alert).incident_id, "") for alert, _ in told)
    truth = Counter(("", trouble) for _, trouble in told if trouble)
    both = Counter((rig.of(alert).incident_id, trouble) for alert, trouble in told if trouble)
    return 2 * _pairs(both) / (_pairs(ours) + _pairs(truth))


def _pairs(sizes: Counter[tuple[str, str]]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())
