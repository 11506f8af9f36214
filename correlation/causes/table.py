"""How does each node stand, by the alerts alone? The features of those that alert, and the odds of those that do not.

A node's log odds are those of what it says itself (``Experience.own``), ``COVER`` times the share of the alerting nodes
that rest on it, beyond what it usually covers, and ``EXCLUSIVE`` times the part of its rarity that alerting callees do
not explain: of errors and delays any, of all else none. Lessons of people come on top (correlation/causes/lessons.py).

A silent node of which all callers complain would explain what they say: it is as likely as the likeliest of them, plus
what it covers beyond that one, plus the odds of its silence. By the rule of succession a node at fault is silent once
in (2 + incidents in which it spoke of itself); one that is known to say when nothing reaches it would say so, were its
caller at fault (``FED``). Where several callees of a caller are silent, any may be it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from aiops.domain.reasons import Reason
from correlation.background import Rates, key_of
from correlation.causes import cones
from correlation.causes.cones import closure, company, explained_by, silent, starved_by, starving
from correlation.causes.experience import SILENT, Experience
from correlation.causes.signs import Sign, Signs, stem
from correlation.topology import ServiceGraph

COVER = 5.0  # log odds of covering all, for a node that usually covers nothing
EXCLUSIVE = 0.5  # log odds of having nothing explained by callees
FED = math.log(3)  # log odds of a silent node that would starve in two of three cases, were its caller at fault
COMMON = 0.05  # least factor for a sign whose rate is high


class Standing(NamedTuple):
    """How one candidate stands, before it is put into words."""

    node: str
    score: float  # log odds
    rest: set[str]  # alerting nodes that rest on it, itself included if it alerts
    said: tuple[Reason, ...] = ()  # by others than alerts


class Table:
    """The features of every alerting node, each computed once."""

    def __init__(self, named: Signs, graph: ServiceGraph, rates: Rates, now: float, experience: Experience) -> None:
        self.named, self.rates, self.now, self.experience = named, rates, now, experience
        self.graph, self.hungry = graph, starving(named)
        self.rest = closure(graph, named)
        self.unheard = cones.unheard(named, graph)
        self.factors = {node: {sign.kind: self._factor(sign) for sign in mine} for node, mine in named.items()}
        own = {
            node: sum(self.factors[node][sign.kind] * experience.rarity(node, sign.kind) for sign in mine)
            for node, mine in named.items()
        }
        self.cover = {node: len(self.rest[node]) / len(named) for node in named}
        self.features = {node: self._features(node, own) for node in named}

    def _features(self, node: str, own: dict[str, float]) -> tuple[float, float]:
        """Return what it covers beyond the usual, and the part of its rarity that no callee explains."""
        reached = len(self.rest[node] | starved_by(self.rest[node], self.hungry, self.graph))
        alone = 1 - company(node, self.hungry, self.graph) ** 2 if node in self.hungry else 1.0
        theirs = sum(
            own[callee]
            for callee in sorted(self.graph.needs(node) & self.named.keys())
            if node not in self.rest[callee] or callee not in self.rest[node]
        )
        exclusive = own[node] / (own[node] + theirs) if own[node] else 0.0
        if not all(sign.complains for sign in self.named[node]):
            exclusive = 1.0
        return alone * reached / len(self.named) - self.experience.usual_cover(node), exclusive

    def _factor(self, sign: Sign) -> float:
        """Return how much a sign counts: less where it fires often anyway or tells of others only."""
        unheard_of = self.rates.rarity("", self.now)
        rate = max(COMMON, min(1.0, self.rates.rarity(key_of(sign.node, sign.kind), self.now) / unheard_of))
        alone = 1 - company(sign.node, self.hungry, self.graph) if sign.consequence else 1.0
        return sign.factor * rate * alone

    def telling(self, sign: Sign) -> float:
        """Return the rarity of what a sign says, its numbers aside, as far as it counts."""
        return self.factors[sign.node][sign.kind] * self.experience.frequencies.rarity(sign.node, stem(sign.kind))

    def standings(self, measured: bool = False) -> list[Standing]:
        """Return how each alerting node stands, and each silent one that may be behind them.

        ``measured``: more than alerts tells of all nodes; that nothing alerts on one is no news then.
        """
        scores = {node: self._score(node) for node in self.named}
        standings = [Standing(node, score, self.rest[node]) for node, score in scores.items()]
        unheard = {} if measured else self.unheard
        standings += [self._unheard(node, callers, scores) for node, callers in unheard.items()]
        return standings + [self.below(node) for node in silent(self.graph, self.named) if node not in unheard]

    def suspects(self) -> list[str]:
        """Return who was the cause before, is silent now, and could hurt who alerts."""
        nodes = self.experience.suspects()
        return [one for one in nodes if one not in self.named and explained_by(self.graph, one, self.named.keys())]

    def below(self, node: str) -> Standing:
        """Return how a silent node stands by what rests on it."""
        rest = explained_by(self.graph, node, self.named.keys())
        cover = len(rest) / max(1, len(self.named)) - self.experience.usual_cover(node)
        return Standing(node, SILENT + COVER * cover, rest)

    def _score(self, node: str) -> float:
        covered, exclusive = self.features[node]
        return self.experience.own(node, self.factors[node]) + COVER * covered + EXCLUSIVE * exclusive

    def _unheard(self, node: str, callers: Sequence[str], scores: dict[str, float]) -> Standing:
        rest = explained_by(self.graph, node, self.named.keys())
        covered = len(rest) / len(self.named)
        explained = max(scores[caller] + COVER * (covered - self.cover[caller]) for caller in callers)
        callees = [self.graph.callees(caller) for caller in callers]
        alike = max(sum(one in self.unheard for one in mine) for mine in callees)
        heard = self.experience.frequencies
        fed = FED if heard.starved(node) else 0.0
        return Standing(node, explained + fed - math.log(2 + heard.spoke(node)) - math.log(alike), rest)
