"""Proposed edges over the API, on the page, from the command line's door; and the graph as of then."""

from typing import Any

from tests.api.world import World
from tests.builders import at

TWO = "services:\n  web: {}\n  db: {owner: dba}\n"


def outages(world: World) -> dict[str, Any]:
    """The database fails ten times, and the web shop after it; return what is proposed."""
    world.client.post("/api/services", content=TWO)
    for number in range(10):
        began = 1_000 + number * 7_200
        world.alert("db", began, labels={"run": str(number)})
        world.alert("web", began + 10, labels={"run": str(number)})
    world.now = at(1_000 + 10 * 7_200)
    world.alert("other", 1_000 + 10 * 7_200)
    (proposal,) = world.get("/api/services/proposals")["items"]
    return dict(proposal)


def edges(world: World, **query: str) -> set[tuple[str, str]]:
    return {(one["source"], one["target"]) for one in world.get("/api/services", params=query)["edges"]}


def test_a_proposed_edge_is_accepted_taken_out_again_and_the_graph_of_then_stays_known(world: World) -> None:
    proposal = outages(world)
    assert (proposal["edge"]["source"], proposal["edge"]["target"]) == ("web", "db")
    assert edges(world) == set()
    world.post(f"/api/services/proposals/{proposal['edge_id']}/accept")
    assert edges(world) == {("web", "db")}
    before = world.now.isoformat()
    world.now = at(2_000 + 11 * 7_200)
    world.client.post("/api/services", content=TWO)  # imported without it: a person's word stands
    assert edges(world) == {("web", "db")}
    world.post(f"/api/services/proposals/{proposal['edge_id']}/reject")
    assert edges(world) == set()
    assert edges(world, at=before) == {("web", "db")}
    assert world.get("/api/services", params={"at": "2020-01-01T00:00:00Z"})["graph_version"] == 0
    refused = world.get("/api/services", 400, params={"at": "2020-01-01T00:00:00"})
    assert (refused["place"], refused["fix"]) == ("at", "add Z or an offset such as +02:00")


def test_the_page_offers_it_with_its_numbers(world: World) -> None:
    proposal = outages(world)
    shown = world.page("/services")
    assert "Edges that seem to be missing" in shown
    assert "within a minute of db 10 times" in shown
    answer = world.send(f"/edges/{proposal['edge_id']}/accept")
    assert answer.status_code == 200
    assert "Edges that seem to be missing" not in world.page("/services")
    assert edges(world) == {("web", "db")}


def test_an_edge_that_nobody_proposed_is_refused(world: World) -> None:
    answer = world.client.post("/api/services/proposals/nothing/accept")
    assert answer.status_code == 409
    assert "no edge 'nothing' is proposed" in answer.text


def test_the_page_shows_the_graph_as_it_was(world: World) -> None:
    proposal = outages(world)
    before = world.now
    world.now = at(2_000 + 11 * 7_200)
    world.post(f"/api/services/proposals/{proposal['edge_id']}/accept")
    assert "1 edge<" in world.page("/services")
    then = world.page(f"/services?at={before:%Y-%m-%dT%H:%M}")
    assert "0 edges<" in then
    assert f"As the graph was at {before:%Y-%m-%d %H:%M} UTC" in then
    assert "Edges that seem to be missing" not in then
    assert "nobody had imported one yet" in world.page("/services?at=2020-01-01T00:00")
    refused = world.client.get("/services?at=yesterday")
    assert refused.status_code == 400
    assert "is no time" in refused.text


def test_an_incident_that_is_over_is_drawn_on_the_graph_of_its_time(world: World) -> None:
    world.client.post("/api/services", content="services:\n  web: {depends_on: [db]}\n  db: {}\n")
    world.alert("db", 600)
    world.alert("web", 605)
    world.now = at(700)
    (incident,) = world.get("/api/incidents")["items"]
    world.post(f"/api/incidents/{incident['incident_id']}/resolve")
    drawn = world.page(f"/incidents/{incident['incident_id']}")
    world.now = at(4_000)
    world.client.post("/api/services", content="services:\n  web: {}\n  db: {}\n")
    later = world.page(f"/incidents/{incident['incident_id']}")
    assert "as the service graph was when it was resolved" not in drawn
    assert "as the service graph was when it was resolved, version 1" in later
    assert drawn.count("<path") == later.count("<path")  # the edge is still drawn
