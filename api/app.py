"""Which handler stands at which door? The whole web application of one installation."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from aiops.domain.errors import AiopsError
from aiops.domain.incidents import Incident
from aiops.ports import Journal, Store
from api import openapi
from api.access import Access
from api.auth import Failures, Guard
from api.desk import Desk
from api.errors import ProblemDetails, problem_of, problem_response
from api.gate import Gate
from api.live import Live
from api.oidc import Provider
from api.presenting import incident_row
from api.routes import (
    alerts,
    doors,
    incidents,
    ledger,
    mappings,
    paging,
    patterns,
    pins,
    rules,
    runbooks,
    senders,
    services,
    signatures,
    standins,
    status,
    suggestions,
    windows,
)
from api.senders_auth import SenderSecrets
from api.settings import ApiSettings
from api.shelf import Shelf
from api.ui import forms, moving, outbox, pages, sign_in, signature_pages
from api.ui import runbooks as runbook_pages
from api.ui import senders as sender_forms
from api.ui import suggestions as suggested
from api.ui.render import page, piece
from api.vouched import Proxy

STATIC = Path(__file__).parent / "ui" / "static"
ABOUT = "Alert triage and correlation: what came in, what it means together, and what became of it."
HEADERS = {  # on every answer
    b"content-security-policy": b"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    b"object-src 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
}


def create_app(journal: Journal, store: Store, settings: ApiSettings, clock: Callable[[], datetime]) -> FastAPI:
    """Return the application over an open journal and store, which stay the caller's to close.

    ``clock`` tells the present time for what pages show and rules are dated with; it decides nothing in the engine.
    """
    who = settings.access
    access = Access(settings.access_db, who.tokens)
    secrets = SenderSecrets(settings.senders_db, who.sender_secrets)
    desk = Desk(journal, store, settings, clock, access, secrets, Gate(store), Proxy(who), Provider(who), Shelf())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.access.close()
        desk.secrets.close()

    app = FastAPI(
        title="AIOps",
        description=ABOUT,
        version=settings.version,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    failures = Failures()
    app.state.desk, app.state.failures = desk, failures
    live = Live(desk, lambda incident: _cells(incident, clock()))
    _add_routes(app, live)
    _add_errors(app)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(SafeHeaders)
    app.add_middleware(Guard, desk=desk, failures=failures)
    return app


def _cells(incident: Incident, now: datetime) -> str:
    return piece("_cells.html", row=incident_row(incident, now))


def _add_routes(app: FastAPI, live: Live) -> None:
    app.add_route("/webhooks/{source}", doors.deliver, methods=["POST"], include_in_schema=False)
    standins.add_to(app)
    for module in (
        incidents,
        pins,
        alerts,
        suggestions,
        rules,
        windows,
        signatures,
        runbooks,
        patterns,
        services,
        mappings,
        senders,
        ledger,
        status,
        paging,
        pages,
        outbox,
        signature_pages,
        runbook_pages,
        forms,
        moving,
        sender_forms,
        suggested,
        sign_in,
    ):
        app.include_router(module.router)
    app.mount("/static", Assets(directory=STATIC))

    @app.get("/openapi.json", include_in_schema=False)
    async def description() -> Response:
        return JSONResponse(openapi.document(app))

    @app.websocket("/ws")
    async def updates(socket: WebSocket, since: str = "") -> None:
        await live.serve(socket, since)


def _add_errors(app: FastAPI) -> None:
    async def known(request: Request, error: Exception) -> Response:
        return _answer(
            request, problem_of(error) if isinstance(error, AiopsError) else ProblemDetails(title="", status=503)
        )

    async def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 503
        detail = str(error.detail) if isinstance(error, HTTPException) else ""
        return _answer(request, ProblemDetails(title=detail, status=status))

    app.add_exception_handler(AiopsError, known)
    app.add_exception_handler(HTTPException, http)


def _answer(request: Request, problem: ProblemDetails) -> Response:
    """Answer with a page where a person asks, else with problem+json."""
    programs = request.url.path.startswith(("/api/", "/webhooks/"))
    if programs or "text/html" not in request.headers.get("accept", ""):
        return problem_response(problem)
    theme = request.cookies.get("theme", "")
    return page("problem.html", problem.status, problem=problem, theme=theme)


class Assets(StaticFiles):
    """Our static files under a folder that is named after their content, so browsers may keep them for good."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Look behind the folder's name, whatever it is: an old page still finds its files."""
        return super().lookup_path(path.partition("/")[2])

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        """Say that it never changes."""
        answer = super().file_response(*arguments, **options)
        answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


class SafeHeaders:
    """Adds the headers that tell a browser what this site never does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers to the answer."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS.items()]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
