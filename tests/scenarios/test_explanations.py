"""What is a person told at 3 a.m.? Whole explanations beside golden files: a change of words is reviewed as a diff.

After a wanted change: ``python -m tests.scenarios.test_explanations`` writes the files anew.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from aiops.domain.acts import Merge
from aiops.response.runbooks import Library
from api.explain import explain
from correlation.embedding import choose_embedder
from tests.scenarios.test_causes_from_metrics import HOUR, measure
from tests.scenarios.test_moved_by_hand import AGAIN, SHOP, of, split_off_orders
from tests.scenarios.test_moved_by_hand import an_outage as an_outage_of_orders
from tests.scenarios.world import World

HERE = Path(__file__).parent / "explanations"


def an_outage(world: World) -> float:
    """A database fails; the service between it and its users says nothing."""
    world.topology("web -> api -> db", "app -> api", "batch -> reports")
    world.at(0).alert("db", "connection refused", "critical")
    world.at(20).alert("web", "error rate high")
    world.at(31).alert("app", "latency above 2 s")
    return 300


def two_at_once(world: World) -> float:
    """What hangs between two incidents joins the one that pulls more, and the other is named."""
    world.topology("web -> shop -> db", "shop -> cache", "admin -> cache")
    world.at(0).alert("db", "disk full", "critical")
    world.at(200).alert("admin", "error rate high")
    world.at(204).alert("cache", "out of memory", "critical")
    world.at(215).alert("shop", "latency above 2 s")
    world.at(217).alert("web", "error rate high")
    return 600


def a_lone_alert(world: World) -> float:
    """There is nothing to compare it with, so nobody is named."""
    world.topology("web -> api")
    world.at(0).alert("api", "queue is long", "critical")
    return 300


def added_seconds(world: World) -> float:
    """Metrics say whose seconds they are, though only the users' side alerts."""
    world.topology("web -> api -> db", "web -> cache")
    for minute in range(60):
        measure(world, minute * 60, web=0.3 + minute % 2 / 100, api=0.2 + minute % 2 / 100, db=0.1, cache=0.01)
    world.at(HOUR).alert("web", "latency is high", "critical")
    for minute in range(60, 64):
        measure(world, minute * 60 + 1, web=2.3, api=2.2, db=2.1, cache=0.01)
    return HOUR + 300


def from_outside(world: World) -> float:
    """Most of the extra seconds come from none that it calls: that is said."""
    world.topology("web -> api -> db")
    for minute in range(60):
        measure(world, minute * 60, web=0.3 + minute % 2 / 100, api=0.2 + minute % 2 / 100, db=0.1)
    world.at(HOUR).alert("web", "latency is high", "critical")
    for minute in range(60, 64):
        measure(world, minute * 60 + 1, web=2.3, api=0.2, db=0.1)
    return HOUR + 300


def pinned(world: World) -> float:
    """People split one alert off and merged two corners; the next time that decides, and says who said so."""
    world.topology(*SHOP)
    an_outage_of_orders(world, 0)
    world.at(5).alert("index", "out of memory", "critical")
    world.at(600).resolved("index", "out of memory", "critical", began=5)
    split_off_orders(world, 100)
    seen = world.expect(at=110)
    world.at(110).act(Merge(incident_id=of(seen, "db").incident_id, other_id=of(seen, "index").incident_id))
    an_outage_of_orders(world, AGAIN)
    world.at(AGAIN + 5).alert("index", "out of memory", "critical")
    return AGAIN + 300


STORIES: tuple[Callable[[World], float], ...] = (
    *(an_outage, two_at_once, a_lone_alert, added_seconds, from_outside),
    pinned,
)


def told(story: Callable[[World], float]) -> str:
    """Return the explanations of all incidents of a story, one after the other."""
    world = World(choose_embedder("light"))
    seen = world.expect(at=story(world))
    with seen.store.view() as view:
        return "\n\n".join(explain(view, one.incident_id, Library()).text for one in seen.incidents) + "\n"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_an_incident_is_explained_as_it_was_reviewed(story: Callable[[World], float]) -> None:
    assert told(story) == (HERE / f"{story.__name__}.txt").read_text()


def test_no_golden_file_is_left_behind() -> None:
    assert {path.stem for path in HERE.iterdir()} == {story.__name__ for story in STORIES}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_candidate_says_how_likely_it_is_and_what_it_explains_and_a_member_why_it_joined(
    story: Callable[[World], float],
) -> None:
    seen = (world := World(choose_embedder("light"))).expect(at=story(world))
    with seen.store.view() as view:
        for incident in seen.incidents:
            lines = re.findall(r"- candidate \d+: .*", explain(view, incident.incident_id, Library()).text)
            assert len(lines) == len(incident.candidates)
            comparable = len(lines) > 1 or not incident.abstained  # a lone alert is compared with nothing
            assert all(re.search(r", \d+%, explains \d+% of", line) for line in lines) is comparable
            links = [member.link for member in seen.members(incident)]
            founders = 1 + len(incident.merged_from)
            assert sum(link is None or not re.search(r"\d", link.text) for link in links) == founders


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for one in STORIES:
        (HERE / f"{one.__name__}.txt").write_text(told(one))
