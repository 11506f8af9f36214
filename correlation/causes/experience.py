"""What did earlier incidents teach about causes? How rare each sign is, and what causes look like.

Every incident that is over counts, whether or not a person named its cause: each node's share of the blame is the
probability that it had (expectation-maximisation of a naive Bayes model, one step an incident), 1 for the one that a
person confirmed. After ``LEAST_CONFIRMED`` confirmations weights are fitted to them (correlation/causes/fitting.py).
From the first one on, what was claimed is held against what people say (correlation/causes/calibration.py).
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from correlation.causes import calibration
from correlation.causes.calibration import Claim
from correlation.causes.fitting import Choice, fit
from correlation.causes.frequencies import POWER, STRANGE, Frequencies
from correlation.causes.signs import Sign, by_node

LEAST_CONFIRMED = 12  # from then on a blame that nobody confirmed counts no longer: people know better
MOST_CASES = 1_000  # incidents that can still be counted anew when a person names their cause
MOST_CONFIRMED = 200  # the newest, to which the weights are fitted
MOST_PAIRS = 100_000  # (node, kind) counted; the rarer half is forgotten beyond it
MOST_KINDS = 80  # kinds that get a weight of their own, the most frequent among the confirmed
NODE_PRIOR = 5.0  # incidents of a node before its own habits outweigh those of all nodes
HALF = 20.0  # incidents' worth of blame after which habits weigh half of MOST_LEARNED
MOST_LEARNED = 0.8  # of a sign's weight that habits can make up; the rest is rarity
LEAST_SHARE = 1e-3  # floor of every likelihood


class Weighing(NamedTuple):
    """What ranking found of one incident, as far as later ones learn from it; by alerting node."""

    blame: Mapping[str, float] = {}  # probability
    features: Mapping[str, Sequence[float]] = {}
    cover: Mapping[str, float] = {}
    claim: Claim | None = None  # of the first candidate


class Tally(msgspec.Struct, array_like=True):
    """How often something was present, and how much of the blame it had then."""

    seen: float = 0.0
    blamed: float = 0.0


class Case(msgspec.Struct, array_like=True):
    """One incident as it was counted."""

    kinds: dict[str, list[str]]
    features: dict[str, list[float]]
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
        self._weights: list[float] = []
        self._own: dict[str, float] = {}  # kind -> fitted weight of its own
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
    def weights(self) -> Sequence[float]:
        """Return the fitted weights of the features; empty before there are enough confirmations."""
        return self._weights

    def own_weight(self, kinds: Collection[str]) -> float:
        """Return the sum of what was fitted for these kinds themselves."""
        return sum(self._own.get(kind, 0.0) for kind in sorted(kinds))

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

    def manner(self, kind: str) -> float:
        """Return the log likelihood ratio of this kind between causes and bystanders, whatever the node."""
        every = self._kinds.get(kind) or Tally()
        cause = (every.blamed + 0.2) / (self._blame + 2.0)
        others = max(1.0, len(self._nodes)) * (self._incidents + 1)
        bystander = (every.seen - every.blamed + 0.5) / others
        return math.log(max(cause, LEAST_SHARE) / max(bystander, LEAST_SHARE))

    def prior(self, node: str) -> float:
        """Return log of how often the node was the confirmed cause, against an even share."""
        nodes = max(1, len(self._nodes))
        share = (self._causes.get(node, 0.0) + 2.0) / (len(self._confirmed) + 2.0 * nodes)
        return math.log(share * nodes)

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

    def count(self, incident_id: str, signs: Iterable[Sign], verdict: Weighing) -> None:
        """Count an incident that is over; once, however often it is told."""
        kinds = {node: sorted(sign.kind for sign in mine) for node, mine in by_node(signs).items()}
        if incident_id in self._cases or not kinds:
            return
        case = self._cases[incident_id] = Case(
            kinds, {node: list(row) for node, row in verdict.features.items()}, claim=verdict.claim
        )
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
        if self.confirmed < LEAST_CONFIRMED:
            self._share(case, dict(verdict.blame))
        self._prune()

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
        """Fit the weights to the newest confirmations of incidents whose cause alerted."""
        known = [(self._cases[one], cause) for one, cause in self._confirmed.items() if one in self._cases]
        known = [(case, cause) for case, cause in known if cause in case.features][-MOST_CONFIRMED:]
        if len(known) < LEAST_CONFIRMED:
            return
        often: dict[str, int] = {}
        for case, _ in known:
            for mine in case.kinds.values():
                for kind in mine:
                    often[kind] = often.get(kind, 0) + 1
        kinds = sorted(often, key=lambda kind: (-often[kind], kind))[:MOST_KINDS]
        choices = [_choice(case, cause, kinds) for case, cause in known]
        self._weights, own = fit(choices)
        self._own = dict(zip(kinds, own, strict=True))

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
        people = (self._causes, self._cases, self._confirmed, self._weights, self._own, self._trust)
        return msgspec.msgpack.encode((counts, people))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        tallies, numbers = dict[str, Tally], dict[str, float]
        counts = tuple[float, float, list[float], dict[str, tallies], tallies, tallies, numbers]  # type: ignore[valid-type]
        people = tuple[numbers, dict[str, Case], dict[str, str], list[float], numbers, dict[str, calibration.Map]]  # type: ignore[valid-type]
        ours, theirs = msgspec.msgpack.decode(state, type=tuple[counts, people])
        self._incidents, self._blame, self._scale, self._pairs, self._nodes, self._kinds, self._cover = ours
        self._causes, self._cases, self._confirmed, self._weights, self._own, self._trust = theirs
        self.frequencies = Frequencies()
        for case in self._cases.values():
            self.frequencies.count(case.kinds)


def _choice(case: Case, cause: str, kinds: Sequence[str]) -> Choice:
    nodes = sorted(case.features)
    rows = [[*case.features[node], *(float(kind in case.kinds[node]) for kind in kinds)] for node in nodes]
    return Choice(rows, nodes.index(cause))
