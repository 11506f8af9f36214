"""How is the API described? OpenAPI out of the very types that are read and written."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from aiops.domain.acts import Outcome
from api.bodies import Form, decode, read_body
from api.desk import desk_of
from api.errors import ProblemDetails
from api.schemas import Accepted, Taken

T = TypeVar("T", bound=msgspec.Struct)
Spec = dict[str, Any]  # a piece of an OpenAPI document

REF = "#/components/schemas/{name}"
FAILURES = {"400": "It must be sent differently", "404": "No such thing", "503": "Try again later"}

_described: dict[str, type[msgspec.Struct]] = {
    kind.__name__: kind for kind in (ProblemDetails, Accepted, Outcome, Taken)
}


def described(
    returns: type[msgspec.Struct] | None = None,
    *,
    takes: type[msgspec.Struct] | None = None,
    query: type[msgspec.Struct] | None = None,
    example: Mapping[str, object] | None = None,
) -> Spec:
    """Return the arguments of a route decorator that describe it: what it takes and what it answers."""
    extra: Spec = {}
    if takes is not None:
        content: Spec = {"schema": _reference(takes)}
        if example is not None:
            content["example"] = dict(example)
        extra["requestBody"] = {"required": True, "content": {"application/json": content}}
    if query is not None:
        extra["parameters"] = _parameters(query)
    answers: dict[int | str, Any] = {200: _json("Done", returns)} if returns else {}
    return {"responses": answers, "openapi_extra": extra, "response_model": None}


def acting(
    takes: type[msgspec.Struct] | None = None,
    example: Mapping[str, object] | None = None,
    returns: type[msgspec.Struct] = Outcome,
    query: type[msgspec.Struct] | None = None,
) -> Spec:
    """Describe an operator's act: answered with its outcome, or with where to ask for it; else with ``returns``."""
    spec = described(returns, query=query, takes=takes, example=example)
    spec["responses"] |= {
        202: _json("On disk; the outcome is not known yet", Accepted if returns is Outcome else returns),
        409: _json("It does not fit the present state", ProblemDetails, "application/problem+json"),
    }
    key = {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}}
    key["description"] = "Your own id of this act: repeating the request with it changes nothing"
    spec["openapi_extra"].setdefault("parameters", []).append(key)
    return spec


def _json(text: str, kind: type[msgspec.Struct], media: str = "application/json") -> Spec:
    return {"description": text, "content": {media: {"schema": _reference(kind)}}}


def _reference(kind: type[msgspec.Struct]) -> Spec:
    _described[kind.__name__] = kind
    return {"$ref": REF.format(name=kind.__name__)}


def _parameters(kind: type[msgspec.Struct]) -> list[Spec]:
    _reference(kind)
    _, components = msgspec.json.schema_components([kind], ref_template=REF)
    properties: Spec = components[kind.__name__]["properties"]
    return [{"in": "query", "name": name, "schema": schema} for name, schema in properties.items()]


def query_of(kind: type[T]) -> Callable[[Request], T]:
    """Return a dependency that reads the URL's parameters as ``kind``; an unknown one is refused."""

    def read(request: Request) -> T:
        return Form(request.query_params.multi_items()).read(kind)

    return read


def body_of(kind: type[T]) -> Callable[..., Any]:
    """Return a dependency that reads a JSON body as ``kind``; none counts as ``{}``, an unknown field is refused."""

    async def read(request: Request) -> T:
        body = await read_body(request, desk_of(request).settings.max_body_bytes)
        return decode(body or b"{}", kind)

    return read


def plain(value: object) -> object:
    """Return nouns as mappings with every field, also those that have their default: programs should not guess."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tag = {config.tag_field: config.tag} if config.tag_field else {}
        return tag | {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with ``value`` as JSON."""
    return Response(msgspec.json.encode(plain(value)), status, headers, media_type="application/json")


def document(app: FastAPI) -> Spec:
    """Return the whole OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, components = msgspec.json.schema_components(_described.values(), ref_template=REF)
        made.setdefault("components", {})["schemas"] = dict(sorted(components.items()))
        made["paths"] = {"/webhooks/{source}": {"post": _door()}, **made["paths"]}
        for path in made["paths"].values():
            for operation in path.values():
                _add_failures(operation)
        app.openapi_schema = made
    return app.openapi_schema


def _add_failures(operation: Spec) -> None:
    operation["responses"].pop("422", None)
    for status, text in FAILURES.items():
        operation["responses"].setdefault(status, _json(text, ProblemDetails, "application/problem+json"))


def _door() -> Spec:
    """The hot route stands beside FastAPI, so it is described by hand."""
    alert = {"title": "disk 91 % full", "severity": "warning", "labels": {"service": "db1"}}
    source = {"in": "path", "name": "source", "required": True, "schema": {"type": "string"}}
    return {
        "tags": ["Doors"],
        "summary": "Deliver alerts or log lines",
        "description": "`alertmanager` (webhook v4), `logs` (text or JSON lines), any other name: a JSON alert or a "
        "list of them. What the parser cannot use is kept and shown as problems. The 202 leaves once the bytes are on "
        "disk.",
        "parameters": [source],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {}, "example": alert}}},
        "responses": {"202": _json("On disk", Taken)},
    }
