"""How do programs ask what became of what they sent, or did?"""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.audit import Audit, audit
from aiops.domain.acts import Outcome
from aiops.domain.base import Noun
from aiops.domain.documents import OUTCOMES, ROLLUPS
from aiops.domain.queries import Query
from api.desk import DeskOf
from api.errors import NotFound
from api.explain import explain_fate
from api.filters import between
from api.openapi import described, query_of, reply
from api.reading import ledger, ledger_entry
from api.schemas import Ledger, LedgerEntry, RollupList

router = APIRouter(prefix="/api", tags=["Ledger"])


class RollupFilter(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which counts."""

    name: str = "alerts"
    since: datetime | None = None
    until: datetime | None = None


@router.get("/ledger", summary="The ledger's lines", **described(Ledger))
def show_ledger(desk: DeskOf) -> Response:
    """Per sender and in sum; `pending` counts the journal's entries beyond the committed position."""
    with desk.view() as view:
        return reply(ledger(view, desk.journal.last()))


@router.get("/ledger/check", summary="Is the store what it says?", **described(Audit))
def check_ledger(desk: DeskOf) -> Response:
    """The ledger, episodes and incidents counted anew, over the whole store: it takes its time."""
    with desk.view() as view:
        return reply(audit(view))


@router.get("/ledger/{key}", summary="What became of a delivery or event", **described(LedgerEntry))
def show_fate(desk: DeskOf, key: str) -> Response:
    """By delivery id (`0-17`) or event id (`0-17-3`)."""
    with desk.view() as view:
        entry = ledger_entry(view, desk.journal, key)
    return reply(msgspec.structs.replace(entry, text=explain_fate(entry)))


@router.get("/commands/{command_id}", summary="The outcome of an act", **described(Outcome))
def show_outcome(desk: DeskOf, command_id: str) -> Response:
    """404 while it is not known."""
    with desk.view() as view:
        outcome = view.get(OUTCOMES, command_id)
    if outcome is None:
        raise NotFound(f"no outcome of {command_id} yet")
    return reply(outcome)


@router.get("/rollups", summary="Counts per five minutes", **described(RollupList, query=RollupFilter))
def list_rollups(desk: DeskOf, wanted: Annotated[RollupFilter, Depends(query_of(RollupFilter))]) -> Response:
    """The newest 1,000 of the interval."""
    bins = {"bin": between(wanted.since, wanted.until)}
    query = Query(where={"name": (wanted.name,)}, ranges=bins, order=("-bin",), limit=1_000)
    with desk.view() as view:
        found = view.find(ROLLUPS, query)
    return reply(RollupList(items=tuple(found.items), total=found.total, exact=found.exact))
