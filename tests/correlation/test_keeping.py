"""What keeps an incident open, what makes it anew, and what stays of what people did to it?"""

from datetime import timedelta

import msgspec
import pytest

from aiops.domain import acts
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.incidents import IncidentStatus
from correlation import holdings
from tests.builders import an_entity, at
from tests.correlation.rig import MUTED, Rig, a_graph, hours


def swarm(rig: Rig, number: int, spacing: float) -> None:
    """One pod of db after the other is not ready: alerts of one kind."""
    for pod in range(number):
        rig.fire(pod * spacing, "db", f"pod{pod}", kind_key="PodNotReady", severity=Severity.CRITICAL)


@pytest.mark.parametrize("spacing", [0.05, 10.0])
def test_a_long_storm_of_one_kind_on_one_service_is_one_incident(spacing: float) -> None:
    rig = Rig(a_graph(api="db"))
    swarm(rig, 600, spacing)
    (incident,) = rig.living()
    assert (incident.episodes, incident.firing, incident.audible) == (600, 600, 600)
    usual = rig.correlator._assembly.rates.rate("db\x1fPodNotReady", at(600 * spacing).timestamp())
    assert usual * 3600 < 0.5  # a swarm is one occurrence: it makes its kind no common one


def test_one_more_of_a_swarm_says_so_where_nothing_else_explains_it() -> None:
    rig = Rig(a_graph(api="db"), window=timedelta(minutes=20))
    swarm(rig, 3, 100)
    late = rig.fire(1_300, "db", "pod9", kind_key="PodNotReady")
    assert late.reasons[-1].text == (
        "db joined because 'pod9' of it is in this incident already: 3 such alerts, 3 firing"
    )
    assert rig.fire(1_300 + 1_201, "db", "pod10", kind_key="PodNotReady").episode.link is None


def test_max_open_closes_what_is_quiet_before_what_fires() -> None:
    rig = Rig(a_graph(a="x", b="y", c="z"), max_open=2)
    loud = rig.fire(0, "a", severity=Severity.CRITICAL)
    quiet = rig.fire(100, "b", severity=Severity.CRITICAL)
    rig.resolve(110, "b")
    rig.fire(120, "c")
    assert rig.of(loud).status is IncidentStatus.OPEN
    assert rig.of(quiet).status is IncidentStatus.CLOSED


def test_max_open_closes_the_smallest_of_those_that_fire() -> None:
    rig = Rig(a_graph(a="x", b="y", c="z", d="x"), max_open=2)
    big = rig.fire(0, "x")
    rig.fire(5, "a")
    small = rig.fire(500, "b")
    rig.fire(1_000, "c", severity=Severity.CRITICAL)
    assert rig.of(big).status is IncidentStatus.OPEN
    assert rig.of(small).status is IncidentStatus.CLOSED
    assert rig.of(small).audible == 1  # so that nobody is told that it is over


def test_a_resend_keeps_its_incident_open() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    for minutes in range(5, 60 * 12, 5):
        rig.heard(60 * minutes, db)
    assert rig.of(db).status is IncidentStatus.OPEN
    assert rig.of(db).last_activity == at(60 * 715)


def test_a_resend_opens_again_what_was_given_up() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    rig.wait(8 * 3600)
    assert rig.of(db).status is IncidentStatus.RESOLVED
    rig.heard(8 * 3600 + 60, db)
    assert rig.of(db).status is IncidentStatus.OPEN


def test_a_resend_does_not_open_what_a_person_resolved_or_what_is_not_known() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    rig.act(10, acts.Resolve(incident_id=rig.of(db).incident_id))
    rig.heard(20, db)
    assert rig.of(db).status is IncidentStatus.RESOLVED
    rig.correlator.heard(None, at(30))
    rig.correlator.heard(
        msgspec.structs.replace(db, episode=msgspec.structs.replace(db.episode, episode_id="?")), at(30)
    )


def test_a_muted_alert_does_not_reopen_an_incident() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    rig.resolve(60, "db")
    rig.wait(360)
    muted = rig.fire(365, "db", "replica lag", started=20, suppressed_by=MUTED)
    assert rig.of(muted) is rig.of(db)
    rig.fire(430, "db", "replica lag", suppressed_by=MUTED)
    rig.heard(440, muted)
    assert rig.of(db).status is IncidentStatus.RESOLVED
    assert rig.of(db).last_activity == at(360)


def test_a_muted_alert_does_not_hold_an_incident_open() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    rig.fire(10, "db", "replica lag", suppressed_by=MUTED)
    rig.resolve(60, "db")
    assert (rig.of(db).firing, rig.of(db).audible) == (1, 0)
    rig.wait(360)
    assert rig.of(db).status is IncidentStatus.RESOLVED
    assert "resolved: nothing of it has fired for 5 min (1 muted alert aside)" in " ".join(rig.told())
    rig.wait(360 + 86_400)
    assert rig.of(db).status is IncidentStatus.CLOSED


def test_an_incident_of_muted_alerts_alone_is_open_while_they_fire() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    rig.take(msgspec.structs.replace(db, suppressed_by=MUTED), at(10))
    rig.wait(3600)
    assert rig.of(db).status is IncidentStatus.OPEN
    text = "muted: of what fires in it (1 alert) nothing is left that is not muted"
    assert text in [reason.text for reason in rig.of(db).reasons]
    assert [line for line in rig.told() if line.startswith("muted: ")] == [f"muted: {text}"]


def test_what_is_unmuted_while_it_fires_reopens_its_incident() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    muted = rig.fire(10, "db", "replica lag", suppressed_by=MUTED)
    rig.resolve(60, "db")
    rig.wait(400)
    rig.take(msgspec.structs.replace(rig.alerts[muted.fingerprint], suppressed_by=()), at(410))
    assert rig.of(db).status is IncidentStatus.OPEN


def test_quiet_counts_from_when_the_end_was_heard_of() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    over = msgspec.structs.replace(db.episode, ended_at=at(900))  # its lease ran out: no event
    rig.wait(900)
    rig.take(msgspec.structs.replace(db, episode=over), at(900))
    rig.wait(1_199)
    assert rig.of(db).status is IncidentStatus.OPEN
    rig.wait(1_200)
    assert rig.of(db).status is IncidentStatus.RESOLVED


def two_of(rig: Rig) -> tuple[str, str]:
    one, other = rig.fire(0, "left", "errors"), rig.fire(100, "right", "errors")
    return one.episode.incident_id, other.episode.incident_id


def test_a_merge_keeps_what_people_did() -> None:
    rig = Rig(a_graph(left="db", right="db"))
    older, younger = two_of(rig)
    rig.act(101, acts.Acknowledge(incident_id=younger))
    rig.act(102, acts.Assign(incident_id=younger, assignee="bo"))
    rig.act(103, acts.ConfirmCause(incident_id=younger, entity="db"))
    rig.fire(110, "db", "connection refused")
    (incident,) = rig.living()
    assert incident.incident_id == older
    assert (incident.status, incident.acknowledged_at) == (IncidentStatus.ACKNOWLEDGED, at(101))
    assert incident.assignee == "bo"
    assert (incident.candidates[0].entity, incident.candidates[0].confirmed) == ("db", True)
    assert "acknowledged: acknowledged, as #2 was" in rig.told()


def test_no_automatic_merge_where_people_said_different_things() -> None:
    rig = Rig(a_graph(left="db", right="db"))
    older, younger = two_of(rig)
    rig.act(101, acts.Assign(incident_id=older, assignee="ana"))
    rig.act(102, acts.Assign(incident_id=younger, assignee="bo"))
    rig.fire(110, "db", "connection refused")
    assert [incident.assignee for incident in rig.living()] == ["ana", "bo"]


def test_two_that_a_person_resolved_stay_resolved_by_a_person_when_merged() -> None:
    rig = Rig(a_graph(left="x", right="y"))
    older, younger = two_of(rig)
    rig.act(101, acts.Resolve(incident_id=older))
    rig.act(102, acts.Resolve(incident_id=younger))
    rig.act(103, acts.Merge(incident_id=older, other_id=younger))
    rig.fire(110, "right", "errors")
    assert [incident.status for incident in rig.living()] == [IncidentStatus.RESOLVED]


def test_a_cause_is_something_that_is_there() -> None:
    rig = Rig(a_graph(api="db"))
    stray = rig.fire(0, "stray")
    incident_id = rig.of(stray).incident_id
    with pytest.raises(BadInput, match="there is no service 'banana'") as refused:
        rig.act(1, acts.ConfirmCause(incident_id=incident_id, entity="banana"))
    assert refused.value.place == "entity"
    for entity in ("db", "stray", ""):
        rig.act(2, acts.ConfirmCause(incident_id=incident_id, entity=entity))


def a_closed_one(rig: Rig) -> str:
    incident_id = rig.of(rig.fire(0, "db", severity=Severity.WARNING)).incident_id
    rig.act(10, acts.Resolve(incident_id=incident_id))
    rig.act(11, acts.Close(incident_id=incident_id))
    return incident_id


def test_news_of_what_fired_on_when_its_incident_was_closed_opens_one_that_recurs() -> None:
    rig = Rig(a_graph(api="db"))
    closed = a_closed_one(rig)
    assert "closed: with 1 alert still firing: their news goes elsewhere" in rig.told()
    assert rig.released == []
    rig.heard(20, rig.alerts["fp-db-"])
    rig.take(rig.alerts["fp-db-"], at(30))  # no news
    assert len(rig.living()) == 1
    again = rig.fire(40, "db", severity=Severity.WARNING)
    assert (rig.of(again).number, rig.of(again).recurs) == (2, closed)
    assert again.reasons[-1].text.startswith("its incident was closed while it fired; opened #2: ")
    assert (rig.incidents[closed].episodes, rig.incidents[closed].firing) == (0, 0)  # it is counted where it is
    assert any("fires on: it is in another incident now" in line for line in rig.told())
    rig.resolve(50, "db")
    rig.wait(50 + 300 + 86_400)
    assert [incident.status for incident in rig.living()] == [IncidentStatus.CLOSED] * 2
    assert len(rig.released) == 1


def test_a_worse_severity_is_news_too() -> None:
    rig = Rig(a_graph(api="db"))
    a_closed_one(rig)
    alert = rig.alerts["fp-db-"]
    worse = msgspec.structs.replace(alert.episode, severity=Severity.CRITICAL)
    assert rig.of(rig.take(msgspec.structs.replace(alert, episode=worse), at(60))).number == 2


def test_what_ends_after_its_incident_was_closed_is_let_go() -> None:
    rig = Rig(a_graph(api="db"))
    a_closed_one(rig)
    rig.resolve(60, "db")
    assert rig.released == [rig.alerts["fp-db-"].episode.episode_id]
    (closed,) = rig.living()
    assert (closed.episodes, closed.firing) == (1, 0)


def moved(rig: Rig, seconds: float, fingerprint: str, service: str) -> None:
    alert = rig.alerts[fingerprint]
    entity = an_entity(service)
    rig.wait(seconds)
    episode = msgspec.structs.replace(alert.episode, entity=entity)
    rig.take(msgspec.structs.replace(alert, entity=entity, episode=episode), at(seconds))


def test_an_alert_on_another_node_moves_inside_its_incident() -> None:
    rig = Rig(a_graph(api="db", web="api"))
    rig.fire(0, "db")
    web = rig.fire(10, "api", "timeouts")
    rig.fire(20, "api", "errors")
    moved(rig, 30, web.fingerprint, "web")
    (incident,) = rig.living()
    assert set(incident.services) == {"db", "api", "web"}
    assert (incident.episodes, incident.firing) == (3, 3)
    moved(rig, 40, "fp-api-errors", "web")
    assert set(rig.living()[0].services) == {"db", "web"}


def test_an_alert_that_was_alone_may_find_company_on_another_node() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    lost = rig.fire(20, "api-svc")
    assert rig.of(lost).number == 2
    moved(rig, 30, lost.fingerprint, "api")
    assert rig.of(lost) is rig.of(db)
    assert set(rig.of(db).services) == {"db", "api"}
    assert (
        rig.alerts[lost.fingerprint].reasons[-1].text.startswith("api joined because db, which it calls, alerted 20 s")
    )


def test_an_alert_that_has_no_company_on_another_node_stays_where_it_is() -> None:
    rig = Rig(a_graph(api="db"))
    lost = rig.fire(0, "api-svc")
    moved(rig, 30, lost.fingerprint, "api")
    assert [incident.services for incident in rig.living()] == [("api",)]
    assert set(rig.of(rig.fire(40, "db")).services) == {"db", "api"}


def test_members_are_bounded_and_what_is_let_go_counts_as_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdings, "MOST_MEMBERS", 3)
    rig = Rig(a_graph(api="db"), inactivity_timeout=hours(1))
    for number in range(5):
        rig.fire(number, "db", f"kind{number}")
    (incident,) = rig.living()
    assert (incident.episodes, incident.firing) == (5, 3)
    assert len(rig.released) == 2
    rig.fire(10, "db", "kind0")  # followed no longer: nothing happens to it
    assert rig.living()[0].alerts == 5


def test_the_first_and_the_last_reasons_stay_when_there_are_too_many() -> None:
    rig = Rig(a_graph(api="db"))
    db = rig.fire(0, "db")
    page = "paged db-team"
    for number in range(60):
        doc = rig.of(db)
        noted = msgspec.structs.replace(doc.reasons[0], step="operator", text=f"note {number}")
        paged = msgspec.structs.replace(doc.reasons[0], step="page", text=page)
        reasons = (*(reason for reason in doc.reasons if reason.step != "page"), noted, paged)
        rig.correlator.keep(msgspec.structs.replace(doc, reasons=reasons))
        rig.fire(number + 1, "db", f"kind{number}")
    texts = [reason.text for reason in rig.of(db).reasons]
    assert len(texts) <= 40
    assert texts[-1] == page
    assert "note 0" in texts


def test_what_is_said_again_of_an_end_long_ago_counts_in_its_closed_incident() -> None:
    rig = Rig(a_graph(api=""))
    alert = rig.fire(0, "api")
    rig.resolve(1, "api")
    incident_id = rig.alerts[alert.fingerprint].episode.incident_id
    rig.wait(20_000)  # what ended is no longer held
    rig.fire(20_000, "db")
    rig.act(20_001, acts.Close(incident_id=incident_id))
    assert rig.incidents[incident_id].alerts == 2
    rig.resolve(20_002, "api")
    assert rig.incidents[incident_id].alerts == 3
    rig.take(rig.alerts[alert.fingerprint], at(20_003), said=False)  # a rule was made, say
    assert rig.incidents[incident_id].alerts == 3
