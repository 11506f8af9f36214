"""What would have happened under other rules, another graph, other settings: matched, named, and nothing else."""

from datetime import timedelta

import msgspec
import pytest

from aiops import fold
from aiops.domain.acts import Acknowledge, Act, EndRule, ImportTopology, PutRule, PutSignatures
from aiops.domain.documents import COLLECTIONS, INCIDENTS
from aiops.domain.entries import Command, Delivery, Entry, Position, Tick
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.incidents import Incident
from aiops.domain.queries import Query
from aiops.domain.rules import Rule
from aiops.domain.settings import CorrelationSettings, PagingSettings, Settings
from aiops.domain.signatures import How, Logsource, Says, Signature
from aiops.engine import Engine
from aiops.replay.instead import Instead
from aiops.replay.running import run
from aiops.replay.whatif import WhatIf, what_if
from aiops.storage.memory import MemoryJournal, MemoryStore
from aiops.walking import documents_of
from api.ui.report import report
from tests.builders import T0, a_delivery, a_mute, at

HOUR = 3_600


def alert(service: str, text: str = "is down", status: str = "firing") -> Delivery:
    body = {"title": f"{service} {text}", "severity": "critical", "status": status, "labels": {"service": service}}
    return a_delivery(body, source="test")


def muting(service: str, rule_id: str = "mute") -> Rule:
    return a_mute(f"service={service}", id=rule_id)


def graph(*pairs: tuple[str, str]) -> Topology:
    names = sorted({name for pair in pairs for name in pair})
    return Topology(
        services=tuple(Service(name=name) for name in names),
        edges=tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in pairs),
    )


class Past:
    """Two hours: api and its database fail together, and an hour later a printer does."""

    def __init__(self) -> None:
        self.journal, self.store, self.engine = MemoryJournal(), MemoryStore(), Engine()
        self.say(0, ImportTopology(topology=graph(("api", "db"))))
        self.hear(10, alert("db"))
        self.hear(20, alert("api"))
        self.hear(HOUR, alert("printer"))

    def hear(self, seconds: float, delivery: Delivery) -> None:
        self.journal.append([delivery], at=at(seconds))
        self.fold()

    def say(self, seconds: float, act: Act, actor: str = "ana") -> None:
        count = len(self.journal.read(None, 1_000))
        self.journal.append([Command(id=f"c{count}", actor=actor, act=act)], at=at(seconds))
        self.fold()

    def wait(self, until: float) -> None:
        self.journal.append([Tick()], at=at(until))
        self.fold()

    def fold(self) -> None:
        while fold.step(self.engine, self.journal, self.store):
            pass

    def incident(self, service: str) -> Incident:
        with self.store.view() as view:
            return next(one for one in view.find(INCIDENTS, Query()).items if service in one.services)

    def if_(self, instead: Instead, since: float | None = None, until: float | None = None) -> WhatIf:
        begin, end = (None if moment is None else at(moment) for moment in (since, until))
        return what_if(self.journal, self.store, instead, begin, end)


@pytest.fixture
def past() -> Past:
    past = Past()
    past.hear(2 * HOUR, alert("lamp"))
    past.wait(2 * HOUR + 90)
    return past


def kinds(found: WhatIf) -> list[str]:
    return sorted(one.kind for one in found.divergence.incidents)


def test_history_as_it_was_differs_in_nothing(past: Past) -> None:
    found = past.if_(Instead())
    assert found.divergence.empty
    assert (found.set_aside, found.refused, found.changed) == ((), (), "nothing changed")
    assert found.divergence.incidents_before == 3
    assert found.divergence.pages_before == found.divergence.pages_after == 3


def test_the_same_rules_graph_and_settings_lead_to_the_same_bytes(past: Past) -> None:
    """The law behind the comparison: what is not changed comes out the same, from any point on."""
    for since in (None, 15, HOUR):
        found = past.if_(Instead(settings=Settings(), topology=graph(("api", "db")), rules=()), since)
        assert found.divergence.empty, since
    scratch = MemoryStore()
    end = past.store.position()
    assert end is not None
    run(Engine(), past.journal, scratch, end)
    with scratch.view() as again, past.store.view() as live:
        for collection in COLLECTIONS:
            one, two = (msgspec.msgpack.encode(list(documents_of(view, collection))) for view in (again, live))
            assert one == two, collection.name


def test_a_rule_that_mutes_removes_the_page_and_says_whose(past: Past) -> None:
    found = past.if_(Instead(rules=(muting("printer"),)))
    (removed,) = found.divergence.removed
    assert (removed.event, removed.worked_on) == ("opened", False)
    assert "printer" in removed.incident
    assert "would not have been sent" in removed.text
    assert (found.divergence.lost, found.divergence.added) == ((), ())
    assert kinds(found) == ["muted"]
    assert found.divergence.pages_after == found.divergence.pages_before - 1


def test_signatures_say_what_they_would_have_raised(past: Past) -> None:
    sweep = Signature(
        id="sweep",
        title="Ports swept",
        severity=Severity.HIGH,
        logsource=Logsource(),
        condition=Says(how=How.CONTAINS, values=("port sweep",)),
    )
    past.hear(2 * HOUR + 100, Delivery(source="logs", body=b"port sweep from 192.0.2.7", query={"service": "edge"}))
    past.wait(2 * HOUR + 300)
    found = past.if_(Instead(signatures=(sweep,)))
    assert found.changed == "1 signature"
    assert [("Ports swept" in one.text or "edge" in one.incident) for one in found.divergence.added] == [True]
    past.say(2 * HOUR + 310, PutSignatures(signatures=(sweep,)))
    past.hear(2 * HOUR + 320, Delivery(source="logs", body=b"port sweep once more", query={"service": "edge"}))
    past.wait(2 * HOUR + 600)
    without = past.if_(Instead(signatures=()))
    assert [one.act for one in without.set_aside] == ["put_signatures"]
    assert without.divergence.pages_after == without.divergence.pages_before - 1
    later = past.if_(Instead(signatures=()), since=2 * HOUR + 315)  # it is in force then: it ends
    assert later.divergence.pages_after == later.divergence.pages_before - 1


def test_a_page_that_somebody_acted_on_is_lost_not_removed(past: Past) -> None:
    past.say(2 * HOUR + 95, Acknowledge(incident_id=past.incident("printer").incident_id))
    found = past.if_(Instead(rules=(muting("printer"),)))
    (lost,) = found.divergence.lost
    assert lost.worked_on
    assert found.divergence.removed == ()


def test_what_the_system_did_is_nobodys_act(past: Past) -> None:
    past.say(2 * HOUR + 95, Acknowledge(incident_id=past.incident("printer").incident_id), actor="system:test")
    assert past.if_(Instead(rules=(muting("printer"),))).divergence.lost == ()


def test_without_the_edge_the_incident_is_split(past: Past) -> None:
    found = past.if_(Instead(topology=graph(("web", "cache"))))
    (split,) = [one for one in found.divergence.incidents if one.kind == "split"]
    assert len(split.before) == 1
    assert len(split.after) == 2
    assert [one.act for one in found.set_aside] == ["import_topology"]
    (added,) = found.divergence.added
    assert "would have been sent" in added.text


def test_with_an_edge_more_two_incidents_are_one() -> None:
    past = Past()
    past.hear(HOUR + 5, alert("spooler"))
    past.wait(2 * HOUR)
    found = past.if_(Instead(topology=graph(("api", "db"), ("printer", "spooler"))))
    (merged,) = [one for one in found.divergence.incidents if one.kind == "merged"]
    assert (len(merged.before), len(merged.after)) == (2, 1)
    assert len(found.divergence.removed) == 1


def test_the_other_way_round_the_cause_is_another(past: Past) -> None:
    found = past.if_(Instead(topology=graph(("db", "api"))))
    (recaused,) = [one for one in found.divergence.incidents if one.kind == "recaused"]
    assert "first candidate api, in place of db" in recaused.text


def test_a_longer_hold_moves_pages(past: Past) -> None:
    settings = Settings(paging=PagingSettings(hold=timedelta(seconds=75)))
    found = past.if_(Instead(settings=settings))
    assert {one.text.split("would have come ")[1] for one in found.divergence.moved} == {"60 s later"}
    assert found.divergence.removed == found.divergence.added == ()


def test_a_change_counts_from_its_time_on(past: Past) -> None:
    rules = (muting("printer"), muting("db", "mute-db"))
    assert len(past.if_(Instead(rules=rules), since=HOUR - 1).divergence.incidents) == 1
    assert len(past.if_(Instead(rules=rules), since=HOUR + 60).divergence.incidents) == 1  # muted while it fires
    assert past.if_(Instead(rules=(muting("lamp"),)), until=HOUR).divergence.empty


def test_a_replay_ends_with_the_last_entry_of_its_time(past: Past) -> None:
    assert past.if_(Instead(), until=HOUR).until == "0-4"
    assert past.if_(Instead(), since=15, until=HOUR).entries == 2


@pytest.mark.parametrize(("since", "until"), [(9 * HOUR, None), (None, -5), (30, 25)])
def test_a_time_of_which_nothing_is_known_is_refused(past: Past, since: float | None, until: float | None) -> None:
    with pytest.raises(BadInput, match="holds nothing of that time"):
        past.if_(Instead(), since, until)


def test_rules_of_history_are_set_aside_and_named(past: Past) -> None:
    past.say(2 * HOUR + 100, PutRule(rule=muting("lamp", "of-history")))
    past.say(2 * HOUR + 110, EndRule(rule_id="of-history"))
    found = past.if_(Instead(rules=()))
    assert [one.act for one in found.set_aside] == ["put_rule", "end_rule"]
    assert found.refused == ()


def test_rules_that_held_before_end_where_the_replay_begins() -> None:
    past = Past()
    past.say(HOUR + 10, PutRule(rule=muting("lamp", "of-history")))
    past.hear(2 * HOUR, alert("lamp"))
    past.wait(2 * HOUR + 90)
    found = past.if_(Instead(rules=()), since=HOUR + 60)
    (added,) = found.divergence.added
    assert "lamp" in added.incident
    assert kinds(found) == ["unmuted"]


def test_a_command_that_no_longer_applies_is_named(past: Past) -> None:
    past.say(2 * HOUR + 130, Acknowledge(incident_id=past.incident("api").incident_id))
    past.say(2 * HOUR + 140, EndRule(rule_id="nothing"))  # was refused then: nothing new
    past.hear(2 * HOUR + 150, alert("lamp", status="resolved"))
    past.say(2 * HOUR + 170, Acknowledge(incident_id=past.incident("lamp").incident_id))
    sooner = CorrelationSettings(close_after=timedelta(seconds=1), resolve_after=timedelta(0))
    found = past.if_(Instead(settings=Settings(correlation=sooner)))
    assert [(one.act, one.position) for one in found.refused] == [("acknowledge", "0-10")]
    assert found.refused[0].text


def test_a_rule_that_cannot_stand_then_is_refused_with_the_time(past: Past) -> None:
    bad = msgspec.structs.replace(muting("lamp"), expires=T0 - timedelta(days=1))
    with pytest.raises(BadInput, match=r"cannot stand at 2026-.*has passed"):
        past.if_(Instead(rules=(bad,)))


def test_a_rule_written_for_a_year_from_today_stands_in_the_past(past: Past) -> None:
    long = msgspec.structs.replace(muting("printer"), expires=T0 + timedelta(days=900))
    assert len(past.if_(Instead(rules=(long,))).divergence.removed) == 1


def test_the_nearest_snapshot_before_is_where_it_begins(past: Past) -> None:
    """With the journal's beginning gone, the state of then comes from a snapshot; without one that is said."""
    whole = past.if_(Instead(rules=(muting("lamp"),)), since=2 * HOUR)
    past = Past()
    fold.snapshot(past.engine, past.store)
    past.hear(2 * HOUR, alert("lamp"))
    past.wait(2 * HOUR + 90)
    fold.snapshot(past.engine, past.store)  # a newer one, of too late
    short = _Shortened(past.journal, first=4)
    found = what_if(short, past.store, Instead(rules=(muting("lamp"),)), at(2 * HOUR))
    assert found.divergence.removed == whole.divergence.removed
    with pytest.raises(BadInput, match="no snapshot of before"):
        what_if(short, past.store, Instead(), at(HOUR))


def test_without_a_time_it_begins_as_far_back_as_is_known() -> None:
    past = Past()
    past.hear(2 * HOUR, alert("lamp"))
    past.wait(2 * HOUR + 90)
    fold.snapshot(past.engine, past.store)
    since = past.engine.now
    past.hear(4 * HOUR, alert("lamp", "is down again"))
    past.wait(4 * HOUR + 90)
    fold.snapshot(past.engine, past.store)
    past.hear(6 * HOUR, alert("door"))
    short = _Shortened(past.journal, first=4)
    found = what_if(short, past.store, Instead(rules=(muting("lamp"),)))
    assert found.since is None
    entries = [one for one in past.journal.read(None, 1_000) if one.received_at > since]
    assert found.entries == len(entries)


class _Shortened(MemoryJournal):
    """A journal whose first entries were dropped."""

    def __init__(self, journal: MemoryJournal, first: int) -> None:
        super().__init__()
        self._inner, self._first = journal, first

    def read(self, after: Position | None, limit: int) -> list[Entry]:
        entries = self._inner.read(after, 10_000)
        return [entry for entry in entries if entry.position.offset >= self._first][:limit]


def test_an_entry_the_engine_fails_on_is_passed_over_under_the_change_too(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Engine._event

    def failing(self: Engine, event: object) -> None:
        if "printer" in str(event):
            raise ZeroDivisionError
        take(self, event)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "_event", failing)
    found = past.if_(Instead(rules=(muting("lamp"),)))
    assert kinds(found) == ["muted"]
    assert len(found.divergence.removed) == 1
    assert found.entries == 6


def test_store_and_journal_stay_as_they_are(past: Past) -> None:
    before, entries = past.store.position(), past.journal.read(None, 100)
    past.if_(Instead(rules=(muting("lamp"),)))
    assert past.store.position() == before
    assert past.journal.read(None, 100) == entries
    assert past.store.snapshot(fold.FORMAT) is None


def test_the_report_is_one_file_and_escapes_what_senders_say(past: Past) -> None:
    past.hear(3 * HOUR, alert("<script>alert(1)</script>"))
    html = report(past.if_(Instead(rules=(muting("printer"), muting("<script>alert(1)</script>", "x")))))
    assert "Pages removed" in html
    assert "would not have been sent" in html
    assert "<script" not in html
    assert "href=" not in html
    assert "src=" not in html
