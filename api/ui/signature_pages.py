"""Which pages and forms are there for signatures?"""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aiops.domain import acts
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from api.desk import Actor, DeskOf
from api.signatures import NewSignatures, SigmaFile, put_files
from api.ui.forms import FormOf, done
from api.ui.render import chrome, page
from api.ui.signatures import signatures

router = APIRouter(include_in_schema=False)


@router.get("/signatures")
def show_signatures(request: Request, desk: DeskOf) -> HTMLResponse:
    """Signatures of known bad."""
    with desk.view() as view:
        top = chrome(request, view, "rules")
        shown = signatures(view, request.query_params)
    return page("signatures.html", top=top, page=shown)


@router.post("/signatures")
def put_signatures(request: Request, desk: DeskOf, actor: Actor, form: FormOf) -> Response:
    """Put what can be read; the rest is shown again, to be mended."""
    typed = {name: form.get(name) for name in ("text", "pack", "owner")}
    file = SigmaFile(text=typed["text"], name=f"{typed['pack'].strip() or 'pasted'}.yaml")
    try:
        put = put_files(desk, NewSignatures(files=(file,), owner=typed["owner"].strip()), actor, "")
        late = Problem(place="signatures", problem=put.text, fix="look at the list again in a moment")
        problems = put.problems if put.known else (*put.problems, late)
    except BadInput as error:
        problems = (Problem(place=error.place, problem=error.problem, fix=error.fix),)
    if not problems:
        return RedirectResponse("/signatures", 303)
    with desk.view() as view:
        top = chrome(request, view, "rules")
        shown = signatures(view, {}, typed, problems)
    return page("signatures.html", top=top, page=shown)


@router.post("/signatures/{signature_id}/end")
def end_signature(desk: DeskOf, actor: Actor, form: FormOf, signature_id: str) -> Response:
    """End a signature now."""
    return done(desk, [acts.EndSignature(signature_id=signature_id)], actor, form.get("back") or "/signatures")
