"""What is to blame? Candidates weighed from all evidence, each with its sentences and numbers; abstaining is an answer.

A node's score, in log odds, is the sum over its evidence; probabilities follow by softmax:
- rarity: what it says, numbers aside, each log(N / document frequency)^1.5 over earlier incidents, less where its rate
  is high or it tells of others only ("no traffic"); relative to the strongest node of a usual incident;
- habit: how its signs have differed between causes and bystanders (correlation/causes/experience.py);
- cover: the share of the alerting nodes that rest on it, beyond what it usually covers;
- silence: where all that call it complain and it says nothing (correlation/causes/table.py);
- what metrics, traces, logs and changes say (``Testimony``), each measured against the node's own history.
Once people have confirmed a few causes, what they chose corrects this (correlation/causes/fitting.py), and who was the
cause before is a candidate though silent, if it could hurt who alerts. Onset decides between equal ones only: clocks
and detection delays blur it. How far the first one's probability is to be trusted is learned from
confirmations too (correlation/causes/calibration.py); that changes no order.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from aiops.domain.incidents import Candidate
from correlation.background import Rates
from correlation.causes import calibration
from correlation.causes.calibration import Claim
from correlation.causes.cones import explained_by
from correlation.causes.experience import Experience, Weighing
from correlation.causes.lessons import corrected
from correlation.causes.sentences import abstained, candidate, doubted
from correlation.causes.signs import Sign, Signs, alerts, by_node, onset, with_calls
from correlation.causes.table import Standing, Table
from correlation.causes.testimony import Testimony, heard
from correlation.topology import ServiceGraph

NONE = 0.05  # probability that it is none of these
ALONE = 0.5  # probability of the only service that alerts: nothing speaks against it, and nothing for it
MOST = 5  # candidates

__all__ = ["Sign", "Verdict", "confirm", "explained_by", "rank", "weigh"]


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
    named = by_node(with_calls(signs))
    if not named and not testimonies:
        return Verdict((), "no alert of it names a node of the service graph")
    table = Table(named, graph, rates, now.timestamp(), experience)
    plain = _with(table, testimonies)
    standings = [one._replace(score=corrected(one.node, one.score, named, experience)) for one in plain]
    standings.sort(key=lambda one: (-round(one.score, 6), onset(one.node, named), one.node))
    alone = _alone(named, standings, bool(testimonies) or experience.taught)
    probabilities, claim = _probabilities(standings, bool(alone), bool(testimonies), experience)
    candidates = tuple(candidate(*one, table) for one in zip(standings[:MOST], probabilities, strict=False))
    doubt = abstained(candidates, bool(standings[0].said or experience.taught))
    doubt = doubt or doubted(candidates[0].entity, testimonies)
    if alone:
        doubt = f"only {alone} alerts: nothing to compare it with"
    blame = {node: share for node, share in _blame(plain, bool(alone)).items() if node in named}
    scores = {one.node: one.score for one in plain}
    return Verdict(candidates, doubt, Weighing(blame, scores, table.factors, heard(testimonies), table.cover, claim))


def _alone(named: Signs, standings: Sequence[Standing], known: bool) -> str:
    """Return the only node that alerts, where nothing is to be compared with it; "" else.

    Whose calls its alerts are about is compared with it where more is ``known``: by others than alerts, or by lessons
    of people on what such alerts are worth.
    """
    if any(one.said for one in standings) or (len(standings) > 1 and known):
        return ""
    alerting = [node for node in named if alerts(node, named)]
    return alerting[0] if len(alerting) == 1 else ""


def _probabilities(
    standings: Sequence[Standing], alone: bool, told: bool, experience: Experience
) -> tuple[list[float], Claim | None]:
    """Return the probability of each, and what is claimed of the first one: nothing where it stands alone.

    ``told``: others than alerts say something.
    """
    sort = calibration.TOLD if told else calibration.FITTED if experience.taught else calibration.ALERTS
    temperature = calibration.TEMPERATURES.get(sort, 1.0)
    shares = calibration.shares([one.score for one in standings], temperature)
    if alone:
        return [ALONE * share for share in shares], None
    shipped = [(1 - NONE) * share for share in shares]
    claim = Claim(standings[0].node, sort, shipped[0])
    return calibration.recalibrated(shipped, experience.trust(sort)), claim


def _blame(standings: Sequence[Standing], alone: bool) -> dict[str, float]:
    """Return who gets which share of the blame, for counting: milder than probabilities, as nobody confirmed it."""
    certain = ALONE if alone else 1 - NONE
    shares = calibration.shares([one.score for one in standings])
    return {one.node: certain * share for one, share in zip(standings, shares, strict=True)}


def confirm(candidates: Iterable[Candidate], entity: str) -> tuple[Candidate, ...]:
    """Return the candidates with ``entity`` first, as a person named it."""
    others = [one for one in candidates if one.entity != entity]
    named = Candidate(entity=entity, probability=1.0, share=0.0)
    known = next((one for one in candidates if one.entity == entity), named)
    first = msgspec.structs.replace(known, probability=1.0, confirmed=True)
    return (first, *(msgspec.structs.replace(one, probability=0.0, confirmed=False) for one in others))[:MOST]


def _with(table: Table, testimonies: Sequence[Testimony]) -> list[Standing]:
    """Return how each node stands by its alerts, and by what others than alerts say of it."""
    counts = heard(testimonies)
    measured = any(said.measured for said in testimonies)
    standings = {one.node: one._replace(score=counts * one.score) for one in table.standings(measured)}
    for node in dict.fromkeys([*table.suspects(), *(said.node for said in testimonies)]):
        if node not in standings:
            below = table.below(node)
            standings[node] = below._replace(score=counts * below.score)
    for said in testimonies:
        known = standings[said.node]
        standings[said.node] = known._replace(score=known.score + said.odds, said=(*known.said, *said.reasons))
    return list(standings.values())
