"""Which alerts become one incident, and what is said to be the cause?"""

from aiops.domain.acts import Acknowledge, ConfirmCause, Merge, Resolve
from aiops.domain.incidents import IncidentStatus
from tests.scenarios.world import World

SHOP = ("web -> api -> orders -> db", "api -> payments -> db", "search -> index", "billing -> ledger")


def test_a_database_outage_is_one_incident(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical")
    world.at(20).alert("orders", "error ratio 70%").alert("payments", "upstream timeout")
    world.at(40).alert("api", "5xx rate high")
    world.at(55).alert("web", "orders per minute low", "critical")
    world.at(56).alert("billing", "disk 91% full", "warning")
    seen = world.expect(at=120)
    incident = seen.incident(having="db", root_cause="db", members=5)
    assert incident.severity == "critical"
    assert "billing" not in incident.services
    assert len(seen.incidents) == 2
    seen.balanced()


def test_every_member_and_the_cause_say_why(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical")
    world.at(41).alert("orders", "upstream timeout")
    seen = world.expect(at=60)
    incident = seen.incident(root_cause="db", members=2)
    orders = seen.alert("orders")
    assert orders.episode.link is not None
    assert "db" in orders.episode.link.text
    assert "41 s" in orders.episode.link.text
    assert {reason.step for reason in orders.reasons} >= {"entity", "group"}
    assert incident.candidates[0].evidence
    assert any(reason.step == "cause" for reason in (*incident.reasons, *incident.candidates[0].evidence))


def test_a_root_that_is_heard_last_still_brings_its_victims_together(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("orders", "upstream timeout")
    world.at(5).alert("payments", "upstream timeout")
    world.at(30).alert("db", "connection refused", "critical")
    world.expect(at=60).incident(root_cause="db", members=3)


def test_two_troubles_in_two_corners_stay_two(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical").alert("ledger", "out of disk", "critical")
    world.at(15).alert("orders", "upstream timeout").alert("billing", "jobs fail")
    seen = world.expect(at=60)
    assert len(seen.incidents) == 2
    seen.incident(having="orders", root_cause="db", members=2)
    seen.incident(having="billing", root_cause="ledger", members=2)


def test_services_that_nobody_declared_do_not_fall_into_one_bucket(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("mystery-one", "it is slow").alert("mystery-two", "queue is long")
    seen = world.expect(at=60)
    assert len(seen.incidents) == 2
    assert not seen.alert("mystery-one").entity.known


def test_a_graph_that_is_imported_later_names_what_already_fires(world: World) -> None:
    world.topology("web -> api")
    world.at(0).alert("db", "connection refused", "critical")
    world.at(20).alert("api", "upstream timeout")
    before = world.expect(at=60)
    assert len(before.incidents) == 2
    assert not before.alert("db").entity.known
    world.at(90).topology("web -> api -> db")
    after = world.expect(at=120)
    db = after.alert("db")
    assert (db.entity.known, db.owner) == (True, "team-db")
    assert any("db" in reason.text for reason in db.reasons if reason.step == "entity")
    after.balanced()


def test_an_incident_ends_by_itself_and_comes_back_within_the_reopen_window(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical")
    world.at(600).resolved("db", "connection refused", "critical", began=0)
    assert world.expect(at=700).incident().status is IncidentStatus.OPEN
    assert world.expect(at=1000).incident().status is IncidentStatus.RESOLVED
    world.at(1500).alert("db", "connection refused", "critical")
    again = world.expect(at=1600)
    incident = again.incident(members=2)
    assert incident.status is IncidentStatus.OPEN
    assert any(line.startswith("reopened") for line in again.timeline(incident))


def test_an_incident_that_recurs_later_is_a_new_one_that_names_the_old(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical")
    world.at(60).resolved("db", "connection refused", "critical", began=0)
    world.at(20_000).alert("db", "connection refused", "critical")
    seen = world.expect(at=20_100)
    old, new = seen.incidents
    assert (old.number, new.number) == (1, 2)
    assert new.recurs == old.incident_id


def test_people_acknowledge_confirm_and_resolve(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical")
    world.at(20).alert("orders", "upstream timeout")
    incident_id = world.expect(at=30).incident().incident_id
    world.at(40).act(Acknowledge(incident_id=incident_id))
    world.at(50).act(ConfirmCause(incident_id=incident_id, entity="db"))
    world.at(60).act(Resolve(incident_id=incident_id, text="restarted"))
    world.at(70).act(Acknowledge(incident_id=incident_id), actor="bob")
    seen = world.expect(at=80)
    incident = seen.incident()
    assert incident.status is IncidentStatus.RESOLVED
    assert incident.candidates[0].confirmed
    assert [line.split(":")[0] for line in seen.timeline(incident)].count("acknowledged") == 1
    assert not seen.outcome_of("bob").applied


def test_merged_incidents_keep_their_ids_and_members(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical").alert("index", "out of memory")
    before = world.expect(at=30).incidents
    keep, gone = (incident.incident_id for incident in before)
    world.at(40).act(Merge(incident_id=keep, other_id=gone))
    world.at(50).act(Acknowledge(incident_id=gone))
    incident = world.expect(at=60).incident(members=2)
    assert incident.incident_id == keep
    assert incident.merged_from == (gone,)
    assert incident.status is IncidentStatus.ACKNOWLEDGED
