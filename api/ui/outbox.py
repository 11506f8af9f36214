"""Which pages show who was told, by which routes and channels, and why?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from aiops.domain import acts
from aiops.domain.errors import BadInput
from aiops.domain.incidents import PageStatus
from aiops.response.texts import DEFAULT, NAMES
from api.bodies import Form
from api.desk import Actor, DeskOf
from api.errors import NotFound
from api.filters import PageFilter
from api.paging import page_detail, page_list, page_text, why_paged
from api.requests import PageTextBody
from api.schemas import PageText
from api.ui.forms import FormOf, done
from api.ui.render import chrome, page

router = APIRouter(include_in_schema=False)
SHOWN = {  # value of "show" in the URL -> what is listed
    "": (),
    "pending": (PageStatus.PENDING,),
    "dead": (PageStatus.DEAD,),
    "unheard": (PageStatus.NO_CHANNEL,),
}


def _wanted(request: Request) -> PageFilter:
    asked = request.query_params
    return PageFilter(status=SHOWN.get(asked.get("show", ""), ()), cursor=asked.get("cursor", ""))


@router.get("/pages")
def show_pages(request: Request, desk: DeskOf, wanted: Annotated[PageFilter, Depends(_wanted)]) -> HTMLResponse:
    """Pages, routes and channels."""
    with desk.view() as view:
        top = chrome(request, view, "pages")
        shown = page_list(view, wanted)
        dead = page_list(view, PageFilter(status=SHOWN["dead"], limit=1)).total
    show = request.query_params.get("show", "")
    return page("outbox.html", top=top, list=shown, dead=dead, show=show, paging=desk.settings.paging)


@router.get("/pages/preview")
def preview_form(request: Request, desk: DeskOf) -> HTMLResponse:
    """A text, and what it says of a real incident."""
    asked = request.query_params
    return _preview(request, desk, PageTextBody(incident=asked.get("incident", ""), template=asked.get("template", "")))


@router.post("/pages/preview")
def preview(request: Request, desk: DeskOf, form: FormOf) -> HTMLResponse:
    """The same for a text as it stands in the form."""
    return _preview(request, desk, _text_of(form))


def _text_of(form: Form) -> PageTextBody:
    plain = {name: form.get(name).replace("\r\n", "\n") for name in ("incident", "subject", "body")}
    return PageTextBody(**plain)


def _preview(request: Request, desk: DeskOf, wanted: PageTextBody) -> HTMLResponse:
    named = {template.name: template for template in desk.settings.paging.templates}
    text = named.get(wanted.template, DEFAULT)
    made: PageText | None = None
    problem = ""
    with desk.view() as view:
        top = chrome(request, view, "pages")
        if wanted.incident:
            try:
                made = page_text(view, desk, wanted)
            except (BadInput, NotFound) as error:
                problem = str(error)
    return page(
        "page_preview.html",
        top=top,
        incident=wanted.incident,
        subject=wanted.subject or text.subject,
        body=wanted.body or text.body,
        templates=tuple(named),
        made=made,
        problem=problem,
        names=NAMES,
    )


@router.get("/pages/why/{key}")
def show_why(request: Request, desk: DeskOf, key: str) -> HTMLResponse:
    """The same text as ``aiops pages why``."""
    with desk.view() as view:
        return page("paged_why.html", top=chrome(request, view, "pages"), explanation=why_paged(view, desk, key))


@router.get("/pages/{page_id}")
def show_page(request: Request, desk: DeskOf, page_id: str) -> HTMLResponse:
    """One page: what it says, and what became of it over each channel."""
    with desk.view() as view:
        top = chrome(request, view, "pages")
        shown = page_detail(view, desk, page_id)
    return page("told.html", top=top, page=shown.page, subject=shown.subject, text=shown.text)


@router.post("/pages/{page_id}/retry")
def retry(desk: DeskOf, actor: Actor, form: FormOf, page_id: str) -> Response:
    """Try again what failed."""
    return done(desk, [acts.RetryPage(page_id=page_id)], actor, form.get("back", "/pages"))


@router.post("/pages/channels/{name}/test")
def try_channel(desk: DeskOf, actor: Actor, name: str) -> Response:
    """Send a test page over one channel."""
    return done(desk, [acts.TryChannel(channel=name)], actor, "/pages")
