"""Who is woken, how often, and who hears that it is over?"""

from aiops.domain.acts import Acknowledge, ApplySettings, Assign, Close, Comment, Merge, Resolve
from aiops.domain.incidents import Incident, IncidentStatus
from aiops.domain.settings import CorrelationSettings, Settings
from tests.scenarios.world import Seen, World

SHOP = ("web -> api -> db", "search -> index")


def pages(seen: Seen) -> list[tuple[str, str]]:
    """Event and route of every page, in order."""
    return [(page.event, page.route) for page in seen.pages]


def page_reasons(incident: Incident) -> list[str]:
    """Why it paged, or did not."""
    return [reason.text for reason in incident.reasons if reason.step == "page"]


def test_a_muted_alert_neither_reopens_an_incident_nor_pages(world: World) -> None:
    world.topology(*SHOP)
    world.at(10).alert("db", "connection refused", "critical")
    world.at(60).resolved("db", "connection refused", "critical", began=10)
    world.at(400).known_good("noise", 'service="db"')
    world.at(500).alert("db", "connection refused", "critical")
    seen = world.expect(at=900)
    assert pages(seen) == [("opened", "team-db"), ("resolved", "team-db")]
    assert seen.incident().status is IncidentStatus.RESOLVED
    seen.balanced()


def test_what_ended_before_anybody_was_paged_wakes_nobody_and_coming_back_wakes_at_once(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical")
    world.at(10).resolved("db", "connection refused", "critical", began=0)
    quiet = world.expect(at=60)
    assert pages(quiet) == []
    assert page_reasons(quiet.incident())[-1] == "not paged: nothing of it fires any more"
    world.at(90).alert("db", "connection refused", "critical")
    assert pages(world.expect(at=91)) == [("opened", "team-db")]


def two_teams(world: World) -> tuple[str, str]:
    """Two incidents that two teams were paged about; return their ids."""
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical").alert("index", "out of memory", "critical")
    first, second = world.expect(at=30).incidents
    return first.incident_id, second.incident_id


def test_after_a_merge_both_teams_hear_that_it_is_over_and_neither_is_paged_anew(world: World) -> None:
    keep, gone = two_teams(world)
    world.at(40).act(Merge(incident_id=keep, other_id=gone))
    assert pages(world.expect(at=90)) == [("opened", "team-db"), ("opened", "team-index")]
    world.at(100).resolved("db", "connection refused", "critical").resolved("index", "out of memory", "critical")
    seen = world.expect(at=900)
    assert pages(seen)[2:] == [("resolved", "team-db"), ("resolved", "team-index")]
    assert len({page.page_id for page in seen.pages}) == 4


def test_merging_with_what_somebody_has_acknowledged_wakes_nobody(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical").alert("index", "out of memory", "critical")
    keep, gone = (one.incident_id for one in world.expect(at=1).incidents)
    world.at(2).act(Acknowledge(incident_id=gone))
    world.at(5).act(Merge(incident_id=keep, other_id=gone))
    seen = world.expect(at=120)
    assert pages(seen) == []
    assert seen.incident().status is IncidentStatus.ACKNOWLEDGED


def test_acts_on_a_closed_incident_add_no_reason_about_pages(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "critical")
    incident_id = world.expect(at=30).incident().incident_id
    world.at(60).resolved("db", "connection refused", "critical")
    world.at(70).act(Resolve(incident_id=incident_id))
    world.at(80).act(Close(incident_id=incident_id))
    before = page_reasons(world.expect(at=81).incident())
    world.at(90).act(Comment(incident_id=incident_id, text="it was the disk"))
    seen = world.expect(at=91)
    assert page_reasons(seen.incident()) == before
    assert pages(seen) == [("opened", "team-db"), ("resolved", "team-db")]


def test_what_is_closed_to_make_room_is_not_said_to_be_over(world: World) -> None:
    few = Settings(correlation=CorrelationSettings(max_open=2))
    world.at(0).act(ApplySettings(settings=few))
    world.topology("a -> b", "c -> d", "e -> f")
    for number, service in enumerate("ace"):
        world.at(10 + 60 * number).alert(service, f"{service} broke down", "critical")
    seen = world.expect(at=400)
    closed = seen.incident(having="a")
    assert closed.status is IncidentStatus.CLOSED
    assert page_reasons(closed)[-1].startswith("team-a is not told that it is over")
    assert [event for event, _ in pages(seen)] == ["opened"] * 3


def test_muting_the_last_audible_alert_is_told_and_so_is_the_escalation_it_withholds(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "high", alertname="Down")
    world.at(60).silence("work", 'service="db"', minutes=10)
    muted = world.expect(at=61)
    text = "nobody is paged again while the alert that still fires is suppressed"
    assert page_reasons(muted.incident())[-1] == text
    world.at(120).alert("db", "connections exhausted", "critical", alertname="Pool")
    withheld = world.expect(at=121)
    assert pages(withheld) == [("opened", "team-db")]
    assert "though high became critical" in page_reasons(withheld.incident())[-1]
    told = world.expect(at=700)
    assert pages(told) == [("opened", "team-db"), ("escalated", "team-db")]


def test_an_outage_that_grows_after_the_page_is_told_once_more(world: World) -> None:
    services = [f"svc-{number}" for number in range(8)]
    world.topology(*(f"{service} -> db" for service in services))
    world.at(0).alert("db", "connection refused", "critical")
    for number, service in enumerate(services):
        world.at(30 + number).alert(service, "upstream timeout")
    seen = world.expect(at=200)
    assert pages(seen) == [("opened", "team-db"), ("grew", "team-db")]
    assert seen.pages[1].reason.text == "paged team-db again: grew from 1 to 9 services; likely cause db"


def test_known_bad_under_a_silence_is_not_paged_and_says_so(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).known_bad("harm", 'alertname="Exfiltration"').silence("work", 'service="db"', minutes=30)
    world.at(10).alert("db", "rows copied", "critical", alertname="Exfiltration")
    seen = world.expect(at=60)
    assert pages(seen) == []
    assert any("though it is known bad by rule harm" in reason.text for reason in seen.alert("db").reasons)


def test_a_mute_wakes_when_its_alert_gets_worse(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).known_good("disk", 'alertname="Disk"', ceiling="warning")
    world.at(10).alert("db", "disk 81% full", "warning", alertname="Disk")
    assert world.expect(at=60).alert("db").suppressed
    world.at(100).resolved("db", "disk 81% full", "warning", began=10, alertname="Disk")
    world.at(200).alert("db", "disk 99% full", "critical", alertname="Disk")
    seen = world.expect(at=260)
    assert pages(seen) == [("opened", "team-db")]
    assert any("critical > warning" in reason.text for reason in seen.alert("db", "disk 99").reasons)


def test_whoever_is_at_work_on_it_still_hears_of_a_rise(world: World) -> None:
    world.topology(*SHOP)
    world.at(0).alert("db", "connection refused", "high", alertname="Down")
    incident_id = world.expect(at=30).incident().incident_id
    world.at(40).act(Acknowledge(incident_id=incident_id)).act(Assign(incident_id=incident_id, assignee="ana"))
    world.at(60).alert("db", "connections exhausted", "critical", alertname="Pool")
    assert pages(world.expect(at=90)) == [("opened", "team-db"), ("escalated", "team-db")]
