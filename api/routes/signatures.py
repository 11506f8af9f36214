"""How do programs keep signatures of known bad? Sigma rules: list, put, end, and try."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.documents import SIGNATURES
from aiops.domain.signatures import Signature
from api.acting import ActingOf
from api.desk import DeskOf
from api.errors import NotFound
from api.openapi import acting, body_of, described, query_of, reply
from api.reading import listed
from api.signatures import NewSignatures, SignatureFilter, SignatureList, SignaturesPut, Trial, Tried, put_files, tried

router = APIRouter(prefix="/api/signatures", tags=["Signatures"])

EXAMPLE = """title: Repository deleted
name: repository_deleted
level: high
tags: [attack.t1485]
logsource: {product: github, service: audit}
detection:
  selection: {action: repo.destroy}
  condition: selection
"""
FILE = {"name": "github.yaml", "text": EXAMPLE}


@router.get("", summary="List signatures", **described(SignatureList, query=SignatureFilter))
def list_signatures(desk: DeskOf, wanted: Annotated[SignatureFilter, Depends(query_of(SignatureFilter))]) -> Response:
    """Those in force first, the most hit first; a correlation says what it counts and what it is about."""
    with desk.view() as view:
        found = view.find(SIGNATURES, wanted.query())
    return reply(listed(SignatureList, found))


@router.get("/{signature_id}", summary="Show a signature", **described(Signature))
def show_signature(desk: DeskOf, signature_id: str) -> Response:
    """Its condition, where it comes from, and how often it was hit."""
    with desk.view() as view:
        found = view.get(SIGNATURES, signature_id)
    if found is None:
        raise NotFound(f"no signature {signature_id}")
    return reply(found)


@router.post(
    "",
    summary="Put Sigma rules",
    **acting(NewSignatures, {"files": [FILE], "owner": "security"}, SignaturesPut),
)
def put_signatures(
    desk: DeskOf, do: ActingOf, body: Annotated[NewSignatures, Depends(body_of(NewSignatures))]
) -> Response:
    """Adds or replaces. A rule that cannot be read is told with file, line and fix, and stops no other."""
    done = put_files(desk, body, do.actor, do.key)
    return reply(done, 200 if done.known else 202)


@router.delete("/{signature_id}", summary="End a signature now", **acting())
def end_signature(do: ActingOf, signature_id: str) -> Response:
    """It raises no more; it stays in the list, as ended."""
    return do.do(acts.EndSignature(signature_id=signature_id))


@router.post(
    "/check",
    summary="Try Sigma rules",
    **described(Tried, takes=Trial, example={"files": [FILE], "record": {"action": "repo.destroy", "actor": "eve"}}),
)
def try_signatures(desk: DeskOf, body: Annotated[Trial, Depends(body_of(Trial))]) -> Response:
    """Proves them by their own cases, and says which a record fits; without files: of those in force."""
    with desk.view() as view:
        return reply(tried(view, body))
