"""What stands on the page of one incident or alert?"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from aiops.domain.alerts import Alert, Episode
from aiops.domain.documents import EPISODES, INCIDENTS, PAGES, PINS
from aiops.domain.events import Severity
from aiops.domain.incidents import Candidate, Incident, Page, TimelineItem
from aiops.domain.pins import Pin
from aiops.domain.queries import Query
from aiops.domain.reasons import Reason
from aiops.domain.records import GraphRecord
from aiops.domain.rules import Rule
from aiops.ports import Journal, View
from aiops.response.runbooks import Library
from api.advice import advice
from api.explain import explain_alert
from api.filters import Alike, Paged, PinFilter
from api.incident_schemas import Advice, IncidentDetail, SimilarIncidents, TemplateCount
from api.outside import why_outside
from api.presenting import IncidentRow, facts, incident_row, rest_probability
from api.reading import alert_detail, current_graph, graph_at, incident_detail, member_query
from api.schemas import AlertDetail, Explanation
from api.similar import similar_incidents
from api.suggestions import harm, narrower
from api.ui.charts import Lanes, lanes
from api.ui.graph import Picture, picture
from api.ui.render import UNSEEN

MOST_COUNTED = 2_000  # members that are counted by shape
MOST_DRAWN = 300  # members on the timeline
MOST_OTHERS = 30  # incidents that are offered to move alerts to; any other is named by its number
MOST_NAMED = 500  # services that are offered as another cause
# Characters of a payload that would turn the text around them, or that nobody sees: written as JSON writes them.
_SHOWN = {code: f"\\u{code:04x}" for code in UNSEEN if code < 0x10000}
_CAUSE_STEPS, _PAGE_STEPS, _IMPACT_STEPS = ("cause",), ("page",), ("impact",)


@dataclass(frozen=True)
class IncidentPage:
    """One incident with its evidence."""

    detail: IncidentDetail
    row: IncidentRow
    facts: list[str]
    candidates: tuple[Candidate, ...]
    rest: float  # probability that it is none of them
    why_cause: tuple[Reason, ...]
    why_grouped: tuple[Reason, ...]
    why_paged: tuple[Reason, ...]
    lanes: Lanes
    picture: Picture
    pages: tuple[Page, ...]
    similar: SimilarIncidents
    advice: tuple[Advice, ...]
    earlier: Incident | None
    merged_into: Incident | None
    split_from: Incident | None
    others: tuple[Incident, ...]  # at work, to which its alerts could be moved
    pins: tuple[Pin, ...]  # that came of moving its alerts
    shapes: tuple["Shape", ...]  # of the members' messages, those of most alerts first
    uncounted: int  # members beyond those that are counted by shape
    graph_of: GraphRecord | None  # the version that is drawn, where it is not the present one
    harm: tuple[TimelineItem, ...]  # what mutes hid of it, told when its cause was confirmed
    narrower: tuple[Rule, ...]  # rules that would have left it alone, and wait to be accepted
    nodes: tuple[str, ...]  # of the service graph, to name another cause than those that alerted

    @property
    def alone(self) -> bool:
        """Is there one candidate, and nothing to compare it with?"""
        return len(self.candidates) == 1 and not self.row.probability

    @property
    def incident(self) -> Incident:
        """The incident itself."""
        return self.detail.incident


@dataclass(frozen=True)
class Shape:
    """How many alerts and episodes of an incident have one template."""

    template_id: str
    text: str
    alerts: int
    episodes: int


def incident_page(view: View, key: str, page: Paged, now: datetime, library: Library) -> IncidentPage:
    """Ask for everything on the page."""
    detail = incident_detail(view, key, page)
    found = detail.incident
    row = incident_row(found, now)
    cause = row.cause if row.probability else ""
    members = _members(view, found)
    present = current_graph(view)
    graph = graph_at(view, found.resolved_at) if found.resolved_at and not found.active else present
    until = found.resolved_at or max(now, found.last_activity)
    evidence = found.candidates[0].evidence if found.candidates else ()
    return IncidentPage(
        detail=detail,
        row=row,
        facts=facts(found, now),
        candidates=found.candidates,
        rest=rest_probability(found.candidates),
        why_cause=_unique(
            reason for reason in (*evidence, *_of(found.reasons, _CAUSE_STEPS)) if reason.text != found.abstained
        ),
        why_grouped=_unique(
            (*_but(found.reasons, (*_CAUSE_STEPS, *_PAGE_STEPS, *_IMPACT_STEPS)), *why_outside(view, found))
        ),
        why_paged=_unique(_of(found.reasons, _PAGE_STEPS)),
        lanes=lanes(members[:MOST_DRAWN], found.services, cause, until),
        picture=picture(worst_by_service(found, members), cause, graph.topology.edges if graph else ()),
        pages=tuple(view.find(PAGES, Query(where={"incident": (found.incident_id,)}, order=("made_at",))).items),
        similar=similar_incidents(view, found.incident_id, Alike()),
        advice=advice(view, found, library),
        earlier=view.get(INCIDENTS, found.recurs) if found.recurs else None,
        merged_into=view.get(INCIDENTS, found.merged_into) if found.merged_into else None,
        split_from=view.get(INCIDENTS, found.split_from) if found.split_from else None,
        others=_others(view, found),
        pins=tuple(view.find(PINS, PinFilter(incident=str(found.number)).query()).items),
        shapes=shapes(detail.templates, members),
        uncounted=max(0, detail.members_total - len(members)),
        graph_of=graph if graph and present and graph.version != present.version else None,
        harm=harm(view, found),
        narrower=narrower(view, found) if row.confirmed else (),
        nodes=tuple(service.name for service in present.topology.services)[:MOST_NAMED] if present else (),
    )


def _others(view: View, incident: Incident) -> tuple[Incident, ...]:
    """Return the other incidents at work, the last active first."""
    query = Query(where={"active": (True,)}, order=("-last_activity",), limit=MOST_OTHERS + 1)
    found = [one for one in view.find(INCIDENTS, query).items if one.incident_id != incident.incident_id]
    return tuple(found[:MOST_OTHERS])


def _members(view: View, incident: Incident) -> list[Episode]:
    """Return the members, first first, at most ``MOST_COUNTED``."""
    members: list[Episode] = []
    query = member_query(incident, Paged(limit=1_000))
    while len(members) < MOST_COUNTED:
        found = view.find(EPISODES, query)
        members.extend(found.items)
        if not found.next:
            break
        query = msgspec.structs.replace(query, cursor=found.next)
    return members


def shapes(templates: Sequence[TemplateCount], members: Sequence[Episode]) -> tuple[Shape, ...]:
    """Count alerts and episodes by template, the most alerts first; together they are those of ``members``."""
    texts = {one.template_id: one.text for one in templates}
    alerts, episodes = Counter[str](), Counter[str]()
    for member in members:
        alerts[member.template_id] += member.events
        episodes[member.template_id] += 1
    ordered = sorted(alerts, key=lambda key: (-alerts[key], key))
    return tuple(Shape(key, texts.get(key, key), alerts[key], episodes[key]) for key in ordered)


def worst_by_service(incident: Incident, members: Sequence[Episode]) -> Mapping[str, str]:
    """Return the worst severity of each alerting service, the incident's own order first."""
    worst: dict[str, Severity] = {}
    for episode in members:
        name = episode.entity.name
        if name and (name not in worst or episode.severity.rank > worst[name].rank):
            worst[name] = episode.severity
    ordered = [
        *(name for name in incident.services if name in worst),
        *(n for n in worst if n not in incident.services),
    ]
    return {name: worst[name].value for name in ordered}


def _of(reasons: Sequence[Reason], steps: Sequence[str]) -> list[Reason]:
    return [reason for reason in reasons if reason.step in steps]


def _but(reasons: Sequence[Reason], steps: Sequence[str]) -> list[Reason]:
    return [reason for reason in reasons if reason.step not in steps]


def _unique(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple({reason.text: reason for reason in reasons}.values())


@dataclass(frozen=True)
class AlertPage:
    """One alert with everything known of it."""

    detail: AlertDetail
    explanation: Explanation
    incident: Incident | None
    raw: str  # the payload, laid out where it is JSON

    @property
    def alert(self) -> Alert:
        """The alert itself."""
        return self.detail.alert


def alert_page(view: View, journal: Journal, key: str) -> AlertPage:
    """Ask for everything on the page."""
    detail = alert_detail(view, journal, key)
    incident_id = detail.alert.episode.incident_id
    return AlertPage(
        detail=detail,
        explanation=explain_alert(view, detail.alert),
        incident=view.get(INCIDENTS, incident_id) if incident_id else None,
        raw=laid_out(detail.payload.body) if detail.payload else "",
    )


def laid_out(body: str) -> str:
    """Indent JSON; anything else stays as it came."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body
    return text.translate(_SHOWN)
