"""Which pages show runbooks, and what do their buttons do?"""

from collections.abc import Mapping
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aiops.domain import acts
from aiops.domain.errors import BadInput
from aiops.domain.matching import parse_matcher
from api.acting import put_runbook
from api.bodies import Form
from api.desk import Actor, DeskOf
from api.filters import RunbookFilter
from api.requests import NewRunbook
from api.routes.runbooks import runbook_list, runbook_of
from api.ui.forms import FormOf, done, with_outcome
from api.ui.render import chrome, page

router = APIRouter(include_in_schema=False)
_TYPED = ("name", "owner", "url", "text", "alerts", "matchers")


@router.get("/runbooks")
def show_runbooks(request: Request, desk: DeskOf) -> HTMLResponse:
    """All in force, and the form for one more."""
    return _listed(request, desk)


def _listed(request: Request, desk: DeskOf, problem: str = "", typed: Mapping[str, str] | None = None) -> HTMLResponse:
    asked = request.query_params
    wanted = RunbookFilter(text=asked.get("text", ""), cursor=asked.get("cursor", ""))
    with desk.view() as view:
        top = chrome(request, view, "rules")
        shown = runbook_list(view, wanted)
    return page("runbooks.html", top=top, list=shown, text=wanted.text, problem=problem, typed=typed or {})


@router.get("/runbooks/{runbook_id}")
def show_runbook(request: Request, desk: DeskOf, runbook_id: str) -> HTMLResponse:
    """One, with its text and the form that replaces it."""
    with desk.view() as view:
        top = chrome(request, view, "rules")
        shown = runbook_of(view, runbook_id)
    typed = {
        **{name: getattr(shown, name) for name in ("id", "name", "owner", "url", "text")},
        "alerts": "\n".join(shown.alerts),
        "matchers": "\n".join(map(str, shown.matchers)),
    }
    return page("runbook.html", top=top, runbook=shown, problem="", typed=typed)


@router.post("/runbooks")
def put(request: Request, desk: DeskOf, actor: Actor, form: FormOf) -> Response:
    """Add or replace one; what cannot be read is shown again, to be mended."""
    key = str(uuid4())
    try:
        act = put_runbook(_written(form), key)
    except BadInput as error:
        problem = f"{error.place}: {error.problem}; {error.fix}"
        return _listed(request, desk, problem, {name: form.get(name) for name in ("id", *_TYPED)})
    back = f"/runbooks/{quote(act.runbook.id, safe='')}"
    return RedirectResponse(with_outcome(back, desk.act(act, actor, key).command_id), 303)


@router.post("/runbooks/{runbook_id}/end")
def end(desk: DeskOf, actor: Actor, runbook_id: str) -> Response:
    """Offer it no longer."""
    return done(desk, [acts.EndRunbook(runbook_id=runbook_id)], actor, "/runbooks")


def _written(form: Form) -> NewRunbook:
    """Read the form. BadInput: a matcher is none."""
    alerts, matchers = (list(filter(None, map(str.strip, form.get(name).splitlines()))) for name in _TYPED[-2:])
    return NewRunbook(
        id=form.get("id"),
        name=form.get("name"),
        owner=form.get("owner"),
        url=form.get("url"),
        text=form.get("text").replace("\r\n", "\n"),
        alerts=tuple(alerts),
        matchers=tuple(parse_matcher(line, "matches") for line in matchers),
    )
