"""How do programs keep runbooks?"""

from typing import Annotated
from uuid import uuid4

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.documents import RUNBOOKS
from aiops.domain.queries import Query
from aiops.domain.runbooks import Runbook
from aiops.ports import View
from api.acting import ActingOf, put_runbook
from api.desk import DeskOf
from api.errors import NotFound
from api.filters import RunbookFilter
from api.incident_schemas import RunbookList
from api.openapi import acting, body_of, described, query_of, reply
from api.reading import listed
from api.requests import NewRunbook

router = APIRouter(prefix="/api/runbooks", tags=["Runbooks"])

MOST_WHOLE = 100  # texts of one page: each may have 64,000 characters

EXAMPLE = {
    "name": "Orders database is full",
    "owner": "dba",
    "text": "1. Look at the oldest partition.\n2. Archive it: `orders-archive --oldest`.",
    "alerts": ["OrdersDiskFull"],
    "matchers": [{"field": "service", "value": "orders-db"}],
}


@router.get("", summary="List runbooks", **described(RunbookList, query=RunbookFilter))
def list_runbooks(desk: DeskOf, wanted: Annotated[RunbookFilter, Depends(query_of(RunbookFilter))]) -> Response:
    """Those in force, by name; each without its text, which it has by its own id, or with `whole`."""
    with desk.view() as view:
        return reply(runbook_list(view, wanted))


@router.get("/{runbook_id}", summary="Show a runbook", **described(Runbook))
def show_runbook(desk: DeskOf, runbook_id: str) -> Response:
    """With its text; also one that has ended."""
    with desk.view() as view:
        return reply(runbook_of(view, runbook_id))


@router.post("", summary="Add or replace a runbook", **acting(NewRunbook, EXAMPLE))
def add_runbook(do: ActingOf, body: Annotated[NewRunbook, Depends(body_of(NewRunbook))]) -> Response:
    """For the alerts that it names and its matchers fit; without both it is found by what it says."""
    do.key = do.key or str(uuid4())
    return do.do(put_runbook(body, do.key))


@router.delete("/{runbook_id}", summary="End a runbook", **acting())
def end_runbook(do: ActingOf, runbook_id: str) -> Response:
    """It is offered no longer."""
    return do.do(acts.EndRunbook(runbook_id=runbook_id))


def runbook_list(view: View, wanted: RunbookFilter) -> RunbookList:
    """Return one page of those in force, without their texts unless these are asked for."""
    asked = Query(where={"ended": (False,)}, text=wanted.text, order=("name",), cursor=wanted.cursor)
    limit = min(wanted.bounded, MOST_WHOLE) if wanted.whole else wanted.bounded
    found = view.find(RUNBOOKS, msgspec.structs.replace(asked, limit=limit))
    items = found.items if wanted.whole else [msgspec.structs.replace(one, text="") for one in found.items]
    return listed(RunbookList, found, items=tuple(items))


def runbook_of(view: View, runbook_id: str) -> Runbook:
    """Return one, ended or not. NotFound."""
    found = view.get(RUNBOOKS, runbook_id)
    if found is None:
        raise NotFound(f"no runbook {runbook_id}")
    return found
