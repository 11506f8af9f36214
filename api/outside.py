"""Why does an incident of one alert stand alone? What was open beside it, and what joins the two."""

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import timedelta

from aiops.domain.alerts import Episode
from aiops.domain.documents import ALERTS, INCIDENTS, PINS
from aiops.domain.graph import Edge
from aiops.domain.incidents import Incident
from aiops.domain.pins import Pin, Sort
from aiops.domain.queries import Query, Range
from aiops.domain.reasons import Reason
from aiops.domain.words import plural, span
from aiops.ports import View
from api.reading import episodes_of, graph_at

BESIDE = timedelta(hours=1)  # what began longer before is not compared
MOST_PINS = 1_000  # that are looked through: more are never in force
MOST = 3  # incidents that are compared


def why_outside(view: View, incident: Incident) -> tuple[Reason, ...]:
    """Return what the engine said when it opened it, and how it stands to what was open then; empty: it has company."""
    if incident.episodes != 1:
        return ()
    member = next(iter(episodes_of(view, incident, 1)), None)
    if member is None:
        return ()
    return (*_said(view, member), *_beside(view, incident, member))


def _said(view: View, member: Episode) -> Iterator[Reason]:
    alert = view.get(ALERTS, member.fingerprint)
    if alert and alert.episode.episode_id == member.episode_id:
        yield from (reason for reason in alert.reasons if reason.step == "group")


def _beside(view: View, incident: Incident, member: Episode) -> Iterator[Reason]:
    began = Range(at_least=incident.opened_at - BESIDE, below=incident.opened_at)
    query = Query(ranges={"opened_at": began}, order=("-rank", "-opened_at"), limit=20)
    others = [one for one in view.find(INCIDENTS, query).items if _was_open(one, incident)]
    graph = graph_at(view, incident.opened_at)
    edges = graph.topology.edges if graph else ()
    pins = _keeping_apart(view, incident, member) if others else ()
    for other in others[:MOST]:
        ago = span((incident.opened_at - other.opened_at).total_seconds())
        how = _by_hand(incident, other, pins) or _between(member.entity.name, other, edges)
        text = f"#{other.number} {other.title} had begun {ago} before and was open: {how}"
        yield Reason(step="group", text=text, evidence={"incident": other.incident_id})


def _by_hand(incident: Incident, other: Incident, pins: Sequence[tuple[Pin, Set[str]]]) -> str:
    """Say what people did, so that the two are apart; empty: nothing that is known."""
    if incident.split_from == other.incident_id:
        return f"this was split off #{other.number}"
    pin = next((pin for pin, nodes in pins if not nodes.isdisjoint(other.services)), None)
    return f"pin #{pin.number} of {pin.actor} keeps the two apart" if pin else ""


def _keeping_apart(view: View, incident: Incident, member: Episode) -> Sequence[tuple[Pin, Set[str]]]:
    """Return the pins that kept the alert apart when it came, the newest first, each with the nodes from which."""
    query = Query(where={"status": ("active",)}, order=("-number",), limit=MOST_PINS)
    found = []
    for pin in view.find(PINS, query).items:
        if not pin.together and pin.made_at < incident.opened_at:
            sides = ((pin.these, pin.those), (pin.those, pin.these))
            found.append((pin, {sort.node for mine, theirs in sides if _names(mine, member) for sort in theirs}))
    return found


def _names(sorts: Iterable[Sort], member: Episode) -> bool:
    return any((sort.node, sort.kind) == (member.entity.name, member.kind_key) for sort in sorts)


def _was_open(other: Incident, incident: Incident) -> bool:
    alone = other.incident_id != incident.incident_id and not other.merged_into
    return alone and (other.resolved_at is None or other.resolved_at >= incident.opened_at)


def _between(name: str, other: Incident, edges: tuple[Edge, ...]) -> str:
    """Say in words whether an edge joins ``name`` to the services of ``other``."""
    if not name:
        return "this alert names no service, so nothing in the service graph joins the two"
    if name in other.services:
        return f"{name} is one of its services, but that alone did not make it likely enough"
    near = sorted({_far(edge, name) for edge in edges if name in (edge.source, edge.target)} & set(other.services))
    if near:
        return f"{name} stands next to {', '.join(near[:3])}, but that alone did not make it likely enough"
    return f"no edge of the service graph joins {name} to its {plural(len(other.services), 'service')}"


def _far(edge: Edge, name: str) -> str:
    return edge.target if edge.source == name else edge.source
