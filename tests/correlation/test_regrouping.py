"""What becomes of incidents whose members change place: counts, services, root, documents, stories, fates."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.acts import Assign, Close, ConfirmCause, Merge, Move, Resolve, Split
from aiops.domain.alerts import Alert
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Severity
from aiops.domain.incidents import IncidentStatus
from correlation import holdings as module
from correlation.causes.cones import explained_by
from correlation.live import Live
from correlation.members import Member
from tests.builders import at
from tests.correlation.rig import MUTED, Rig, a_graph
from tests.correlation.test_joining import a_live, a_member

SHOP = {"web": "api", "api": "db cache", "billing": "ledger"}


def an_outage() -> tuple[Rig, Alert, Alert, Alert]:
    """Database, api and web: one incident of three alerts."""
    rig = Rig(a_graph(**SHOP))
    db = rig.fire(0, "db", severity=Severity.CRITICAL)
    api, web = rig.fire(20, "api"), rig.fire(30, "web")
    assert rig.of(db).number == rig.of(api).number == rig.of(web).number == 1
    return rig, db, api, web


def split(rig: Rig, seconds: float, *alerts: Alert, text: str = "") -> None:
    first = alerts[0]
    ids = tuple(alert.episode.episode_id for alert in alerts)
    rig.act(seconds, Split(incident_id=rig.of(first).incident_id, episodes=ids, text=text))


def test_what_is_split_off_is_an_incident_of_its_own_and_both_say_so() -> None:
    rig, db, api, web = an_outage()
    split(rig, 60, api, web, text="the pool was full")
    old, new = rig.living()
    assert (old.number, old.episodes, old.services, old.firing, old.alerts) == (1, 1, ("db",), 1, 1)
    assert (new.number, new.episodes, set(new.services), new.firing) == (2, 2, {"api", "web"}, 2)
    assert (old.severity, new.severity) == (Severity.CRITICAL, Severity.HIGH)
    assert (old.split_from, new.split_from) == ("", old.incident_id)
    assert (old.opened_at, new.opened_at) == (at(0), at(20))
    assert (rig.of(db), rig.of(api), rig.of(web)) == (old, new, new)
    assert {item.actor for item in rig.story if item.kind == "split"} == {"ana"}
    said = "'api down' of api and 1 more alert split off into #2: ana says so: the pool was full"
    assert f"split: {said}" in rig.told()
    assert "split: split off #1: ana says so: the pool was full" in rig.told()


def test_the_receipt_of_what_was_moved_says_from_where_and_why() -> None:
    rig, db, api, web = an_outage()
    split(rig, 60, api, web, text="another matter")
    said = {one.episode_id: (one.link and one.link.relation, one.reason.text) for one in rig.moved}
    text = "split off #1 into #2: ana says so: another matter"
    assert said[api.episode.episode_id] == said[web.episode.episode_id] == ("moved", text)
    assert said[db.episode.episode_id] == (None, f"alone: of the others, the last were {text}")


def test_who_is_alone_counts_as_alone_and_who_got_company_as_grouped() -> None:
    rig, db, api, web = an_outage()
    rig.joined.clear()
    split(rig, 60, web)
    assert [(one, company) for one, company, _ in rig.joined] == [(web.episode.episode_id, False)]
    rig.joined.clear()
    rig.act(
        70, Move(incident_id=rig.of(api).incident_id, other_id=rig.of(web).incident_id, episodes=(api.fingerprint,))
    )
    told = [(one, company) for one, company, _ in rig.joined]
    assert told == [(web.episode.episode_id, True), (api.episode.episode_id, True), (db.episode.episode_id, False)]


def test_what_is_moved_counts_where_it_is_and_both_stories_name_who_moved_it() -> None:
    rig, db, api, web = an_outage()
    other = rig.fire(40, "ledger")
    there = rig.of(other).incident_id
    rig.act(60, Move(incident_id=rig.of(web).incident_id, other_id=there, episodes=(web.episode.episode_id,)))
    old, new = rig.living()
    assert (old.episodes, set(old.services)) == (2, {"db", "api"})
    assert (new.episodes, set(new.services), new.opened_at) == (2, {"ledger", "web"}, at(30))
    assert rig.of(web).number == 2
    assert "moved: 'web down' of web moved to #2: ana says so" in rig.told()
    assert "moved: 'web down' of web moved here from #1: ana says so" in rig.told()
    assert "'web down' of web moved here from #1: ana says so" in [reason.text for reason in new.reasons]
    rig.resolve(100, "web")
    assert [incident.firing for incident in rig.living()] == [2, 1]
    assert (rig.of(db), rig.of(api)) == (rig.living()[0], rig.living()[0])


def test_moving_back_undoes_a_split() -> None:
    rig, db, api, web = an_outage()
    first = rig.of(db).incident_id
    split(rig, 60, api, web)
    gone = rig.of(api).incident_id
    ids = (api.episode.episode_id, web.episode.episode_id)
    text, concerns = rig.act(70, Move(incident_id=gone, other_id=first, episodes=ids))
    assert (text.split(";")[0], concerns) == ("merged #2 into #1", first)
    (incident,) = rig.living()
    assert (incident.episodes, set(incident.services), incident.merged_from) == (3, {"db", "api", "web"}, (gone,))
    split(rig, 80, api)  # its new incident is another one than the one before
    assert rig.of(api).incident_id not in (first, gone)
    assert rig.of(api).number == 3


def test_what_came_by_a_merge_can_be_split_off_again() -> None:
    rig, db, *_ = an_outage()
    other = rig.fire(40, "ledger")
    rig.act(50, Merge(incident_id=rig.of(db).incident_id, other_id=rig.of(other).incident_id))
    split(rig, 60, other)
    assert rig.of(other).number == 3
    assert [incident.episodes for incident in rig.living()] == [3, 1]


@pytest.mark.parametrize("every", [True, False], ids=["all", "none"])
def test_a_split_that_leaves_or_takes_nothing_is_refused(every: bool) -> None:
    rig, db, api, web = an_outage()
    ids = tuple(one.episode.episode_id for one in (db, api, web)) if every else ()
    with pytest.raises(Conflict if every else BadInput, match="leave at least one" if every else "no alert is chosen"):
        rig.act(60, Split(incident_id=rig.of(db).incident_id, episodes=ids))
    assert [incident.episodes for incident in rig.living()] == [3]


def test_closed_incidents_and_strange_alerts_are_refused() -> None:
    rig, db, _api, _web = an_outage()
    other = rig.fire(40, "ledger")
    here, there = rig.of(db).incident_id, rig.of(other).incident_id
    with pytest.raises(BadInput, match="#1 has no alert 'fp-ledger-' that can be moved"):
        rig.act(50, Split(incident_id=here, episodes=(other.fingerprint,)))
    with pytest.raises(Conflict, match="in #1 already"):
        rig.act(50, Move(incident_id=here, other_id=here, episodes=(db.fingerprint,)))
    rig.resolve(60, "ledger")
    rig.act(70, Resolve(incident_id=there))
    rig.act(80, Close(incident_id=there))
    with pytest.raises(Conflict, match="#2 is closed"):
        rig.act(90, Move(incident_id=here, other_id=there, episodes=(db.fingerprint,)))
    with pytest.raises(Conflict, match="#2 is closed"):
        rig.act(90, Split(incident_id=there, episodes=(other.fingerprint,)))


def test_what_fires_and_is_moved_to_a_resolved_incident_reopens_it() -> None:
    rig, _db, _api, web = an_outage()
    rig.fire(40, "ledger")
    ledger = rig.resolve(50, "ledger")
    there = rig.of(ledger).incident_id
    rig.act(60, Resolve(incident_id=there))
    rig.act(70, Move(incident_id=rig.of(web).incident_id, other_id=there, episodes=(web.fingerprint,)))
    assert rig.incidents[there].status is IncidentStatus.OPEN
    assert "reopened: reopened: ana moved alerts of #1 that fire to it" in rig.told()


def test_what_is_split_off_a_resolved_incident_is_as_resolved() -> None:
    rig, db, _api, web = an_outage()
    rig.act(50, Resolve(incident_id=rig.of(db).incident_id))
    split(rig, 60, web)
    old, new = rig.living()
    assert (old.status, new.status) == (IncidentStatus.RESOLVED, IncidentStatus.RESOLVED)
    assert new.resolved_at == at(50)


def test_an_earlier_episode_of_an_alert_is_moved_by_its_document() -> None:
    rig, _db, _api, _ = an_outage()
    first = rig.resolve(40, "web")
    later = rig.fire(60, "web")
    assert later.episode.episode_id != first.episode.episode_id
    split(rig, 70, first)
    (moved,) = [one for one in rig.moved if one.episode_id == first.episode.episode_id]
    assert moved.past is not None
    assert (moved.past.episode_id, moved.past.ended_at) == (first.episode.episode_id, at(40))
    assert rig.of(later).number == 1


def test_an_alert_named_by_its_fingerprint_moves_with_all_its_episodes() -> None:
    rig, db, _api, _ = an_outage()
    rig.resolve(40, "web")
    web = rig.fire(60, "web")
    rig.act(70, Split(incident_id=rig.of(db).incident_id, episodes=(web.fingerprint,)))
    assert [incident.episodes for incident in rig.living()] == [2, 2]


def test_episodes_whose_document_is_held_no_longer_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAST", 1)
    rig, _db, *_ = an_outage()
    first = rig.resolve(40, "web")
    rig.fire(60, "web")
    rig.resolve(80, "web")
    rig.fire(100, "web")
    with pytest.raises(Conflict, match="'web down' of web ended too long ago to be moved"):
        split(rig, 110, first)
    assert len(rig.living()) == 1


def test_the_first_member_that_stays_is_the_founder_and_the_start_is_its_own() -> None:
    rig, db, api, _web = an_outage()
    split(rig, 60, db)
    old, new = rig.living()
    assert (old.founder, old.opened_at) == (api.episode.episode_id, at(20))
    assert (new.founder, new.opened_at) == (db.episode.episode_id, at(0))


def test_what_is_left_is_over_when_all_that_fired_was_moved_away() -> None:
    rig, _db, api, web = an_outage()
    rig.resolve(40, "db")
    split(rig, 60, api, web)
    old, _new = rig.living()
    assert (old.firing, old.status) == (0, IncidentStatus.OPEN)
    rig.wait(60 + 301)
    assert rig.living()[0].status is IncidentStatus.RESOLVED
    assert rig.living()[1].status is IncidentStatus.OPEN


def test_that_the_loud_ones_are_moved_away_mutes_nothing() -> None:
    rig, db, *_ = an_outage()
    hidden = rig.fire(40, "db", "io", suppressed_by=MUTED)
    assert rig.of(hidden).number == 1
    split(rig, 60, hidden)
    ids = tuple(alert for alert in rig.alerts if alert != hidden.fingerprint)
    rig.act(70, Move(incident_id=rig.of(db).incident_id, other_id=rig.of(hidden).incident_id, episodes=ids[:1]))
    assert not [line for line in rig.told() if line.startswith("muted")]


def test_who_works_on_the_old_one_has_not_acknowledged_the_new_one() -> None:
    rig, db, _, web = an_outage()
    rig.act(50, Assign(incident_id=rig.of(db).incident_id, assignee="ana"))
    rig.act(51, ConfirmCause(incident_id=rig.of(db).incident_id, entity="db"))
    split(rig, 60, web)
    old, new = rig.living()
    assert (old.assignee, new.assignee) == ("ana", "")
    assert old.candidates[0].confirmed
    assert not new.candidates[0].confirmed


def test_a_reload_between_changes_nothing() -> None:
    rig, db, api, _ = an_outage()
    rig.resolve(40, "web")
    web = rig.fire(60, "web")
    again = rig.reload()
    for one in (rig, again):
        one.act(70, Split(incident_id=rig.of(db).incident_id, episodes=(web.fingerprint, api.fingerprint)))
    assert again.living() == rig.living()
    assert again.moved == rig.moved
    assert again.correlator.dump() == rig.correlator.dump()


@st.composite
def parted(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Members by number, and those of them that leave."""
    members = draw(st.lists(st.integers(0, 59), min_size=2, max_size=20, unique=True))
    return members, draw(st.lists(st.sampled_from(members), min_size=1, max_size=len(members) - 1, unique=True))


def held(numbers: list[int]) -> list[Member]:
    nodes, severities = ("db", "api", "web", "cache", "?errors"), list(Severity)
    return [
        a_member(
            nodes[number % 5],
            number,
            kind=("errors", "latency")[number % 2],
            severity=severities[number % 4],
            suppressed=number % 3 == 0,
            known_bad=number % 7 == 0,
            ended=None if number % 4 else 1e10,
            owner=f"team-{number % 3}",
        )
        for number in numbers
    ]


def shape(live: Live) -> object:
    """What follows from the members alone, in whatever order they came."""
    doc = live.doc
    counts = (doc.episodes, doc.firing, doc.suppressed, doc.audible, doc.known_bad, doc.alerts, live.ended)
    tables = [
        {key: number for key, number in one.items() if number} for one in (live.severities, live.hidden, live.heard)
    ]
    companies = {key: (one.episodes, one.firing) for key, one in live.companies.items()}
    return counts, tables, companies, live.keys, live.services, live.shared, set(live.owners)


@settings(max_examples=200, deadline=None)
@given(parted())
def test_what_is_left_is_what_it_would_be_had_the_others_never_been_there(case: tuple[list[int], list[int]]) -> None:
    numbers, leaving = case
    graph = a_graph(web="api", api="db cache")
    members = held(numbers)
    live = a_live(graph, 1, *members)
    gone = [one for one, number in zip(members, numbers, strict=True) if number in leaving]
    rest = [one for one in members if one not in gone]
    live.drop(gone, rest, graph)
    alone = a_live(graph, 1, *rest)
    assert shape(live) == shape(alone)
    assert list(live.members) == list(alone.members)
    assert len(live.explained) == max(len(explained_by(graph, node, live.services.keys())) for node in live.services)
    assert all(live.firsts[node] in live.members for node in live.services)
