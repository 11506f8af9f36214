"""Whose place do we take? Doors where other tools' clients look for them, with these tools' own answers."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import compile_path

from aiops.domain.base import stable_hash
from aiops.domain.entries import Delivery, Position
from aiops.domain.errors import AiopsError, BadInput
from api.errors import TooLarge, problem_of, refusal
from api.routes import alertmanager, journal
from api.routes.doors import Answer, Door, take
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.reading.loki_push import as_json

ELASTIC = {"X-Elastic-Product": "Elasticsearch"}  # without it their clients refuse to talk
_NO_JSON = ("attachment", "replay_recording", "replay_video")  # items of Sentry's envelopes
ELASTIC_ROOT = "/elastic"  # for clients that first ask who is there: ``/`` is our page
OPSGENIE_ACTS = (
    *(
        "acknowledge",
        "unacknowledge",
        "snooze",
        "escalate",
        "assign",
        "notes",
        "tags",
        "details",
        "responders",
        "teams",
    ),
)
_ACTIONS = ("index", "create", "update", "delete")


def add_to(app: Starlette) -> None:
    """Mount every stand-in. The more telling paths come first: Splunk's are of Slack's shape too."""
    alertmanager.add_to(app)
    app.add_route(journal.PATH, journal.upload, methods=["POST"], include_in_schema=False)
    for path, door in DOORS.items():
        app.add_route(path, _handler(door), methods=["POST"], include_in_schema=False)
    for path in (ELASTIC_ROOT, f"{ELASTIC_ROOT}/", f"{ELASTIC_ROOT}/_license"):
        app.add_route(path, _elastic, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_route("/services/collector/health", _collector_health, methods=["GET"], include_in_schema=False)
    app.add_route("/services/collector/health/1.0", _collector_health, methods=["GET"], include_in_schema=False)


def tells(path: str) -> bool:
    """Is ``path`` where such a client first asks who is there? Whoever may deliver may ask."""
    return path in (ELASTIC_ROOT, f"{ELASTIC_ROOT}/", f"{ELASTIC_ROOT}/_license")


def takes(path: str) -> bool:
    """Is ``path`` where a stand-in takes deliveries? An ingest token is enough there."""
    return path in (*alertmanager.DOORS, journal.PATH) or any(pattern.match(path) for pattern in _PATTERNS)


def _handler(door: Door) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        return await take(request, door)

    return handle


def _json(content: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")


def _always(content: object, status: int) -> Answer:
    return lambda delivery, position: _json(content, status)


def _empty(status: int) -> Answer:
    return lambda delivery, position: Response(status_code=status)


def _ok(delivery: Delivery, position: Position) -> Response:
    return PlainTextResponse("ok", media_type="text/html")


async def _collector_health(request: Request) -> Response:
    return _json({"text": "HEC is healthy", "code": 17}, 200)


async def _elastic(request: Request) -> Response:
    """Say what Filebeat, Logstash and Vector ask before they send: which server, which version, which licence."""
    if request.url.path.endswith("_license"):
        return _json({"license": {"status": "active", "uid": "aiops", "type": "basic"}}, 200, ELASTIC)
    version = {"number": "8.19.0", "build_flavor": "default", "lucene_version": "9.12.2"}
    about = {"name": "aiops", "cluster_name": "aiops", "cluster_uuid": "aiops", "version": version}
    return _json({**about, "tagline": "You Know, for Search"}, 200, ELASTIC)


# PagerDuty's Events API


def _keyed(body: bytes) -> bytes:
    """Give an event that bears no key one, as PagerDuty does, so that the sender can resolve what it triggered.

    It follows from what the event is about: the same sent again is no other alert.
    """
    event = _object(body)
    if event is None or event.get("event_action") != "trigger" or event.get("dedup_key"):
        return body
    about = (fields.first_of(event, (f"payload.{name}",)) for name in ("summary", "source", "component", "class"))
    key = stable_hash("\n".join(about))
    return msgspec.json.encode({**event, "dedup_key": key})


def _enqueued(delivery: Delivery, position: Position) -> Response:
    event = _object(delivery.body) or {}
    if errors := list(_missing(event)):
        return _invalid(*errors)
    answer = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
    return _json(answer, 202)


def _missing(event: Mapping[str, object]) -> Iterator[str]:
    action, payload = event.get("event_action"), event.get("payload")
    if action not in ("trigger", "acknowledge", "resolve"):
        yield "'event_action' is missing or not one of trigger, acknowledge, resolve"
    elif not event.get("dedup_key"):
        yield "'dedup_key' is missing"
    if action == "trigger" and not (isinstance(payload, Mapping) and payload.get("summary")):
        yield "'payload.summary' is missing or blank"


def _invalid(*errors: str) -> Response:
    return _json({"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}, 400)


def _not_enqueued(error: AiopsError) -> Response:
    return _invalid(error.problem) if isinstance(error, BadInput) else refusal(error)


# Opsgenie, OTLP, Splunk, Sentry, Elasticsearch


def _requested(status: int) -> Answer:
    """The request's id is the delivery's: the ledger knows it."""

    def answer(delivery: Delivery, position: Position) -> Response:
        return _json({"result": "Request will be processed", "took": 0.0, "requestId": str(position)}, status)

    return answer


def _exported(delivery: Delivery, position: Position) -> Response:
    """An Export...ServiceResponse without partial success, which in protobuf is no bytes at all."""
    if "protobuf" in delivery.content_type:
        return Response(b"", 200, media_type="application/x-protobuf")
    return _json({"partialSuccess": {}}, 200)


def _not_collected(error: AiopsError) -> Response:
    if not isinstance(error, BadInput):
        return refusal(error)
    said = {"text": "No data", "code": 5} if "empty" in error.problem else {"text": "Invalid data format", "code": 6}
    return _json(said, 400)


def _only_json(body: bytes) -> bytes:
    """Leave out what an envelope holds that is no JSON."""
    head, _, rest = body.partition(b"\n")
    kept = [head]
    while rest:
        line, _, rest = rest.partition(b"\n")
        item = _object(line)
        if item is None:
            continue
        size = item.get("length")
        content = rest[:size] if isinstance(size, int) and size >= 0 else rest.partition(b"\n")[0]
        rest = rest[len(content) :].removeprefix(b"\n")
        if item.get("type") not in _NO_JSON:
            kept += [line, content]
    return b"\n".join(kept)


def _enveloped(delivery: Delivery, position: Position) -> Response:
    event_id = (_object(delivery.body.partition(b"\n")[0]) or {}).get("event_id")
    return _json({"id": event_id} if event_id else {}, 200)


def _indexed(delivery: Delivery, position: Position) -> Response:
    """One item per action, each done."""
    around = delivery.query["path"].rpartition("/_bulk")[0].strip("/")
    actions = _actions(documents(delivery.body, "application/x-ndjson"))
    items = [_item(action, about, around, f"{position}-{index}") for index, (action, about) in enumerate(actions)]
    return _json({"took": 0, "errors": False, "items": items}, 200, ELASTIC)


def _actions(lines: Iterable[object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield what is to be done; the document that follows an action, whatever it looks like, is none."""
    left = iter(lines)
    for line in left:
        action = next(iter(line), "") if isinstance(line, Mapping) else ""
        if action in _ACTIONS and isinstance(line, Mapping):
            if action != "delete":
                next(left, None)
            about = line[action]
            yield action, about if isinstance(about, Mapping) else {}


def _item(action: str, about: Mapping[str, object], index: str, made: str) -> dict[str, object]:
    results = {"update": ("updated", 200), "delete": ("not_found", 404)}
    result, status = results.get(action, ("created", 201))
    said = {
        "_index": about.get("_index") or index,
        "_id": about.get("_id") or made,
        "_version": 1,
        "result": result,
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "_seq_no": 0,
        "_primary_term": 1,
        "status": status,
    }
    return {action: said}


def _not_indexed(error: AiopsError) -> Response:
    if not isinstance(error, BadInput | TooLarge):
        return refusal(error)
    status = problem_of(error).status
    cause = {"type": "illegal_argument_exception", "reason": str(error)}
    return _json({"error": {"root_cause": [cause], **cause}, "status": status}, status, ELASTIC)


def _object(body: bytes) -> dict[str, object] | None:
    """Read one JSON object; None when it is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


_HEC = Door("splunk_hec", _always({"text": "Success", "code": 0}, 200), _not_collected)
_HEC_RAW = replace(_HEC, content_type="text/plain")  # curl calls every body a form
_OPSGENIE = Door("opsgenie", _requested(202), content_type="application/json", amend=lambda body: body.strip() or b"{}")
_ENVELOPE = Door("sentry", _enveloped, content_type="application/x-sentry-envelope", amend=_only_json)
_BULK = Door("elastic_bulk", _indexed, _not_indexed, content_type="application/x-ndjson")
_CHANGE = _always({"status": "success", "message": "Change event processed"}, 202)

DOORS: dict[str, Door] = {
    "/v2/enqueue": Door("pagerduty", _enqueued, _not_enqueued, amend=_keyed),
    "/v2/change/enqueue": Door("pagerduty", _CHANGE, _not_enqueued),
    "/v2/alerts": _OPSGENIE,
    "/v2/alerts/{id:path}/close": _OPSGENIE,
    **{f"/v2/alerts/{{id:path}}/{act}": _OPSGENIE for act in OPSGENIE_ACTS},
    "/v1/json/integrations/webhooks/netdata": Door("netdata", _requested(200)),  # all else is a failure to it
    "/v1/logs": Door("otlp", _exported),
    "/v1/metrics": Door("otlp", _exported),
    "/v1/traces": Door("otlp", _exported),
    "/loki/api/v1/push": Door("loki", _empty(204), content_type="application/json", amend=as_json),
    "/gelf": Door("gelf", _empty(202)),
    "/services/collector": _HEC,
    "/services/collector/event": _HEC,
    "/services/collector/event/1.0": _HEC,
    "/services/collector/raw": _HEC_RAW,
    "/services/collector/raw/1.0": _HEC_RAW,
    "/api/{project}/envelope/": _ENVELOPE,
    "/_bulk": _BULK,
    "/{index}/_bulk": _BULK,
    f"{ELASTIC_ROOT}/{{index}}/_bulk": _BULK,
    "/services/{a}/{b}/{c}": Door("slack", _ok, path="/services"),  # the path is the secret
}
_ALERT_ACTS = ("close", *OPSGENIE_ACTS)
STANDINS = (  # whose place we take, and where its clients find us
    ("Alertmanager, API v2 and v1", "/api/v2/alerts, /api/v1/alerts"),
    ("PagerDuty, Events API v2", "/v2/enqueue, /v2/change/enqueue"),
    ("Opsgenie, Alert API", ", ".join(("/v2/alerts", *(f"/v2/alerts/{{alias}}/{act}" for act in _ALERT_ACTS)))),
    ("Opsgenie, for Netdata", "/v1/json/integrations/webhooks/netdata"),
    ("an OpenTelemetry collector, over HTTP", "/v1/logs, /v1/metrics, /v1/traces"),
    ("Loki, push", "/loki/api/v1/push"),
    ("Graylog, GELF over HTTP", "/gelf"),
    ("Splunk, HTTP Event Collector", "/services/collector, /services/collector/event, /services/collector/raw"),
    ("Sentry, envelopes", "/api/{project}/envelope/"),
    ("Elasticsearch, _bulk", f"{ELASTIC_ROOT}, /_bulk, /{{index}}/_bulk, {ELASTIC_ROOT}/{{index}}/_bulk"),
    ("Slack, incoming webhook", "/services/{a}/{b}/{c}"),
)
_PATTERNS = [compile_path(path)[0] for path in DOORS]
