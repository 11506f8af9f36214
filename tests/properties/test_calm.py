"""What was learned of alerts decides over pages: it must be the same wherever entries are cut and snapshots taken."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops import fold
from aiops.domain.acts import (
    AcceptRule,
    Act,
    ApplySettings,
    ConfirmCause,
    EndRule,
    ImportTopology,
    PutRule,
    RejectRule,
    Shelve,
)
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.changes import ALERTS, INCIDENTS, RULES
from aiops.domain.entries import Command, Delivery, Payload, Tick
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.matching import Matcher
from aiops.domain.queries import Query
from aiops.domain.rules import Rule, RuleStatus, Threshold
from aiops.domain.settings import CalmSettings, Settings, SuggestSettings
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.properties.digest import contents

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SERVICES, TEXTS = ("web", "api", "db"), ("queue full", "disk io on 7", "disk io on 9")
QUICK = Settings(
    calm=CalmSettings(flapping_changes=3, calm_after=timedelta(minutes=5)),
    suggest=SuggestSettings(least=3, hours=1, shadow=timedelta(0)),
)
LEARNED = ("flapping", "holding", "profiles", "suggest", "harms", "book")  # parts
Story = list[tuple[datetime, Payload]]
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def says(now: datetime, service: str, text: str, status: str, severity: str = "high") -> Delivery:
    element = {
        "status": status,
        "labels": {"alertname": text.split()[0], "service": service, "severity": severity},
        "annotations": {"summary": text},
        "startsAt": now.isoformat(),
        "endsAt": now.isoformat() if status == "resolved" else "0001-01-01T00:00:00Z",
    }
    body = json.dumps({"version": "4", "alerts": [element]}).encode()
    return Delivery(source="alertmanager", body=body, content_type="application/json")


def before() -> Story:
    """A day on which one kind of alert came and went each hour, so that it is held back, and proposed."""
    edges = (("web", "api"), ("api", "db"))
    topology = Topology(
        services=tuple(Service(name=name, tier=1 if name == "web" else 3) for name in SERVICES),
        edges=tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in edges),
    )
    acts: tuple[Act, ...] = (ImportTopology(topology=topology), ApplySettings(settings=QUICK))
    story: Story = [(T0, Command(id=f"begin-{number}", actor="ana", act=act)) for number, act in enumerate(acts)]
    for number in range(30):
        now = T0 + number * HOUR
        story.append((now, says(now, "db", "queue full", "firing")))
        story.append((now + timedelta(seconds=40), says(now + timedelta(seconds=40), "db", "queue full", "resolved")))
    return story


def acts(now: datetime) -> st.SearchStrategy[Act]:
    """What people do about such alerts; rules, alerts and incidents are named "#0", "#1", ...: see ``told``."""
    matchers = (Matcher(field="service", value="db"),)
    mute = Rule(
        id="mute",
        verdict=Verdict.KNOWN_GOOD,
        matchers=matchers,
        owner="ana",
        reason="noise",
        expires=now + timedelta(minutes=50),
    )
    limit = Threshold(times=2, of=3, within=timedelta(minutes=10))
    one = st.integers(0, 4).map("#{}".format)
    return st.one_of(
        st.sampled_from((PutRule(rule=mute), PutRule(rule=msgspec.structs.replace(mute, id="few", threshold=limit)))),
        one.map(lambda name: AcceptRule(rule_id=name, days=1)),
        one.map(lambda name: RejectRule(rule_id=name)),
        one.map(lambda name: EndRule(rule_id=name)),
        one.map(lambda name: Shelve(fingerprint=name, minutes=7)),
        st.builds(
            lambda name, entity: ConfirmCause(incident_id=name, entity=entity), one, st.sampled_from((*SERVICES, ""))
        ),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """The day before, and up to 30 things that happen within some hours."""
    story, now = before(), T0 + 30 * HOUR
    for number in range(draw(st.integers(1, 30))):
        now += timedelta(seconds=draw(st.sampled_from((0, 5, 40, 41, 200, 400, 4_000))))
        kind = draw(st.sampled_from(("alert", "alert", "alert", "act", "tick")))
        if kind == "alert":
            service, text = draw(st.sampled_from(SERVICES)), draw(st.sampled_from(TEXTS))
            status, severity = (
                draw(st.sampled_from(("firing", "resolved"))),
                draw(st.sampled_from(("high", "critical"))),
            )
            story.append((now, says(now, service, text, status, severity)))
        elif kind == "act":
            story.append((now, Command(id=str(number), actor="bob", act=draw(acts(now)))))
        else:
            story.append((now, Tick()))
    return story


def told(story: Story) -> MemoryJournal:
    """Return a journal of the story, in which acts name what there was at that moment."""
    journal, store, engine = MemoryJournal(), MemoryStore(), Engine()
    for at, payload in story:
        if isinstance(payload, Command):
            payload = msgspec.structs.replace(payload, act=_named(payload.act, store))
        journal.append([payload], at=at)
        fold.step(engine, journal, store)
    return journal


def _named(act: Act, store: MemoryStore) -> Act:
    with store.view() as view:
        every = Query(limit=1000)
        named = {
            "incident_id": [one.incident_id for one in view.find(INCIDENTS, every).items],
            "rule_id": [one.id for one in view.find(RULES, every).items],
            "fingerprint": [one.fingerprint for one in view.find(ALERTS, every).items],
        }
    for name, ids in named.items():
        if getattr(act, name, "").startswith("#") and ids:
            return msgspec.structs.replace(act, **{name: sorted(ids)[int(getattr(act, name)[1:]) % len(ids)]})
    return act


def folded(journal: MemoryJournal, limit: int, *, forget: bool = False) -> tuple[MemoryStore, Engine]:
    """Fold a journal in batches of ``limit``; ``forget``: start again from a snapshot after each."""
    store = MemoryStore()
    engine = fold.recover(store)
    while fold.step(engine, journal, store, limit):
        if forget:
            fold.snapshot(engine, store)
            engine = fold.recover(store)
    return store, engine


@SLOW
@given(stories(), st.integers(1, 9))
def test_what_was_learned_is_the_same_wherever_entries_are_cut_and_snapshots_taken(story: Story, cut: int) -> None:
    journal = told(story)
    store, engine = folded(journal, 10_000)
    at_once, state = contents(store), engine.dump()
    for limit, forget in ((cut, False), (cut, True)):
        store, engine = folded(journal, limit, forget=forget)
        assert contents(store) == at_once
        assert {name: engine.dump()[name] for name in LEARNED} == {name: state[name] for name in LEARNED}


@SLOW
@given(stories())
def test_the_ledger_balances_and_every_mute_has_its_reason(story: Story) -> None:
    engine, journal = Engine(), told(story)
    for entry in journal.read(None, 10_000):
        changes = engine.run([entry])
        assert engine.ledger.check() == []
        for alert in changes.of(ALERTS):
            assert not _unexplained(alert), (alert.suppressed_by, alert.lifted, alert.reasons)


def _unexplained(alert: Alert) -> list[str]:
    """Return what hides an alert, or hid it last, and is not told among its reasons."""
    texts = " ".join(reason.text for reason in alert.reasons)
    kept = [*alert.suppressed_by, *filter(None, [alert.lifted])]
    return [one.id for one in kept if one.id not in texts and one.text not in texts]


@SLOW
@given(stories())
def test_nothing_critical_is_ever_held_back_and_no_proposal_ever_hides(story: Story) -> None:
    engine, journal = Engine(), told(story)
    for entry in journal.read(None, 10_000):
        changes = engine.run([entry])
        waiting = {key for key, status in engine.book.statuses().items() if status is RuleStatus.SHADOW}
        for alert in changes.of(ALERTS):
            keeps = {(one.kind, one.id) for one in alert.suppressed_by}
            assert not waiting.intersection(key for _, key in keeps)
            if alert.severity.value == "critical" or alert.verdict is Verdict.KNOWN_BAD:
                assert "held" not in {kind for kind, _ in keeps}


def test_the_stories_do_reach_what_they_are_about() -> None:
    """Else the laws above would be of nothing: held back, proposed, flapping."""
    story, now = before(), T0 + 30 * HOUR
    for number in range(8):
        status, now = "resolved" if number % 2 else "firing", now + timedelta(seconds=60)
        story.append((now, says(now, "api", "disk io on 7", status)))
    store, _ = folded(told(story), 100)
    with store.view() as view:
        alerts = {alert.entity.name: alert for alert in view.find(ALERTS, Query(limit=1000)).items}
        rules = view.find(RULES, Query(limit=1000)).items
    assert [one.kind for one in alerts["db"].suppressed_by] == ["held"]
    assert alerts["api"].flapping
    assert [rule.status for rule in rules] == [RuleStatus.SHADOW]
