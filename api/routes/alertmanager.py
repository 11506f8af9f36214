"""What does an Alertmanager answer? Its API over our alerts and silences, for Prometheus, rulers and amtool."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from aiops.domain.acts import EndSilence
from aiops.domain.alerts import Alert
from aiops.domain.base import Noun
from aiops.domain.documents import SILENCES
from aiops.domain.entries import Delivery, Position
from aiops.domain.errors import AiopsError
from aiops.domain.matching import Matcher, Operator, all_match, parse_matcher
from aiops.domain.queries import Query
from aiops.domain.rules import Silence
from api.acting import put_silence
from api.bodies import decode, read_body
from api.desk import Desk, actor_of, desk_of
from api.errors import NotFound, problem_of, problem_response
from api.reading import firing
from api.requests import NewSilence
from api.routes.doors import Door, take
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.sources.alertmanager import fingerprint

SOURCE = "alertmanager_api"
DOORS = ("/api/v2/alerts", "/api/v1/alerts")
RECEIVER = {"name": "aiops"}
CONFIG = (
    "route:\n  receiver: aiops\n  group_by: [alertname]\nreceivers:\n- name: aiops\n"  # what clients read of routes
)
MOST, MOST_SILENCES = 10_000, 1_000  # in one answer
UNSAID = timedelta(minutes=5)  # resolve_timeout: how long an alert holds that names no end
_HIDING = ("inhibited", "silenced")
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
        ("/api/v2/alerts/groups", "GET", _asked(_groups)),
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


def _asked(answer: Callable[[Request, Desk], Response]) -> Callable[[Request], Awaitable[Response]]:
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
            "config": {"original": CONFIG},
            "uptime": _time(desk.clock()),
            "versionInfo": {**version, "version": desk.settings.version},
        }
    )


def _alerts(request: Request, desk: Desk) -> Response:
    """Those that fire, as they are now."""
    return _json([_alert(alert) for alert in _found(request, desk)])


def _groups(request: Request, desk: Desk) -> Response:
    """The same, by name, as the route that ``/status`` shows groups them."""
    groups: dict[str, list[dict[str, object]]] = {}
    for alert in _found(request, desk):
        groups.setdefault(_labels(alert)["alertname"], []).append(_alert(alert))
    named = ({"alertname": name} for name in sorted(groups))
    return _json([{"labels": one, "receiver": RECEIVER, "alerts": groups[one["alertname"]]} for one in named])


def _found(request: Request, desk: Desk) -> list[Alert]:
    matchers = _filters(request)
    with desk.view() as view:
        found = [alert for alert in firing(view, MOST) if _wanted(request, alert)]
    return [alert for alert in found if all_match(matchers, _labels(alert))]


def _wanted(request: Request, alert: Alert) -> bool:
    """Each of ``active``, ``silenced`` and ``inhibited`` that is false leaves its alerts out."""
    kinds = {_hidden(by.kind) for by in alert.suppressed_by} or {"active"}
    return all(request.query_params.get(kind, "true") != "false" for kind in kinds)


def _hidden(kind: str) -> str:
    """Alertmanager knows two ways to hide; rules and maintenance are silences to it."""
    return "inhibited" if kind == "inhibition" else "silenced"


def _filters(request: Request) -> list[Matcher]:
    return [parse_matcher(text, "filter") for text in request.query_params.getlist("filter")]


def _labels(alert: Alert) -> dict[str, str]:
    return {"alertname": alert.title, **alert.labels}


def _alert(alert: Alert) -> dict[str, object]:
    labels = _labels(alert)
    by = {kind: [one.id for one in alert.suppressed_by if _hidden(one.kind) == kind] for kind in _HIDING}
    return {
        "annotations": alert.annotations,
        "endsAt": _time(alert.lease_until or alert.last_seen + UNSAID),
        "fingerprint": fingerprint(labels),
        "receivers": [RECEIVER],
        "startsAt": _time(alert.episode.started_at),
        "status": {
            "inhibitedBy": by["inhibited"],
            "mutedBy": [],
            "silencedBy": by["silenced"],
            "state": "suppressed" if alert.suppressed else "active",
        },
        "updatedAt": _time(alert.last_seen),
        "generatorURL": alert.url,
        "labels": labels,
    }


def _time(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _silences(request: Request, desk: Desk) -> Response:
    """All of them, those that end last first; ``filter`` asks for matchers that would match these labels."""
    wanted = _filters(request)
    with desk.view() as view:
        found = view.find(SILENCES, Query(order=("-ends_at",), limit=MOST_SILENCES)).items
    named = [{matcher.field: matcher.value for matcher in silence.matchers} for silence in found]
    now = desk.clock()
    return _json([_told(one, now) for one, by in zip(found, named, strict=True) if all_match(wanted, by)])


def _silence(request: Request, desk: Desk) -> Response:
    return _json(_told(_known(desk, request.path_params["id"]), desk.clock()))


def _end_silence(request: Request, desk: Desk) -> Response:
    known = _known(desk, request.path_params["id"])
    desk.act(EndSilence(silence_id=known.id), actor_of(request))
    return Response(status_code=200)


def _known(desk: Desk, silence_id: str) -> Silence:
    with desk.view() as view:
        found = view.get(SILENCES, silence_id)
    if found is None:
        raise NotFound(f"silence {silence_id} not found")
    return found


def _told(silence: Silence, now: datetime) -> dict[str, object]:
    ended = silence.ends_at <= now
    return {
        "id": silence.id,
        "status": {"state": "expired" if ended else "pending" if silence.starts_at > now else "active"},
        "updatedAt": _time(silence.created_at or silence.starts_at),
        "comment": silence.reason,
        "createdBy": silence.owner,
        "endsAt": _time(silence.ends_at),
        "matchers": [_matcher(matcher) for matcher in silence.matchers],
        "startsAt": _time(silence.starts_at),
    }


def _matcher(matcher: Matcher) -> dict[str, object]:
    equal, regex = next(kind for kind, operator in _OPERATORS.items() if operator is matcher.operator)
    return {"isEqual": equal, "isRegex": regex, "name": matcher.field, "value": matcher.value}


async def post_silence(request: Request) -> Response:
    """Add a silence, or replace the one whose id it bears; the answer names it."""
    desk = desk_of(request)
    try:
        posted = decode(await read_body(request, desk.settings.max_body_bytes), PostedSilence)
        return await run_in_threadpool(_put_silence, request, desk, posted)
    except AiopsError as error:
        return _refused(error)


def _put_silence(request: Request, desk: Desk, posted: PostedSilence) -> Response:
    if posted.id:
        _known(desk, posted.id)
    new = NewSilence(
        id=posted.id or str(uuid4()),
        matchers=tuple(
            Matcher(field=one.name, operator=_OPERATORS[one.is_equal, one.is_regex], value=one.value)
            for one in posted.matchers
        ),
        owner=posted.created_by,
        reason=posted.comment,
        starts_at=posted.starts_at,
        ends_at=posted.ends_at,
    )
    outcome = desk.act(put_silence(new, new.id, desk.clock()), actor_of(request)).outcome
    if outcome is not None and not outcome.applied:
        return _json(outcome.text, 400)
    return _json({"silenceID": new.id})
