"""How alike are two incidents, and from how much on does that mean something?

Likeness is the Jaccard index of what fires where: pairs of a kind of alert and its service, each weighted by its rarity
log((1 + N) / incidents that have it) squared, so that what fires in every incident says nothing. The cause itself has
no part in it: where a person has confirmed it, it is known only afterwards, and a history that is scored with it would
look better than it is.

From how much on two incidents are called similar is learned on the site's own history: each incident with a confirmed
cause is compared with those before it, and the least likeness is taken from which the most alike one had the same cause
in 90 % of cases. Where the history is too short to say, only what is nearly the same counts.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from aiops.domain.base import Noun

PRECISION = 0.9
LEAST_CHECKS = 10  # incidents with a confirmed cause that had others before them
UNCHECKED = 0.9  # the least likeness while there are fewer
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
    """From which likeness on incidents are similar, and what that is learned from."""

    least: float | None  # None: no likeness reaches the precision
    right: int = 0  # most alike ones that reach it and had the same cause, of
    given: int = 0
    checked: int = 0  # incidents with a confirmed cause that had others before them

    @property
    def text(self) -> str:
        """Say where it comes from."""
        if self.checked < LEAST_CHECKS:
            return (
                f"{self.checked} confirmed causes can be checked so far, so only what is {UNCHECKED:.0%} alike counts"
            )
        if self.least is None:
            return f"of {self.checked} confirmed causes, likeness did not foretell {PRECISION:.0%}, however great"
        return f"from {self.least:.0%} on the cause was the same {self.right} of {self.given} times here"


def rarity(incidents: Iterable[Known]) -> Mapping[str, float]:
    """Return the weight of each trait; of "": of one that none has."""
    every = list(incidents)
    counts = Counter(trait for one in every for trait in one.traits)
    weights = {trait: math.log((1 + len(every)) / number) ** 2 for trait, number in counts.items()}
    return {**weights, _UNSEEN: math.log(1 + len(every)) ** 2}


def ranked(wanted: Known, others: Sequence[Known], weights: Mapping[str, float]) -> list[Likeness]:
    """Return how alike the others are, the most alike first; of equals the newest."""
    when = {one.incident_id: one.opened_at.timestamp() for one in others}
    found = [_likeness(wanted, one, weights) for one in others]
    return sorted(found, key=lambda one: (-one.score, -when[one.incident_id], one.incident_id))


@lru_cache(maxsize=4)  # the history changes when somebody confirms a cause, pages are opened far more often
def threshold(history: tuple[Known, ...]) -> Threshold:
    """Compare each incident with a confirmed cause with those before it; return from how much on 90 % were right."""
    weights = rarity(history)
    by_time = sorted((one for one in history if one.cause), key=lambda one: (one.opened_at, one.incident_id))
    causes = {one.incident_id: one.cause for one in by_time}
    firsts = [(ranked(one, by_time[:place], weights)[0], one.cause) for place, one in enumerate(by_time) if place]
    answers = sorted(((first.score, causes[first.incident_id] == cause) for first, cause in firsts), reverse=True)
    if len(answers) < LEAST_CHECKS:
        return Threshold(least=UNCHECKED, checked=len(answers))
    best, right = Threshold(least=None, checked=len(answers)), 0
    for given, (score, correct) in enumerate(answers, start=1):
        right += correct
        last = given == len(answers) or answers[given][0] < score  # equal ones are given or held back together
        if last and score > 0 and given >= LEAST_CHECKS and right >= PRECISION * given:
            best = Threshold(least=score, right=right, given=given, checked=len(answers))
    return best


def _likeness(wanted: Known, other: Known, weights: Mapping[str, float]) -> Likeness:
    both, either = wanted.traits & other.traits, wanted.traits | other.traits
    unseen = weights.get(_UNSEEN, 1.0)
    every = math.fsum(weights.get(name, unseen) for name in either)
    score = math.fsum(weights.get(name, unseen) for name in both) / every if every else float(bool(both))
    return Likeness(incident_id=other.incident_id, score=round(score, 4), shared=len(both), traits=len(either))
