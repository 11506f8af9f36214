"""How alike are two incidents, and from how much on does that mean something?

Likeness is the Jaccard index of what fires where: pairs of a kind of alert and its service. A trait weighs
log((1 + N) / incidents that have it) squared, so that what fires in every incident says nothing, times how often two
incidents that have it had the same confirmed cause. An answer is as sure as the most alike incident is alike, times the
share of its cause among the five most alike, each counted by its likeness.

From how much on that is said is learned on the site's own history: each incident with a confirmed cause is compared
with those before it, by what was known then. Taken is the least sureness from which answers were right so often that,
nineteen to one, nine of ten are right in the long run: more than nine of ten in the past, for of many levels the
luckiest is chosen. Where the history is too short to say, only what is nearly the same counts.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from aiops.domain.base import Noun

PRECISION = 0.9
CERTAINTY = 0.95  # that the precision is reached; many levels are tried: at 0.9 the luckiest one spoke on thin evidence
VOTERS = 5  # the most alike with a confirmed cause
LEAST_CHECKS = 10  # incidents with a confirmed cause that had others before them
UNCHECKED = 0.9  # the least likeness while there are fewer
DOUBT = 2  # pairs of incidents with a trait that are taken to agree no more than any two do
_UNSEEN = ""  # in place of a trait that no incident of the history has


class Known(Noun, frozen=True, kw_only=True):
    """What likeness goes by."""

    incident_id: str
    opened_at: datetime
    traits: frozenset[str]  # kinds of alerts, each with its service
    cause: str = ""  # confirmed by a person; empty: not


class Likeness(Noun, frozen=True, kw_only=True):
    """How alike another incident is, 0..1."""

    incident_id: str
    score: float
    shared: int  # traits in common, of
    traits: int  # those of both


class Threshold(Noun, frozen=True, kw_only=True):
    """From which sureness on something is said, and what that is learned from."""

    least: float | None  # None: no sureness reaches the precision
    right: int = 0  # answers that reach it and named the cause, of
    given: int = 0
    checked: int = 0  # incidents with a confirmed cause that had others before them

    @property
    def is_learned(self) -> bool:
        """Were there enough to learn from?"""
        return self.checked >= LEAST_CHECKS

    @property
    def text(self) -> str:
        """Say where it comes from."""
        if not self.is_learned:
            return (
                f"{self.checked} confirmed causes can be checked so far, so only what is {UNCHECKED:.0%} alike counts"
            )
        if self.least is None:
            return f"of {self.checked} confirmed causes, likeness did not foretell {PRECISION:.0%}, however great"
        return (
            f"where likeness times agreement of the {VOTERS} most alike reached {self.least:.0%}, the cause was the "
            f"same {self.right} of {self.given} times here"
        )


class History:
    """What the traits of the incidents seen so far have told. Counts alone: an incident is added in one step."""

    def __init__(self, incidents: Iterable[Known] = ()) -> None:
        self._seen = 0
        self._holding: Counter[str] = Counter()
        self._causes: Counter[str] = Counter()
        self._confirmed: Counter[str] = Counter()  # by trait: incidents with a confirmed cause
        self._caused: Counter[tuple[str, str]] = Counter()  # by trait and cause
        self._agreeing: Counter[str] = Counter()  # by trait: pairs of incidents with the same cause
        for one in incidents:
            self.see(one)
            self.confirm(one)

    def see(self, one: Known) -> None:
        """Count its traits."""
        self._seen += 1
        self._holding.update(one.traits)

    def confirm(self, one: Known) -> None:
        """Count its cause, if it has one."""
        if not one.cause:
            return
        self._causes[one.cause] += 1
        for trait in one.traits:
            self._agreeing[trait] += self._caused[trait, one.cause]
            self._caused[trait, one.cause] += 1
            self._confirmed[trait] += 1

    def weights(self) -> Mapping[str, float]:
        """Return the weight of each trait; of "": of one that none has."""
        every = sum(self._causes.values())
        usual = sum(count**2 for count in self._causes.values()) / every**2 if every else 1.0  # of any two the same
        weights = {
            trait: math.log((1 + self._seen) / number) ** 2 * self._telling(trait, usual)
            for trait, number in self._holding.items()
        }
        return {**weights, _UNSEEN: math.log(1 + self._seen) ** 2 * usual}

    def _telling(self, trait: str, usual: float) -> float:
        pairs = math.comb(self._confirmed[trait], 2)
        return (self._agreeing[trait] + DOUBT * usual) / (pairs + DOUBT)


def ranked(wanted: Known, others: Sequence[Known], weights: Mapping[str, float]) -> list[Likeness]:
    """Return how alike the others are, the most alike first; of equals the newest."""
    when = {one.incident_id: one.opened_at.timestamp() for one in others}
    found = [_likeness(wanted, one, weights) for one in others]
    return sorted(found, key=lambda one: (-one.score, -when[one.incident_id], one.incident_id))


def sureness(best: Sequence[Likeness], causes: Mapping[str, str]) -> tuple[str, float]:
    """Return the cause of the most alike of those whose cause is in ``causes``, and how sure that is, 0..1."""
    voters = [one for one in best if causes.get(one.incident_id)][:VOTERS]
    every = math.fsum(one.score for one in voters)
    if not every:
        return "", 0.0
    cause = causes[voters[0].incident_id]
    share = math.fsum(one.score for one in voters if causes[one.incident_id] == cause) / every
    return cause, round(voters[0].score * share, 4)


def similar(best: Sequence[Likeness], causes: Mapping[str, str], limit: Threshold) -> list[Likeness]:
    """Return those of ``best`` that may be called similar; none where the history does not bear it out."""
    if limit.least is None or (limit.is_learned and sureness(best, causes)[1] < limit.least):
        return []
    return [one for one in best if one.score >= limit.least]


@lru_cache(maxsize=4)  # the history changes when somebody confirms a cause, pages are opened far more often
def threshold(history: tuple[Known, ...]) -> Threshold:
    """Compare each incident with a confirmed cause with those before it; return from when on they are trusted."""
    by_time = sorted((one for one in history if one.cause), key=lambda one: (one.opened_at, one.incident_id))
    causes = {one.incident_id: one.cause for one in by_time}
    known, answers = History(), []
    for place, one in enumerate(by_time):
        known.see(one)
        if place:
            named, sure = sureness(ranked(one, by_time[:place], known.weights()), causes)
            answers.append((sure, named == one.cause))
        known.confirm(one)
    return _least(sorted(answers, reverse=True))


def _least(answers: Sequence[tuple[float, bool]]) -> Threshold:
    """``answers``: how sure, and whether it was right; the surest first."""
    if len(answers) < LEAST_CHECKS:
        return Threshold(least=UNCHECKED, checked=len(answers))
    best, right = Threshold(least=None, checked=len(answers)), 0
    for given, (sure, correct) in enumerate(answers, start=1):
        right += correct
        last = given == len(answers) or answers[given][0] < sure  # equal ones are given or held back together
        if last and sure > 0 and certainty(right, given) >= CERTAINTY:
            best = Threshold(least=sure, right=right, given=given, checked=len(answers))
    return best


def certainty(right: int, given: int) -> float:
    """Return how certain it is that PRECISION is reached in the long run, after ``right`` of ``given``.

    The posterior after a uniform prior: Beta(1 + right, 1 + wrong) above PRECISION, as a sum of binomial terms.
    """
    trials = given + 1
    terms = (math.comb(trials, k) * PRECISION**k * (1 - PRECISION) ** (trials - k) for k in range(right + 1))
    return math.fsum(terms)


def _likeness(wanted: Known, other: Known, weights: Mapping[str, float]) -> Likeness:
    both, either = wanted.traits & other.traits, wanted.traits | other.traits
    unseen = weights.get(_UNSEEN, 1.0)
    every = math.fsum(weights.get(name, unseen) for name in either)
    score = math.fsum(weights.get(name, unseen) for name in both) / every if every else float(bool(both))
    return Likeness(incident_id=other.incident_id, score=round(score, 4), shared=len(both), traits=len(either))
