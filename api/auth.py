"""Who asks, from where, and may they? Looked at before any handler, for HTTP and WebSocket alike."""

from dataclasses import dataclass

import structlog
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from aiops.domain.errors import AiopsError, Unavailable
from api.desk import Desk
from api.errors import Forbidden, SignInNeeded, refusal
from api.grants import EVERYTHING, Grant, Scope
from api.presented import DOORS, presented, without_secrets
from api.routes import standins

COOKIE = "aiops_session"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
OPEN_PATHS = (  # no token; tell nothing
    *("/healthz", "/readyz", "/-/healthy", "/-/ready"),
    *("/sign-in", "/sign-in/oidc", "/sign-in/oidc/done", "/sign-out"),
)
SAFE = ("GET", "HEAD", "OPTIONS")

log = structlog.get_logger()


@dataclass
class Failures:
    """How many requests failed unforeseen; shown in /metrics."""

    count: int = 0


class Guard:
    """The outermost wall: Host, Origin, token, and every failure that no handler knew."""

    def __init__(self, app: ASGIApp, desk: Desk, failures: Failures) -> None:
        self._app, self._failures = app, failures
        self._settings, self._access, self._clock = desk.settings, desk.access, desk.clock
        self._secrets, self._proxy = desk.secrets, desk.proxy

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        scope = without_secrets(self._proxy.reached(scope))
        connection = HTTPConnection(scope)
        try:
            scope["state"]["grant"] = self._admit(connection)
            scope["state"]["still"] = lambda: self._still(connection)
        except AiopsError as error:
            await self._refuse(connection, error, receive, send)
            return
        await self._walled(scope, receive, send)

    def _admit(self, connection: HTTPConnection) -> Grant:
        said = connection.headers.get("host", "")
        host = host_name(said)
        if said and not host:
            raise Forbidden("the Host header is malformed")
        if not self._host_allowed(host):
            raise Forbidden(f"this server is not called {host!r}; add the name to allowed_hosts if it should be")
        method = connection.scope.get("method", "WEBSOCKET")
        if method not in SAFE and not self._same_origin(connection):
            raise Forbidden("the request comes from another site's page")
        path: str = connection.scope["path"]  # not the URL's: that is made out of the Host header
        if path.startswith(DOORS):
            return self._sender(connection, path.removeprefix(DOORS).lower())
        if not self._settings.token_required:
            return Grant("operator", EVERYTHING)
        if path in OPEN_PATHS or path.startswith("/static/"):
            return Grant("", frozenset())
        return _allowed(self._granted(connection), wanted_scope(method, path))

    def _sender(self, connection: HTTPConnection, source: str) -> Grant:
        """Let a delivery to the door: with a token of ours, else the door looks at what its source must prove."""
        grant, state = self._granted(connection), connection.scope["state"]
        state["proved"] = grant is not None and grant.allows(Scope.INGEST)
        if not state["proved"] and self._secrets.of(source):
            return Grant(source, frozenset())
        return _allowed(grant, Scope.INGEST) if self._settings.token_required else Grant("operator", EVERYTHING)

    def _granted(self, connection: HTTPConnection) -> Grant | None:
        now = self._clock()
        if token := presented(connection):
            return self._access.check(token, now)
        if vouched := self._proxy.grant(connection):
            return vouched
        session = connection.cookies.get(COOKIE, "")
        return self._access.session(session, now) if session else None

    def _still(self, connection: HTTPConnection) -> bool:
        """Would it be let in now, too? Asked while a socket stays open."""
        try:
            self._admit(connection)
        except AiopsError:
            return False
        return True

    def _host_allowed(self, host: str) -> bool:
        return host in LOOPBACK or host in self._settings.allowed_hosts or "*" in self._settings.allowed_hosts

    def _same_origin(self, connection: HTTPConnection) -> bool:
        """A browser names the page's origin on every write; programs send none."""
        origin = connection.headers.get("origin")
        if origin is None:
            return connection.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
        return origin.partition("://")[2] == connection.headers.get("host", "")

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
        except ClientDisconnect:  # it hung up before all was sent: nothing was accepted, and nobody waits for an answer
            return
        except Exception:
            self._failures.count += 1
            log.exception("a request failed", path=scope["path"])
            if not started and scope["type"] == "http":
                await refusal(Unavailable("something failed here; it is in the log"))(scope, receive, send)


def _allowed(grant: Grant | None, wanted: Scope) -> Grant:
    if grant is None:
        raise SignInNeeded("a token is needed: Authorization: Bearer ..., or sign in at /sign-in")
    if not grant.allows(wanted):
        raise Forbidden(f"{grant.name!r} lacks the scope {wanted.value!r}")
    return grant


def wanted_scope(method: str, path: str) -> Scope:
    """Return what a request needs: doors take ingest tokens, secrets admin, writes triage, everything else read."""
    if path.startswith("/api/sources/") and path.endswith("/secret"):
        return Scope.ADMIN
    if path.startswith(DOORS) or (method == "POST" and standins.takes(path)) or standins.tells(path):
        return Scope.INGEST
    return Scope.READ if method in (*SAFE, "WEBSOCKET") or path == "/theme" else Scope.TRIAGE


def host_name(header: str) -> str:
    """Return the name in a Host header, in lower case and without port and brackets; empty when it is malformed."""
    host = header.strip().lower()
    if host.startswith("["):
        name, closed, rest = host[1:].partition("]")
        port = rest.removeprefix(":")
        well = bool(closed) and (not rest or rest.startswith(":"))
    else:
        name, _, port = (host, "", "") if host.count(":") > 1 else host.partition(":")
        well = True
    whole = well and (not port or (port.isascii() and port.isdecimal()))
    return name if whole and not set(name) & set("@/\\?#") else ""
