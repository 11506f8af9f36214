"""How does the command line talk to a server? HTTP, typed answers, our own errors."""

import time
from collections.abc import Mapping, Sequence
from typing import TypeVar

import httpx
import msgspec

from aiops.domain.acts import Outcome
from aiops.domain.base import Noun
from aiops.domain.errors import AiopsError, BadInput, Conflict, Overloaded, Unavailable

T = TypeVar("T")
Parameters = Mapping[str, str | int | bool | Sequence[str] | None]
TIMEOUT = 30.0  # seconds
ACCEPTED = 202
LOOPBACK = ("127.0.0.1", "localhost", "::1")
JSON = {"Content-Type": "application/json"}
YAML = {"Content-Type": "application/yaml"}


class Refused(Noun, frozen=True, kw_only=True):
    """What problem+json says."""

    title: str = ""
    detail: str = ""
    place: str = ""
    fix: str = ""


class Taken(Noun, frozen=True, kw_only=True):
    """A delivery is on disk."""

    delivery_id: str


class Accepted(Noun, frozen=True, kw_only=True):
    """An act is on disk."""

    command_id: str


class Missing(AiopsError):
    """There is no such thing."""


class NotAllowed(AiopsError):
    """The token is missing, or not good enough."""


class Client:
    """One server, or the same app in this process."""

    def __init__(self, url: str, token: str = "", transport: httpx.BaseTransport | None = None) -> None:
        headers = {"X-AIOps-Actor": "cli"} | ({"Authorization": f"Bearer {token}"} if token else {})
        near = httpx.URL(url).host in LOOPBACK  # a proxy has no business there
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=TIMEOUT, transport=transport, trust_env=not near
        )

    def get(self, path: str, answer: type[T], parameters: Parameters | None = None) -> T:
        """Ask for ``path``; parameters that are None are left out."""
        given = {name: value for name, value in (parameters or {}).items() if value is not None and value != ""}
        return self._decode(self._send("GET", path, params=given), answer)

    def post(self, path: str, answer: type[T], body: object) -> T:
        """Ask by posting ``body`` as JSON."""
        return self._decode(self._send("POST", path, msgspec.json.encode(body), JSON), answer)

    def send(
        self,
        method: str,
        path: str,
        answer: type[T],
        document: bytes | None = None,
        parameters: Parameters | None = None,
    ) -> T:
        """Send ``document`` (YAML), or nothing, and read the answer."""
        given = {name: value for name, value in (parameters or {}).items() if value}
        return self._decode(self._send(method, path, document, YAML if document is not None else JSON, given), answer)

    def act(self, method: str, path: str, body: object = None, document: bytes | None = None) -> Outcome:
        """Do something, and wait for its outcome: ``body`` goes as JSON, ``document`` as YAML. Conflict: refused."""
        content = document if document is not None else msgspec.json.encode(body) if body is not None else None
        response = self._send(method, path, content, YAML if document is not None else JSON)
        if response.status_code != ACCEPTED:
            return self._decode(response, Outcome)
        return self._outcome(self._decode(response, Accepted).command_id)

    def deliver(self, source: str, content: bytes, parameters: Parameters, content_type: str, key: str) -> str:
        """Hand a delivery to a door and return its id; ``key`` lets a repeat be recognised.

        Unavailable says when to try again: nothing was taken, or the repeat is recognised.
        """
        headers = {"Content-Type": content_type, "Idempotency-Key": key}
        given = {name: value for name, value in parameters.items() if value}
        return self._decode(self._send("POST", f"/webhooks/{source}", content, headers, given), Taken).delivery_id

    def alive(self) -> bool:
        """Does it answer at all?"""
        try:
            return self._http.get("/healthz", timeout=1).is_success
        except httpx.HTTPError:
            return False

    def _outcome(self, command_id: str) -> Outcome:
        """Ask for an outcome that took longer, for as long as a person would wait."""
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until:
            try:
                return self.get(f"/api/commands/{command_id}", Outcome)
            except Missing:
                time.sleep(0.2)
        raise Unavailable(f"accepted as {command_id}, but not applied within {TIMEOUT:.0f} s; is the engine running?")

    def close(self) -> None:
        """Release the connection."""
        self._http.close()

    def _send(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Parameters | None = None,
    ) -> httpx.Response:
        try:
            response = self._http.request(method, path, content=content, headers=headers, params=params)
        except httpx.HTTPError as error:
            problem = f"{self._http.base_url} does not answer ({type(error).__name__}); is `aiops serve` running there?"
            raise Unavailable(problem) from error
        if response.is_success:
            return response
        raise _error(response)

    def _decode(self, response: httpx.Response, answer: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=answer)
        except msgspec.DecodeError as error:
            raise Unavailable(
                f"{response.url} answered something else: {error}; is it AIOps, and this version?"
            ) from error


def _error(response: httpx.Response) -> AiopsError:
    """Return the error that a refusal stands for."""
    try:
        problem = msgspec.json.decode(response.content, type=Refused)
    except msgspec.DecodeError:
        problem = Refused()
    text = problem.detail or problem.title or f"{response.url} answered {response.status_code}"
    match response.status_code:
        case 401 | 403:
            return NotAllowed(f"{text}; set AIOPS_CLIENT_TOKEN or client.token")
        case 404:
            return Missing(text)
        case 409:
            return Conflict(text)
        case 429 | 503:
            after = response.headers.get("Retry-After", "")
            return Overloaded(text, retry_after=float(after) if after.isascii() and after.isdigit() else 1.0)
        case code if code >= 500:
            return Unavailable(text)
        case _:
            return BadInput(text, place=problem.place or "request", fix=problem.fix or "see --help")
