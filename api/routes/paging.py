"""How do programs see who was told, and try again or out what tells them?"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.channels import Paging
from api.acting import ActingOf
from api.desk import DeskOf
from api.filters import PageFilter
from api.openapi import acting, body_of, described, query_of, reply
from api.paging import page_detail, page_list, page_of, page_text, why_paged
from api.requests import PageTextBody
from api.schemas import Explanation, PageDetail, PageList, PageText

router = APIRouter(prefix="/api", tags=["Pages"])
Filter = Annotated[PageFilter, Depends(query_of(PageFilter))]


@router.get("/pages", summary="List pages", **described(PageList, query=PageFilter))
def list_pages(desk: DeskOf, wanted: Filter) -> Response:
    """Who was told of what, the newest first; ``status=dead`` lists what reached nobody."""
    with desk.view() as view:
        return reply(page_list(view, wanted))


@router.get("/pages/{page_id}", summary="Show a page", **described(PageDetail))
def show_page(desk: DeskOf, page_id: str) -> Response:
    """What became of it over each channel, and what it says."""
    with desk.view() as view:
        return reply(page_detail(view, desk, page_id))


@router.post("/pages/{page_id}/retry", summary="Try a page again", **acting())
def retry_page(desk: DeskOf, do: ActingOf, page_id: str) -> Response:
    """Over the channels that refused it or were given up, under the same keys."""
    with desk.view() as view:
        page_of(view, page_id)
    return do.do(acts.RetryPage(page_id=page_id))


@router.get("/paging", summary="Routes, channels and texts", **described(Paging))
def show_paging(desk: DeskOf) -> Response:
    """As they were configured at start; no secret is among them."""
    return reply(desk.settings.paging)


@router.get("/paging/why/{key}", summary="Why was I (not) paged?", **described(Explanation))
def show_why(desk: DeskOf, key: str) -> Response:
    """For an incident (id or number) or an alert: severity, verdict, suppressions, hold, route, rate, delivery."""
    with desk.view() as view:
        return reply(why_paged(view, desk, key))


@router.post("/paging/channels/{name}/test", summary="Send a test page", **acting())
def try_channel(do: ActingOf, name: str) -> Response:
    """It takes the same way as every page; ``concerns`` names it."""
    return do.do(acts.TryChannel(channel=name))


@router.post(
    "/paging/preview",
    summary="What would a page say?",
    **described(PageText, takes=PageTextBody, example={"incident": "12", "subject": "{{ mark }} {{ title }}"}),
)
def preview_text(desk: DeskOf, body: Annotated[PageTextBody, Depends(body_of(PageTextBody))]) -> Response:
    """A text tried on a real incident. Changes nothing."""
    with desk.view() as view:
        return reply(page_text(view, desk, body))
