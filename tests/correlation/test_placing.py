"""Where do incidents come to lie, and when are they placed anew?"""

from collections.abc import Mapping

from aiops.domain.changes import Changes
from aiops.domain.documents import ENGINE, EPISODES, INCIDENT_VECTORS, INCIDENTS, PATTERN_VECTORS, TEMPLATES
from aiops.domain.entries import Learned, Position
from aiops.domain.learned import Direction, Directions, Families, Family
from aiops.domain.queries import Query
from aiops.domain.records import EngineRecord, Template
from aiops.storage.memory import MemoryStore
from correlation.embedding import Light
from correlation.families import learn_once
from correlation.patterns import Patterns
from tests.api.world import an_incident
from tests.builders import T0, an_episode

TEXTS = {
    "full": "disk of <*> is full",
    "nearly": "disk of <*> is nearly full",
    "cert": "TLS certificate expires in <NUM> days",
}


class World:
    """A store with templates and incidents, and the part of the engine that learns."""

    def __init__(self) -> None:
        self.store, self.patterns, self.offset = MemoryStore(), Patterns(), 0
        self.records = {
            key: Template(template_id=key, scope="s", text=text, first_seen=T0, last_seen=T0)
            for key, text in TEXTS.items()
        }

    def incident(self, number: int, **templates: int) -> None:
        """Save incident ``number`` with so many members of each template."""
        found = an_incident(number, episodes=sum(templates.values()))
        changes = self.changes()
        changes.put(INCIDENTS, found)
        for template_id, count in templates.items():
            for index in range(count):
                named = f"{number}-{template_id}-{index}"
                changed = {"episode_id": named, "template_id": template_id, "incident_id": found.incident_id}
                changes.put(EPISODES, an_episode(named, **changed))
        self.store.save(changes)

    def changes(self) -> Changes:
        self.offset += 1
        changes = Changes()
        changes.position = Position(0, self.offset)
        return changes

    def learn(self) -> list[Learned]:
        """Let learner and engine do their work once."""
        changes = self.changes()
        for record in self.records.values():
            changes.put(TEMPLATES, record)
        changes.put(ENGINE, EngineRecord(now=T0, embedder=self.patterns.model))
        self.store.save(changes)
        learned = learn_once(self.store, None, Light())
        changes = self.changes()
        for one in learned:
            self.patterns.learn(one, self.records, T0)
        for collection, document in self.patterns.drain():
            changes.put(collection, document)
        changes.put(ENGINE, EngineRecord(now=T0, embedder=self.patterns.model))
        self.store.save(changes)
        return learned

    def near(self, number: int) -> Mapping[str, float]:
        with self.store.view() as view:
            own = view.get(INCIDENT_VECTORS, f"incident-{number}")
            assert own is not None
            found = view.nearest(INCIDENT_VECTORS, Query(), own.vector)
        return {one.document.key: one.similarity for one in found}


def test_incidents_that_say_alike_lie_close_together() -> None:
    world = World()
    world.incident(1, full=3)
    world.incident(2, nearly=1, full=1)
    world.incident(3, cert=2)
    world.learn()
    near = world.near(1)
    assert list(near)[:2] == ["incident-1", "incident-2"]
    assert near["incident-2"] > 0.8
    assert near.get("incident-3", 0.0) < 0.2


def test_a_storm_of_one_message_does_not_hide_what_else_went_on() -> None:
    world = World()
    world.incident(1, full=90, cert=1)
    world.incident(2, full=1)
    world.incident(3, cert=1)
    world.learn()
    assert 0.1 < world.near(1)["incident-3"] < world.near(1)["incident-2"]


def test_an_incident_is_placed_once_and_again_when_it_has_grown() -> None:
    world = World()
    world.incident(1, full=1)
    assert [type(one.result).__name__ for one in world.learn()] == ["Families", "Directions"]
    assert world.learn() == []
    world.incident(1, full=1, cert=1)
    (again,) = world.learn()
    assert isinstance(again.result, Directions)
    assert [one.episodes for one in again.result.incidents] == [2]


def test_an_incident_whose_templates_are_forgotten_has_no_place_and_is_not_asked_for_again() -> None:
    world = World()
    world.incident(1, forgotten=1)
    world.learn()
    assert world.near(1) == {}
    assert world.learn() == []


def test_the_engine_ignores_where_another_model_would_put_it() -> None:
    patterns = Patterns()
    result = Directions(model="other", incidents=(Direction(key="i1", vector=b"", model="other"),))
    patterns.learn(Learned(based_on=Position(0, 1), result=result), {}, T0)
    assert patterns.drain() == []


def test_a_pattern_has_its_medoids_vector_until_it_is_retired() -> None:
    world = World()
    family = Family(pattern_id="p", name="p", template_ids=("full",), medoid="full", cohesion=1.0, vector=b"ab")
    vectors = []
    for run, families in (("1", (family,)), ("2", ())):
        result = Families(model="m", run=run, chunk=0, chunks=1, families=families)
        world.patterns.learn(Learned(based_on=Position(0, 1), result=result), world.records, T0)
        vectors += [one for collection, one in world.patterns.drain() if collection is PATTERN_VECTORS]
    assert [(one.key, one.vector, one.model) for one in vectors] == [("p", b"ab", "m"), ("p", b"", "m")]
