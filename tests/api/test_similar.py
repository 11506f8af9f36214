"""Are the most alike incidents and patterns named, with how alike they are?"""

from collections.abc import Sequence

import numpy as np

from aiops.domain.documents import INCIDENT_VECTORS, INCIDENTS, PATTERN_VECTORS, PATTERNS, TIMELINE
from aiops.domain.incidents import Candidate, TimelineItem
from aiops.domain.learned import Direction
from aiops.domain.records import Pattern
from aiops.domain.vectors import written
from tests.api.world import World, an_incident
from tests.builders import at


def a_direction(key: str, *values: float, model: str = "m", traits: str = "") -> Direction:
    vector = written(np.array(values, dtype=np.float32))
    return Direction(key=key, vector=vector, model=model, traits=tuple(traits.split()))


def a_cause(entity: str) -> Candidate:
    return Candidate(entity=entity, probability=1, share=1, confirmed=True)


def told(kind: str, text: str) -> TimelineItem:
    return TimelineItem(item_id=kind, incident_id="incident-2", at=at(1_200), kind=kind, text=text, actor="ana")


def placed(world: World) -> None:
    """Incidents 1 to 5: 2 is as 1, 3 shares nothing with it, 4 of another model, 5 merged into 1."""
    first, merged = an_incident(1, merged_from=("incident-5",)), an_incident(5, merged_into="incident-1")
    mended = an_incident(2, resolved_at=at(1_200), candidates=(a_cause("db"),))
    world.put(INCIDENTS, first, mended, an_incident(3), an_incident(4), merged)
    world.put(TIMELINE, told("comment", "the pool is exhausted"), told("resolved", "restarted the pooler"))
    world.put(
        INCIDENT_VECTORS,
        a_direction("incident-1", 1, 0, traits="refused@db slow@api"),
        a_direction("incident-2", 1, 0, traits="refused@db slow@api"),
        a_direction("incident-3", 1, 1, traits="full@disk"),
        a_direction("incident-4", 1, 0, model="other", traits="refused@db slow@api"),
        a_direction("incident-5", 1, 0, traits="refused@db slow@api"),
    )


def confirmed(world: World, causes: Sequence[str]) -> None:
    """So many earlier incidents, all alike, with these causes."""
    for number, cause in enumerate(causes, start=100):
        candidates = (a_cause(cause),)
        world.put(INCIDENTS, an_incident(number, opened_at=at(-number), candidates=candidates))
        world.put(INCIDENT_VECTORS, a_direction(f"incident-{number}", 1, 0, traits="refused@db slow@api"))


def block(world: World) -> str:
    shown = world.client.get("/incidents/incident-1").text
    return shown[shown.index('id="similar"') : shown.index('id="members"')]


def test_similar_incidents_come_with_what_was_done_and_without_kin(world: World) -> None:
    placed(world)
    found = world.get("/api/incidents/1/similar")
    (one,) = found["items"]
    assert (one["incident"]["number"], one["score"], one["similarity"]) == (2, 1.0, 1.0)
    assert (found["placed"], found["cause"]) == (True, "db")
    done = one["done"]
    assert (done["cause"], done["resolved_by"], done["resolved"]) == ("db", "ana", "restarted the pooler")
    assert done["seconds"] == 1_200
    assert [line["text"] for line in done["comments"]] == ["the pool is exhausted"]
    assert world.client.get("/api/incidents/99/similar").status_code == 404


def test_while_little_is_known_that_is_said_beside_them(world: World) -> None:
    placed(world)
    assert "0 confirmed causes can be checked so far" in world.get("/api/incidents/1/similar")["verdict"]


def test_where_nothing_is_similar_enough_that_is_said_and_nothing_is_shown(world: World) -> None:
    placed(world)
    found = world.get("/api/incidents/3/similar")
    assert found["items"] == []
    assert found["verdict"].startswith("nothing similar enough is known: the most alike is 0% alike")


def test_where_likeness_did_not_foretell_the_cause_nothing_is_called_similar(world: World) -> None:
    placed(world)
    confirmed(world, "abcdefghijkl")  # the same every time, and yet another cause each time
    found = world.get("/api/incidents/1/similar")
    assert found["items"] == []
    assert "however great" in found["verdict"]
    assert "Nothing similar enough is known" in block(world)


def test_where_likeness_did_foretell_it_the_page_says_how_often(world: World) -> None:
    placed(world)
    confirmed(world, ["db"] * 29)
    found = world.get("/api/incidents/1/similar?limit=2")
    assert len(found["items"]) == 2
    assert "times here" in found["verdict"]


def test_where_the_most_alike_disagree_about_the_cause_nothing_is_said(world: World) -> None:
    placed(world)
    confirmed(world, ["web"] * 40)  # and the newest of them all had another
    found = world.get("/api/incidents/1/similar")
    assert (found["items"], found["cause"]) == ([], "")


def test_before_the_learner_has_looked_that_is_said(world: World) -> None:
    world.put(INCIDENTS, an_incident(1))
    found = world.get("/api/incidents/1/similar")
    assert (found["items"], found["placed"]) == ([], False)
    assert "Not compared yet" in world.client.get("/incidents/incident-1").text


def test_the_page_of_an_incident_names_its_like_and_what_was_done_then(world: World) -> None:
    placed(world)
    shown = block(world)
    assert 'href="/incidents/incident-2"' in shown
    assert "100% alike" in shown
    assert "cause <strong>db</strong>, confirmed" in shown
    assert "resolved by ana after 20m: restarted the pooler" in shown
    assert "the pool is exhausted" in shown
    said = world.get("/api/explain/incident-1")["text"]
    assert "What was done before" in said
    assert "ana: restarted the pooler" in said


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
