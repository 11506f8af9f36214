"""Under load causes are put off, never lost: grouping and paging go on, and the ranking is made up for."""

from aiops.domain.acts import Shed
from tests.scenarios.world import World


def shed(on: bool) -> Shed:
    return Shed(work="enrichment", on=on, text="load")


def storm(world: World) -> None:
    world.topology("web -> api -> db")
    world.at(1).act(shed(on=True))
    world.at(10).alert("db", "connection refused", "critical")
    world.at(20).alert("api", "error ratio high")
    world.at(30).alert("web", "latency high")


def test_grouping_and_paging_go_on_while_causes_are_put_off(world: World) -> None:
    storm(world)
    (incident,) = world.expect(at=60).incidents
    assert (incident.episodes, incident.candidates) == (3, ())
    assert incident.abstained == "not ranked yet: the engine is behind, and puts this off"
    assert incident.paged


def test_what_was_put_off_is_made_up_for_soon_after(world: World) -> None:
    storm(world)
    world.at(70).act(shed(on=False))
    (incident,) = world.expect(at=90).incidents
    assert incident.candidates[0].entity == "db"
    assert not incident.abstained
    assert incident.impact.dependents_total >= 0
