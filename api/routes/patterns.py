"""How do programs see the shapes of messages, and label them?"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.documents import IN_USE, PATTERNS, TEMPLATES
from aiops.domain.queries import Query
from api.acting import ActingOf, said
from api.desk import DeskOf
from api.filters import Alike, Paged
from api.openapi import acting, body_of, described, query_of, reply
from api.reading import listed, scope_list
from api.requests import TemplateVerdict
from api.schemas import PatternList, ScopeList, SimilarPatterns, TemplateList
from api.similar import similar_patterns

router = APIRouter(prefix="/api", tags=["Patterns"])
Page = Annotated[Paged, Depends(query_of(Paged))]

EXAMPLE_VERDICT = {"verdict": "known_good", "reason": "harmless since the upgrade", "days": 30}


@router.get("/patterns", summary="List patterns", **described(PatternList, query=Paged))
def list_patterns(desk: DeskOf, page: Page) -> Response:
    """Families of templates, the most frequent first."""
    query = Query(where={"retired": (False,)}, order=("-count",), cursor=page.cursor, limit=page.bounded)
    with desk.view() as view:
        found = view.find(PATTERNS, query)
    return reply(listed(PatternList, found))


@router.get(
    "/patterns/{pattern_id}/similar", summary="Find similar patterns", **described(SimilarPatterns, query=Alike)
)
def show_similar(desk: DeskOf, pattern_id: str, asked: Annotated[Alike, Depends(query_of(Alike))]) -> Response:
    """Those whose medoids say the most alike, with their cosine."""
    with desk.view() as view:
        return reply(similar_patterns(view, pattern_id, asked))


@router.get("/templates", summary="List templates", **described(TemplateList, query=Paged))
def list_templates(desk: DeskOf, page: Page) -> Response:
    """Shapes of messages, the most frequent first."""
    with desk.view() as view:
        found = view.find(TEMPLATES, Query(where=IN_USE, order=("-count",), cursor=page.cursor, limit=page.bounded))
    return reply(listed(TemplateList, found))


@router.get("/scopes", summary="How are the templates?", **described(ScopeList, query=Paged))
def list_scopes(desk: DeskOf, page: Page) -> Response:
    """Within which messages are compared: by which settings, chosen from how many of them, and what is wrong."""
    with desk.view() as view:
        return reply(scope_list(view, page))


@router.post("/templates/{template_id}/verdict", summary="Label a template", **acting(TemplateVerdict, EXAMPLE_VERDICT))
def label_template(
    do: ActingOf, template_id: str, body: Annotated[TemplateVerdict, Depends(body_of(TemplateVerdict))]
) -> Response:
    """Makes, replaces or (for `unknown`) ends the rule of that template."""
    given = {name: getattr(body, name) for name in TemplateVerdict.__struct_fields__}
    return do.do(acts.LabelTemplate(template_id=template_id, **{**given, "reason": said(body.reason, "reason")}))
