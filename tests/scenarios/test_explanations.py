"""What is a person told at 3 a.m.? Whole explanations beside golden files: a change of words is reviewed as a diff.

After a wanted change: ``python -m tests.scenarios.test_explanations`` writes the files anew.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from aiops.domain.acts import Merge
from aiops.domain.entries import Delivery
from aiops.response.runbooks import Library
from api import explain as sentences
from api.explain import explain
from correlation.embedding import choose_embedder
from tests.scenarios.test_causes_from_logs_and_spans import a_calm_shop, it_goes_on, lost_before_db, no_call_of_db
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


def a_storm(world: World) -> float:
    """A hundred services complain: those that joined in one way are told of together."""
    world.topology(*(f"web-{number} -> api -> db" for number in range(110)))
    world.at(0).alert("db", "connection refused", "critical")
    world.at(12).alert("api", "error rate high", "critical")
    for number in range(110):
        world.at(20 + number / 2).alert(f"web-{number}", "latency above 2 s")
    return 600


def after_a_deploy(world: World) -> float:
    """What was changed shortly before is named, and when."""
    world.topology("web -> api -> db")
    payload = {"summary": "deploy 2.4.1 of api", "timestamp": "2026-03-02T08:58:00Z", "source": "api"}
    body = json.dumps({"routing_key": "x", "payload": {**payload, "custom_details": {"service": "api"}}}).encode()
    world.add(0, Delivery(source="pagerduty", body=body, content_type="application/json"))
    world.at(60).alert("api", "error rate high", "critical")
    world.at(75).alert("web", "5xx rate high")
    return 400


def back_again(world: World) -> float:
    """What was over for five minutes is another incident, and both are told of."""
    world.topology("web -> api")
    world.at(0).alert("api", "error rate high", "critical").alert("web", "5xx rate high")
    world.at(120).resolved("api", "error rate high", "critical").resolved("web", "5xx rate high")
    world.at(420).alert("api", "error rate high", "critical")
    return 700


def made_one(world: World) -> float:
    """Somebody says that two incidents are one: it is said who."""
    world.topology("web -> api", "mail -> queue")
    world.at(0).alert("api", "error rate high", "critical")
    world.at(400).alert("queue", "broker is down", "critical")
    one, other = (incident.incident_id for incident in world.expect(at=450).incidents)
    world.at(500).act(Merge(incident_id=one, other_id=other))
    return 700


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


def lost_on_the_way(world: World) -> float:
    """Nobody spends more time in itself; it is lost between two."""
    return lost_before_db(world)


def never_called(world: World) -> float:
    """Who is asked as ever calls one no more, that usually is called by it."""
    return no_call_of_db(world)


def in_one_operation(world: World) -> float:
    """Spans say whose seconds they are, and in which operation."""
    a_calm_shop(world)
    return it_goes_on(world, {"api": 2.0}, {})


STORIES: tuple[Callable[[World], float], ...] = (
    an_outage,
    two_at_once,
    a_lone_alert,
    added_seconds,
    from_outside,
    a_storm,
    after_a_deploy,
    back_again,
    made_one,
    pinned,
    in_one_operation,
    lost_on_the_way,
    never_called,
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
            assert all(re.search(r", [<>]?\d+%, explains [<>]?\d+% of", line) for line in lines) is comparable
            links = [member.link for member in seen.members(incident)]
            founders = sum(link is None or not re.search(r"\d", link.text) for link in links)
            assert founders == 1 + len(incident.merged_from)


def test_what_is_not_told_one_by_one_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "MOST_MEMBERS", 50)
    text = told(a_storm)
    assert "62 later alerts in it: each says on its page why it joined" in text
    assert "web-0 joined because api" in text
    assert "so did 47 more alerts, of web-1, web-2, web-3 and 44 more: within" in text


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for one in STORIES:
        (HERE / f"{one.__name__}.txt").write_text(told(one))
