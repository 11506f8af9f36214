"""How do programs say how a source is to be read? Mappings: list, preview, put, end, and reading anew."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.base import Noun
from aiops.domain.entries import Position
from aiops.domain.errors import BadInput, Conflict, Unavailable
from aiops.domain.senders import source_name
from api import mapped
from api.acting import ActingOf
from api.bodies import read_body
from api.desk import DeskOf, desk_of
from api.errors import NotFound
from api.filters import zoned
from api.openapi import Spec, acting, described, query_of, reply
from api.sender_schemas import MappingList, MappingPreview, Reread
from ingestion.mapping_file import LONGEST

router = APIRouter(prefix="/api/mappings", tags=["Mappings"])

EXAMPLE = """source: acme
events: "items[] || [@]"
fields:
  title: "subject || 'untitled'"
  status: {expr: state, map: {ok: resolved, down: firing}, default: firing}
  severity: {expr: prio, map: {P1: critical, P2: high}, default: warning}
  service: service
identity: ["check_id"]
"""
_YAML: Spec = {
    "requestBody": {
        "required": True,
        "content": {"application/yaml": {"schema": {"type": "string"}, "example": EXAMPLE}},
    }
}
SINCE = timedelta(days=1)  # read anew unless said otherwise


class MappingFilter(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which mappings."""

    source: str = ""
    ended: bool = False  # also versions that were replaced or ended


class PutFilter(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it is put."""

    force: bool = False  # though it reads nothing of what its source has sent


class RereadFilter(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be read anew."""

    since: datetime | None = None  # received since then; None: for a day
    cursor: str = ""


async def written(request: Request) -> str:
    """Read a mapping from a YAML body."""
    body = await read_body(request, min(4 * LONGEST, desk_of(request).settings.max_body_bytes))
    return text_of(body)


def text_of(body: bytes) -> str:
    """Return YAML as text; BadInput when it is none."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadInput("not UTF-8", place=f"byte {error.start}", fix="send YAML as UTF-8") from error


Written = Annotated[str, Depends(written)]


@router.get("", summary="List mappings", **described(MappingList, query=MappingFilter))
def list_mappings(desk: DeskOf, wanted: Annotated[MappingFilter, Depends(query_of(MappingFilter))]) -> Response:
    """Those in force, with the YAML as it was written."""
    with desk.view() as view:
        return reply(mapped.mappings(view, wanted.source, ended=wanted.ended))


def _with_yaml(spec: Spec) -> Spec:
    spec["openapi_extra"] |= _YAML
    return spec


@router.post("/preview", summary="What would be read?", **_with_yaml(described(MappingPreview)))
def preview(desk: DeskOf, text: Written) -> Response:
    """The newest kept deliveries of its source, read by it, with the paths that nothing reads. Changes nothing."""
    with desk.view() as view:
        return reply(mapped.preview(view, desk.journal, text, "mapping", desk.clock()))


@router.post("", summary="Read a source by this mapping", **_with_yaml(acting()))
def put_mapping(
    desk: DeskOf, do: ActingOf, text: Written, how: Annotated[PutFilter, Depends(query_of(PutFilter))]
) -> Response:
    """From here on; what came before is read anew only by an act of its own. Tried on kept deliveries first."""
    with desk.view() as view:
        shown = mapped.preview(view, desk.journal, text, "mapping", desk.clock())
    if not how.force:
        mapped.fit(shown, "mapping")
    return do.do(acts.PutMapping(text=text))


@router.delete("/{source}", summary="Read a source without a mapping", **acting())
def end_mapping(do: ActingOf, source: str) -> Response:
    """From here on."""
    return do.do(acts.EndMapping(source=source_name(source, "path")))


@router.post("/{source}/reparse", summary="Read kept deliveries anew", **described(Reread, query=RereadFilter))
def reparse(
    desk: DeskOf, do: ActingOf, source: str, wanted: Annotated[RereadFilter, Depends(query_of(RereadFilter))]
) -> Response:
    """One part of them, oldest first, by the mapping in force; go on with `next`.

    What was made of them before is marked as superseded, with the reason: nothing is deleted or rewritten silently.
    """
    name = source_name(source, "path")
    since = zoned(wanted.since, "since") if wanted.since else desk.clock() - SINCE
    with desk.view() as view:
        part = mapped.chunk(view, desk.journal, name, since, wanted.cursor)
        position = view.position() or Position(0, 0)
    if not part.kept:
        if not part.next and not wanted.cursor:
            raise NotFound(f"no delivery of {name} since {since.isoformat(timespec='seconds')} is kept")
        return reply(Reread(text="nothing to read here", deliveries=0, superseded=0, gone=part.gone, next=part.next))
    answered = desk.act(acts.Reparse(source=name, based_on=position, kept=part.kept), do.actor)
    if answered.outcome is None:
        raise Unavailable(f"accepted as {answered.command_id}, but not applied yet: ask again with the same cursor")
    if not answered.outcome.applied:
        raise Conflict(answered.outcome.text)
    superseded = sum(len(kept.events) for kept in part.kept)
    said = answered.outcome.text
    return reply(Reread(text=said, deliveries=len(part.kept), superseded=superseded, gone=part.gone, next=part.next))
