"""What stands on the page of one incident or alert?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiops.domain.alerts import Alert, Episode
from aiops.domain.changes import INCIDENTS, PAGES
from aiops.domain.events import Severity
from aiops.domain.incidents import Candidate, Incident, Page
from aiops.domain.queries import Query
from aiops.domain.reasons import Reason
from aiops.ports import Journal, View
from api.explain import explain_alert
from api.filters import Paged
from api.presenting import IncidentRow, facts, incident_row, rest_probability
from api.reading import alert_detail, current_graph, episodes_of, incident_detail
from api.schemas import AlertDetail, Explanation, IncidentDetail
from api.ui.charts import Lanes, lanes
from api.ui.graph import Picture, picture

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
    earlier: Incident | None
    merged_into: Incident | None

    @property
    def incident(self) -> Incident:
        """The incident itself."""
        return self.detail.incident


def incident_page(view: View, key: str, page: Paged, now: datetime) -> IncidentPage:
    """Ask for everything on the page."""
    detail = incident_detail(view, key, page)
    found = detail.incident
    cause = found.candidates[0].entity if found.candidates else ""
    members = episodes_of(view, found)
    graph = current_graph(view)
    until = found.resolved_at or max(now, found.last_activity)
    evidence = found.candidates[0].evidence if found.candidates else ()
    return IncidentPage(
        detail=detail,
        row=incident_row(found, now),
        facts=facts(found, now),
        candidates=found.candidates,
        rest=rest_probability(found.candidates),
        why_cause=_unique((*evidence, *_of(found.reasons, _CAUSE_STEPS))),
        why_grouped=_unique(_but(found.reasons, (*_CAUSE_STEPS, *_PAGE_STEPS, *_IMPACT_STEPS))),
        why_paged=_unique(_of(found.reasons, _PAGE_STEPS)),
        lanes=lanes(members, found.services, cause, until),
        picture=picture(worst_by_service(found, members), cause, graph.topology.edges if graph else ()),
        pages=tuple(view.find(PAGES, Query(where={"incident": (found.incident_id,)}, order=("made_at",))).items),
        earlier=view.get(INCIDENTS, found.recurs) if found.recurs else None,
        merged_into=view.get(INCIDENTS, found.merged_into) if found.merged_into else None,
    )


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


def _unique(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
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
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body
