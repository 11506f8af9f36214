"""Which alerts become one incident?"""

import subprocess
import sys
from datetime import timedelta

import msgspec
import pytest

from aiops.domain import acts
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Severity
from aiops.domain.incidents import IncidentStatus
from tests.builders import T0, at
from tests.correlation.rig import MUTED, Rig, a_graph, hours

CALLERS = [f"svc{number}" for number in range(12)]


def a_shop() -> Rig:
    """Twelve services call db; billing and its disk stand apart."""
    return Rig(a_graph(**dict.fromkeys(CALLERS, "db"), billing="ledger"))


def a_failover(rig: Rig, start: float = 0) -> None:
    rig.fire(start, "db", "connection refused", severity=Severity.CRITICAL)
    for number, service in enumerate(CALLERS):
        rig.fire(start + 10 + 9 * number, service, "upstream timeout")


def test_a_failover_that_fans_out_is_one_incident_with_the_database_as_its_cause() -> None:
    rig = a_shop()
    a_failover(rig)
    (incident,) = rig.living()
    assert incident.services[0] == "db"
    assert incident.services_total == incident.episodes == incident.firing == 13
    assert incident.severity is Severity.CRITICAL
    assert incident.title == "db: connection refused (13 services)"
    cause = incident.candidates[0]
    assert (cause.entity, cause.share) == ("db", 1.0)
    assert cause.probability > 0.7
    evidence = [reason.text for reason in cause.evidence]
    assert "12 of 12 other affected services depend on db" in evidence
    assert "db alerted first, 10 s before those that depend on it" in evidence
    assert not incident.abstained


def test_an_unrelated_alert_in_the_middle_of_a_storm_stays_outside() -> None:
    rig = a_shop()
    rig.fire(0, "db", "connection refused")
    for number, service in enumerate(CALLERS):
        rig.fire(10 + 9 * number, service, "upstream timeout")
        if number == 5:
            disk = rig.fire(60, "billing", "disk 91% full")
    assert [incident.episodes for incident in rig.living()] == [13, 1]
    assert rig.of(disk).services == ("billing",)
    assert "opened #" in disk.reasons[-1].text


def test_a_member_says_why_it_joined_with_numbers() -> None:
    rig = Rig(a_graph(api="db"))
    rig.fire(0, "db", "connection refused")
    api = rig.fire(42, "api", "upstream timeout")
    link = api.episode.link
    assert link is not None
    assert (link.parent_entity, link.relation, link.seconds) == ("db", "callee", 42.0)
    assert link.ratio > 2
    assert link.text.startswith("api joined because db, which it calls, alerted 42 s earlier; ")
    assert "times more likely than chance (never seen before)" in link.text
    assert api.reasons[-1].text == link.text
    assert [reason.step for reason in api.reasons].count("group") == 1
    assert rig.of(api).weakest_link == link.text


def test_the_reason_is_given_once_per_episode() -> None:
    rig = Rig(a_graph(api="db"))
    rig.fire(0, "db")
    first = rig.fire(10, "api")
    again = rig.correlator.take(first, at(20), said=True)
    assert again is first


def test_two_outages_in_parts_that_share_nothing_stay_two() -> None:
    rig = Rig(a_graph(a1="adb", a2="adb", a3="adb", b1="bdb", b2="bdb", b3="bdb"))
    for number, service in enumerate(["adb", "bdb", "a1", "b1", "a2", "b2", "a3", "b3"]):
        rig.fire(5 * number, service)
    assert [set(incident.services) for incident in rig.living()] == [
        {"adb", "a1", "a2", "a3"},
        {"bdb", "b1", "b2", "b3"},
    ]
    assert [incident.candidates[0].entity for incident in rig.living()] == ["adb", "bdb"]


def test_the_order_of_arrival_does_not_decide_who_belongs_together() -> None:
    rig = a_shop()
    for number, service in enumerate(CALLERS):
        rig.fire(20 + 5 * number, service, "upstream timeout")
    rig.fire(90, "db", "connection refused", started=0)
    (incident,) = rig.living()
    assert incident.episodes == 13
    assert incident.candidates[0].entity == "db"
    assert incident.opened_at == T0


def test_incidents_merge_when_the_root_that_explains_both_arrives_late() -> None:
    rig = Rig(a_graph(left="db", right="db"))
    left = rig.fire(0, "left", "errors")
    right = rig.fire(100, "right", "errors")
    assert left.episode.incident_id != right.episode.incident_id
    db = rig.fire(110, "db", "connection refused")
    (incident,) = rig.living()
    assert incident.number == 1
    assert rig.of(left) is rig.of(right) is rig.of(db)
    gone = rig.incidents[right.episode.incident_id]
    assert (gone.status, gone.merged_into) == (IncidentStatus.MERGED, incident.incident_id)
    assert incident.merged_from == (gone.incident_id,)
    assert {episode_id for episode_id, _, _ in rig.joined} == {left.episode.episode_id, right.episode.episode_id}
    assert any("db explains the services of both" in line for line in rig.told())


def test_incidents_do_not_merge_without_one_root_that_explains_both() -> None:
    rig = Rig(a_graph(gate="left right", left="ldb", right="rdb"))
    for seconds, service in ((0, "ldb"), (5, "left"), (10, "rdb"), (15, "right")):
        rig.fire(seconds, service, "errors")
    rig.fire(20, "gate", "errors")  # calls both: joins one of them
    assert len(rig.living()) == 2


def test_a_chronic_key_loses_its_glue() -> None:
    rig = Rig(a_graph(api="db"))
    day = 0.0
    while day < 86_400:
        rig.fire(day, "api", "cpu")
        rig.resolve(day + 60, "api", "cpu")
        day += 600
    rig.fire(day + 30, "db", "connection refused")
    chronic = rig.fire(day + 60, "api", "cpu")
    fresh = rig.fire(day + 70, "api", "upstream timeout")
    assert rig.of(chronic).episodes == 1
    assert "more likely than chance" in chronic.reasons[-1].text
    assert set(rig.of(fresh).services) == {"api", "db"}
    assert rig.of(chronic).score < rig.of(fresh).score
    assert rig.of(chronic).recurs


def test_a_flapping_alert_stays_one_incident() -> None:
    rig = Rig(a_graph(api="db"))
    for number in range(5):
        rig.fire(120 * number, "db", "connection refused")
        last = rig.resolve(120 * number + 60, "db", "connection refused")
    (incident,) = rig.living()
    assert (incident.episodes, incident.firing) == (5, 0)
    assert last.episode.link is not None
    assert last.episode.link.text.startswith("db is back: 'connection refused' had resolved 60 s earlier")


def test_a_suppressed_episode_founds_no_incident_but_may_join_one() -> None:
    rig = Rig(a_graph(api="db"))
    muted = rig.fire(0, "db", "replica lag", suppressed_by=MUTED)
    assert muted.episode.incident_id == ""
    assert rig.incidents == {}
    rig.fire(5, "api", "upstream timeout")
    joined = rig.fire(10, "db", "replica lag", suppressed_by=MUTED)
    incident = rig.of(joined)
    assert (incident.episodes, incident.suppressed) == (2, 1)


def test_an_alert_that_is_unmuted_while_it_fires_is_placed_like_a_new_one() -> None:
    rig = Rig(a_graph(api="db"))
    muted = rig.fire(0, "db", "replica lag", suppressed_by=MUTED)
    placed = rig.take(msgspec.structs.replace(muted, suppressed_by=()), at(30))
    assert rig.of(placed).episodes == 1
    assert rig.of(placed).suppressed == 0


def test_a_muted_episode_that_ends_unplaced_is_let_go() -> None:
    rig = Rig(a_graph(api="db"))
    rig.fire(0, "db", suppressed_by=MUTED)
    rig.resolve(10, "db")
    assert rig.released == [rig.alerts["fp-db-"].episode.episode_id]


def test_the_severity_is_that_of_the_worst_unsuppressed_member() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db", severity=Severity.CRITICAL)
    rig.fire(5, "api", severity=Severity.WARNING)
    assert rig.of(db).severity is Severity.CRITICAL
    rig.take(msgspec.structs.replace(rig.alerts["fp-db-"], suppressed_by=MUTED), at(10))
    assert rig.of(db).severity is Severity.WARNING
    rig.take(msgspec.structs.replace(rig.alerts["fp-api-"], suppressed_by=MUTED), at(11))
    assert rig.of(db).severity is Severity.CRITICAL
    assert any(line.startswith("severity: severity critical -> warning") for line in rig.told())


def test_an_episode_that_was_over_before_it_was_heard_of_is_not_placed() -> None:
    rig = Rig(a_graph(api="db"))
    alert = rig.fire(0, "db")
    late = msgspec.structs.replace(
        alert.episode, episode_id="late", incident_id="", started_at=at(-100), ended_at=at(-50)
    )
    taken = rig.take(msgspec.structs.replace(alert, fingerprint="other", episode=late), at(5))
    assert taken.episode.incident_id == ""
    assert rig.released == ["late"]


def test_alerts_without_an_entity_do_not_share_a_bucket() -> None:
    rig = Rig(a_graph(api="db"))
    one = rig.fire(0, "?1", "disk full")
    other = rig.fire(5, "?2", "certificate expires")
    assert rig.of(one).incident_id != rig.of(other).incident_id
    assert rig.of(one).services == ()
    assert rig.of(one).title == "disk full"


def test_an_incident_resolves_by_itself_when_all_members_are_over_and_closes_a_day_later() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    rig.fire(5, "api")
    rig.resolve(60, "db")
    rig.wait(2_000)
    assert rig.of(db).status is IncidentStatus.OPEN
    rig.resolve(2_000, "api")
    rig.wait(2_299)
    assert rig.of(db).status is IncidentStatus.OPEN
    rig.wait(2_300)
    assert (rig.of(db).status, rig.of(db).resolved_at) == (IncidentStatus.RESOLVED, at(2_300))
    rig.wait(2_300 + 86_400)
    assert rig.of(db).status is IncidentStatus.CLOSED
    assert len(rig.released) == 2


def test_an_incident_that_nothing_is_heard_of_resolves_and_says_so() -> None:
    rig = Rig(a_graph(api="db"), inactivity_timeout=hours(4))
    db = rig.fire(0, "db")
    rig.wait(3 * 3600)
    rig.fire(3 * 3600, "db")
    rig.wait(11 * 3600 - 1)  # it still fires: that is waited for twice as long
    assert rig.of(db).status is IncidentStatus.OPEN
    rig.wait(11 * 3600)
    assert rig.of(db).status is IncidentStatus.RESOLVED
    assert "resolved: nothing was heard of it for 8 h, though 1 alert of it never said to be over" in " ".join(
        rig.told()
    )
    rig.fire(11 * 3600 + 60, "db")
    assert rig.of(db).status is IncidentStatus.OPEN


def test_a_related_alert_within_the_reopen_window_reopens_the_incident() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    rig.resolve(60, "db")
    rig.wait(400)
    assert rig.of(db).status is IncidentStatus.RESOLVED
    rig.fire(420, "db")
    (incident,) = rig.living()
    assert (incident.status, incident.episodes, incident.resolved_at) == (IncidentStatus.OPEN, 2, None)
    assert any(line.startswith("reopened: ") for line in rig.told())


def test_after_the_reopen_window_it_is_a_new_incident_that_recurs() -> None:
    rig = Rig(a_graph(api="db"))
    first = rig.fire(0, "db").episode.incident_id
    rig.resolve(60, "db")
    rig.fire(60 + 3 * 3600, "db")
    assert [incident.recurs for incident in rig.living()] == ["", first]


def test_what_a_person_resolved_is_not_reopened_by_the_same_firing() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    rig.act(10, acts.Resolve(incident_id=rig.of(db).incident_id))
    rig.fire(20, "db")
    assert rig.of(db).status is IncidentStatus.RESOLVED
    rig.fire(30, "api")  # something new of it
    assert rig.of(db).status is IncidentStatus.OPEN


def test_a_new_episode_of_an_alert_ends_one_that_was_never_seen_to_end() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    episode = msgspec.structs.replace(db.episode, episode_id="second", incident_id="", link=None, started_at=at(50))
    rig.take(msgspec.structs.replace(db, episode=episode), at(60))
    assert rig.of(db).firing == 1


def test_beyond_max_open_the_least_incident_is_closed_and_it_is_said_so() -> None:
    rig = Rig(a_graph(a="x", b="y", c="z"), max_open=2)
    first = rig.fire(0, "a")
    rig.fire(1000, "b")
    rig.fire(2000, "c")
    assert rig.of(first).status is IncidentStatus.CLOSED
    assert any("more than 2 incidents are open" in line for line in rig.told())


def test_low_scores_wait_in_the_background_queue() -> None:
    rig = Rig(a_graph(api="db"), background_score=3.0)
    db = rig.fire(0, "db", severity=Severity.WARNING)
    assert rig.of(db).background
    rig.fire(5, "api", severity=Severity.WARNING)
    assert not rig.of(db).background


def test_what_its_sender_calls_bad_never_waits_in_the_background() -> None:
    rig = Rig(a_graph(api="db"), background_score=1000.0)
    assert not rig.of(rig.fire(0, "db", severity=Severity.HIGH)).background
    assert rig.of(rig.fire(5000, "api", severity=Severity.WARNING)).background


def test_a_merged_incident_leads_to_where_it_lives_on() -> None:
    rig = Rig(a_graph(a="x", b="y"))
    one, other = rig.fire(0, "a").episode.incident_id, rig.fire(1, "b").episode.incident_id
    assert rig.act(5, acts.Merge(incident_id=one, other_id=other)) == (
        "merged #2 into #1; from now on 'b down' of b together with 'a down' of a (pin #1)",
        one,
    )
    assert rig.act(6, acts.Acknowledge(incident_id=other)) == ("acknowledged #1", one)
    assert rig.incidents[one].status is IncidentStatus.ACKNOWLEDGED
    assert rig.incidents[one].episodes == 2
    rig.fire(7, "b")  # its member still carries the old id
    assert rig.incidents[one].alerts == 3
    with pytest.raises(Conflict, match="one incident already"):
        rig.act(8, acts.Merge(incident_id=other, other_id=one))


def test_a_confirmed_cause_stays_first_whatever_comes() -> None:
    rig = Rig(a_graph(web="api", api="db"))
    db = rig.fire(0, "db")
    rig.fire(5, "api")
    incident_id = rig.of(db).incident_id
    assert rig.act(10, acts.ConfirmCause(incident_id=incident_id, entity="api"))[0] == "#1: api is the root cause"
    rig.fire(15, "web")
    first = rig.of(db).candidates[0]
    assert (first.entity, first.confirmed) == ("api", True)
    rig.act(20, acts.ConfirmCause(incident_id=incident_id, entity=""))
    assert "none of" in rig.of(db).abstained
    assert not any(candidate.confirmed for candidate in rig.of(db).candidates)


def test_a_closed_incident_still_takes_a_comment_and_a_cause() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    incident_id = rig.of(db).incident_id
    rig.act(1, acts.Resolve(incident_id=incident_id))
    rig.act(2, acts.Close(incident_id=incident_id))
    rig.act(3, acts.Comment(incident_id=incident_id, text="post mortem on Monday"))
    rig.act(4, acts.ConfirmCause(incident_id=incident_id, entity="db"))
    assert rig.of(db).candidates[0].confirmed
    assert "comment: post mortem on Monday" in rig.told()
    with pytest.raises(Conflict, match="#1 is closed and cannot be reopened: a new alert opens a new incident"):
        rig.act(5, acts.Reopen(incident_id=incident_id))


def test_an_act_on_an_unknown_incident_names_the_fix() -> None:
    with pytest.raises(BadInput, match="take the id from /incidents"):
        Rig(a_graph(api="db")).act(0, acts.Acknowledge(incident_id="nope"))


def test_a_page_timer_of_a_merged_incident_looks_at_the_one_it_lives_on_in() -> None:
    rig = Rig(a_graph(a="x", b="y"))
    one, other = rig.fire(0, "a").episode.incident_id, rig.fire(1, "b").episode.incident_id
    rig.act(5, acts.Merge(incident_id=one, other_id=other))
    rig.correlator.touch(other)
    assert [incident.incident_id for incident in rig.correlator.changed(at(6))] == [one]


def _storm(rig: Rig, numbers: range) -> None:
    services = ["db", *CALLERS, "billing", "?1"]
    for number in numbers:
        service, kind = services[number * 7 % len(services)], f"kind{number % 3}"
        held = rig.alerts.get(f"fp-{service}-{kind}")
        if held is not None and held.episode.open and number % 4 == 0:
            rig.resolve(number * 23.0, service, kind)
        else:
            rig.fire(number * 23.0, service, kind, suppressed_by=MUTED if number % 11 == 0 else ())


def test_a_load_in_the_middle_changes_nothing_that_follows() -> None:
    whole, cut = a_shop(), a_shop()
    _storm(whole, range(300))
    _storm(cut, range(130))
    cut = cut.reload()
    _storm(cut, range(130, 300))
    whole.wait(300 * 23 + 100_000)
    cut.wait(300 * 23 + 100_000)
    assert cut.alerts == whole.alerts
    assert cut.incidents == whole.incidents
    assert cut.story == whole.story
    assert cut.joined == whole.joined
    assert cut.released == whole.released


def test_counts_always_equal_what_the_members_add_up_to() -> None:
    rig = a_shop()
    _storm(rig, range(200))
    rig_members = [alert.episode for alert in rig.alerts.values() if alert.episode.incident_id]
    for incident in rig.living():
        ids = {incident.incident_id, *incident.merged_from}
        firing = [episode for episode in rig_members if episode.incident_id in ids and episode.open]
        if incident.status is not IncidentStatus.CLOSED:
            assert incident.firing == len(firing)


def fingerprint_of_a_storm() -> str:
    """Return all documents of one storm as text; run in other processes too."""
    rig = a_shop()
    _storm(rig, range(200))
    rig.wait(200 * 23 + 100_000)
    return msgspec.json.encode((list(rig.incidents.values()), rig.story, list(rig.alerts.values()))).hex()


def test_the_hash_seed_changes_nothing() -> None:
    code = "from tests.correlation.test_correlator import fingerprint_of_a_storm; print(fingerprint_of_a_storm())"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True
        ).stdout
        for seed in ("1", "77")
    }
    assert len(runs) == 1
    assert runs.pop().strip() == fingerprint_of_a_storm()


def test_a_storm_of_one_thousand_services_stays_bounded() -> None:
    names = [f"s{number}" for number in range(1_000)]
    rig = Rig(a_graph(**dict.fromkeys(names, "db")), window=timedelta(minutes=20))
    rig.fire(0, "db", "connection refused")
    for number, name in enumerate(names):
        rig.fire(1 + number / 20, name, "upstream timeout")
    rig.wait(70)
    largest = max(rig.living(), key=lambda incident: incident.episodes)
    assert largest.candidates[0].entity == "db"
    assert len(largest.services) == 200
    assert len(largest.reasons) <= 40
