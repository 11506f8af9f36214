"""How do programs say what is known already? Rules and silences."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.documents import RULES, SILENCES
from aiops.domain.queries import Query
from api.acting import ActingOf, enable_rule, put_rule, put_silence
from api.desk import DeskOf
from api.filters import EndedRule, Paged, SilenceFilter
from api.openapi import acting, body_of, described, query_of, reply
from api.preview import preview
from api.preview_schemas import Preview
from api.reading import listed
from api.requests import NewRule, NewSilence, PreviewBody
from api.rule_schemas import RuleList, SilenceList

router = APIRouter(prefix="/api", tags=["Rules"])
Page = Annotated[Paged, Depends(query_of(Paged))]

EXAMPLE_MATCHERS = [{"field": "service", "value": "backup"}, {"field": "template", "value": "high disk io on <*>"}]
EXAMPLE_RULE = {
    "verdict": "known_good",
    "matchers": EXAMPLE_MATCHERS,
    "owner": "noc",
    "reason": "the nightly backup does that",
    "expires": "2027-03-31T00:00:00Z",
}
EXAMPLE_SILENCE = {
    "matchers": [{"field": "service", "operator": "=~", "value": "db.*"}],
    "owner": "noc",
    "reason": "database upgrade",
    "ends_at": "2027-03-31T04:00:00Z",
}


@router.get("/rules", summary="List rules", **described(RuleList, query=Paged))
def list_rules(desk: DeskOf, page: Page) -> Response:
    """Active ones first, newest first."""
    query = Query(order=("status", "-created_at"), cursor=page.cursor, limit=page.bounded)
    with desk.view() as view:
        found = view.find(RULES, query)
    return reply(listed(RuleList, found))


@router.post("/rules", summary="Add or replace a rule", **acting(NewRule, EXAMPLE_RULE))
def add_rule(desk: DeskOf, do: ActingOf, body: Annotated[NewRule, Depends(body_of(NewRule))]) -> Response:
    """Its cases are run first; alerts that fire are judged again at once."""
    do.key = do.key or str(uuid4())
    return do.do(put_rule(body, do.actor, do.key, desk.clock()))


@router.delete("/rules/{rule_id}", summary="End a rule now", **acting(query=EndedRule))
def end_rule(do: ActingOf, rule_id: str, why: Annotated[EndedRule, Depends(query_of(EndedRule))]) -> Response:
    """It stays in the list, as expired; its pack does not bring it back, unless it ends because it is gone from there.

    ``POST /rules/{rule_id}/enable`` takes that back.
    """
    return do.do(acts.EndRule(rule_id=rule_id, gone=why.gone))


@router.post("/rules/{rule_id}/enable", summary="Have a rule back that was ended", **acting())
def enable(desk: DeskOf, do: ActingOf, rule_id: str) -> Response:
    """As it was when it was ended or rejected, by the audit log; a pack says the rest when it is read again."""
    with desk.view() as view:
        act = enable_rule(view, rule_id)
    return do.do(act)


@router.post(
    "/rules/preview",
    summary="What would it hide?",
    **described(Preview, takes=PreviewBody, example={"matchers": EXAMPLE_MATCHERS, "days": 7}),
)
def preview_rule(desk: DeskOf, body: Annotated[PreviewBody, Depends(body_of(PreviewBody))]) -> Response:
    """Matching alerts and incidents that are open now, with examples. Changes nothing.

    With ``days`` also what it would have hidden in the past: how many alerts, which of them were known bad, and which
    incidents with a confirmed cause it touches.
    """
    past = (desk.clock(), body.days) if body.days else None
    with desk.view() as view:
        return reply(preview(view, body.matchers, body.any_of, past))


@router.get("/silences", summary="List silences", **described(SilenceList, query=SilenceFilter))
def list_silences(desk: DeskOf, wanted: Annotated[SilenceFilter, Depends(query_of(SilenceFilter))]) -> Response:
    """Those that end last first; ``expiring=24h``: those in force that end within a day, the first of them first."""
    with desk.view() as view:
        found = view.find(SILENCES, wanted.query(desk.clock()))
    return reply(listed(SilenceList, found))


@router.post("/silences", summary="Add or replace a silence", **acting(NewSilence, EXAMPLE_SILENCE))
def add_silence(desk: DeskOf, do: ActingOf, body: Annotated[NewSilence, Depends(body_of(NewSilence))]) -> Response:
    """Suppresses without a verdict until it ends."""
    do.key = do.key or str(uuid4())
    return do.do(put_silence(body, do.key, desk.clock()))


@router.delete("/silences/{silence_id}", summary="End a silence now", **acting())
def end_silence(do: ActingOf, silence_id: str) -> Response:
    """What it hid can page again."""
    return do.do(acts.EndSilence(silence_id=silence_id))
