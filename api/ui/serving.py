"""What stands on the page of services, also when an import was refused?"""

from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import Request
from starlette.responses import HTMLResponse

from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from api.desk import Desk
from api.filters import EdgeFilter, Paged, zoned
from api.reading import edges, services, services_at
from api.ui.render import chrome, page

PAGE = 200
MOST_EDGES = 50


def services_page(
    request: Request, desk: Desk, cursor: str = "", pasted: str = "", problems: Sequence[Problem] = ()
) -> HTMLResponse:
    """Show the page; with ``problems`` what was ``pasted`` stands in the form again, and each of them beside it."""
    q, at = request.query_params.get("q", "")[:200], _moment(request.query_params.get("at", ""))
    with desk.view() as view:
        top = chrome(request, view, "services")
        shown = services_at(view, at) if at else services(view, Paged(cursor=cursor, limit=PAGE), q)
        found = edges(view, EdgeFilter(limit=MOST_EDGES))
    code = 400 if problems else 200
    return page("services.html", code, top=top, list=shown, at=at, edges=found, q=q, pasted=pasted, problems=problems)


def _moment(typed: str) -> datetime | None:
    """Read the time as of which the graph is asked for, in UTC unless it says otherwise. BadInput: it is none."""
    if not typed:
        return None
    try:
        when = datetime.fromisoformat(typed)
    except ValueError as error:
        raise BadInput(f"{typed[:40]!r} is no time", place="at", fix="write 2026-03-01T12:00") from error
    return zoned(when if when.tzinfo else when.replace(tzinfo=UTC), "at")
