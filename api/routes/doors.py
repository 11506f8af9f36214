"""Where do senders deliver? Bound, redact, is it a document, write, answer; nothing else on the hot way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from msgspec import structs
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from aiops.domain.entries import Delivery, Position
from aiops.domain.errors import AiopsError, BadInput, Overloaded
from aiops.domain.events import Parsed
from aiops.domain.senders import source_name
from api.bodies import aside, read_raw, unpacked
from api.desk import Desk, desk_of
from api.errors import problem_of, problem_response, refusal
from api.openapi import reply
from api.presented import presented
from api.senders_auth import Sent
from ingestion.sources.registry import HEADERS, is_document
from ingestion.unspoiled import redacted

PATIENT_WITH_503 = ("alertmanager", "prometheus")  # to them 429 means "give up"; others know it as "later"
KEY_HEADERS = ("idempotency-key", "x-github-delivery", "x-gitlab-event-uuid", "x-amz-sns-message-id", "request-id")
FORM = "application/x-www-form-urlencoded"
LONGEST_VALUE = 500
_KEPT = tuple(sorted(HEADERS))
APPENDS = CapacityLimiter(40)  # threads of the doors' own: acts and pages, however slow, take none from a sender
_PROOFS = CapacityLimiter(4)  # threads that look at what a sender proves: one may wait for a certificate
UNREDACTED = ("authorization", "cookie", "proxy-authorization")  # headers that no mapping can ask for

Answer = Callable[[Delivery, Position], Response]


def taken(delivery: Delivery, position: Position) -> Response:
    """Answer 202 with the delivery's id."""
    return Response(b'{"delivery_id":"%s"}' % str(position).encode(), 202, media_type="application/json")


@dataclass(frozen=True)
class Door:
    """What is particular to where a delivery comes in."""

    source: str
    answer: Answer = taken
    refused: Callable[[AiopsError], Response] = refusal
    content_type: str = ""  # whatever the sender says of it; empty: as it says
    amend: Callable[[bytes], bytes] = bytes  # what the original tool would have added, before it is written
    path: str = ""  # kept in place of the request's, where that holds a secret


async def deliver(request: Request) -> Response:
    """Answer 202 once the bytes are on disk; 4xx only for a bad name, size, or what is no document."""
    try:
        name = source_name(request.path_params["source"], "path")
    except BadInput as error:
        return refusal(error)
    return await take(request, Door(name))


async def take(request: Request, door: Door) -> Response:
    """Write what was sent into the journal, then answer as ``door`` does: the one way in over HTTP."""
    desk = desk_of(request)
    try:
        if desk.gate.stale:
            await to_thread.run_sync(desk.gate.look, limiter=_PROOFS)
        delivery = await _delivery(request, door, desk)
        if request.query_params.get("check") == "1":
            return await aside(lambda: checked(desk, delivery), delivery.body)
        desk.gate.admit(door.source, desk.clock())
        (position,) = await to_thread.run_sync(desk.journal.append, [delivery], limiter=APPENDS)
    except Overloaded as error:
        desk.gate.turned_away += 1
        return _busy(error, door.source)
    except AiopsError as error:
        return door.refused(error)
    answer = await aside(lambda: door.answer(delivery, position), delivery.body)
    answer.background = getattr(request.state, "then", None)
    return answer


def checked(desk: Desk, delivery: Delivery) -> Response:
    """Answer what would be read of it, now; nothing is written (``?check=1``)."""
    parsed: Parsed = desk.gate.senders.parse(delivery, desk.clock())
    return reply(parsed, 422 if parsed.problems else 200)


async def _prove(request: Request, source: str, body: bytes, desk: Desk) -> None:
    """Refuse a source that has a secret and neither shows it nor came with a token of ours."""
    if not request.state.proved and desk.secrets.of(source):
        sent = Sent(request.headers, body, presented(request), desk.clock())
        if (then := await to_thread.run_sync(desk.secrets.check, source, sent, limiter=_PROOFS)) is not None:
            request.state.then = BackgroundTask(then, body)


async def _delivery(request: Request, door: Door, desk: Desk) -> Delivery:
    content_type = door.content_type or request.headers.get("content-type", "")[:LONGEST_VALUE]
    raw = await read_raw(request, desk.settings.max_body_bytes)
    if hasattr(request.state, "proved"):
        await _prove(request, door.source, raw, desk)
    read = await unpacked(request, raw, desk.settings.max_body_bytes)
    sent = await aside(lambda: door.amend(read), read)
    if not sent.strip() and set(request.query_params) - {"service", "check"}:
        sent, content_type = request.url.query.encode(), FORM  # Healthchecks, UptimeRobot: all is in the URL
    body = await aside(lambda: _clean(sent, content_type), sent)
    service = request.query_params.get("service", "")[:LONGEST_VALUE]
    return Delivery(
        source=door.source,
        body=body,
        content_type=content_type,
        headers=_kept(request.headers, desk.gate.headers),
        query={"path": door.path or _path(request), **({"service": service} if service else {})},
        idempotency_key=next((request.headers[key][:200] for key in KEY_HEADERS if key in request.headers), ""),
    )


def _clean(sent: bytes, content_type: str) -> bytes:
    body = redacted(sent, content_type)
    is_document(body, content_type)
    return body


def _path(request: Request) -> str:
    """The path with its escapes, so that a slash inside a name is told from one that parts names."""
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    return raw.partition(b"?")[0].decode("ascii", "replace")[:LONGEST_VALUE]


def _kept(headers: Mapping[str, str], mapped: tuple[str, ...]) -> dict[str, str]:
    names = (*_KEPT, *(name for name in mapped if name not in UNREDACTED))
    return {name: headers[name][:LONGEST_VALUE] for name in names if name in headers}


def _busy(error: Overloaded, source: str) -> Response:
    """Tell a sender to come again, in the words that it understands."""
    problem = problem_of(error)
    if source.startswith(PATIENT_WITH_503):
        return problem_response(problem)
    return problem_response(structs.replace(problem, status=429, title=HTTPStatus(429).phrase))
