"""The laws of the design, over stories that nobody thought of."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops import fold
from aiops.audit import audit
from aiops.domain.acts import (
    Acknowledge,
    Act,
    ApplySettings,
    Assign,
    Close,
    ConfirmCause,
    EndMapping,
    EndRule,
    EndSignature,
    EndWatch,
    ImportTopology,
    Merge,
    Move,
    PutMapping,
    PutRule,
    PutSignatures,
    PutSilence,
    PutWatch,
    Reopen,
    Reparse,
    Resolve,
    RetryPage,
    SetSource,
    Shed,
    Split,
    TryChannel,
)
from aiops.domain.alerts import Verdict
from aiops.domain.documents import ALERTS, EPISODES, FATES, INCIDENTS, SOURCES
from aiops.domain.entries import Command, Delivery, Position, Tick
from aiops.domain.events import Severity
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.matching import Matcher
from aiops.domain.queries import Query
from aiops.domain.routes import Route
from aiops.domain.rules import Rule, Silence
from aiops.domain.senders import SourceSettings, Watch
from aiops.domain.settings import PagingSettings, Settings
from aiops.domain.signatures import Correlated, Counted, How, Logsource, Says, Signature
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from api.mapped import chunk
from tests.properties.folding import Story, check_cuts, check_run_again, folded

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SERVICES = ("web", "api", "db", "cache", "ghost")
TEXTS = ("connection refused", "latency 900 ms", "disk 91% full", "error ratio 30%")
MAPPING = """source: alertmanager
events: alerts
fields:
  title: "labels.alertname || 'x'"
  status: {expr: status, default: firing}
  service: labels.service
  starts_at: startsAt
identity: [labels.alertname, labels.service]
"""
TIGHT = PagingSettings(  # so that much is held back
    hold=timedelta(0),
    most_per_route=1,
    most_per_incident=2,
    channels=("pager", "mail"),
    routes=(
        Route(name="all", channels=("mail",), goes_on=True),
        Route(name="dba", match=('service=~"db|cache"', 'alertname!="disk"')),
    ),
)
LOST = Signature(
    id="lost",
    title="no route",
    severity=Severity.HIGH,
    logsource=Logsource(),
    condition=Says(how=How.CONTAINS, values=("no route",)),
)
OFTEN = msgspec.structs.replace(
    LOST,
    id="often",
    condition=Correlated(counted=Counted.RECORDS, of=("lost",), within=timedelta(hours=1), number=2, generate=True),
)


def graph() -> Topology:
    pairs = (("web", "api"), ("api", "db"), ("api", "cache"))
    services = tuple(Service(name=name) for name in ("web", "api", "db", "cache"))
    return Topology(
        services=services, edges=tuple(Edge(source=a, relation=Relation.DEPENDS_ON, target=b) for a, b in pairs)
    )


@st.composite
def alert_posts(draw: st.DrawFn, now: datetime) -> Delivery:
    """A post of one to three alerts, some of them unreadable, late, or resolved."""
    elements: list[object] = []
    for _ in range(draw(st.integers(1, 3))):
        service, text = draw(st.sampled_from(SERVICES)), draw(st.sampled_from(TEXTS))
        began = now - timedelta(seconds=draw(st.integers(0, 900)))
        status = draw(st.sampled_from(("firing", "firing", "firing", "resolved")))
        element = {
            "status": status,
            "labels": {"alertname": text.split()[0], "service": service, "severity": draw(st.sampled_from("wch"))},
            "annotations": {"summary": text},
            "startsAt": began.isoformat(),
            "endsAt": now.isoformat() if status == "resolved" else "0001-01-01T00:00:00Z",
        }
        elements.append(draw(st.sampled_from((element, element, element, "not an alert"))))
    body = json.dumps({"version": "4", "alerts": elements}).encode()
    return Delivery(source="alertmanager", body=body, content_type="application/json")


def log_posts() -> st.SearchStrategy[Delivery]:
    lines = st.lists(st.sampled_from(('{"level":"error","message":"no route 7"}', "plain 12", "")), max_size=4)
    return lines.map(lambda texts: Delivery(source="logs", body="\n".join(texts).encode(), query={"service": "api"}))


def acts(now: datetime) -> st.SearchStrategy[Act]:
    """Things people do, wise or not. Incidents are named "#0", "#1", ...: see ``told``."""
    matchers = (Matcher(field="service", value="db"),)
    later = now + timedelta(minutes=7)
    good = Rule(id="r", verdict=Verdict.KNOWN_GOOD, matchers=matchers, owner="ana", reason="noise", expires=later)
    bad = Rule(id="b", verdict=Verdict.KNOWN_BAD, matchers=matchers, owner="ana", reason="harm", review=later)
    silence = Silence(id="s", matchers=matchers, owner="ana", reason="work", starts_at=now, ends_at=later)
    soon = msgspec.structs.replace(silence, id="soon", starts_at=now + timedelta(minutes=2))
    watch = Watch(id="w", source="alertmanager", every=timedelta(minutes=3))
    quick = SourceSettings(source="alertmanager", expire_after=timedelta(minutes=9))
    senders = (
        PutMapping(text=MAPPING),
        EndMapping(source="alertmanager"),
        PutWatch(watch=watch),
        EndWatch(watch_id="w"),
    )
    anew = Reparse(source="alertmanager", based_on=Position(0, 0), kept=())
    picks = st.lists(st.integers(0, 5).map(str), min_size=1, max_size=3).map(tuple)
    one, other = st.integers(0, 3).map("#{}".format), st.integers(0, 3).map("#{}".format)
    fixed = (PutRule(rule=good), PutRule(rule=bad), EndRule(rule_id="r"), PutSilence(silence=silence))
    signatures = (PutSignatures(signatures=(LOST, OFTEN)), EndSignature(signature_id="lost"))
    return st.one_of(
        st.sampled_from((*fixed, PutSilence(silence=soon), ImportTopology(topology=graph()))),
        st.sampled_from(
            (*senders, SetSource(settings=quick), anew, anew, msgspec.structs.replace(anew, source="logs"))
        ),
        st.sampled_from(signatures),
        st.builds(ApplySettings, settings=st.just(Settings(paging=TIGHT))),
        st.just(TryChannel(channel="mail")),
        st.just(RetryPage(page_id="none")),
        st.builds(Shed, work=st.sampled_from(("embedding", "enrichment")), on=st.booleans(), text=st.just("load")),
        one.map(lambda name: Acknowledge(incident_id=name)),
        one.map(lambda name: Assign(incident_id=name, assignee="bob")),
        one.map(lambda name: Resolve(incident_id=name)),
        one.map(lambda name: Close(incident_id=name)),
        one.map(lambda name: Reopen(incident_id=name)),
        st.builds(lambda name, entity: ConfirmCause(incident_id=name, entity=entity), one, st.sampled_from(SERVICES)),
        st.builds(lambda name, second: Merge(incident_id=name, other_id=second), one, other),
        st.builds(lambda name, second, some: Move(incident_id=name, other_id=second, episodes=some), one, other, picks),
        st.builds(lambda name, some: Split(incident_id=name, episodes=some), one, picks),
        st.builds(lambda name, some: Split(incident_id=name, episodes=some), one, picks),
    )


def told(story: Story) -> MemoryJournal:
    """Return a journal of the story, in which acts name the incidents that there were at that moment."""
    journal, store, engine = MemoryJournal(), MemoryStore(), Engine()
    for at, payload in story:
        if isinstance(payload, Command):
            with store.view() as view:
                ids = [one.incident_id for one in view.find(INCIDENTS, Query(order=("number",), limit=1000)).items]
                act = _filled(payload.act, store, journal) if isinstance(payload.act, Reparse) else payload.act
            payload = msgspec.structs.replace(payload, act=_picked(_named(act, ids), store))
        journal.append([payload], at=at)
        fold.step(engine, journal, store)
    return journal


def _filled(act: Reparse, store: MemoryStore, journal: MemoryJournal) -> Act:
    """Let it read anew all that came of its source so far."""
    with store.view() as view:
        kept, position = chunk(view, journal, act.source, T0).kept, view.position() or Position(0, 0)
    return msgspec.structs.replace(act, kept=kept, based_on=position)


def _named(act: Act, ids: list[str]) -> Act:
    """Put real ids in the place of "#0", "#1", ..."""
    names = [name for name in ("incident_id", "other_id") if getattr(act, name, "").startswith("#") and ids]
    return msgspec.structs.replace(act, **{name: ids[int(getattr(act, name)[1:]) % len(ids)] for name in names})


def _picked(act: Act, store: MemoryStore) -> Act:
    """Put real episodes of the incident in the place of numbers."""
    if not isinstance(act, Move | Split):
        return act
    with store.view() as view:
        found = view.get(INCIDENTS, act.incident_id)
        ids = (found.incident_id, *found.merged_from) if found else ()
        members = [one.episode_id for one in view.find(EPISODES, Query(where={"incident": ids}, limit=1000)).items]
    return msgspec.structs.replace(
        act, episodes=tuple(members[int(one) % len(members)] for one in act.episodes if members)
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Up to 25 things that happen within some hours."""
    now = T0
    story: Story = [(now, Command(id="graph", actor="ana", act=ImportTopology(topology=graph())))]
    for number in range(draw(st.integers(1, 25))):
        now += timedelta(seconds=draw(st.sampled_from((0, 1, 9, 40, 200, 1000, 20_000))))
        kind = draw(st.sampled_from(("alert", "alert", "alert", "logs", "act", "act", "tick", "rubbish")))
        if kind == "alert":
            story.append((now, draw(alert_posts(now))))
        elif kind == "logs":
            story.append((now, draw(log_posts())))
        elif kind == "act":
            story.append((now, Command(id=str(number), actor="ana", act=draw(acts(now)))))
        elif kind == "tick":
            story.append((now, Tick()))
        else:
            story.append((now, Delivery(source="acme", body=draw(st.binary(max_size=30)))))
    return story


SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(stories(), st.integers(1, 7), st.integers(1, 4))
def test_replay_is_equal_wherever_batches_are_cut_and_snapshots_taken(story: Story, cut: int, forget: int) -> None:
    check_cuts(told(story), cut, forget)


@SLOW
@given(stories(), st.integers(0, 10))
def test_running_entries_again_after_a_crash_changes_nothing(story: Story, lost: int) -> None:
    check_run_again(told(story), max(1, len(story) - lost))


@SLOW
@given(stories())
def test_the_ledger_balances_after_every_entry(story: Story) -> None:
    engine, journal = Engine(), told(story)
    for entry in journal.read(None, 10_000):
        engine.run([entry])
        assert engine.ledger.check() == []


@SLOW
@given(stories())
def test_counts_fates_and_incidents_say_the_same(story: Story) -> None:
    store = folded(told(story), 10_000)
    with store.view() as view:
        fates = view.find(FATES, Query(limit=1000)).items
        lines = view.find(SOURCES, Query(limit=1000)).items
        episodes = view.find(EPISODES, Query(limit=1000)).items
        incidents = view.find(INCIDENTS, Query(limit=1000)).items
        alerts = view.find(ALERTS, Query(limit=1000)).items
        assert audit(view).findings == ()
    by_id = {one.episode_id: one for one in episodes}
    assert all(by_id[alert.episode.episode_id].incident_id == alert.episode.incident_id for alert in alerts)
    for fate in ("suppressed", "grouped", "standalone"):
        by_episode = sum(sum(item.events.values()) for item in fates if item.fate == fate)
        assert by_episode == sum(getattr(line, fate) for line in lines)
    living = {key for one in incidents if one.status != "merged" for key in (one.incident_id, *one.merged_from)}
    assert {episode.incident_id for episode in episodes} <= {*living, ""}
    for incident in incidents:
        if incident.status != "merged":
            members = [e for e in episodes if e.incident_id in (incident.incident_id, *incident.merged_from)]
            assert incident.episodes == len(members)
            assert members or incident.status == "closed"  # what it held fired on, and is in another one
            assert incident.firing == sum(member.open for member in members)
            assert incident.alerts == sum(member.events for member in members)


def test_the_demos_day_is_the_same_under_any_hash_seed() -> None:
    digests = set()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-m", "tests.properties.digest"]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=100)
        digests.add(run.stdout)
    assert len(digests) == 1
