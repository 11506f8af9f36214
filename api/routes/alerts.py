"""How do programs see alerts, and why things are as they are?"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.desk import DeskOf
from api.explain import explain
from api.filters import AlertFilter
from api.openapi import described, query_of, reply
from api.reading import alert_detail, alert_list
from api.schemas import AlertDetail, AlertList, Explanation

router = APIRouter(prefix="/api", tags=["Alerts"])


@router.get("/alerts", summary="List alerts", **described(AlertList, query=AlertFilter))
def list_alerts(desk: DeskOf, wanted: Annotated[AlertFilter, Depends(query_of(AlertFilter))]) -> Response:
    """The worst and newest first."""
    with desk.view() as view:
        return reply(alert_list(view, wanted))


@router.get("/alerts/{fingerprint}", summary="Show an alert", **described(AlertDetail))
def show_alert(desk: DeskOf, fingerprint: str) -> Response:
    """With its newest events, its fate and the raw payload behind its state."""
    with desk.view() as view:
        return reply(alert_detail(view, desk.journal, fingerprint))


@router.get("/explain/{key}", summary="Explain an alert or incident", **described(Explanation))
def explain_it(desk: DeskOf, key: str) -> Response:
    """The trail of Reasons; `text` is what the command line and the page show."""
    with desk.view() as view:
        return reply(explain(view, key, desk.shelf.library(view)))
