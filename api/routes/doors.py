"""Where do senders deliver? Bound, redact, is it a document, write, answer; nothing else on the hot way."""

from collections.abc import Mapping
from http import HTTPStatus

from anyio import CapacityLimiter, to_thread
from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response

from aiops.domain.entries import Delivery
from aiops.domain.errors import AiopsError, BadInput, Overloaded
from api.bodies import aside, read_body
from api.desk import Desk, desk_of
from api.errors import problem_of, problem_response, refusal
from ingestion.redact import redact
from ingestion.sources import is_document

PATIENT_WITH_503 = ("alertmanager", "prometheus")  # to them 429 means "give up"; others know it as "later"
KEPT_HEADERS = (
    "user-agent",
    "x-github-event",
    "x-gitlab-event",
    "x-sns-message-type",
    "ce-type",
    "ce-source",
    "ce-id",
)
KEY_HEADERS = ("idempotency-key", "x-github-delivery", "x-gitlab-event-uuid", "x-amz-sns-message-id", "request-id")
LONGEST_NAME, LONGEST_VALUE = 64, 500
_APPENDS = CapacityLimiter(40)  # threads of the doors' own: acts and pages, however slow, take none from a sender


async def deliver(request: Request) -> Response:
    """Answer 202 once the bytes are on disk; 4xx only for a bad name, size, or what is no document."""
    desk = desk_of(request)
    source = request.path_params["source"]
    try:
        delivery = await _delivery(request, source, desk)
        (position,) = await to_thread.run_sync(desk.journal.append, [delivery], limiter=_APPENDS)
    except Overloaded as error:
        return _busy(error, source)
    except AiopsError as error:
        return refusal(error)
    return Response(b'{"delivery_id":"%s"}' % str(position).encode(), 202, media_type="application/json")


def source_name(text: str) -> str:
    """Return the name that a sender delivers under; BadInput when ``text`` can be none."""
    if not text.replace("-", "").replace("_", "").isalnum() or len(text) > LONGEST_NAME or not text.isascii():
        fix = f"use up to {LONGEST_NAME} letters, digits, - and _"
        raise BadInput("no name for a source", place="path", fix=fix)
    return text.lower()


async def _delivery(request: Request, source: str, desk: Desk) -> Delivery:
    name = source_name(source)
    content_type = request.headers.get("content-type", "")[:LONGEST_VALUE]
    sent = await read_body(request, desk.settings.max_body_bytes)
    body = await aside(lambda: _clean(sent, content_type), sent)
    return Delivery(
        source=name,
        body=body,
        content_type=content_type,
        headers=_kept(request.headers),
        query={name: value[:LONGEST_VALUE] for name, value in request.query_params.items() if name == "service"},
        idempotency_key=next((request.headers[key][:200] for key in KEY_HEADERS if key in request.headers), ""),
    )


def _clean(sent: bytes, content_type: str) -> bytes:
    body = redact(sent)
    is_document(body, content_type)
    return body


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name][:LONGEST_VALUE] for name in KEPT_HEADERS if name in headers}


def _busy(error: Overloaded, source: str) -> Response:
    """Tell a sender to come again, in the words that it understands."""
    problem = problem_of(error)
    if source.lower().startswith(PATIENT_WITH_503):
        return problem_response(problem)
    return problem_response(structs.replace(problem, status=429, title=HTTPStatus(429).phrase))
