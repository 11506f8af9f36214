"""Which incidents have no place among the embeddings yet, and what is to be known of them to find it?"""

from collections.abc import Sequence

import msgspec

from aiops.domain.base import Noun
from aiops.domain.documents import EPISODES, INCIDENT_VECTORS, INCIDENTS, TEMPLATES
from aiops.domain.incidents import Incident
from aiops.domain.queries import Query
from aiops.ports import View

MOST_STORIES = 200  # incidents placed at once; the rest follows at the next look
MOST_LOOKED_AT = 2_000  # incidents, those of the newest activity
PAGE = 500
MOST_MEMBERS = 500  # of an incident, whose kinds are known


class Story(Noun, frozen=True, kw_only=True):
    """What there is to know of an incident: how often each template occurs among its members."""

    incident_id: str
    episodes: int
    templates: dict[str, int]  # the 100 most frequent
    traits: tuple[str, ...] = ()  # kinds of alerts, each with its service, of its first members


class Unplaced(Noun, frozen=True, kw_only=True):
    """Incidents that have no place yet, or had fewer members when they got it, and the texts of their templates."""

    stories: tuple[Story, ...]
    texts: dict[str, str]  # by template_id


def unplaced(view: View, model: str) -> Unplaced:
    """Ask which incidents are to be placed by ``model``, those of the newest activity first."""
    stories: list[Story] = []
    query = Query(order=("-last_activity",), limit=PAGE)
    for _ in range(MOST_LOOKED_AT // PAGE):
        page = view.find(INCIDENTS, query)
        stories += [_story(view, one) for one in _moved(view, model, page.items)[: MOST_STORIES - len(stories)]]
        if not page.next or len(stories) >= MOST_STORIES:
            break
        query = Query(order=query.order, cursor=page.next, limit=PAGE)
    wanted = sorted({template_id for story in stories for template_id in story.templates if template_id})
    texts = {one.template_id: one.text for one in view.many(TEMPLATES, wanted)}
    return Unplaced(stories=tuple(stories), texts=texts)


def _moved(view: View, model: str, incidents: Sequence[Incident]) -> list[Incident]:
    placed = {one.key: one for one in view.many(INCIDENT_VECTORS, [one.incident_id for one in incidents])}
    return [
        one
        for one in incidents
        if one.incident_id not in placed
        or (placed[one.incident_id].model, placed[one.incident_id].episodes) != (model, one.episodes)
        or (placed[one.incident_id].vector and not placed[one.incident_id].traits)  # by an earlier release
    ]


def _story(view: View, incident: Incident) -> Story:
    query = Query(where={"incident": (incident.incident_id, *incident.merged_from)})
    counts = view.facets(EPISODES, query, ("template",))["template"]
    first = view.find(EPISODES, msgspec.structs.replace(query, order=("started_at",), limit=MOST_MEMBERS)).items
    traits = tuple(sorted({f"{one.kind_key} @ {one.entity.name}" for one in first}))
    return Story(incident_id=incident.incident_id, episodes=incident.episodes, templates=dict(counts), traits=traits)
