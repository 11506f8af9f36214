"""Which page shows what waits for a person's word, and what do its buttons do? Also the shelving of one alert."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from aiops.domain import acts
from aiops.domain.errors import BadInput
from aiops.domain.rules import RuleStatus
from api.desk import Actor, DeskOf
from api.rule_schemas import Sampled, Suggestion
from api.suggestions import sample, suggestions
from api.ui.forms import FormOf, done
from api.ui.render import chrome, page

router = APIRouter(include_in_schema=False)
_DAYS: Mapping[str, int] = {"7": 7, "30": 30, "90": 90}


@dataclass(frozen=True)
class SuggestionsPage:
    """What waits, what nobody wanted, and what to look at."""

    waiting: Sequence[Suggestion]
    rejected: Sequence[Suggestion]
    sample: Sequence[Sampled]


@router.get("/rules/suggestions")
def show_suggestions(request: Request, desk: DeskOf) -> HTMLResponse:
    """Proposed rules with their evidence, those that were rejected, and a sample of what rules hid."""
    with desk.view() as view:
        top = chrome(request, view, "rules")
        settings = desk.settings.suggest
        shown = SuggestionsPage(
            suggestions(view, settings, top.now),
            suggestions(view, settings, top.now, (RuleStatus.REJECTED,)),
            sample(view),
        )
    return page("suggestions.html", top=top, page=shown)


@router.post("/rules/{rule_id}/{word}")
def judge(desk: DeskOf, actor: Actor, form: FormOf, rule_id: str, word: Literal["accept", "reject"]) -> Response:
    """Let a proposed rule decide from now on, or say that nobody wants it."""
    days = _DAYS.get(form.get("days"), 30)
    accepted = acts.AcceptRule(rule_id=rule_id, days=days)
    act = accepted if word == "accept" else acts.RejectRule(rule_id=rule_id, text=form.get("reason"))
    return done(desk, [act], actor, form.get("back") or "/rules/suggestions")


@router.post("/alerts/{key}/shelve")
def shelve(desk: DeskOf, actor: Actor, form: FormOf, key: str) -> Response:
    """Put one alert aside for a while."""
    minutes = form.get("minutes")
    if not (minutes.isdecimal() and minutes.isascii() and len(minutes) < 7):
        raise BadInput(f"{minutes!r} is no number of minutes", place="minutes", fix="choose how long")
    act = acts.Shelve(fingerprint=key, minutes=int(minutes), text=form.get("text"))
    return done(desk, [act], actor, form.get("back") or "/alerts")
