"""What do people read of an incident? Its document, made of what is held of it."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from aiops.domain.impact import Impact
from aiops.domain.incidents import Candidate, Incident
from aiops.domain.reasons import Reason, kept
from aiops.domain.settings import CorrelationSettings
from aiops.domain.words import percent
from correlation.background import Rates
from correlation.impact import dependents_of, impact
from correlation.live import Live, worst
from correlation.members import Member
from correlation.rootcause import Sign, rank
from correlation.topology import ServiceGraph
from correlation.traffic import traffic
from correlation.unusual import Unusual, unusual, waits
from correlation.witnesses import Witnesses

MOST_SERVICES = 200
MOST_REASONS = 40
MOST_GROUPED = 8  # sentences of why together that are kept
OURS = ("group", "cause", "impact", "score")  # steps whose reasons are written here; those of others stay
SHED = "not ranked yet: the engine is behind, and puts this off"
GROWTH = 1.1  # candidates are ranked again when there are this many times more keys


def recounted(doc: Incident, before: Member, after: Member | None) -> Incident:
    """Return a document that counts ``after`` in the place of ``before``; None: no longer."""
    one = 0 if after is None else 1

    def change(holds: Callable[[Member], bool]) -> int:
        return (holds(after) if after is not None else 0) - holds(before)

    return msgspec.structs.replace(
        doc,
        episodes=doc.episodes - 1 + one,
        firing=doc.firing + change(lambda member: member.ended is None),
        suppressed=doc.suppressed + change(lambda member: member.suppressed),
        audible=doc.audible + change(lambda member: member.ended is None and not member.suppressed),
        known_bad=doc.known_bad + change(lambda member: member.known_bad),
        alerts=doc.alerts - before.events + (after.events if after is not None else 0),
    )


def describe(
    live: Live,
    graph: ServiceGraph,
    rates: Rates,
    settings: CorrelationSettings,
    now: datetime,
    witnesses: Witnesses,
    lean: bool = False,
) -> Incident:
    """Return the document of ``live`` as of ``now``; its counts are exact, the rest waits until enough of it is new.

    ``lean``: neither cause nor impact is looked for; it stays stale, so that this is made up for.
    """
    doc = msgspec.structs.replace(live.doc, severity=worst(live))
    if not live.stale or not grown(live) or (lean and live.ranked):
        return doc
    live.ranked = len(live.keys)
    live.stale = lean
    if lean:
        candidates, abstained, hurt = doc.candidates, SHED, doc.impact
    else:
        testimonies, signs = witnesses.testimonies(live, graph, now), tuple(live.keys.values())
        found = rank(signs, graph, rates, now, live.confirmed, witnesses.experience, testimonies)
        (candidates, abstained), hurt = found, _impact(live, graph, witnesses, now)
    own = unusual(live.keys, rates, graph, now.timestamp())
    score = own.score + live.follows[0]
    services = _services(live, candidates)
    doc = msgspec.structs.replace(
        doc,
        candidates=candidates,
        abstained=abstained,
        impact=hurt,
        score=round(score, 3),
        background=waits(score, doc.severity, settings),
        services=services[:MOST_SERVICES],
        services_total=len(services),
        owners=tuple(live.owners),
        weakest_link=live.weakest[1] if live.weakest else "",
        runner_up=live.runner_up[1] if live.runner_up else "",
    )
    doc = msgspec.structs.replace(doc, title=_title(live, doc, services))
    return msgspec.structs.replace(doc, reasons=_reasons(live, doc, own))


def grown(live: Live) -> bool:
    """Is enough new for another ranking? Every key counts in a small incident, a tenth in a large one."""
    return len(live.keys) <= 20 or len(live.keys) >= live.ranked * GROWTH or live.ranked == 0


def _impact(live: Live, graph: ServiceGraph, witnesses: Witnesses, now: datetime) -> Impact:
    named, view = _named(live), graph.view()
    dependents = dependents_of(named, view)
    start = live.doc.opened_at.timestamp()
    met = traffic(named, dependents, witnesses.metrics, start, now.timestamp())
    return impact(named, dependents, view, met)


def _named(live: Live) -> list[str]:
    return [node for node in live.services if not node.startswith("?")]


def _services(live: Live, candidates: tuple[Candidate, ...]) -> tuple[str, ...]:
    """The first candidate, where it alerts, then in the order in which they began."""
    named = sorted(_named(live), key=lambda node: (live.services[node], node))
    first = candidates[0].entity if candidates else ""
    return (first, *(node for node in named if node != first)) if first in named else tuple(named)


def _title(live: Live, doc: Incident, services: tuple[str, ...]) -> str:
    """ "db: connection refused (12 services)"; a silent cause says so."""
    first = doc.candidates[0].entity if doc.candidates and not doc.abstained else ""
    signs = list(live.keys.values())
    mine = [sign for sign in signs if sign.node == first]
    size = f" ({len(services)} services)" if len(services) > 1 else ""
    if first and not mine:
        return f"{first}, silent itself: {_loudest(signs).name}{size}"
    sign = _loudest(mine or signs)
    where = "" if sign.node.startswith("?") or sign.name.startswith(f"{sign.node}:") else f"{sign.node}: "
    return f"{where}{sign.name}{size}"


def _loudest(signs: list[Sign]) -> Sign:
    return min(signs, key=lambda sign: (-sign.severity.rank, sign.started, sign.node, sign.kind))


def _reasons(live: Live, doc: Incident, own: Unusual) -> tuple[Reason, ...]:
    ours = [Reason(step="group", text=text) for text in live.grouped[:MOST_GROUPED]]
    if doc.candidates:
        first = doc.candidates[0]
        if live.explained and live.root and len(live.services) > 1:
            share = len(live.explained) / len(live.services)
            ours.append(Reason(step="group", text=f"{percent(share)} of its services are explained by {live.root}"))
        ours += first.evidence
    if doc.abstained:
        ours.append(Reason(step="cause", text=doc.abstained))
    if doc.impact.text:
        ours.append(Reason(step="impact", text=doc.impact.text))
    ours += [Reason(step="score", text=text) for text in (own.text, live.follows[1]) if text]
    theirs = [reason for reason in doc.reasons if reason.step not in OURS]
    return (*ours, *kept(theirs, MOST_REASONS - len(ours)))
