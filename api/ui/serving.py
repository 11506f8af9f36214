"""What stands on the page of services, also when an import was refused?"""

from collections.abc import Sequence

from fastapi import Request
from starlette.responses import HTMLResponse

from aiops.domain.events import Problem
from api.desk import Desk
from api.filters import EdgeFilter, Paged
from api.reading import edges, services
from api.ui.render import chrome, page

PAGE = 200
MOST_EDGES = 50


def services_page(
    request: Request, desk: Desk, cursor: str = "", pasted: str = "", problems: Sequence[Problem] = ()
) -> HTMLResponse:
    """Show the page; with ``problems`` what was ``pasted`` stands in the form again, and each of them beside it."""
    q = request.query_params.get("q", "")[:200]
    with desk.view() as view:
        top = chrome(request, view, "services")
        shown = services(view, Paged(cursor=cursor, limit=PAGE), q)
        found = edges(view, EdgeFilter(limit=MOST_EDGES))
    code = 400 if problems else 200
    return page("services.html", code, top=top, list=shown, edges=found, q=q, pasted=pasted, problems=problems)
