"""How do people move alerts between incidents on the pages, take that back, and see what follows from it?"""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from aiops.domain import acts
from aiops.domain.documents import OUTCOMES, PINS
from aiops.domain.errors import BadInput
from aiops.domain.pins import Lesson, Pin
from api.desk import Actor, DeskOf
from api.errors import NotFound
from api.filters import PinFilter
from api.reading import incident, lessons
from api.ui.forms import FormOf, done
from api.ui.render import chrome, page
from api.undo import grouping, opposite

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class PinsPage:
    """What people said of which alerts belong together."""

    pins: tuple[Pin, ...]
    lessons: tuple[Lesson, ...]
    total: int
    next: str
    all: bool


@router.post("/incidents/{key}/members")
def move_members(desk: DeskOf, actor: Actor, form: FormOf, key: str) -> Response:
    """Move the ticked alerts to another incident, or split them off, with all of the services that are named."""
    episodes, text, back = tuple(form.all("episode")), form.get("text"), form.get("back") or f"/incidents/{key}"
    with desk.view() as view:
        here = incident(view, key).incident_id
        if form.get("act") == "split":
            services = tuple(form.all("service"))
            return done(
                desk, [acts.Split(incident_id=here, episodes=episodes, services=services, text=text)], actor, back
            )
        if form.get("act") != "move":
            raise BadInput(f"no such act: {form.get('act')!r}", place="act", fix="use a button of the page")
        if not form.get("other"):
            raise BadInput("no incident is named", place="other", fix="write the number of the incident to move to")
        there = incident(view, form.get("other").split()[0]).incident_id
    return done(desk, [acts.Move(incident_id=here, other_id=there, episodes=episodes, text=text)], actor, back)


@router.post("/moves/{command_id}/undo")
def undo(desk: DeskOf, actor: Actor, form: FormOf, command_id: str) -> Response:
    """Bring alerts back to where they were."""
    with desk.view() as view:
        outcome = view.get(OUTCOMES, command_id)
        act = grouping(desk.journal, outcome) if outcome else None
        if outcome is None or act is None:
            raise NotFound(f"nothing to take back is known of {command_id}")
        back = opposite(view, act, outcome)
    return done(desk, [back], actor, form.get("back") or "/")


@router.get("/pins")
def show_pins(request: Request, desk: DeskOf) -> HTMLResponse:
    """All pins that count; with ``all``, also those that do not any more."""
    every = request.query_params.get("all") == "1"
    wanted = PinFilter(status=() if every else ("active", "overridden"), cursor=request.query_params.get("cursor", ""))
    with desk.view() as view:
        top = chrome(request, view, "incidents")
        found, taught = view.find(PINS, wanted.query()), lessons(view)
    return page("pins.html", top=top, page=PinsPage(tuple(found.items), taught, found.total, found.next, every))


@router.post("/pins/{pin_id}/revoke")
def revoke(desk: DeskOf, actor: Actor, form: FormOf, pin_id: str) -> Response:
    """Let a pin decide no more."""
    return done(desk, [acts.RevokePin(pin_id=pin_id, text=form.get("text"))], actor, form.get("back") or "/pins")
