"""What does an Alertmanager answer? Its API over our alerts and silences, for Prometheus, rulers and amtool."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from aiops.domain.alerts import Alert
from aiops.domain.acts import EndSilence
from aiops.domain.base import Noun
from aiops.domain.changes import SILENCES
from aiops.domain.entries import Delivery, Position
from aiops.domain.errors import AiopsError, BadInput
from aiops.domain.matching import Matcher, Operator, all_match, parse_matcher
from aiops.domain.queries import Query
from aiops.domain.rules import Silence
from api.acting import put_silence
from api.bodies import decode, read_body
from api.desk import Desk, actor_of, desk_of
from api.errors import NotFound, problem_of, problem_response
from api.reading import everything, firing
from api.requests import NewSilence
from api.routes.doors import Door, take
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.reading.times import moment
from ingestion.sources.alertmanager import fingerprint

SOURCE = "alertmanager_api"
RECEIVER = {"name": "aiops"}
MOST = 10_000  # alerts or silences in one answer
UNSAID = timedelta(minutes=5)  # resolve_timeout: how long an alert holds that names no end
_OPERATORS = {  # by isEqual, isRegex
    (True, False): Operator.EQUAL,
    (False, False): Operator.NOT_EQUAL,
    (True, True): Operator.REGEX,
    (False, True): Operator.NOT_REGEX,
}


class PostedMatcher(Noun, frozen=True, kw_only=True, rename="camel"):
    """One condition, as Alertmanager's clients write it."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True


class PostedSilence(Noun, frozen=True, kw_only=True, rename="camel"):
    """A silence, as Alertmanager's clients write it."""

    id: str | None = None
    matchers: tuple[PostedMatcher, ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str


def add_to(app: Starlette) -> None:
    """Mount the API where Alertmanager has it."""
    for path, method, handler in (
        ("/api/v2/alerts", "POST", post_alerts),
        ("/api/v1/alerts", "POST", post_alerts_v1),
        ("/api/v2/alerts", "GET", _asked(_alerts)),
        ("/api/v2/status", "GET", _asked(_status)),
        ("/api/v2/receivers", "GET", _asked(lambda request, desk: _json([RECEIVER]))),
        ("/api/v2/silences", "GET", _asked(_silences)),
        ("/api/v2/silences", "POST", post_silence),
        ("/api/v2/silence/{id}", "GET", _asked(_silence)),
        ("/api/v2/silence/{id}", "DELETE", _asked(_end_silence)),
        ("/-/healthy", "GET", well),
        ("/-/ready", "GET", well),
    ):
        app.add_route(path, handler, methods=[method], include_in_schema=False)


def _asked(answer: Callable[[Request, Desk], Response]) -> Callable[[Request], object]:
    """Answer from the store, on a thread; a failure is said as a JSON text, as clients expect it."""

    async def handle(request: Request) -> Response:
        try:
            return await run_in_threadpool(answer, request, desk_of(request))
        except AiopsError as error:
            return _refused(error)

    return handle


async def well(request: Request) -> Response:
    """Say that requests are answered."""
    return PlainTextResponse("OK")


async def post_alerts(request: Request) -> Response:
    """Take alerts; 400 tells of those that are none, the others are kept."""
    return await take(request, Door(SOURCE, _posted, _refused))


async def post_alerts_v1(request: Request) -> Response:
    """Take alerts as the older API did."""
    return await take(request, Door(SOURCE, _posted_v1, lambda error: _failed_v1(str(error), problem_of(error).status)))


def _posted(delivery: Delivery, position: Position) -> Response:
    wrong = "; ".join(_wrong(delivery))
    return _json(wrong, 400) if wrong else Response(status_code=200)


def _posted_v1(delivery: Delivery, position: Position) -> Response:
    wrong = "; ".join(_wrong(delivery))
    return _failed_v1(wrong, 400) if wrong else _json({"status": "success"})


def _failed_v1(text: str, status: int) -> Response:
    return _json({"status": "error", "errorType": "bad_data", "error": text}, status)


def _wrong(delivery: Delivery) -> Iterator[str]:
    """Say of each alert that is none why."""
    for part in documents(delivery.body, delivery.content_type):
        for alert in part if isinstance(part, list) else [part]:
            if not fields.labels_of(fields.dig(alert, "labels")):
                yield "at least one label pair required"


def _json(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _refused(error: AiopsError) -> Response:
    problem = problem_of(error)
    return problem_response(problem) if problem.retry_after else _json(str(error), problem.status)


def _status(request: Request, desk: Desk) -> Response:
    version = {name: "" for name in ("branch", "buildDate", "buildUser", "goVersion", "revision")}
    return _json(
        {
            "cluster": {"name": "", "peers": [], "status": "disabled"},
            "config": {"original": ""},
            "uptime": _time(desk.clock()),
            "versionInfo": {**version, "version": desk.settings.version},
        }
    )


def _alerts(request: Request, desk: Desk) -> Response:
    """Those that fire, as they are now."""
    matchers = _filters(request)
    with desk.view() as view:
        found = [_alert(alert) for alert in firing(view, MOST) if _wanted(request, alert)]
    return _json([alert for alert in found if all_match(matchers, alert["labels"])])


def _wanted(request: Request, alert: Alert) -> bool:
    """``active``, ``silenced`` and ``inhibited`` leave out, unless they are true, which they are where not said."""
    kinds = {"inhibited" if by.kind == "inhibition" else "silenced" for by in alert.suppressed_by} or {"active"}
    return all(request.query_params.get(kind, "true") != "false" for kind in kinds)


def _filters(request: Request) -> list[Matcher]:
    return [parse_matcher(text, "filter") for text in request.query_params.getlist("filter")]


class _Told(Noun, frozen=True, kw_only=True):
    pass
