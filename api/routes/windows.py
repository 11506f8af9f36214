"""How do programs plan maintenance, say what inhibits what, and read who changed what? Also the packs of rules."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.documents import INHIBITIONS, PACKS, RULE_CHANGES, WINDOWS
from aiops.domain.queries import Query
from aiops.domain.rules import Pack
from api.acting import ActingOf, accept_window, put_inhibition, put_window, said
from api.desk import DeskOf
from api.filters import ChangeFilter, Paged, WindowFilter
from api.openapi import acting, body_of, described, query_of, reply
from api.reading import listed
from api.requests import NewInhibition, NewPack, NewWindow
from api.rule_schemas import InhibitionList, PackList, RuleChangeList, WindowList

router = APIRouter(prefix="/api", tags=["Rules"])
Page = Annotated[Paged, Depends(query_of(Paged))]

EXAMPLE_WINDOW = {
    "matchers": [{"field": "service", "value": "orders-db"}],
    "owner": "dba",
    "reason": "weekly vacuum",
    "starts_at": "2027-03-07T02:00:00+01:00",
    "ends_at": "2027-03-07T04:00:00+01:00",
    "recurs": "FREQ=WEEKLY;BYDAY=SU",
    "zone": "Europe/Berlin",
    "until": "2027-12-31T00:00:00Z",
}
EXAMPLE_INHIBITION = {
    "source": [{"field": "alertname", "value": "SwitchDown"}],
    "target": [{"field": "alertname", "value": "PortDown"}],
    "equal": ["rack"],
    "owner": "net",
    "reason": "its ports are down with it",
    "expires": "2027-03-31T00:00:00Z",
}


@router.get("/windows", summary="List maintenance windows", **described(WindowList, query=WindowFilter))
def list_windows(desk: DeskOf, wanted: Annotated[WindowFilter, Depends(query_of(WindowFilter))]) -> Response:
    """Those that close last first; proposed ones wait for somebody to accept them."""
    with desk.view() as view:
        found = view.find(WINDOWS, wanted.query(desk.clock()))
    return reply(listed(WindowList, found))


@router.post("/windows", summary="Plan maintenance", **acting(NewWindow, EXAMPLE_WINDOW))
def add_window(do: ActingOf, body: Annotated[NewWindow, Depends(body_of(NewWindow))]) -> Response:
    """Once, or again and again by an RRULE on the wall clock of a time zone."""
    do.key = do.key or str(uuid4())
    return do.do(put_window(body, do.key))


@router.post("/windows/{window_id}/accept", summary="Accept a proposed window", **acting())
def accept(desk: DeskOf, do: ActingOf, window_id: str) -> Response:
    """What a change ticket asked for counts from now on."""
    with desk.view() as view:
        act = accept_window(view, window_id)
    return do.do(act)


@router.delete("/windows/{window_id}", summary="End a maintenance window now", **acting())
def end_window(do: ActingOf, window_id: str) -> Response:
    """Also all that would have come of it."""
    return do.do(acts.EndWindow(window_id=window_id))


@router.get("/inhibitions", summary="List inhibitions", **described(InhibitionList, query=Paged))
def list_inhibitions(desk: DeskOf, page: Page) -> Response:
    """Those in force first."""
    with desk.view() as view:
        found = view.find(INHIBITIONS, Query(order=("ended", "expires"), cursor=page.cursor, limit=page.bounded))
    return reply(listed(InhibitionList, found))


@router.post("/inhibitions", summary="Add or replace an inhibition", **acting(NewInhibition, EXAMPLE_INHIBITION))
def add_inhibition(do: ActingOf, body: Annotated[NewInhibition, Depends(body_of(NewInhibition))]) -> Response:
    """While what ``source`` matches fires, what ``target`` matches does not page."""
    do.key = do.key or str(uuid4())
    return do.do(put_inhibition(body, do.key))


@router.delete("/inhibitions/{inhibition_id}", summary="End an inhibition now", **acting())
def end_inhibition(do: ActingOf, inhibition_id: str) -> Response:
    """What it kept quiet can page again."""
    return do.do(acts.EndInhibition(inhibition_id=inhibition_id))


@router.get("/rule-changes", summary="Who changed what", **described(RuleChangeList, query=ChangeFilter))
def list_changes(desk: DeskOf, wanted: Annotated[ChangeFilter, Depends(query_of(ChangeFilter))]) -> Response:
    """The audit log of rules, silences, windows and inhibitions, newest first, each with before and after."""
    with desk.view() as view:
        found = view.find(RULE_CHANGES, wanted.query())
    return reply(listed(RuleChangeList, found))


@router.get("/packs", summary="List packs of rules", **described(PackList, query=Paged))
def list_packs(desk: DeskOf, page: Page) -> Response:
    """As they were last read, with what of them could not be used."""
    with desk.view() as view:
        found = view.find(PACKS, Query(cursor=page.cursor, limit=page.bounded))
    return reply(listed(PackList, found))


@router.post("/packs", summary="Say what became of a pack", **acting(NewPack, {"name": "ours", "rules": 12}))
def add_pack(do: ActingOf, body: Annotated[NewPack, Depends(body_of(NewPack))]) -> Response:
    """Whoever read the file tells; its rules come one by one."""
    pack = Pack(
        name=said(body.name, "name"), owner=body.owner, origin=body.origin, rules=body.rules, problems=body.problems
    )
    return do.do(acts.PutPack(pack=pack))
