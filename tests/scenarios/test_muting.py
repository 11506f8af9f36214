"""What is hidden, what is not, and what happens when that changes?"""

from aiops.domain.acts import EndRule, LabelTemplate
from aiops.domain.alerts import Fate, Verdict
from aiops.domain.events import Status
from tests.scenarios.world import World


def test_a_known_good_alert_is_kept_but_tells_nobody(world: World) -> None:
    world.topology("api -> db")
    world.at(0).known_good("backup", 'alertname="DiskIo"', 'service="db"')
    world.at(60).alert("db", "disk io at 99%", "critical", alertname="DiskIo")
    world.at(300).resolved("db", "disk io at 99%", "critical", began=60, alertname="DiskIo")
    seen = world.expect(at=400)
    alert = seen.alert("db")
    assert alert.verdict is Verdict.KNOWN_GOOD
    assert alert.verdict_rule == "backup"
    assert alert.status is Status.RESOLVED
    assert [suppression.id for suppression in alert.suppressed_by] == ["backup"]
    assert any("backup" in reason.text for reason in alert.reasons)
    assert seen.pages == []
    assert seen.incidents == []
    assert {record.fate for record in seen.events()} == {Fate.SUPPRESSED}
    seen.balanced()


def test_when_a_silence_ends_what_still_fires_is_told(world: World) -> None:
    world.topology("api -> db")
    world.at(0).silence("work", 'service="db"', minutes=10)
    world.at(60).alert("db", "connection refused", "critical")
    assert world.expect(at=500).pages == []
    seen = world.expect(at=700)
    assert not seen.alert("db").suppressed_by
    assert [page.event for page in seen.pages] == ["opened"]
    seen.balanced()


def test_a_rule_made_now_mutes_what_already_fires(world: World) -> None:
    world.topology("api -> db")
    world.at(0).alert("db", "replica lag 40 s", "warning")
    world.at(30).known_good("lag", 'template="replica lag <*> s"')
    seen = world.expect(at=60)
    assert seen.alert("db").suppressed
    world.at(90).act(EndRule(rule_id="lag"))
    after = world.expect(at=100)
    assert not after.alert("db").suppressed
    assert after.alert("db").verdict is Verdict.UNKNOWN
    after.balanced()


def test_known_bad_is_told_whatever_its_severity(world: World) -> None:
    world.topology("api -> git")
    world.at(0).known_bad("clones", 'template="<*> cloned <*> repositories"')
    world.at(10).known_good("git-noise", 'service="git"')
    world.at(20).alert("git", "mallory cloned 41 repositories", "info")
    seen = world.expect(at=60)
    assert seen.alert("git").verdict is Verdict.KNOWN_BAD
    assert [page.event for page in seen.pages] == ["opened"]


def test_a_template_is_labelled_in_place(world: World) -> None:
    world.topology("api -> db")
    world.at(0).alert("db", "checkpoint took 31 s", "high")
    template_id = world.expect(at=5).alert("db").template_id
    world.at(10).act(LabelTemplate(template_id=template_id, verdict=Verdict.KNOWN_GOOD, reason="normal"))
    world.at(600).resolved("db", "checkpoint took 31 s", "high", began=0)
    world.at(900).alert("db", "checkpoint took 77 s", "high")
    alert = world.expect(at=1000).alert("db")
    assert alert.verdict is Verdict.KNOWN_GOOD
    assert alert.episodes == 2


def test_a_pattern_that_is_learned_later_judges_open_alerts_again(world: World) -> None:
    world.topology("api -> db", "web -> cache")
    world.at(0).alert("db", "connection to replica lost", "warning")
    world.at(10).alert("cache", "evicting keys under memory pressure", "warning")
    world.at(30).learn()
    pattern_id = world.expect(at=60).alert("db").pattern_id
    assert pattern_id
    world.at(20).known_good("family", f'pattern="{pattern_id}"')
    assert not world.expect(at=25).alert("db").suppressed
    seen = world.expect(at=60)
    assert seen.alert("db").verdict_rule == "family"
    assert not seen.alert("cache").suppressed
    assert any("family" in reason.text for reason in seen.alert("db").reasons)


def test_a_warning_is_seen_but_wakes_nobody(world: World) -> None:
    world.topology("api -> db")
    world.at(0).alert("db", "disk 81% full", "warning")
    seen = world.expect(at=120)
    assert seen.pages == []
    assert seen.incident().background  # one mild alert is no more than chance would have it
    world.at(130).alert("api", "errors", "warning").alert("db", "slow", "warning")
    world.at(140).alert("api", "slow", "warning")
    seen = world.expect(at=200)
    assert seen.pages == []
    assert not seen.incident().background
    assert any("warning" in reason.text for reason in seen.incident().reasons if reason.step == "page")


def test_an_outage_is_one_page_for_its_owner(world: World) -> None:
    world.topology("web -> api -> db")
    world.at(0).alert("db", "connection refused", "critical")
    world.at(5).alert("api", "upstream timeout", "high").alert("web", "errors", "high")
    seen = world.expect(at=120)
    assert [(page.event, page.route) for page in seen.pages] == [("opened", "team-db")]
