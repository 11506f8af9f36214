"""What did earlier incidents teach about causes? How rare each sign is, and what causes look like.

Every incident that is over counts, whether or not a person named its cause: each node's share of the blame is the
probability that it had (expectation-maximisation of a naive Bayes model, one step an incident), 1 for the one that a
person confirmed. After ``LEAST_TAUGHT`` confirmations what people chose corrects what was found without them: which
nodes and kinds of alert they blamed more often than that foretold (correlation/causes/fitting.py). The cases are
scored anew then: what was rare when little was known may be usual now. From the first confirmation on, what was
claimed is held against what people say (correlation/causes/calibration.py).
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from correlation.causes import calibration
from correlation.causes.calibration import Claim
from correlation.causes.fitting import Choice, Lesson, fit
from correlation.causes.frequencies import POWER, STRANGE, Frequencies
from correlation.causes.signs import stem

LEAST_TAUGHT = 5  # from then on confirmations correct what was found without them
AGAIN = 1.25  # times as many incidents, and it is learned anew: what is rare is known better
SHARP = 5.0  # log odds of a node with the rarity of a usual incident's strongest
SILENT = -0.5  # log odds of a node that did not alert itself, without any that rest on it
MOST_SUSPECTS = 20  # nodes that were causes before and may be silent ones now
MOST_CASES = 1_000  # incidents that can still be counted anew when a person names their cause
MOST_CONFIRMED = 200  # the newest, that are learned from
MOST_PAIRS = 100_000  # (node, kind) counted; the rarer half is forgotten beyond it
NODE_PRIOR = 5.0  # incidents of a node before its own habits outweigh those of all nodes
HALF = 20.0  # incidents' worth of blame after which habits weigh half of MOST_LEARNED
MOST_LEARNED = 0.8  # of a sign's weight that habits can make up; the rest is rarity
LEAST_SHARE = 1e-3  # floor of every likelihood


class Weighing(NamedTuple):
    """What ranking found of one incident, as far as later ones learn from it; by alerting node."""

    blame: Mapping[str, float] = {}  # probability, without what people taught
    scores: Mapping[str, float] = {}  # log odds without what people taught; of silent candidates too
    factors: Mapping[str, Mapping[str, float]] = {}  # node -> kind -> what its rarity counts
    heard: float = 1.0  # what alerts count in the scores
    cover: Mapping[str, float] = {}
    claim: Claim | None = None  # of the first candidate


class Tally(msgspec.Struct, array_like=True):
    """How often something was present, and how much of the blame it had then."""

    seen: float = 0.0
    blamed: float = 0.0


class Case(msgspec.Struct, array_like=True):
    """One incident as it was counted."""

    kinds: dict[str, dict[str, float]]  # node -> kind -> what its rarity counted
    rest: dict[str, float]  # log odds beside what the node itself said; of silent candidates too
    heard: float = 1.0  # what alerts counted
    blame: dict[str, float] = {}
    claim: Claim | None = None
    right: bool | None = None  # was the claim?, once a person named the cause


class Experience:
    """Counts over incidents; bounded, and the same whatever the order in which one incident's nodes are told."""

    def __init__(self) -> None:
        self._incidents = 0.0
        self._blame = 0.0
        self._scale = [100.0, 10.0]  # sum of the strongest node's rarity, and of how many incidents
        self._pairs: dict[str, dict[str, Tally]] = {}  # node -> kind
        self._nodes: dict[str, Tally] = {}
        self._kinds: dict[str, Tally] = {}
        self._cover: dict[str, float] = {}  # node -> sum of its covers
        self._causes: dict[str, float] = {}  # node -> how often it was confirmed
        self._cases: dict[str, Case] = {}
        self.frequencies = Frequencies()  # of the cases
        self._confirmed: dict[str, str] = {}
        self._lesson = Lesson()
        self._fitted = 0.0  # incidents there were then
        self._trust: dict[str, calibration.Map] = {}  # sort of claim -> what such claims proved to be worth

    @property
    def confirmed(self) -> int:
        """How many causes have people named?"""
        return len(self._confirmed)

    @property
    def incidents(self) -> int:
        """How many incidents were counted?"""
        return int(self._incidents)

    @property
    def taught(self) -> bool:
        """Have people named enough causes to learn from?"""
        return bool(self._lesson.weights)

    def suspects(self) -> Sequence[str]:
        """Return the nodes that were causes before, the most frequent first; none before there is a lesson."""
        found = [node for node, times in self._causes.items() if times > 0] if self.taught else []
        return sorted(found, key=lambda node: (-self._causes[node], node))[:MOST_SUSPECTS]

    def corrected(self, node: str, plain: float, kinds: Collection[str]) -> float:
        """Return the log odds of a node after what people taught; ``plain``: before; without kinds it is silent."""
        return self._lesson.score(plain, _traits(node, kinds))

    def named(self, node: str) -> int:
        """In how many incidents did people name it as the cause?"""
        return int(self._causes.get(node, 0.0))

    def likelier(self, kind: str) -> float:
        """Return by what factor people's choices make a node that says this likelier to be the cause."""
        return math.exp(self._lesson.weights.get(f"kind {kind}", 0.0))

    def trust(self, sort: str) -> calibration.Map:
        """Return what claims of this sort proved to be worth here."""
        return self._trust.get(sort, calibration.SHIPPED)

    def seen(self, node: str, kind: str) -> int:
        """In how many earlier incidents did the node say this?"""
        tally = self._pairs.get(node, {}).get(kind)
        return int(tally.seen) if tally else 0

    def rarity(self, node: str, kind: str) -> float:
        """Return log(N / document frequency) to the power of ``POWER``, this incident counted in."""
        return math.pow(math.log((self._incidents + STRANGE) / (self.seen(node, kind) + 1)), POWER)

    def habit(self, node: str, kind: str) -> float:
        """Return the log likelihood ratio of this sign between the node as cause and as bystander."""
        pair = self._pairs.get(node, {}).get(kind) or Tally()
        whole, every = self._nodes.get(node) or Tally(), self._kinds.get(kind) or Tally()
        usual = (every.blamed + 0.2) / (self._blame + 2.0)
        cause = (pair.blamed + NODE_PRIOR * usual) / (whole.blamed + NODE_PRIOR)
        bystander = (pair.seen + 1 - pair.blamed + 0.5) / (self._incidents + 1 - whole.blamed + 1)
        return math.log(max(cause, LEAST_SHARE) / max(bystander, LEAST_SHARE))

    def own(self, node: str, factors: Mapping[str, float]) -> float:
        """Return the log odds of what a node says itself, numbers aside; ``factors``: what each rarity counts."""
        told: dict[str, float] = {}
        for kind, factor in factors.items():
            name = stem(kind)
            told[name] = max(factor * self.frequencies.rarity(node, name), told.get(name, 0.0))
        habits = sum(self.habit(node, kind) for kind in sorted(factors))
        rare = sum(told[name] for name in sorted(told))
        return SHARP * ((1 - self.learned) * rare + self.learned * habits) / self.scale

    def usual_cover(self, node: str) -> float:
        """Return what share of the alerting nodes the node explained in earlier incidents, on average."""
        return self._cover.get(node, 0.0) / (self._incidents + 5.0)

    @property
    def learned(self) -> float:
        """How much of a sign's weight are habits now?"""
        return MOST_LEARNED * self._blame / (self._blame + HALF)

    @property
    def scale(self) -> float:
        """Return the rarity of the strongest node of an incident, as it usually is."""
        return self._scale[0] / self._scale[1]

    def count(self, incident_id: str, verdict: Weighing) -> None:
        """Count an incident that is over; once, however often it is told."""
        kinds = {node: dict(sorted(mine.items())) for node, mine in verdict.factors.items()}  # sorted, so that sums are
        if incident_id in self._cases or not kinds:
            return
        case = self._cases[incident_id] = Case(kinds, self._beside(kinds, verdict), verdict.heard, claim=verdict.claim)
        self.frequencies.count(kinds)
        if len(self._cases) > MOST_CASES:
            oldest = next(iter(self._cases))
            self.frequencies.count(self._cases.pop(oldest).kinds, by=-1)
            self._confirmed.pop(oldest, None)
        strongest = max(sum(self.rarity(node, kind) for kind in mine) for node, mine in kinds.items())
        self._scale = [self._scale[0] + strongest, self._scale[1] + 1]
        self._incidents += 1
        for node, mine in kinds.items():
            self._nodes.setdefault(node, Tally()).seen += 1
            self._cover[node] = self._cover.get(node, 0.0) + verdict.cover[node]
            for kind in mine:
                self._pairs.setdefault(node, {}).setdefault(kind, Tally()).seen += 1
                self._kinds.setdefault(kind, Tally()).seen += 1
        self._share(case, dict(verdict.blame))
        self._prune()
        if self.taught and self._incidents >= AGAIN * self._fitted:
            self._fit()

    def _beside(self, kinds: Mapping[str, Mapping[str, float]], verdict: Weighing) -> dict[str, float]:
        return {
            node: score - verdict.heard * self.own(node, kinds.get(node, {})) for node, score in verdict.scores.items()
        }

    def confirm(self, incident_id: str, cause: str) -> None:
        """A person named the cause of an incident that was counted; "" for none of the candidates."""
        case = self._cases.get(incident_id)
        before = self._confirmed.pop(incident_id, "")
        if before:
            self._causes[before] = max(0.0, self._causes[before] - 1)
        if case is None:
            return
        self._share(case, {cause: 1.0} if cause in case.kinds else {})
        if cause:
            self._confirmed[incident_id] = cause
            self._causes[cause] = self._causes.get(cause, 0.0) + 1
        if case.claim is not None:
            case.right = cause == case.claim.node
            self._calibrate(case.claim.sort)
        self._fit()

    def _calibrate(self, sort: str) -> None:
        """Hold the newest claims of one sort against what people said."""
        claimed = [
            (one.claim.probability, one.right)
            for one in self._cases.values()
            if one.claim is not None and one.claim.sort == sort and one.right is not None
        ]
        self._trust[sort] = calibration.fit(claimed[-MOST_CONFIRMED:])

    def _share(self, case: Case, blame: dict[str, float]) -> None:
        """Let the case's blame be this in place of what it was."""
        for factor, shares in ((-1.0, case.blame), (1.0, blame)):
            for node, share in shares.items():
                self._blame += factor * share
                self._nodes[node].blamed += factor * share
                for kind in case.kinds[node]:
                    for tally in (self._pairs.get(node, {}).get(kind), self._kinds.get(kind)):
                        if tally is not None:
                            tally.blamed = max(0.0, tally.blamed + factor * share)
        case.blame = blame

    def _fit(self) -> None:
        """Learn from the newest confirmations."""
        known = [(self._cases[one], cause) for one, cause in self._confirmed.items() if one in self._cases]
        choices = [self._choice(case, cause) for case, cause in known[-MOST_CONFIRMED:]]
        self._lesson = fit(choices) if len(choices) >= LEAST_TAUGHT else Lesson()
        self._fitted = self._incidents

    def _choice(self, case: Case, cause: str) -> Choice:
        """Score the case anew: what was rare when little was known may be usual now."""
        rows = {}
        for node, rest in {cause: SILENT, **case.rest}.items():
            kinds = case.kinds.get(node, {})
            rows[node] = rest + case.heard * self.own(node, kinds), _traits(node, kinds)
        return Choice(rows, cause)

    def _prune(self) -> None:
        """Forget the pairs seen once when there are too many; then the nodes that have none left."""
        if sum(len(mine) for mine in self._pairs.values()) <= MOST_PAIRS:
            return
        self._pairs = {
            node: kept
            for node, mine in self._pairs.items()
            if (kept := {kind: tally for kind, tally in mine.items() if tally.seen > 1})
        }
        self._kinds = {kind: tally for kind, tally in self._kinds.items() if tally.seen > 1}

    def dump(self) -> bytes:
        """Return all state."""
        counts = (self._incidents, self._blame, self._scale, self._pairs, self._nodes, self._kinds, self._cover)
        people = (self._causes, self._cases, self._confirmed, self._lesson, self._fitted, self._trust)
        return msgspec.msgpack.encode((counts, people))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        tallies, numbers = dict[str, Tally], dict[str, float]
        counts = tuple[float, float, list[float], dict[str, tallies], tallies, tallies, numbers]  # type: ignore[valid-type]
        people = tuple[numbers, dict[str, Case], dict[str, str], Lesson, float, dict[str, calibration.Map]]  # type: ignore[valid-type]
        ours, theirs = msgspec.msgpack.decode(state, type=tuple[counts, people])
        self._incidents, self._blame, self._scale, self._pairs, self._nodes, self._kinds, self._cover = ours
        self._causes, self._cases, self._confirmed, self._lesson, self._fitted, self._trust = theirs
        self.frequencies = Frequencies()
        for case in self._cases.values():
            self.frequencies.count(case.kinds)


def _traits(node: str, kinds: Collection[str]) -> list[str]:
    return [f"node {node}", *(f"kind {kind}" for kind in kinds)] if kinds else [f"node {node}", "silent"]
