"""How do programs see which rules need a person, and give that person's word?"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.documents import RULES, SILENCES
from aiops.walking import documents_of
from api.acting import ActingOf
from api.desk import DeskOf
from api.filters import span_of
from api.openapi import acting, body_of, described, query_of, reply
from api.requests import TextBody
from api.rule_schemas import (
    AcceptBody,
    FindingList,
    LintFilter,
    SampleList,
    ShelveBody,
    SuggestionFilter,
    SuggestionList,
)
from api.suggestions import sample, suggestions
from rules.lint import lint

router = APIRouter(prefix="/api", tags=["Rules"])


@router.get("/rules/lint", summary="Which rules need an eye?", **described(FindingList, query=LintFilter))
def lint_rules(desk: DeskOf, wanted: Annotated[LintFilter, Depends(query_of(LintFilter))]) -> Response:
    """Of rules and silences: contradictory, dead, over-broad, ending in this shift, subsumed, and the rest."""
    with desk.view() as view:
        rules, silences = list(documents_of(view, RULES)), list(documents_of(view, SILENCES))
    found = lint(rules, silences, desk.clock(), shift=span_of(wanted.shift, "shift"))
    items = tuple(one for one in found if not wanted.kind or one.kind in wanted.kind)
    return reply(FindingList(items=items, total=len(items)))


@router.get("/rules/sample", summary="What did mutes hide? A sample", **described(SampleList))
def list_sample(desk: DeskOf) -> Response:
    """2 % of what rules hid, by rule, for a person to look at."""
    with desk.view() as view:
        items = tuple(sample(view))
    return reply(SampleList(items=items, total=len(items)))


@router.get("/rules/suggestions", summary="List proposed rules", **described(SuggestionList, query=SuggestionFilter))
def list_suggestions(
    desk: DeskOf, wanted: Annotated[SuggestionFilter, Depends(query_of(SuggestionFilter))]
) -> Response:
    """With what speaks for them; ``status=rejected``: those that nobody wanted, which are not proposed again."""
    with desk.view() as view:
        items = tuple(suggestions(view, desk.settings.suggest, desk.clock(), wanted.status))
    return reply(SuggestionList(items=items, total=len(items)))


@router.post("/rules/{rule_id}/accept", summary="Accept a proposed rule", **acting(AcceptBody, {"days": 30}))
def accept_rule(do: ActingOf, rule_id: str, body: Annotated[AcceptBody, Depends(body_of(AcceptBody))]) -> Response:
    """It decides from now on; refused while it has yet to show itself in shadow."""
    return do.do(acts.AcceptRule(rule_id=rule_id, days=body.days))


@router.post("/rules/{rule_id}/reject", summary="Reject a proposed rule", **acting(TextBody, {"text": "we want it"}))
def reject_rule(do: ActingOf, rule_id: str, body: Annotated[TextBody, Depends(body_of(TextBody))]) -> Response:
    """It is remembered, and not proposed again."""
    return do.do(acts.RejectRule(rule_id=rule_id, text=body.text))


@router.post(
    "/alerts/{fingerprint}/shelve",
    summary="Put one alert aside for a while",
    **acting(ShelveBody, {"minutes": 60, "text": "the vendor is on it"}),
)
def shelve(do: ActingOf, fingerprint: str, body: Annotated[ShelveBody, Depends(body_of(ShelveBody))]) -> Response:
    """It comes back by itself; before that, by ending the silence that this makes."""
    return do.do(acts.Shelve(fingerprint=fingerprint, minutes=body.minutes, text=body.text))
