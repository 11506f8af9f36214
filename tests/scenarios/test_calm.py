"""What comes and goes by itself: who is told of it, when, and how often?"""

from datetime import timedelta

import pytest

from aiops.domain.acts import ApplySettings, EndSilence, ImportTopology, PutRule, Shelve
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.documents import RULE_CHANGES, SILENCES
from aiops.domain.events import Status
from aiops.domain.graph import Service, Topology
from aiops.domain.incidents import IncidentStatus
from aiops.domain.rules import Rule, Threshold
from aiops.domain.settings import CalmSettings, Settings
from correlation.embedding import choose_embedder
from tests.builders import a_mute
from tests.scenarios.world import T0, Seen, World

HOUR = 3_600
TEXT = "queue full"


def flaps(world: World, service: str, times: int, *, start: float = 0, severity: str = "high") -> float:
    """Let an alert come and go every two minutes; return when the last firing was over."""
    for began in (start + number * 120 for number in range(times)):
        world.at(began).alert(service, TEXT, severity)
        world.at(began + 60).resolved(service, TEXT, severity, began=began)
    return start + (times - 1) * 120 + 60


def comes_and_goes(world: World, service: str, times: int, *, lasts: float = 40, severity: str = "high") -> float:
    """Let a kind of alert end by itself so many times, once an hour; return when the next hour begins."""
    for number in range(times):
        world.at(number * HOUR).alert(service, TEXT, severity)
        world.at(number * HOUR + lasts).resolved(service, TEXT, severity, began=number * HOUR)
    return times * HOUR


def quiet_by(alert: Alert) -> list[str]:
    return [one.kind for one in alert.suppressed_by]


def said(alert: Alert, step: str) -> list[str]:
    return [reason.text for reason in alert.reasons if reason.step == step]


def events(seen: Seen) -> list[str]:
    return [page.event for page in seen.pages]


@pytest.fixture
def world() -> World:
    """A world without services; once is enough, as no text is compared here."""
    return World(choose_embedder("light"))


# flapping


def test_a_flapping_alert_is_one_incident_told_once_and_over_once_it_is_calm(world: World) -> None:
    world.topology("web -> api")
    last = flaps(world, "api", 12)
    during = world.expect(at=last - 90)
    assert during.alert("api").flapping == 21
    assert quiet_by(during.alert("api")) == ["flapping"]
    assert events(during) == ["opened"]
    after = world.expect(at=last + 2_000)
    incident = after.incident(members=12)
    assert incident.status is IncidentStatus.RESOLVED
    assert events(after) == ["opened", "resolved"]
    assert "flapping: 'queue full' flaps: this is not over before it is calm" in after.timeline(incident)
    after.balanced()


def test_flapping_is_told_with_its_count_and_so_is_its_end(world: World) -> None:
    last = flaps(world, "api", 5)
    texts = said(world.expect(at=360).alert("api"), "flapping")
    assert texts == ["flapping: its state changed 6 times since 2026-03-02 09:01 UTC; it is told once until calm"]
    calm = world.expect(at=last + 15 * 60).alert("api")
    assert calm.flapping == 0
    assert not calm.suppressed
    assert said(calm, "flapping")[-1] == (
        "calm since 2026-03-02 09:24 UTC: it flapped no more after 9 changes of its state"
    )


def test_it_begins_with_many_changes_and_ends_with_calm_not_with_fewer_changes(world: World) -> None:
    last = flaps(world, "api", 4)  # seven changes
    assert world.expect(at=300).alert("api").flapping == 0  # five
    assert world.expect(at=360).alert("api").flapping == 6
    again = last + 14 * 60
    world.at(again).alert("api", TEXT)
    assert world.expect(at=again).alert("api").flapping == 8  # one change in a quarter of an hour does not end it
    assert world.expect(at=again + 899).alert("api").flapping == 8
    assert world.expect(at=again + 900).alert("api").flapping == 0


def test_the_same_changes_over_a_longer_time_are_no_flapping(world: World) -> None:
    for number in range(8):
        world.at(number * 900).alert("api", TEXT)
        world.at(number * 900 + 60).resolved("api", TEXT, began=number * 900)
    assert world.expect(at=8 * 900).alert("api").flapping == 0


def test_an_end_that_the_sender_did_not_state_is_no_change(world: World) -> None:
    for number in range(8):  # each is over by its lease, which the engine infers
        world.at(number * 120).alert("api", TEXT, alertname="Queue")
    assert world.expect(at=1_000).alert("api").flapping == 0


def test_what_stays_on_after_flapping_is_no_longer_hidden(world: World) -> None:
    world.topology("web -> api")
    last = flaps(world, "api", 6)
    world.at(last + 60).alert("api", TEXT)
    assert quiet_by(world.expect(at=last + 70).alert("api")) == ["flapping"]
    stays = world.expect(at=last + 60 + 901)
    assert stays.alert("api").status is Status.FIRING
    assert quiet_by(stays.alert("api")) == []
    assert "flapping hides it no longer: it stays on, is calm, or got worse" in said(stays.alert("api"), "suppress")
    assert stays.incident().active


# hold-back


def test_a_kind_that_ends_by_itself_is_held_back_as_long_as_most_of_them_last(world: World) -> None:
    world.topology("web -> api")
    begins = comes_and_goes(world, "api", 40)
    world.at(begins).alert("api", TEXT)
    world.at(begins + 30).resolved("api", TEXT, began=begins)
    before = world.expect(at=begins - 1)
    held = world.expect(at=begins + 10)
    assert said(held.alert("api"), "suppress") == [
        "held back until 2026-03-04 01:01 UTC, as 40 of the last 40 of its kind ended by themselves within 60 s:"
        " it pages if it still fires then"
    ]
    over = world.expect(at=begins + 600)
    assert len(over.pages) == len(before.pages)  # nobody heard of it
    assert over.alert("api").status is Status.RESOLVED  # but it is kept
    assert over.alert("api").episodes == 41
    over.balanced()


def test_a_held_alert_that_lasts_is_paged_and_says_why(world: World) -> None:
    world.topology("web -> api")
    begins = comes_and_goes(world, "api", 40)
    world.at(begins).alert("api", TEXT)
    before, held, late = (world.expect(at=begins + seconds) for seconds in (-1, 59, 76))
    assert len(held.pages) == len(before.pages)
    assert len(late.pages) == len(before.pages) + 1
    assert late.pages[-1].event == "opened"
    alert = late.alert("api")
    assert not alert.suppressed
    assert said(alert, "suppress")[-1] == (
        "held back no longer: it lasts longer than its kind usually does, got worse, or is not alone"
    )


@pytest.mark.parametrize("times", [20, 27])
def test_nothing_is_held_back_before_enough_of_it_is_known(world: World, times: int) -> None:
    begins = comes_and_goes(world, "api", times)
    world.at(begins).alert("api", TEXT)
    assert quiet_by(world.expect(at=begins + 1).alert("api")) == []


def test_what_lasts_long_is_not_held_back(world: World) -> None:
    begins = comes_and_goes(world, "api", 40, lasts=700)  # longer than the most that anything is held
    world.at(begins).alert("api", TEXT)
    assert quiet_by(world.expect(at=begins + 1).alert("api")) == []


def test_nothing_critical_is_held_back(world: World) -> None:
    begins = comes_and_goes(world, "api", 40, severity="critical")
    world.at(begins).alert("api", TEXT, "critical")
    assert quiet_by(world.expect(at=begins + 1).alert("api")) == []


def test_nothing_known_bad_is_held_back(world: World) -> None:
    begins = comes_and_goes(world, "api", 40)
    world.at(begins - 60).known_bad("harm", 'service="api"')
    world.at(begins).alert("api", TEXT)
    alert = world.expect(at=begins + 1).alert("api")
    assert alert.verdict is Verdict.KNOWN_BAD
    assert quiet_by(alert) == []


def test_nothing_business_critical_is_held_back(world: World) -> None:
    world.at(0).act(ImportTopology(topology=Topology(services=(Service(name="api", tier=1),))))
    begins = comes_and_goes(world, "api", 40)
    world.at(begins).alert("api", TEXT)
    assert quiet_by(world.expect(at=begins + 1).alert("api")) == []


def test_who_does_not_want_it_holds_nothing_back(world: World) -> None:
    world.at(0).act(ApplySettings(settings=Settings(calm=CalmSettings(hold_back=False))))
    begins = comes_and_goes(world, "api", 40)
    world.at(begins).alert("api", TEXT)
    assert quiet_by(world.expect(at=begins + 1).alert("api")) == []


# N of M


def a_rule(rule_id: str, verdict: Verdict, service: str, limit: Threshold) -> Rule:
    later = T0 + timedelta(days=30)
    ends = {"expires": later} if verdict is Verdict.KNOWN_GOOD else {"expires": None, "review": later}
    return a_mute(f"service={service}", id=rule_id, verdict=verdict, threshold=limit, owner="ana", **ends)


THREE_OF_FIVE = Threshold(times=3, of=5, within=timedelta(minutes=30))


def fires_every(world: World, seconds: float, times: int, service: str = "api") -> None:
    for number in range(times):
        world.at(60 + number * seconds).alert(service, f"{TEXT} {number}", alertname="Queue")


def test_a_mute_with_a_threshold_hides_until_it_is_reached(world: World) -> None:
    world.topology("web -> api")
    world.at(0).act(PutRule(rule=a_rule("few", Verdict.KNOWN_GOOD, "api", THREE_OF_FIVE)))
    fires_every(world, 60, 3)
    few = world.expect(at=130)
    assert quiet_by(few.alert("api")) == ["rule"]
    assert events(few) == []
    many = world.expect(at=200)
    alert = many.alert("api")
    assert not alert.suppressed
    assert events(many) == ["opened"]
    assert "not muted by rule few (ana): its threshold: 3 of its last 5 states within 30 min fired" in said(
        alert, "verdict"
    )
    many.balanced()


def test_a_threshold_forgets_what_is_long_ago(world: World) -> None:
    world.at(0).act(PutRule(rule=a_rule("few", Verdict.KNOWN_GOOD, "api", THREE_OF_FIVE)))
    fires_every(world, 1_000, 6)  # never three within half an hour
    assert quiet_by(world.expect(at=6_000).alert("api")) == ["rule"]


def test_resolved_states_count_among_the_m_not_the_n(world: World) -> None:
    world.at(0).act(PutRule(rule=a_rule("few", Verdict.KNOWN_GOOD, "api", THREE_OF_FIVE)))
    for number in range(3):
        began = 60 + number * 120
        world.at(began).alert("api", TEXT)
        world.at(began + 60).resolved("api", TEXT, began=began)
    assert quiet_by(world.expect(at=250).alert("api")) == ["rule"]  # fired, resolved, fired, resolved
    assert quiet_by(world.expect(at=310).alert("api")) == []  # three of the last five


def test_a_signature_with_a_threshold_raises_once_it_is_reached(world: World) -> None:
    world.at(0).act(PutRule(rule=a_rule("brute", Verdict.KNOWN_BAD, "api", THREE_OF_FIVE)))
    fires_every(world, 60, 3)
    assert world.expect(at=130).alert("api").verdict is Verdict.UNKNOWN
    assert world.expect(at=200).alert("api").verdict is Verdict.KNOWN_BAD


@pytest.mark.parametrize(("times", "of"), [(0, 5), (6, 5), (3, 51)])
def test_a_threshold_that_cannot_be_counted_is_refused(world: World, times: int, of: int) -> None:
    limit = Threshold(times=times, of=of, within=timedelta(minutes=30))
    world.at(0).act(PutRule(rule=a_rule("few", Verdict.KNOWN_GOOD, "api", limit)))
    outcome = world.expect(at=1).outcome_of("ana")
    assert not outcome.applied
    assert "threshold" in outcome.text


# shelving


def shelve(world: World, seconds: float, minutes: int, service: str = "api") -> str:
    """Put the one alert of ``service`` aside; return its fingerprint."""
    fingerprint = world.expect(at=seconds).alert(service).fingerprint
    world.at(seconds).act(Shelve(fingerprint=fingerprint, minutes=minutes, text="the vendor looks at it"))
    return fingerprint


def test_a_shelved_alert_is_quiet_and_comes_back_by_itself(world: World) -> None:
    world.topology("web -> api")
    world.at(0).alert("api", TEXT, "warning").alert("web", "slow", "warning")
    shelve(world, 60, 30)
    during = world.expect(at=61)
    assert quiet_by(during.alert("api")) == ["shelved"]
    assert quiet_by(during.alert("web")) == []  # it is of one alert
    text = "shelved by ana until 2026-03-02 09:31 UTC: the vendor looks at it"
    assert text in said(during.alert("api"), "suppress")
    over = world.expect(at=60 + 30 * 60)
    assert quiet_by(over.alert("api")) == []
    assert over.alert("api").lifted is not None
    assert "has ended" in said(over.alert("api"), "suppress")[-1]


def test_what_still_fires_when_its_time_on_the_shelf_is_over_is_told(world: World) -> None:
    world.topology("web -> api")
    world.at(0).alert("api", TEXT)
    shelve(world, 5, 30)
    assert events(world.expect(at=5 + 30 * 60 - 1)) == []
    assert events(world.expect(at=5 + 30 * 60 + 20)) == ["opened"]


def test_the_same_alert_firing_again_is_still_on_the_shelf(world: World) -> None:
    world.at(0).alert("api", TEXT)
    shelve(world, 5, 30)
    world.at(60).resolved("api", TEXT)
    world.at(120).alert("api", TEXT)
    assert quiet_by(world.expect(at=121).alert("api")) == ["shelved"]
    assert world.expect(at=121).alert("api").episodes == 2


def test_a_shelf_ends_as_any_silence_does_and_putting_aside_once_more_moves_its_end(world: World) -> None:
    world.at(0).alert("api", TEXT)
    fingerprint = shelve(world, 5, 30)
    world.at(10).act(Shelve(fingerprint=fingerprint, minutes=60))
    (silence,) = world.expect(at=11).all(SILENCES)
    assert silence.shelved
    assert silence.ends_at == T0 + timedelta(seconds=10, minutes=60)
    world.at(20).act(EndSilence(silence_id=silence.id))
    assert quiet_by(world.expect(at=21).alert("api")) == []
    lines = [(line.kind, line.actor) for line in world.expect(at=21).all(RULE_CHANGES)]
    assert lines == [("silence", "ana")] * 3  # all of it is in the audit log


def test_only_an_alert_that_there_is_can_be_put_aside_and_only_for_a_while(world: World) -> None:
    world.at(0).alert("api", TEXT)
    world.at(5).act(Shelve(fingerprint="nothing", minutes=5), actor="bob")
    fingerprint = world.expect(at=1).alert("api").fingerprint
    world.at(6).act(Shelve(fingerprint=fingerprint, minutes=0), actor="cem")
    world.at(7).act(Shelve(fingerprint=fingerprint, minutes=1_000_000), actor="dee")
    seen = world.expect(at=8)
    assert "there is no alert 'nothing'" in seen.outcome_of("bob").text
    assert "give at least 1" in seen.outcome_of("cem").text
    assert "it hides for too long" in seen.outcome_of("dee").text
    assert seen.all(SILENCES) == []
