"""Two failures at once whose alerts were chained: what the engine makes of it, and what a person does."""

from aiops.domain.acts import Acknowledge, Split
from aiops.domain.documents import EPISODES
from aiops.domain.incidents import Incident
from tests.scenarios.world import Seen, World

FRONTS = ("web", "mobile", "partner", "kiosk")
CALLED = ("pay -> pay-db", "search -> index", "suggest -> index")
HEARD = 20  # when the second root speaks


def two_failures(world: World) -> None:
    """Four fronts alert for both databases; their callers, and then the second database, are chained to the first."""
    world.topology(*(f"{front} -> {called}" for called in CALLED for front in FRONTS))
    for second, front in enumerate(FRONTS):
        world.at(second).alert(front, "5xx rate high").alert(front, "latency high")
    world.at(6).alert("pay", "upstream timeout", "critical")
    world.at(10).alert("pay-db", "connection refused", "critical")
    world.at(12).alert("search", "upstream timeout")
    world.at(14).alert("suggest", "upstream timeout")
    world.at(HEARD).alert("index", "disk full", "critical")


def both(seen: Seen) -> tuple[Incident, Incident]:
    return seen.incident(having="index"), seen.incident(having="pay-db")


def test_they_become_two_incidents_and_both_say_why(world: World) -> None:
    two_failures(world)
    seen = world.expect(at=60)
    index, pay = both(seen)
    assert index.incident_id != pay.incident_id
    assert len(seen.incidents) == 2
    seen.incident(having="index", root_cause="index", members=11)
    seen.incident(having="pay-db", root_cause="pay-db", members=2)
    why = "index explains 3 of its 9 services, pay-db 2 others; nothing is known on which both rest"
    for one in (index, pay):
        assert any(line.startswith("split: ") and why in line for line in seen.timeline(one))
        assert any("#1 and #2 became two" in reason.text and why in reason.text for reason in one.reasons)
    link = seen.alert("pay-db").episode.link
    assert link is not None
    assert link.text.startswith("split off #1 into #2: ")
    assert any(why in reason.text for reason in seen.alert("pay").reasons)
    seen.balanced()


def test_whoever_was_paged_hears_nothing_twice_and_whose_the_other_half_is_hears_of_it(world: World) -> None:
    two_failures(world)
    seen = world.expect(at=60)
    index, pay = both(seen)
    made = [(page.incident_id, page.event, page.route) for page in seen.pages]
    assert made == [(index.incident_id, "opened", "team-web"), (pay.incident_id, "opened", "team-pay")]
    assert seen.pages[1].reason.text == "paged team-pay too: critical, 2 services; split off what team-web knows of"
    for service in ("pay", "pay-db"):
        world.at(100).resolved(service, {"pay": "upstream timeout"}.get(service, "connection refused"), "critical")
    seen = world.expect(at=900)
    over = [(page.incident_id, page.event, page.route) for page in seen.pages[2:]]
    assert over == [(pay.incident_id, "resolved", "team-web"), (pay.incident_id, "resolved", "team-pay")]


def test_what_is_worked_on_is_left_whole_and_a_person_takes_the_proposal_up(world: World) -> None:
    two_failures(world)
    early = world.expect(at=15).incident()
    world.at(15).act(Acknowledge(incident_id=early.incident_id))
    one = world.expect(at=60).incident(members=13)
    assert one.division is not None
    assert one.division.text.startswith("this looks like two: index explains 3 of its 9 services, pay-db 2 others")
    world.at(60).act(Split(incident_id=one.incident_id, services=one.division.services))
    seen = world.expect(at=90)
    index, pay = both(seen)
    assert (index.status, pay.status) == ("acknowledged", "open")
    assert (index.episodes, pay.episodes) == (11, 2)
    assert [found.division for found in (index, pay)] == [None, None]
    assert "proposal: this looks like two" in " ".join(seen.timeline(index))
    assert {one.incident_id for one in seen.all(EPISODES)} == {index.incident_id, pay.incident_id}
    seen.balanced()


def test_a_volume_below_both_makes_it_one_however_silent(world: World) -> None:
    two_failures(world)
    world.topology(
        *(f"{front} -> {called}" for called in CALLED for front in FRONTS), "pay-db -> disk", "index -> disk"
    )
    seen = world.expect(at=60)
    assert len(seen.incidents) == 1
    assert seen.incidents[0].division is None
