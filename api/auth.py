"""Who asks, from where, and may they? Looked at before any handler, for HTTP and WebSocket alike."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from aiops.domain.errors import AiopsError, Unavailable
from api.access import EVERYTHING, Access, Grant, Scope
from api.errors import Forbidden, SignInNeeded, refusal
from api.settings import ApiSettings

COOKIE = "aiops_session"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
OPEN_PATHS = ("/healthz", "/readyz", "/sign-in")  # asked for without a token; tell nothing
SAFE = ("GET", "HEAD", "OPTIONS")
DOORS = "/webhooks/"

log = structlog.get_logger()


@dataclass
class Failures:
    """How many requests failed unforeseen; shown in /metrics."""

    count: int = 0


class Guard:
    """The outermost wall: Host, Origin, token, and every failure that no handler knew."""

    def __init__(self, app: ASGIApp, settings: ApiSettings, access: Access, failures: Failures) -> None:
        self._app, self._settings, self._access, self._failures = app, settings, access, failures

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            scope.setdefault("state", {})["grant"] = self._admit(connection)
        except AiopsError as error:
            await self._refuse(connection, error, receive, send)
            return
        await self._walled(scope, receive, send)

    def _admit(self, connection: HTTPConnection) -> Grant:
        host = host_name(connection.headers.get("host", ""))
        if not self._host_allowed(host):
            raise Forbidden(f"this server is not called {host!r}; add the name to allowed_hosts if it should be")
        method = connection.scope.get("method", "WEBSOCKET")
        if method not in SAFE and not self._same_origin(connection):
            raise Forbidden("the request comes from another site's page")
        path = connection.url.path
        if not self._settings.token_required:
            return Grant("operator", EVERYTHING)
        if path in OPEN_PATHS or path.startswith("/static/"):
            return Grant("", frozenset())
        grant = self._access.check(token_of(connection))
        if grant is None:
            raise SignInNeeded("a token is needed: Authorization: Bearer ..., or sign in at /sign-in")
        wanted = wanted_scope(method, path)
        if not grant.allows(wanted):
            raise Forbidden(f"the token {grant.name!r} lacks the scope {wanted.value!r}")
        return grant

    def _host_allowed(self, host: str) -> bool:
        return host in LOOPBACK or host in self._settings.allowed_hosts or "*" in self._settings.allowed_hosts

    def _same_origin(self, connection: HTTPConnection) -> bool:
        """A browser names the page's origin on every write; programs send none."""
        origin = connection.headers.get("origin")
        if origin is None:
            return connection.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
        return urlsplit(origin).netloc == connection.headers.get("host", "")

    async def _refuse(self, connection: HTTPConnection, error: AiopsError, receive: Receive, send: Send) -> None:
        if connection.scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4403})
            return
        await self._answer(connection, error)(connection.scope, receive, send)

    def _answer(self, connection: HTTPConnection, error: AiopsError) -> Response:
        wants_page = "text/html" in connection.headers.get("accept", "")
        if isinstance(error, SignInNeeded) and wants_page and connection.scope.get("method") == "GET":
            return RedirectResponse("/sign-in", 303)
        return refusal(error)

    async def _walled(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            self._failures.count += 1
            log.exception("a request failed", path=scope["path"])
            if not started and scope["type"] == "http":
                await refusal(Unavailable("something failed here; it is in the log"))(scope, receive, send)


def wanted_scope(method: str, path: str) -> Scope:
    """Return what a request needs: doors take ingest tokens, writes triage, everything else read."""
    if path.startswith(DOORS):
        return Scope.INGEST
    return Scope.READ if method in (*SAFE, "WEBSOCKET") or path == "/theme" else Scope.TRIAGE


def host_name(header: str) -> str:
    """Return the name in a Host header, in lower case and without port and brackets."""
    name = header.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name if name.count(":") > 1 else name.partition(":")[0]


def token_of(connection: HTTPConnection) -> str:
    """Return the token that came as bearer, as basic password, or in the session cookie; empty when none did."""
    kind, _, value = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        return _password(value)
    return connection.cookies.get(COOKIE, "")


def _password(basic: str) -> str:
    try:
        return base64.b64decode(basic.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
