"""What was learned of alerts decides over pages: it must be the same wherever entries are cut and snapshots taken."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from aiops.domain.documents import ALERTS, INCIDENTS, RULES
from aiops.domain.entries import Command, Delivery, Tick
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.queries import Query
from aiops.domain.rules import Rule, RuleStatus, Threshold
from aiops.domain.settings import CalmSettings, Settings, SuggestSettings
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import a_mute
from tests.properties.digest import contents
from tests.properties.folding import Story, lived, told_to

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SERVICES, TEXTS = ("web", "api", "db"), ("queue full", "disk io on 7", "disk io on 9")
CAUSES = ("db", *SERVICES, "")  # db twice: most is about it
QUICK = Settings(
    calm=CalmSettings(flapping_changes=3, calm_after=timedelta(minutes=5)),
    suggest=SuggestSettings(least=3, hours=1, shadow=timedelta(0)),
)
LEARNED = ("flapping", "holding", "profiles", "suggest", "harms", "book")  # parts
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


def rules(now: datetime) -> tuple[Rule, Rule]:
    """Return a mute of db, and one that hides it only while few of its states fire."""
    mute = a_mute(expires=now + timedelta(minutes=50))
    limit = Threshold(times=2, of=3, within=timedelta(minutes=10))
    return mute, msgspec.structs.replace(mute, id="few", threshold=limit)


def acts(now: datetime) -> st.SearchStrategy[Act]:
    """What people do about such alerts; rules, alerts and incidents are named "#0", the newest, "#1", ...: ``told``."""
    mute, few = rules(now)
    one = st.sampled_from(("#0", "#0", "#1", "#2"))
    return st.one_of(
        st.just(PutRule(rule=mute)),
        st.just(PutRule(rule=few)),
        one.map(lambda name: AcceptRule(rule_id=name, days=1)),
        one.map(lambda name: RejectRule(rule_id=name)),
        one.map(lambda name: EndRule(rule_id=name)),
        one.map(lambda name: Shelve(fingerprint=name, minutes=7)),
        st.builds(
            lambda name, entity: ConfirmCause(incident_id=name, entity=entity),
            one,
            st.sampled_from(CAUSES),
        ),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """The day before, and ten to thirty things that happen within some hours."""
    story, now = before(), T0 + 30 * HOUR
    first: tuple[Act, ...] = (
        *(PutRule(rule=rule) for rule in rules(now)),
        AcceptRule(rule_id="#0"),
    )  # what was proposed that day
    story.append((now, Command(id="first", actor="bob", act=draw(st.sampled_from(first)))))
    for number in range(draw(st.integers(10, 30))):
        now += timedelta(seconds=draw(st.sampled_from((0, 5, 40, 41, 200, 400, 4_000))))
        kind = draw(st.sampled_from(("alert", "alert", "alert", "act", "act", "comes and goes", "outage", "tick")))
        if kind == "alert":
            service, text = draw(st.sampled_from(SERVICES)), draw(st.sampled_from(TEXTS))
            status, severity = (
                draw(st.sampled_from(("firing", "resolved"))),
                draw(st.sampled_from(("high", "critical"))),
            )
            story.append((now, says(now, service, text, status, severity)))
        elif kind == "act":
            story.append((now, Command(id=str(number), actor="bob", act=draw(acts(now)))))
        elif kind == "comes and goes":
            service, text = draw(st.sampled_from(SERVICES)), draw(st.sampled_from(TEXTS))
            for change in range(draw(st.integers(3, 6))):
                now += timedelta(seconds=60)
                story.append((now, says(now, service, text, "resolved" if change % 2 else "firing")))
        elif kind == "outage":
            cause = ConfirmCause(incident_id="#0", entity=(service := draw(st.sampled_from(SERVICES))))
            story.append((now, says(now, service, "all is down", "firing", "critical")))
            now += timedelta(seconds=40)
            story.append((now, Command(id=str(number), actor="bob", act=cause)))
        else:
            story.append((now, Tick()))
    return story


def told(story: Story) -> MemoryJournal:
    return told_to(story, _named)


def _named(act: Act, store: MemoryStore) -> Act:
    with store.view() as view:
        named = {
            "incident_id": [one.incident_id for one in view.find(INCIDENTS, Query(order=("-opened_at",))).items],
            "rule_id": [one.id for one in view.find(RULES, Query(order=("-created_at",))).items],
            "fingerprint": [one.fingerprint for one in view.find(ALERTS, Query(order=("-last_seen",))).items],
        }
    for name, ids in named.items():
        if getattr(act, name, "").startswith("#") and ids:
            return msgspec.structs.replace(act, **{name: ids[int(getattr(act, name)[1:]) % len(ids)]})
    return act


@SLOW
@given(stories(), st.integers(1, 9))
def test_what_was_learned_is_the_same_wherever_entries_are_cut_and_snapshots_taken(story: Story, cut: int) -> None:
    journal = told(story)
    store, engine = lived(journal, 10_000)
    at_once, state = contents(store), engine.dump()
    for forget in (0, 1):
        store, engine = lived(journal, cut, forget_every=forget)
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


REACHED: dict[str, Callable[[object], bool]] = {
    "held back": lambda one: isinstance(one, Alert) and "held" in _hiding(one),
    "hidden by a rule": lambda one: isinstance(one, Alert) and "rule" in _hiding(one),
    "shelved": lambda one: isinstance(one, Alert) and "shelved" in _hiding(one),
    "a rule hides it no longer": lambda one: isinstance(one, Alert) and bool(one.lifted and one.lifted.kind == "rule"),
    "flapping": lambda one: isinstance(one, Alert) and one.flapping > 0,
    "a threshold counts": lambda one: isinstance(one, Rule) and one.threshold is not None and one.hits > 0,
    "a rule did harm": lambda one: isinstance(one, Rule) and one.status is RuleStatus.SUSPENDED,
    "a proposal decides": lambda one: isinstance(one, Rule) and bool(one.grounds and one.active_since),
}


def _hiding(alert: Alert) -> set[str]:
    return {one.kind for one in alert.suppressed_by}


def test_the_stories_do_reach_what_they_are_about() -> None:
    """Else the laws above would be of nothing: as many stories as each law is tried on get everywhere."""
    reached: set[str] = set()

    @settings(SLOW, derandomize=True, database=None)
    @given(stories())
    def look(story: Story) -> None:
        engine = Engine()
        for entry in told(story).read(None, 10_000):
            changes = engine.run([entry])
            for one in (*changes.of(ALERTS), *changes.of(RULES)):
                reached.update(name for name, is_there in REACHED.items() if is_there(one))

    look()
    assert reached == REACHED.keys()
