"""What is lost between a caller and the one called? Time between their spans, calls without answer, calls not made.

Of each pair spans tell the calls, how many were answered (a span of the caller belongs together with one of the one
called) and the gap: seconds that the caller waited beyond those that the one called took. The gap of an answered call
is compared with its own past; answers with their past share of the calls, and calls with their past share of the
caller's requests, as lines of logs are (``Usual``): so they are missed only where the caller is still asked itself.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Set
from itertools import islice, takewhile
from typing import NamedTuple

from aiops.domain.reasons import Evidence, Reason
from aiops.domain.words import plural
from correlation.causes.cones import nearest
from correlation.causes.sayings import Usual
from correlation.causes.series import CERTAIN, FLOOR, LEAST, MINUTE, REQUESTS, Metrics
from correlation.causes.testimony import Testimony
from correlation.topology import ServiceGraph

CALLS, ANSWERED, GAP = "spans.calls", "spans.answered", "spans.gap"  # of pairs, as the doors tell them
DOUBLING = 1.0  # log odds per doubling of a z
LEAD = MINUTE  # seconds before the first alert that belong to the incident already
FEW = 0.1  # of what is expected: so much or less is as good as none
LEAST_GAP = 0.001  # seconds of a gap that are the least spread taken: a network's own
MOST_PAIRS = 100  # asked: those of callers that hurt first, then of what these need


class Loss(NamedTuple):
    """What one pair lost, by how many deviations more than usual, and in words."""

    caller: str
    callee: str
    z: float
    text: str
    evidence: Mapping[str, Evidence]


class Fall(NamedTuple):
    """How many there are in the newest minutes in which next to none came, of how many, and how many would be usual."""

    number: float
    whole: float
    expected: float
    z: float  # by how many deviations fewer
    minutes: int


def metric_of(title: str, callee: str) -> str:
    """Return by which name what spans tell of a pair is held with its caller."""
    return f"{title} {callee}"


def lost(
    held: Metrics, metrics: Metrics, hurt: Collection[str], graph: ServiceGraph, start: float, end: float
) -> Iterator[Testimony]:
    """Yield what is lost between callers and whom they call, from ``start`` (the first alert) to ``end``.

    ``held``: of pairs, ``metrics``: of nodes. What is lost on the way to one is told of that one. Calls not made are
    told of the caller where it is several kinds of calls that it does not make, or one that others still make.
    """
    span = (start // MINUTE * MINUTE - LEAD, end)
    found: dict[str, list[Loss]] = {}
    missing: list[Loss] = []
    made: set[str] = set()
    for caller, callee in _pairs(held, hurt, graph):
        for loss in (_waiting(held, caller, callee, span), _unanswered(held, caller, callee, span)):
            if loss:
                found.setdefault(graph.called(callee), []).append(loss)
        if loss := _missing(held, metrics, caller, callee, span):
            missing.append(loss)
        elif any(at >= span[0] for at in held.course(caller, metric_of(CALLS, callee), *span)):
            made.add(callee)
    for node, loss in _blamed(missing, made, graph):
        found.setdefault(node, []).append(loss)
    for node, losses in found.items():
        loss = max(losses, key=lambda one: (one.z, one.caller))
        reason = Reason(step="cause", text=loss.text, evidence={**loss.evidence, "z": round(loss.z, 2)})
        yield Testimony(node, DOUBLING * math.log2(loss.z / CERTAIN), (reason,), measured=True)


def _pairs(held: Metrics, hurt: Collection[str], graph: ServiceGraph) -> list[tuple[str, str]]:
    callers = nearest(held.nodes, hurt, graph)
    named = ((caller, name.partition(" ")[2]) for caller in callers for name in held.names(caller))
    return list(islice(dict.fromkeys(named), MOST_PAIRS))


def _waiting(held: Metrics, caller: str, callee: str, span: tuple[float, float]) -> Loss | None:
    """Is the time between the two spans more than it was?"""
    gap, answered = metric_of(GAP, callee), metric_of(ANSWERED, callee)
    window = held.each(caller, gap, answered, span[0], span[1], 0.0)
    if not window or not window.known or not window.values:
        return None
    mean = sum(window.values) / len(window.values)
    told = window._replace(values=[mean], deviation=max(window.deviation, window.tail))
    z = told.z(0, max(FLOOR * window.middle, LEAST_GAP))
    text = (
        f"{caller} waits {mean:.2g} s longer for {callee} than {callee} takes, {window.middle:.2g} s before:"
        f" it is lost between the two, or before {callee} begins"
    )
    return Loss(caller, callee, z, text, {"seconds": round(mean, 4)}) if z > CERTAIN else None


def _unanswered(held: Metrics, caller: str, callee: str, span: tuple[float, float]) -> Loss | None:
    """Are calls made that the one called has no span of, as it usually has?"""
    called = held.course(caller, metric_of(CALLS, callee), *span)
    fall = _fall(held.course(caller, metric_of(ANSWERED, callee), *span), called, span[0])
    if fall is None:
        return None
    were = f"only {fall.number:.0f} were" if fall.number else "none was"
    text = f"of {plural(round(fall.whole), 'call')} of {callee} by {caller} {were} answered in"
    text += f" {plural(fall.minutes, 'minute')}, where {fall.expected:.2g} usually are"
    return Loss(caller, callee, fall.z, text, {"answered": fall.number, "expected": round(fall.expected, 1)})


def _missing(held: Metrics, metrics: Metrics, caller: str, callee: str, span: tuple[float, float]) -> Loss | None:
    """Does the caller, which is asked as ever, no longer call?"""
    asked = metrics.course(caller, REQUESTS, *span)
    fall = _fall(held.course(caller, metric_of(CALLS, callee), *span), asked, span[0])
    if fall is None:
        return None
    usual = f"{fall.expected / fall.minutes:.2g} calls a minute"
    few = f"{fall.number:.0f} in all" if fall.number else "none"
    text = f"{callee} usually gets {usual} from {caller}, {few} for {plural(fall.minutes, 'minute')}"
    return Loss(caller, callee, fall.z, text, {"calls": fall.number, "expected": round(fall.expected, 1)})


def _fall(parts: Mapping[float, float], wholes: Mapping[float, float], first: float) -> Fall | None:
    """Return how far the newest minutes since ``first``, in which next to none came, fell short of the past."""
    past = [at for at, whole in wholes.items() if at < first and whole]
    if len(past) < LEAST:
        return None
    usual = Usual.of([parts.get(at, 0.0) for at in past], [wholes[at] for at in past])
    silent = takewhile(
        lambda at: at >= first and parts.get(at, 0.0) <= FEW * usual.middle * wholes[at], sorted(wholes, reverse=True)
    )
    if not (minutes := list(silent)):
        return None
    number, whole = (sum(told.get(at, 0.0) for at in minutes) for told in (parts, wholes))
    z = -usual.z(number, whole)
    return Fall(number, whole, usual.middle * whole, z, len(minutes)) if z > CERTAIN else None


def _blamed(missing: list[Loss], made: Set[str], graph: ServiceGraph) -> Iterator[tuple[str, Loss]]:
    """Yield of whom it is told that calls are missing; ``made``: whom others call as ever."""
    kinds = Counter(loss.caller for loss in missing)
    for loss in missing:
        callers = loss.callee in made or kinds[loss.caller] > 1
        yield loss.caller if callers else graph.called(loss.callee), loss
