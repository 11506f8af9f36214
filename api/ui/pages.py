"""Which page is at which URL? Handlers only: each asks and renders."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from aiops.domain.acts import SHEDDABLE
from aiops.domain.alerts import Verdict
from aiops.domain.documents import SOURCES
from aiops.domain.queries import Query
from api import openapi
from api.desk import Actor, DeskOf
from api.explain import explain
from api.filters import Paged
from api.health import server_status
from api.reading import ledger
from api.ui import listing, muting
from api.ui.alerts import alerts
from api.ui.dossier import alert_page, incident_page
from api.ui.integrations import curl
from api.ui.render import chrome, page, theme_of
from api.ui.serving import services_page
from api.ui.triage import ListUrl, matching, triage
from api.ui.windows import changes, windows

router = APIRouter(include_in_schema=False)


def paged_of(request: Request) -> Paged:
    """Read only the paging of a page's URL."""
    return Paged(cursor=request.query_params.get("cursor", ""))


PagedOf = Annotated[Paged, Depends(paged_of)]


@router.get("/")
def triage_list(request: Request, desk: DeskOf) -> HTMLResponse:
    """The triage list."""
    with desk.view() as view:
        top = chrome(request, view, "incidents")
        shown = triage(view, ListUrl.read(request.query_params), top.now)
        anything = bool(shown.chart.total or view.find(SOURCES, Query(limit=1)).total)
    first = "" if anything else curl("generic", str(request.base_url), desk.settings.token_required, top.now)
    return page("triage.html", top=top, list=shown, first=first)


@router.get("/wall")
def show_wall(request: Request, desk: DeskOf) -> HTMLResponse:
    """What a screen on the wall shows."""
    with desk.view() as view:
        top = chrome(request, view, "incidents")
        shown = triage(view, ListUrl(), top.now)
    return page("wall.html", top=top, list=shown)


@router.get("/matching")
def which_match(request: Request, desk: DeskOf) -> Response:
    """Which of the incidents ``number=1,2`` belong on the list of this URL? Asked when live updates name new ones."""
    asked = request.query_params.get("number", "").split(",")[:500]
    numbers = tuple(int(one) for one in asked if one.isdecimal() and len(one) < 12)
    with desk.view() as view:
        found = matching(view, ListUrl.read(request.query_params), numbers) if numbers else []
    return JSONResponse(found)


@router.get("/incidents/{key}")
def show_incident(request: Request, desk: DeskOf, key: str, paged: PagedOf) -> HTMLResponse:
    """One incident."""
    with desk.view() as view:
        top = chrome(request, view, "incidents")
        shown = incident_page(view, key, paged, top.now, desk.shelf.library(view))
    return page("incident.html", top=top, page=shown)


@router.get("/alerts")
def show_alerts(request: Request, desk: DeskOf) -> HTMLResponse:
    """Alerts, with what keeps some of them quiet."""
    with desk.view() as view:
        top = chrome(request, view, "alerts")
        shown = alerts(view, request.query_params)
    return page("alerts.html", top=top, list=shown)


@router.get("/alerts/{key}")
def show_alert(request: Request, desk: DeskOf, key: str) -> HTMLResponse:
    """One alert."""
    with desk.view() as view:
        top = chrome(request, view, "incidents")
        shown = alert_page(view, desk.journal, key)
    return page("alert.html", top=top, page=shown)


@router.get("/why/{key}")
def show_why(request: Request, desk: DeskOf, key: str) -> HTMLResponse:
    """The same text as ``aiops explain``."""
    with desk.view() as view:
        explanation = explain(view, key, desk.shelf.library(view))
        return page("why.html", top=chrome(request, view, "incidents"), explanation=explanation)


@router.get("/patterns")
def show_patterns(request: Request, desk: DeskOf) -> HTMLResponse:
    """Templates and patterns."""
    with desk.view() as view:
        top = chrome(request, view, "patterns")
        shown = listing.patterns(view, request.query_params)
    return page("patterns.html", top=top, page=shown)


@router.get("/label")
def label_what_is_at_hand(request: Request, desk: DeskOf) -> Response:
    """Lead to the form for the shape of an alert, or of most alerts of an incident."""
    asked = request.query_params
    with desk.view() as view:
        template_id = muting.shape_of(view, asked)
    back, verdict = muting.safe_back(asked.get("back", "/")), asked.get("verdict", "")
    return RedirectResponse(
        f"/templates/{quote(template_id, safe='')}/label?{urlencode([('verdict', verdict), ('back', back)])}"
    )


@router.get("/templates/{template_id}/label")
def label_form(request: Request, desk: DeskOf, template_id: str) -> HTMLResponse:
    """The form that labels one template."""
    asked = request.query_params
    with desk.view() as view:
        top = chrome(request, view, "patterns")
        shown = listing.template(view, template_id)
    now = Verdict.KNOWN_BAD if shown.verdict == Verdict.KNOWN_BAD else Verdict.KNOWN_GOOD
    verdict = asked["verdict"] if asked.get("verdict") in set(Verdict) else now.value
    back = muting.safe_back(asked.get("back", "/patterns"))
    return page("label.html", top=top, row=shown, verdict=verdict, back=back)


@router.get("/rules")
def show_rules(request: Request, desk: DeskOf) -> HTMLResponse:
    """Rules and silences."""
    with desk.view() as view:
        top = chrome(request, view, "rules")
        shown = listing.rules(view, top.now)
    return page("rules.html", top=top, page=shown)


@router.get("/rules/changes")
def show_changes(request: Request, desk: DeskOf) -> HTMLResponse:
    """Who changed what."""
    with desk.view() as view:
        top = chrome(request, view, "rules")
        shown = changes(view, request.query_params)
    return page("rule_changes.html", top=top, page=shown)


@router.get("/windows")
def show_windows(request: Request, desk: DeskOf) -> HTMLResponse:
    """Maintenance and inhibitions."""
    with desk.view() as view:
        top = chrome(request, view, "rules")
        shown = windows(view, top.now)
    return page("windows.html", top=top, page=shown)


@router.get("/mute")
def mute_form(request: Request, desk: DeskOf, actor: Actor) -> HTMLResponse:
    """The form that mutes."""
    with desk.view() as view:
        top = chrome(request, view, "rules")
        form = muting.offered(view, request.query_params, actor)
        kind = muting.kind_of(request.query_params.get("kind", ""))
        shown = muting.with_preview(view, replace(form, kind=kind), top.now)
    return page("mute.html", top=top, form=shown, choices=muting.UNTIL)


@router.get("/services")
def show_services(request: Request, desk: DeskOf, paged: PagedOf) -> HTMLResponse:
    """Nodes by health, edges, what is unmapped, and the import."""
    return services_page(request, desk, paged.cursor)


@router.get("/status")
def show_status(request: Request, desk: DeskOf) -> HTMLResponse:
    """Lag, store, embedder, ledger."""
    status = server_status(desk)
    if status.store:
        return page("away.html", 503, status=status, theme=theme_of(request))
    with desk.view() as view:
        return page(
            "status.html",
            top=chrome(request, view, "status"),
            status=status,
            book=ledger(view, desk.journal.last()),
            sheddable=SHEDDABLE,
        )


@router.get("/docs")
def show_docs(request: Request, desk: DeskOf) -> HTMLResponse:
    """The API, from its own description."""
    with desk.view() as view:
        top = chrome(request, view, "docs")
    return page("docs.html", top=top, api=listing.operations(openapi.document(request.app)))


@router.get("/keys")
def show_keys(request: Request, desk: DeskOf) -> HTMLResponse:
    """What the keyboard does."""
    with desk.view() as view:
        return page("keys.html", top=chrome(request, view, "keys"))
