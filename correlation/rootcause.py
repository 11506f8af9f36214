"""What is to blame? Candidates weighed from all evidence, each with its sentences and numbers; abstaining is an answer.

A node's score, in log odds, is the sum over its evidence; probabilities follow by softmax:
- rarity: its distinct kinds of alert, each log(N / document frequency)^1.5 over earlier incidents, less where its rate
  is high or it tells of others only ("no traffic"); relative to the strongest node of a usual incident;
- habit: how its signs have differed between causes and bystanders (correlation/causes/experience.py);
- cover: the share of the alerting nodes that rest on it, beyond what it usually covers;
- exclusive: the part of its rarity that its alerting callees do not explain;
- what metrics, traces, logs and changes say (``Testimony``), each measured against the node's own history.
Once people have confirmed enough causes, fitted weights take the place of those that ship. Onset decides between equal
ones only: clocks and detection delays blur it. How far the first one's probability is to be trusted is learned from
confirmations too (correlation/causes/calibration.py); that changes no order.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from aiops.domain.incidents import Candidate
from aiops.domain.reasons import Reason
from aiops.domain.words import plural, span
from correlation.background import Rates, key_of
from correlation.causes import calibration
from correlation.causes.calibration import Claim
from correlation.causes.cones import closure, company, explained_by, silent, starved_by, starving
from correlation.causes.experience import Experience, Weighing
from correlation.causes.signs import Sign, Signs, by_node, onset
from correlation.causes.testimony import Testimony
from correlation.topology import ServiceGraph

SHARP = 5.0  # log odds of a node with the rarity of a usual incident's strongest
COVER = 5.0  # log odds of covering all, for a node that usually covers nothing
EXCLUSIVE = 0.5  # log odds of having nothing explained by callees
SILENT = -0.5  # log odds of a node that did not alert itself
HEARD = 0.2  # what alerts count where measurements tell too: an alert says that it hurts, not who began
NONE = 0.05  # probability that it is none of these
COMMON = 0.05  # least factor for a sign whose rate is high
LEAST_MARGIN = 0.1  # between the first two probabilities; below it nobody is named
LEAST_SURE = 1 / 3  # below it the first one is more than twice as likely not to be it
LEAST_SHARE = 0.5  # of the services that the first one must explain
ALONE = 0.5  # probability of the only service that alerts: nothing speaks against it, and nothing for it
MOST = 5  # candidates

__all__ = ["Sign", "Verdict", "confirm", "explained_by", "rank", "weigh"]


class Standing(NamedTuple):
    """How one candidate stands, before it is put into words."""

    node: str
    score: float  # log odds
    rest: set[str]  # alerting nodes that rest on it, itself included if it alerts
    said: tuple[Reason, ...] = ()  # by others than alerts


class Verdict(NamedTuple):
    """What ranking found, and what is learned from it when the incident is over."""

    candidates: tuple[Candidate, ...]
    abstained: str  # why the first one is not to be trusted, or ""
    weighing: Weighing = Weighing()


def rank(
    signs: Sequence[Sign],
    graph: ServiceGraph,
    rates: Rates,
    now: datetime,
    confirmed: str | None = None,
    experience: Experience | None = None,
    testimonies: Sequence[Testimony] = (),
) -> tuple[tuple[Candidate, ...], str]:
    """Return the candidates, most probable first, and a sentence why the first one is not to be trusted, or "".

    ``confirmed``: the node that a person named (it comes first), or "" when a person said that it is none of these.
    """
    verdict = weigh(signs, graph, rates, now, experience or Experience(), testimonies)
    if confirmed and verdict.candidates:
        return confirm(verdict.candidates, confirmed), ""
    if confirmed == "" and verdict.candidates:
        return verdict.candidates, "a person said that it is none of these"
    return verdict.candidates, verdict.abstained


def weigh(
    signs: Sequence[Sign],
    graph: ServiceGraph,
    rates: Rates,
    now: datetime,
    experience: Experience,
    testimonies: Sequence[Testimony] = (),
) -> Verdict:
    """Rank by all evidence, whatever people said of this incident."""
    named = by_node(signs)
    if not named and not testimonies:
        return Verdict((), "no alert of it names a node of the service graph")
    table = _Table(named, graph, rates, now.timestamp(), experience)
    quiet = dict.fromkeys([*silent(graph, named), *(said.node for said in testimonies)])
    standings = [*table.standings(), *(_silent(one, named, graph, experience) for one in quiet if one not in named)]
    standings = _with(standings, testimonies)
    standings.sort(key=lambda one: (-round(one.score, 6), onset(one.node, named), one.node))
    probabilities, claim = _probabilities(standings, bool(testimonies), experience)
    candidates = tuple(_candidate(*one, table) for one in zip(standings[:MOST], probabilities, strict=False))
    abstained = _abstained(candidates, bool(standings[0].said or experience.weights))
    abstained = abstained or _doubted(candidates[0].entity, testimonies)
    if claim is None:
        abstained = f"only {candidates[0].entity} alerts: nothing to compare it with"
    blame = {node: share for node, share in _blame(standings).items() if node in named}
    return Verdict(candidates, abstained, Weighing(blame, table.features, table.cover, claim))


def _probabilities(
    standings: Sequence[Standing], told: bool, experience: Experience
) -> tuple[list[float], Claim | None]:
    """Return the probability of each, and what is claimed of the first one: nothing where it stands alone.

    ``told``: others than alerts say something.
    """
    if len(standings) == 1 and not standings[0].said:
        return [ALONE], None
    sort = calibration.TOLD if told else calibration.FITTED if experience.weights else calibration.ALERTS
    temperature = calibration.TEMPERATURES.get(sort, 1.0)
    shipped = [(1 - NONE) * share for share in calibration.shares([one.score for one in standings], temperature)]
    claim = Claim(standings[0].node, sort, shipped[0])
    return calibration.recalibrated(shipped, experience.trust(sort)), claim


def _blame(standings: Sequence[Standing]) -> dict[str, float]:
    """Return who gets which share of the blame, for counting: milder than probabilities, as nobody confirmed it."""
    certain = ALONE if len(standings) == 1 and not standings[0].said else 1 - NONE
    shares = calibration.shares([one.score for one in standings])
    return {one.node: certain * share for one, share in zip(standings, shares, strict=True)}


def confirm(candidates: Iterable[Candidate], entity: str) -> tuple[Candidate, ...]:
    """Return the candidates with ``entity`` first, as a person named it."""
    others = [one for one in candidates if one.entity != entity]
    named = Candidate(entity=entity, probability=1.0, share=0.0)
    known = next((one for one in candidates if one.entity == entity), named)
    first = msgspec.structs.replace(known, probability=1.0, confirmed=True)
    return (first, *(msgspec.structs.replace(one, probability=0.0, confirmed=False) for one in others))[:MOST]


class _Table:
    """The features of every alerting node, each computed once."""

    def __init__(self, named: Signs, graph: ServiceGraph, rates: Rates, now: float, experience: Experience) -> None:
        self.named, self.rates, self.now, self.experience = named, rates, now, experience
        self.graph, self.hungry = graph, starving(named)
        self.rest = closure(graph, named)
        own = {node: sum(self.telling(sign) for sign in mine) for node, mine in named.items()}
        self.cover = {}
        self.features = {}
        for node, mine in named.items():
            kinds = sorted(sign.kind for sign in mine)
            reached = len(self.rest[node] | starved_by(self.rest[node], self.hungry, graph))
            alone = 1 - company(node, self.hungry, graph) ** 2 if node in self.hungry else 1.0
            self.cover[node] = len(self.rest[node]) / len(named)
            theirs = sum(
                own[callee]
                for callee in sorted(graph.needs(node) & named.keys())
                if node not in self.rest[callee] or callee not in self.rest[node]
            )
            self.features[node] = [
                own[node] / experience.scale,
                sum(experience.habit(node, kind) for kind in kinds) / experience.scale,
                sum(experience.manner(kind) for kind in kinds) / experience.scale,
                experience.prior(node),
                alone * reached / len(named) - experience.usual_cover(node),
                own[node] / (own[node] + theirs) if own[node] else 0.0,
                math.log1p(len(kinds)),
            ]

    def telling(self, sign: Sign) -> float:
        """Return the rarity of a sign, discounted where it fires often anyway or tells of others only."""
        key = key_of(sign.node, sign.kind)
        unheard = self.rates.rarity("", self.now)
        factor = sign.factor * max(COMMON, min(1.0, self.rates.rarity(key, self.now) / unheard))
        if sign.consequence:
            factor *= 1 - company(sign.node, self.hungry, self.graph)
        return factor * self.experience.rarity(sign.node, sign.kind)

    def standings(self) -> list[Standing]:
        """Return how each alerting node stands."""
        return [Standing(node, self._score(node), self.rest[node]) for node in self.named]

    def _score(self, node: str) -> float:
        features = self.features[node]
        if weights := self.experience.weights:
            fitted = sum(weight * value for weight, value in zip(weights, features, strict=True))
            return fitted + self.experience.own_weight([sign.kind for sign in self.named[node]])
        learned = self.experience.learned
        telling = (1 - learned) * features[0] + learned * features[1]
        return SHARP * telling + COVER * features[4] + EXCLUSIVE * features[5]


def _silent(node: str, named: Signs, graph: ServiceGraph, experience: Experience) -> Standing:
    rest = explained_by(graph, node, named.keys())
    cover = len(rest) / max(1, len(named)) - experience.usual_cover(node)
    return Standing(node, SILENT + COVER * cover, rest)


def _with(standings: Sequence[Standing], testimonies: Sequence[Testimony]) -> list[Standing]:
    """Return the standings with what others than alerts say of their nodes."""
    heard = HEARD if any(said.measured for said in testimonies) else 1.0
    table = {one.node: one._replace(score=heard * one.score) for one in standings}
    for said in testimonies:
        known = table[said.node]
        table[said.node] = known._replace(score=known.score + said.odds, said=(*known.said, *said.reasons))
    return list(table.values())


def _candidate(one: Standing, share: float, table: "_Table") -> Candidate:
    path = table.graph.path(one.node, _most_hurt(one, table.named, table.graph))
    return Candidate(
        entity=one.node,
        probability=round(share, 3),
        share=round(len(one.rest) / max(1, len(table.named)), 3),
        path=path,
        evidence=(*one.said, *_evidence(one, table.named, table), *_missing(path, table.named)),
    )


def _missing(path: Sequence[str], named: Signs) -> Iterable[Reason]:
    """Between a cause and whom it hurts, who did not alert?"""
    between = [node for node in path[1:-1] if node not in named]
    if between:
        text = f"{', '.join(between)} on the way to {path[-1]} should have alerted and did not"
        yield Reason(step="cause", text=text, evidence={"missing": ", ".join(between)})


def _most_hurt(one: Standing, named: Signs, graph: ServiceGraph) -> str:
    """Return the service that rests on it and hurts most: worst alert, most critical tier, closest to the users."""

    def pain(node: str) -> tuple[int, int, int, str]:
        service = graph.view().service(node)
        worst = max(sign.severity.rank for sign in named[node])
        return -worst, service.tier if service else 9, len(graph.rests(node)), node

    return min(one.rest - {one.node}, key=pain, default=one.node)


def _evidence(one: Standing, named: Signs, table: _Table) -> Iterable[Reason]:
    others = sorted(one.rest - {one.node})
    affected = len(named) - (one.node in named)
    if others:
        text = f"{len(others)} of {affected} {'other ' if one.node in named else ''}affected services depend on"
        yield Reason(step="cause", text=f"{text} {one.node}", evidence={"resting": len(others), "affected": affected})
    if one.node not in named:
        yield Reason(step="cause", text=f"{one.node} did not alert itself", evidence={"silent": True})
        return
    if others:
        seconds = min(onset(node, named) for node in others) - onset(one.node, named)
        text = f"{one.node} {_when(seconds)} those that depend on it"
        yield Reason(step="cause", text=text, evidence={"seconds": seconds})
    yield _rarest(one.node, table)


def _when(seconds: float) -> str:
    if round(seconds) > 0:
        return f"alerted first, {span(seconds)} before"
    if round(seconds) < 0:
        return f"alerted {span(-seconds)} after the first of"
    return "alerted at the same moment as the first of"


def _rarest(node: str, table: _Table) -> Reason:
    mine, rates, experience = table.named[node], table.rates, table.experience
    rare = max(mine, key=lambda sign: (table.telling(sign), sign.kind))
    key = key_of(node, rare.kind)
    rate = rates.rate(key, table.now) * 3600
    usual = f"usual rate {rate:.2g}/h" if rates.since(key) < rare.started else "never seen before"
    seen = experience.seen(node, rare.kind)
    if seen:
        usual += f", in {seen} of {plural(experience.incidents, 'earlier incident')}"
    kinds = f"{len(mine)} kinds of alert, the rarest" if len(mine) > 1 else "its alert"
    return Reason(
        step="cause",
        text=f"{kinds} {rare.name!r} ({usual})",
        evidence={"kinds": len(mine), "rate_per_hour": round(rate, 4), "incidents": seen},
    )


def _doubted(node: str, testimonies: Sequence[Testimony]) -> str:
    """Return why no more is known than an order; "" where something speaks for the first one that nobody doubts."""
    if any(said.node == node and not said.doubt for said in testimonies):
        return ""
    return next((said.doubt for said in testimonies if said.doubt), "")


def _abstained(candidates: Sequence[Candidate], proven: bool) -> str:
    """``proven``: more than what ships speaks for the first one: measurements, or causes that people confirmed."""
    first = candidates[0]
    if first.share < LEAST_SHARE and not proven:
        return f"no node explains half of the affected services; {first.entity} comes closest with {first.share:.0%}"
    if len(candidates) > 1 and first.probability - candidates[1].probability < LEAST_MARGIN:
        second = candidates[1]
        text = f"{first.entity} ({first.probability:.0%}) and {second.entity} ({second.probability:.0%})"
        return f"{text} are too close to call"
    if first.probability < LEAST_SURE:
        return f"{len(candidates)} are too close to call: {first.entity} leads with {first.probability:.0%}"
    return ""
