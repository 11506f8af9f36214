"""Which incident does an episode belong to? Intensity over its neighbourhood against its usual rate, then the root."""

import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import msgspec

from aiops.domain.alerts import Link
from aiops.domain.graph import Near
from aiops.domain.incidents import IncidentStatus
from aiops.domain.settings import CorrelationSettings
from aiops.domain.words import plural, span, times
from correlation.background import Rates, key_of
from correlation.causes.cones import explained_by
from correlation.intensity import Cause, Kernels
from correlation.live import Company, Live
from correlation.members import Active, Member
from correlation.topology import ServiceGraph

RETURN = 0.5  # factor for coming back to an incident of more than that: what flaps would glue itself to a storm
LIKELY = 1.5  # times more likely than chance: what is less is no other place for an episode
MOST_KIN = 16  # newest of a kind that are looked at
KIN = Near(relation="kin", hops=2, fan=1)
MOST_LOOKED_AT = 128  # active episodes weighed per decision, closest relations first

WORDS = {  # what the parent is to the one that joined
    "again": "",
    "self": "",
    "callee": "which it calls",
    "caller": "which calls it",
    "callee2": "which it depends on over one service between",
    "caller2": "which depends on it over one service between",
    "sibling": "which calls what {who} calls",
    "host": "on which it runs",
    "guest": "which runs on it",
    "host_mate": "which runs on the same host",
    "kin": "which raised the same kind of alert",
    "part_of": "which it is part of",
    "contains": "which is part of it",
}


class Model(NamedTuple):
    """What was learned of chance and of what follows from what."""

    rates: Rates
    kernels: Kernels


class Pulled(msgspec.Struct):
    """What the members of one incident do to the episode at hand, together."""

    incident: str
    freshness: float
    strength: float = 0.0  # firings per second
    parent: Member | None = None  # the one that pulls most
    relation: str = ""
    seconds: float = 0.0  # the episode's start minus the parent's (or its end, for "again")
    most: float = 0.0
    off_cone: bool = False


class Choice(msgspec.Struct):
    """All incidents that pull, strongest first, and what the episode's background rate is."""

    pulled: list[Pulled]
    rate: float  # per second
    total: float  # of all that others do to it, context included
    known: bool = False  # is its rate learned? Else it was never seen before, and the rate is the prior
    back: bool = False  # the same alert fired shortly before
    causes: list[Cause] = []  # (relation, seconds, firings per second) of each that pulls

    @property
    def background(self) -> float:
        """The chance that the episode is there whatever its neighbours do."""
        return self.rate / (self.rate + self.total)

    def ratio(self, pulled: Pulled) -> float:
        """How many times more likely than chance is it with this incident?"""
        return pulled.strength / self.rate


def choose(
    member: Member,
    now: float,
    active: Active,
    lives: Mapping[str, Live],
    graph: ServiceGraph,
    model: Model,
    settings: CorrelationSettings,
) -> Choice:
    """Weigh all active episodes near ``member``; incidents whose root does not explain it pull less (``off_cone``)."""
    pulls: dict[str, Pulled] = {}
    total, back = 0.0, False
    causes: list[Cause] = []
    for other, near in islice(_around(member, active, graph), MOST_LOOKED_AT):
        relation, seconds = _standing(member, other, near, settings)
        if not relation:
            continue
        fan = graph.near(other.node).get(member.node, near).fan
        strength = model.kernels.pull(
            relation, fan, seconds, model.rates.rate(key_of(other.node, other.kind), now), member.kind
        )
        if relation == "again":  # coming back explains nothing: it makes the key a common one
            back = True
        else:
            total += strength
            causes.append((relation, seconds, strength))
        pulled = pulls.get(other.incident)
        if pulled is None:
            live = lives.get(other.incident)
            if live is None or not _open_to(live, settings, now):
                continue
            pulled = pulls[other.incident] = Pulled(other.incident, _freshness(live, member, settings))
        live = lives[other.incident]
        strength *= pulled.freshness if relation != "again" else RETURN if len(live.keys) > 1 else 1.0
        pulled.strength += strength
        if strength > pulled.most:
            pulled.most, pulled.parent, pulled.relation, pulled.seconds = strength, other, relation, seconds
    for pulled in pulls.values():
        if not fits(member.node, lives[pulled.incident], graph):
            pulled.strength *= settings.off_cone
            pulled.off_cone = True
    ordered = sorted(pulls.values(), key=lambda one: (-one.strength, lives[one.incident].doc.number))
    key = member.key
    return Choice(ordered, model.rates.rate(key, now), total, model.rates.known(key), back, causes)


def _around(member: Member, active: Active, graph: ServiceGraph) -> Iterator[tuple[Member, Near]]:
    """Yield what may have to do with ``member``: what is near it; of what the graph does not know, its kin."""
    yield from active.around(graph.near(member.node))
    if not graph.knows(member.node):
        others = islice(active.kin(member.kind), MOST_KIN)
        yield from ((other, KIN) for other in others if other.node != member.node and not graph.knows(other.node))


def _standing(member: Member, other: Member, near: Near, settings: CorrelationSettings) -> tuple[str, float]:
    """Return (relation, seconds) of ``other`` as seen from ``member``; relation "" when it says nothing."""
    if other.episode_id == member.episode_id:
        return "", 0.0
    if other.fingerprint == member.fingerprint:
        seconds = member.started - (other.started if other.ended is None else other.ended)
        return ("again", seconds) if seconds <= settings.reopen_window.total_seconds() else ("", 0.0)
    seconds = member.started - other.started
    return (near.relation, seconds) if abs(seconds) <= settings.window.total_seconds() else ("", 0.0)


def _freshness(live: Live, member: Member, settings: CorrelationSettings) -> float:
    """A fault spreads early: an incident pulls e times less for every window of its age, or chains would never end."""
    age = member.started - live.doc.opened_at.timestamp()
    return math.exp(-max(0.0, age) / settings.window.total_seconds())


def _open_to(live: Live, settings: CorrelationSettings, now: float) -> bool:
    """May episodes still join? While it is active, and for the reopen window after it was resolved."""
    if live.doc.active:
        return True
    resolved = live.doc.resolved_at if live.doc.status is IncidentStatus.RESOLVED else None
    return resolved is not None and now - resolved.timestamp() <= settings.reopen_window.total_seconds()


def fits(node: str, live: Live, graph: ServiceGraph) -> bool:
    """Does one root still explain the incident with ``node`` in it?

    Yes when the graph does not know it, when it is in it already, rests on what the root explains, explains at least
    as much itself, or shares a node (a silent host, perhaps) that all of its services rest on.
    """
    needs = graph.needs(node)
    if not graph.knows(node):
        return True  # the graph has nothing to say about it
    if node in live.services or not needs.isdisjoint(live.explained):
        return True
    if live.shared and (node in live.shared or not needs.isdisjoint(live.shared)):
        return True
    return len(explained_by(graph, node, live.services.keys() | {node})) > len(live.explained)


def may_merge(
    survivor: Live,
    other: Live,
    member: Member,
    root: Member | None,
    graph: ServiceGraph,
    model: Model,
    settings: CorrelationSettings,
) -> str:
    """Return the root that makes two incidents one, now that ``member`` has joined ``survivor``; "" when they stay two.

    Both gates must open: the other's root episode is better explained by the member than by chance, or both have
    company; and one root explains ``merge_cover`` of all their services. ``root``: the other's
    first member at its root, if it is still held.
    """
    if not (survivor.doc.active and other.doc.active):
        return ""
    company = survivor.doc.episodes >= 2 and other.doc.episodes >= 2
    if not company and (root is None or not _brings_about(member, root, graph, model, settings)):
        return ""
    services = survivor.services.keys() | other.services.keys()
    tried = [survivor.root, other.root, member.node]
    tried += sorted((survivor.shared or set()) & (other.shared or set()))[:2]
    for node in dict.fromkeys(tried):
        if node and len(explained_by(graph, node, services)) >= settings.merge_cover * len(services):
            return node
    return ""


def _brings_about(
    member: Member, root: Member, graph: ServiceGraph, model: Model, settings: CorrelationSettings
) -> bool:
    near = graph.near(root.node).get(member.node)
    if near is None:
        return False
    relation, seconds = _standing(root, member, near, settings)
    if not relation:
        return False
    fan = graph.near(member.node).get(root.node, near).fan
    now = member.received
    strength = model.kernels.pull(
        relation, fan, seconds, model.rates.rate(key_of(member.node, member.kind), now), root.kind
    )
    return strength > settings.join_ratio * model.rates.rate(key_of(root.node, root.kind), now)


def link_of(member: Member, pulled: Pulled, choice: Choice) -> Link:
    """Return the receipt for a joined episode."""
    parent = pulled.parent
    assert parent is not None  # an incident pulls through at least one member
    ratio = choice.ratio(pulled)
    text = f"{_why(member, parent, pulled)}; {times(ratio)} than chance ({_usual(choice)})"
    return Link(
        parent=parent.episode_id,
        parent_entity=parent.entity,
        relation=pulled.relation,
        seconds=round(pulled.seconds, 3),
        ratio=round(ratio, 2),
        text=text,
    )


def runner_up(member: Member, pulled: Pulled, choice: Choice, lives: Mapping[str, Live]) -> tuple[float, str] | None:
    """Return how many times weaker the next incident pulled than the one that was joined, with a sentence; or None."""
    other = next((one for one in choice.pulled if one.incident != pulled.incident), None)
    if other is None or choice.ratio(other) <= LIKELY:
        return None
    weaker = pulled.strength / other.strength
    number, who = lives[other.incident].doc.number, member.entity or repr(member.name)
    cone = " though its root does not explain it" if other.off_cone else ""
    text = f"{who} could also be of #{number}{cone}: {times(choice.ratio(other))} than chance"
    return weaker, f"{text}; here it is {times(choice.ratio(pulled))}"


def same_link(member: Member, company: Company, newest: Member | None) -> Link:
    """Return the receipt for an episode of a sort that its incident holds already."""
    who = member.entity or repr(member.name)
    before = plural(company.episodes, "such alert")
    text = f"{who} joined because {member.name!r} of it is in this incident already: {before}, {company.firing} firing"
    return Link(
        parent=company.newest,
        parent_entity=member.entity,
        relation="self",
        seconds=round(member.started - newest.started, 3) if newest else 0.0,
        ratio=0.0,
        text=text,
    )


def alone(choice: Choice, settings: CorrelationSettings) -> str:
    """Return why an episode founded an incident of its own."""
    if not choice.pulled:
        return "nothing that alerts near it could explain it"
    best = choice.pulled[0]
    whom = best.parent.entity or best.parent.name if best.parent else "another incident"
    cone = ", which its root does not explain" if best.off_cone else ""
    likely = times(choice.ratio(best))
    text = f"with the closest, the incident of {whom}{cone}, it is {likely} than chance"
    return f"{text} ({settings.join_ratio:g} times are needed)"


def _why(member: Member, parent: Member, pulled: Pulled) -> str:
    """Return what the parent did to it, in words; a parent that began later is told as what it is."""
    who, whom = member.entity or repr(member.name), parent.entity or repr(parent.name)
    seconds = round(pulled.seconds)
    when = f"{span(abs(seconds))} {'earlier' if seconds > 0 else 'later'}" if seconds else "at the same moment"
    if pulled.relation == "again":
        return f"{who} is back: {member.name!r} had resolved {when}"
    because = " because" if seconds >= 0 else ":"
    if pulled.relation == "self":
        return f"{who} joined{because} it also raised {parent.name!r} {when}"
    return f"{who} joined{because} {whom}, {WORDS[pulled.relation].format(who=who)}, alerted {when}"


def _usual(choice: Choice) -> str:
    return f"usual rate {choice.rate * 3600:.2g}/h" if choice.known else "never seen before"
