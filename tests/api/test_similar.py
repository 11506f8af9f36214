"""Are the most alike incidents and patterns named, with how alike they are?"""

import numpy as np

from aiops.domain.changes import INCIDENT_VECTORS, INCIDENTS, PATTERN_VECTORS, PATTERNS
from aiops.domain.learned import Direction
from aiops.domain.records import Pattern
from aiops.domain.vectors import written
from tests.api.world import World, an_incident


def a_direction(key: str, *values: float, model: str = "m") -> Direction:
    return Direction(key=key, vector=written(np.array(values, dtype=np.float32)), model=model)


def placed(world: World) -> None:
    """Incidents 1 to 5: 2 is as 1, 3 half so, 4 of another model, 5 merged into 1."""
    first, merged = an_incident(1, merged_from=("incident-5",)), an_incident(5, merged_into="incident-1")
    world.put(INCIDENTS, first, *(an_incident(number) for number in (2, 3, 4)), merged)
    world.put(
        INCIDENT_VECTORS,
        a_direction("incident-1", 1, 0),
        a_direction("incident-2", 1, 0),
        a_direction("incident-3", 1, 1),
        a_direction("incident-4", 1, 0, model="other"),
        a_direction("incident-5", 1, 0),
    )


def test_similar_incidents_come_with_their_similarity_and_without_kin(world: World) -> None:
    placed(world)
    found = world.get("/api/incidents/1/similar")
    assert [(one["incident"]["number"], one["similarity"]) for one in found["items"]] == [(2, 1.0), (3, 0.7071)]
    assert found["placed"] is True
    assert len(world.get("/api/incidents/1/similar?limit=1")["items"]) == 1
    assert world.client.get("/api/incidents/99/similar").status_code == 404


def test_before_the_learner_has_looked_that_is_said(world: World) -> None:
    world.put(INCIDENTS, an_incident(1))
    assert world.get("/api/incidents/1/similar") == {"items": [], "placed": False}
    assert "Not compared yet" in world.client.get("/incidents/incident-1").text


def test_the_page_of_an_incident_names_its_like(world: World) -> None:
    placed(world)
    shown = world.client.get("/incidents/incident-1").text
    block = shown[shown.index('id="similar"') : shown.index('id="members"')]
    assert 'href="/incidents/incident-2"' in block
    assert "100%" in block


def test_similar_patterns_come_with_their_similarity_and_no_retired_ones(world: World) -> None:
    names = {"a": False, "b": False, "gone": True}
    patterns = [
        Pattern(pattern_id=name, name=name, template_ids=(), templates_total=1, retired=is_retired)
        for name, is_retired in names.items()
    ]
    world.put(PATTERNS, *patterns)
    world.put(PATTERN_VECTORS, a_direction("a", 1, 0), a_direction("b", 1, 1), a_direction("gone", 1, 0))
    found = world.get("/api/patterns/a/similar")
    assert [(one["pattern"]["pattern_id"], one["similarity"]) for one in found["items"]] == [("b", 0.7071)]
    assert world.client.get("/api/patterns/none/similar").status_code == 404


def test_lists_carry_no_vectors(world: World) -> None:
    placed(world)
    assert "vector" not in world.client.get("/api/incidents").text
