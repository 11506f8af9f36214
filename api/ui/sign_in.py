"""How do people come in and go? By name and password, by a token, or by way of an OpenID provider."""

from datetime import timedelta

import structlog
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aiops.domain.errors import Unavailable
from api.access import SESSION, VOUCHED
from api.auth import COOKIE
from api.desk import Desk, DeskOf
from api.errors import Forbidden, SignInNeeded
from api.oidc import WITHIN
from api.ui.forms import FormOf
from api.ui.render import page

router = APIRouter(include_in_schema=False)
STATE = "aiops_sign_in"  # cookie: which sign-in at the provider this browser began
DONE = "/sign-in/oidc/done"

log = structlog.get_logger()


@router.get("/sign-in")
def sign_in_form(request: Request, desk: DeskOf) -> HTMLResponse:
    """The form; shows nothing of what is inside."""
    return _form(request, desk)


@router.post("/sign-in")
def sign_in(request: Request, desk: DeskOf, form: FormOf) -> Response:
    """Begin a session; its id, neither token nor password, goes into a cookie that scripts cannot read."""
    now, name = desk.clock(), form.get("name")
    if name:
        session, by = desk.access.welcome(name, form.get("password"), now), "password"
    else:
        session, by = desk.access.sign_in(form.get("token"), now), "token"
    if session is None:
        known = name if desk.access.people.knows(name) else ""  # else somebody may have typed a password there
        log.warning("sign-in refused", by=by, who=known, address=_address(request))
        said = "Wrong name or password, or too many wrong ones: wait a minute." if name else "This is no valid token."
        return _form(request, desk, said, 401)
    return _begun(request, desk, session, by, SESSION)


@router.get("/sign-in/oidc")
def to_provider(request: Request, desk: DeskOf) -> Response:
    """Send the browser to the provider."""
    if not desk.provider.configured:
        return _form(request, desk, "No provider is set up here.", 404)
    base = desk.settings.paging.public_url.rstrip("/") or f"{request.url.scheme}://{request.headers.get('host', '')}"
    try:
        state, address = desk.provider.begin(base + DONE, desk.clock())
    except Unavailable as problem:
        return _refused(request, desk, str(problem), 503)
    answer = RedirectResponse(address, 303)
    _keep(request, answer, STATE, state, WITHIN)
    return answer


@router.get(DONE)
def from_provider(request: Request, desk: DeskOf) -> Response:
    """Take back from the provider whom it vouches for."""
    asked = request.query_params
    if "error" in asked:
        return _refused(request, desk, "The provider did not let you in.", 401)
    now, kept = desk.clock(), request.cookies.get(STATE, "")
    try:
        name, role = desk.provider.finish(asked.get("state", ""), kept, asked.get("code", ""), now)
    except (SignInNeeded, Forbidden) as problem:
        return _refused(request, desk, str(problem), 401 if isinstance(problem, SignInNeeded) else 403)
    except Unavailable as problem:
        return _refused(request, desk, str(problem), 503)
    answer = _begun(request, desk, desk.access.admit(name, role, now), "oidc", VOUCHED)
    answer.delete_cookie(STATE)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, desk: DeskOf) -> HTMLResponse:
    """End the session, here and for whoever may have copied the cookie."""
    session = request.cookies.get(COOKIE, "")
    grant = desk.access.session(session, desk.clock())
    desk.access.sign_out(session)
    if grant:
        log.info("signed out", who=grant.name, address=_address(request))
    answer = _form(request, desk)
    answer.delete_cookie(COOKIE)
    return answer


def _begun(request: Request, desk: Desk, session: str, by: str, lasts: timedelta) -> Response:
    grant = desk.access.session(session, desk.clock())
    log.info("signed in", by=by, who=grant.name if grant else "", address=_address(request))
    answer = RedirectResponse("/", 303)
    _keep(request, answer, COOKIE, session, lasts)
    return answer


def _keep(request: Request, answer: Response, name: str, value: str, lasts: timedelta) -> None:
    secure = request.url.scheme == "https"
    answer.set_cookie(name, value, max_age=int(lasts.total_seconds()), samesite="lax", httponly=True, secure=secure)


def _refused(request: Request, desk: Desk, said: str, status: int) -> HTMLResponse:
    log.warning("sign-in refused", by="oidc", why=said, address=_address(request))
    return _form(request, desk, f"{said[:1].upper()}{said[1:]}", status)


def _form(request: Request, desk: Desk, problem: str = "", status: int = 200) -> HTMLResponse:
    theme = request.cookies.get("theme", "")
    people = desk.access.people.any()
    return page("sign_in.html", status, problem=problem, theme=theme, people=people, provider=desk.provider.configured)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
