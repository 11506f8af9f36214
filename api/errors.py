"""How is a failure answered? As RFC 9457 problem+json for programs; pages say the same words."""

import math
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from aiops.domain.base import Noun
from aiops.domain.errors import AiopsError, BadInput, Conflict, Overloaded, Unavailable


class ProblemDetails(Noun, frozen=True, kw_only=True):
    """RFC 9457: what went wrong, where and what would mend it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    place: str = ""  # the field, header or line it concerns
    fix: str = ""
    retry_after: int = 0  # seconds; 0: trying again will not help


class NotFound(AiopsError):
    """There is no such thing (404)."""


class Forbidden(AiopsError):
    """Not with these rights, or not from this site (403)."""


class SignInNeeded(AiopsError):
    """No, or no valid, token came with the request (401)."""


class TooLarge(AiopsError):
    """The body is larger than what is taken (413)."""


_STATUS: tuple[tuple[type[AiopsError], int], ...] = (
    (BadInput, 400),
    (SignInNeeded, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooLarge, 413),
    (Overloaded, 503),
    (Unavailable, 503),
)


def problem_of(error: AiopsError) -> ProblemDetails:
    """Say what ``error`` means to who asked."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 503)
    place, fix = (error.place, error.fix) if isinstance(error, BadInput) else ("", "")
    return ProblemDetails(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=error.problem if isinstance(error, BadInput) else str(error),
        place=place,
        fix=fix,
        retry_after=math.ceil(error.retry_after) if isinstance(error, Unavailable) else 0,
    )


def problem_response(problem: ProblemDetails) -> Response:
    """Return ``problem`` as a response, with the headers that belong to its status."""
    headers = {}
    if problem.retry_after:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="aiops", Basic realm="aiops"'
    body = msgspec.json.encode(problem)
    return Response(body, problem.status, headers, media_type="application/problem+json")


def refusal(error: AiopsError) -> Response:
    """Answer a program with ``error``."""
    return problem_response(problem_of(error))
