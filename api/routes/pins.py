"""How do programs see what people said of which alerts belong together, and take it back?"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.documents import PINS
from api.acting import ActingOf
from api.desk import DeskOf
from api.filters import PinFilter
from api.incident_schemas import LessonList, PinList
from api.openapi import acting, body_of, described, query_of, reply
from api.reading import lessons, listed
from api.requests import TextBody

router = APIRouter(prefix="/api/pins", tags=["Incidents"])


@router.get("", summary="List pins", **described(PinList, query=PinFilter))
def list_pins(desk: DeskOf, wanted: Annotated[PinFilter, Depends(query_of(PinFilter))]) -> Response:
    """The newest first, each with who, when, why and how often it decided."""
    with desk.view() as view:
        found = view.find(PINS, wanted.query())
    return reply(listed(PinList, found))


@router.get("/lessons", summary="List what people taught", **described(LessonList))
def list_lessons(desk: DeskOf) -> Response:
    """What follows from what, by relation, as alerts show that people moved or merged, or named the cause of."""
    with desk.view() as view:
        return reply(LessonList(items=lessons(view)))


@router.post("/{pin_id}/revoke", summary="Revoke a pin", **acting(TextBody, {"text": "the two do belong together"}))
def revoke(do: ActingOf, pin_id: str, body: Annotated[TextBody, Depends(body_of(TextBody))]) -> Response:
    """It decides no more; what it had overridden counts again."""
    return do.do(acts.RevokePin(pin_id=pin_id, text=body.text))
