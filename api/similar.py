"""Which incidents, and which patterns, are the most alike? By the vectors that the learner gave them."""

from aiops.domain.changes import INCIDENT_VECTORS, INCIDENTS, PATTERN_VECTORS, PATTERNS, Collection
from aiops.domain.learned import Direction
from aiops.domain.queries import Query
from aiops.ports import View
from api.errors import NotFound
from api.filters import Alike
from api.reading import incident
from api.schemas import SimilarIncident, SimilarIncidents, SimilarPattern, SimilarPatterns

SPARE = 20  # asked for beyond what is wanted: merged incidents are not shown


def similar_incidents(view: View, key: str, asked: Alike) -> SimilarIncidents:
    """Return the most alike incidents, whatever their status; none of the same lineage."""
    found = incident(view, key)
    kin = {found.incident_id, *found.merged_from}
    near = _near(view, INCIDENT_VECTORS, found.incident_id, asked.bounded + SPARE)
    documents = {one.incident_id: one for one in view.many(INCIDENTS, [key for key in near if key not in kin])}
    items = [
        SimilarIncident(similarity=near[key], incident=documents[key])
        for key in near
        if key in documents and not documents[key].merged_into
    ]
    return SimilarIncidents(items=tuple(items[: asked.bounded]), placed=_direction(view, found.incident_id) is not None)


def similar_patterns(view: View, pattern_id: str, asked: Alike) -> SimilarPatterns:
    """Return the most alike patterns."""
    if view.get(PATTERNS, pattern_id) is None:
        raise NotFound(f"no pattern {pattern_id}")
    near = _near(view, PATTERN_VECTORS, pattern_id, asked.bounded + 1)
    documents = view.many(PATTERNS, [key for key in near if key != pattern_id])
    items = [SimilarPattern(similarity=near[one.pattern_id], pattern=one) for one in documents if not one.retired]
    return SimilarPatterns(items=tuple(items[: asked.bounded]))


def _near(view: View, collection: Collection[Direction], key: str, limit: int) -> dict[str, float]:
    """Return keys and similarity, the most alike first, by the same model alone; of itself too."""
    own = view.get(collection, key)
    if own is None or not own.vector:
        return {}
    found = view.nearest(collection, Query(where={"model": (own.model,)}, limit=limit), own.vector)
    return {one.document.key: one.similarity for one in found}


def _direction(view: View, incident_id: str) -> Direction | None:
    found = view.get(INCIDENT_VECTORS, incident_id)
    return found if found and found.vector else None
