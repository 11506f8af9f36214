"""How do programs see incidents and work on them?"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.domain import acts
from api.acting import ActingOf, said
from api.advice import advice
from api.desk import DeskOf
from api.filters import Alike, IncidentFilter, Paged
from api.incident_schemas import AdviceList, IncidentDetail, IncidentList, SimilarIncidents
from api.openapi import acting, body_of, described, query_of, reply
from api.reading import incident, incident_detail, incident_list
from api.requests import AssignBody, CauseBody, MergeBody, MoveBody, SplitBody, TextBody
from api.rule_schemas import Harm
from api.similar import similar_incidents
from api.suggestions import harm, narrower

router = APIRouter(prefix="/api/incidents", tags=["Incidents"])

Filter = Annotated[IncidentFilter, Depends(query_of(IncidentFilter))]
Page = Annotated[Paged, Depends(query_of(Paged))]
Text = Annotated[TextBody, Depends(body_of(TextBody))]


def _wanted(desk: DeskOf, incident_id: str) -> str:
    """Find the id behind an id or a number; 404 at once when there is none."""
    with desk.view() as view:
        return incident(view, incident_id).incident_id


Wanted = Annotated[str, Depends(_wanted)]


@router.get("", summary="List incidents", **described(IncidentList, query=IncidentFilter))
def list_incidents(desk: DeskOf, wanted: Filter) -> Response:
    """One page, with totals and the counts asked for from the same read."""
    with desk.view() as view:
        return reply(incident_list(view, wanted))


@router.get("/{incident_id}", summary="Show an incident", **described(IncidentDetail, query=Paged))
def show_incident(desk: DeskOf, incident_id: str, page: Page) -> Response:
    """By id or number, with candidates, a page of members, and the timeline."""
    with desk.view() as view:
        return reply(incident_detail(view, incident_id, page))


@router.get("/{incident_id}/similar", summary="Find similar incidents", **described(SimilarIncidents, query=Alike))
def show_similar(desk: DeskOf, incident_id: str, asked: Annotated[Alike, Depends(query_of(Alike))]) -> Response:
    """Those whose members say the most alike, whatever their status, with their cosine."""
    with desk.view() as view:
        return reply(similar_incidents(view, incident_id, asked))


@router.get("/{incident_id}/runbooks", summary="Find runbooks", **described(AdviceList))
def show_runbooks(desk: DeskOf, incident_id: str) -> Response:
    """Those that its alerts and services name, then those for its alerts; where there are none, by what they say."""
    with desk.view() as view:
        return reply(AdviceList(items=advice(view, incident(view, incident_id), desk.shelf.library(view))))


@router.get("/{incident_id}/harm", summary="What did mutes hide of it?", **described(Harm))
def show_harm(desk: DeskOf, incident_id: str) -> Response:
    """By rule, once a person confirmed its cause; with the narrower rules that would have left it alone."""
    with desk.view() as view:
        found = incident(view, incident_id)
        return reply(Harm(items=harm(view, found), narrower=narrower(view, found)))


@router.post("/{incident_id}/acknowledge", summary="Acknowledge", **acting())
def acknowledge(do: ActingOf, wanted: Wanted) -> Response:
    """Somebody looks at it."""
    return do.do(acts.Acknowledge(incident_id=wanted))


@router.post("/{incident_id}/assign", summary="Assign", **acting(AssignBody, {"assignee": "ana"}))
def assign(do: ActingOf, wanted: Wanted, body: Annotated[AssignBody, Depends(body_of(AssignBody))]) -> Response:
    """It is this person's now."""
    return do.do(acts.Assign(incident_id=wanted, assignee=body.assignee))


@router.post("/{incident_id}/comment", summary="Comment", **acting(TextBody, {"text": "looking at db1"}))
def comment(do: ActingOf, wanted: Wanted, body: Text) -> Response:
    """Add a line to its story."""
    return do.do(acts.Comment(incident_id=wanted, text=said(body.text, "text")))


@router.post("/{incident_id}/resolve", summary="Resolve", **acting(TextBody, {"text": "restarted the pooler"}))
def resolve(do: ActingOf, wanted: Wanted, body: Text) -> Response:
    """It is over."""
    return do.do(acts.Resolve(incident_id=wanted, text=body.text))


@router.post("/{incident_id}/close", summary="Close", **acting())
def close(do: ActingOf, wanted: Wanted) -> Response:
    """Nothing more to do."""
    return do.do(acts.Close(incident_id=wanted))


@router.post("/{incident_id}/reopen", summary="Reopen", **acting())
def reopen(do: ActingOf, wanted: Wanted) -> Response:
    """It is not over after all."""
    return do.do(acts.Reopen(incident_id=wanted))


@router.post("/{incident_id}/merge", summary="Merge another one into it", **acting(MergeBody, {"other_id": "5f0c"}))
def merge(
    desk: DeskOf, do: ActingOf, wanted: Wanted, body: Annotated[MergeBody, Depends(body_of(MergeBody))]
) -> Response:
    """The two are one. The other one is named as in the path: by id or number."""
    return do.do(acts.Merge(incident_id=wanted, other_id=_wanted(desk, body.other_id), text=body.text))


@router.post(
    "/{incident_id}/move",
    summary="Move alerts to another incident",
    **acting(
        MoveBody, {"other_id": "13", "episodes": ["5f0c1a2b3c4d5e6f-0-17-0"], "text": "the disk, not the network"}
    ),
)
def move(desk: DeskOf, do: ActingOf, wanted: Wanted, body: Annotated[MoveBody, Depends(body_of(MoveBody))]) -> Response:
    """They belong there, and the next ones of their sorts as well; moving all of them merges the two."""
    there = _wanted(desk, body.other_id)
    return do.do(acts.Move(incident_id=wanted, other_id=there, episodes=body.episodes, text=body.text))


@router.post(
    "/{incident_id}/split",
    summary="Split alerts off",
    **acting(SplitBody, {"episodes": ["5f0c1a2b3c4d5e6f-0-17-0"], "text": "another matter"}),
)
def split(do: ActingOf, wanted: Wanted, body: Annotated[SplitBody, Depends(body_of(SplitBody))]) -> Response:
    """They are an incident of their own, and the next ones of their sorts stay apart from the rest."""
    return do.do(acts.Split(incident_id=wanted, episodes=body.episodes, services=body.services, text=body.text))


@router.post("/{incident_id}/cause", summary="Confirm the root cause", **acting(CauseBody, {"entity": "db1"}))
def cause(do: ActingOf, wanted: Wanted, body: Annotated[CauseBody, Depends(body_of(CauseBody))]) -> Response:
    """A person names it; an empty entity: none of the candidates."""
    return do.do(acts.ConfirmCause(incident_id=wanted, entity=body.entity))
