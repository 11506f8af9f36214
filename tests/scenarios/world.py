"""A small world to tell stories in: things happen at relative seconds, and the same engine as everywhere decides.

world.topology("web -> api -> db")
world.at(0).alert("db", "connection refused")
world.expect(at=60).incident(root_cause="db", members=1)
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from aiops import fold
from aiops.domain.acts import Act, ImportTopology, Outcome, PutRule, PutSilence
from aiops.domain.alerts import Alert, Episode, EventRecord, Verdict
from aiops.domain.collection import Collection
from aiops.domain.documents import ALERTS, EPISODES, EVENTS, INCIDENTS, OUTCOMES, PAGES, SOURCES, TIMELINE
from aiops.domain.entries import Command, Delivery, Learned, Payload, Tick
from aiops.domain.events import Severity
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.incidents import Incident, IncidentStatus, Page
from aiops.domain.matching import parse_matcher
from aiops.domain.queries import Query
from aiops.domain.rules import Rule, Silence
from aiops.storage.memory import MemoryJournal, MemoryStore
from correlation.embedding import Embedder
from correlation.families import learn_once
from ingestion.templates_study import study

T = TypeVar("T")
T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class World:
    """Tells a journal what happens, in order of time, and shows what the engine made of it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._moments: list[tuple[float, int, Payload | None]] = []  # None: templates are clustered

    def topology(self, *chains: str, seconds: float = 0) -> None:
        """Declare the whole graph: "web -> api -> db" for depends_on, "db @ host1" for runs_on."""
        services: dict[str, Service] = {}
        edges: list[Edge] = []
        for chain in chains:
            relation, arrow = (Relation.RUNS_ON, "@") if "@" in chain else (Relation.DEPENDS_ON, "->")
            names = [name.strip() for name in chain.split(arrow)]
            services |= {name: Service(name=name, owner=f"team-{name}") for name in names}
            edges += [Edge(source=one, relation=relation, target=two) for one, two in pairwise(names)]
        self._add(seconds, ImportTopology(topology=Topology(services=tuple(services.values()), edges=tuple(edges))))

    def at(self, seconds: float) -> "Moment":
        """What follows happens ``seconds`` after the start."""
        return Moment(self, seconds)

    def add(self, seconds: float, payload: Payload | None) -> None:
        """Let ``payload`` come in at that time; None: what the learner finds out then."""
        self._moments.append((seconds, len(self._moments), payload))

    def _learned(self, store: MemoryStore) -> list[Learned]:
        with store.view() as view:
            return [*study(view), *learn_once(store, None, self._embedder)]

    def _add(self, seconds: float, act: Act) -> None:
        self.add(seconds, Command(id=f"act-{len(self._moments)}", actor="ana", act=act))

    def expect(self, at: float) -> "Seen":
        """Run all up to ``at`` in a new engine and show the result."""
        journal, store = MemoryJournal(), MemoryStore()
        engine = fold.recover(store)
        for seconds, _, payload in sorted(moment for moment in self._moments if moment[0] <= at):
            now = T0 + timedelta(seconds=seconds)
            payloads = [payload] if payload else self._learned(store)
            journal.append(payloads, at=now)
            fold.step(engine, journal, store)
        journal.append([Tick()], at=T0 + timedelta(seconds=at))
        fold.step(engine, journal, store)
        return Seen(store, journal)


@dataclass(frozen=True)
class Moment:
    """One point in time at which things happen."""

    world: World
    seconds: float

    @property
    def now(self) -> datetime:
        return T0 + timedelta(seconds=self.seconds)

    def alert(
        self, service: str, text: str, severity: str = "high", *, said_at: float | None = None, **labels: str
    ) -> "Moment":
        """``service`` begins (or goes on) to complain; ``said_at``: when its sender says that it began."""
        return self._alert("firing", service, text, severity, said_at, labels)

    def resolved(
        self,
        service: str,
        text: str,
        severity: str = "high",
        *,
        began: float = 0,
        ended: float | None = None,
        **labels: str,
    ) -> "Moment":
        """The complaint that began at ``began`` is over since ``ended`` (now, unless said)."""
        return self._alert("resolved", service, text, severity, began, labels, ended)

    def _alert(
        self,
        status: str,
        service: str,
        text: str,
        severity: str,
        began: float | None,
        labels: dict[str, str],
        ended: float | None = None,
    ) -> "Moment":
        begins = T0 + timedelta(seconds=self.seconds if began is None else began)
        ends = T0 + timedelta(seconds=self.seconds if ended is None else ended)
        named = {"service": service, "severity": severity, **labels}
        named.setdefault("alertname", "".join(word.title() for word in text.split() if word.isalpha()))
        element = {
            "status": status,
            "labels": named,
            "annotations": {"summary": text},
            "startsAt": begins.isoformat(),
            "endsAt": ends.isoformat() if status == "resolved" else "0001-01-01T00:00:00Z",
        }
        body = json.dumps({"version": "4", "status": status, "alerts": [element]}).encode()
        self.world.add(self.seconds, Delivery(source="alertmanager", body=body, content_type="application/json"))
        return self

    def topology(self, *chains: str) -> "Moment":
        """The graph is this from now on."""
        self.world.topology(*chains, seconds=self.seconds)
        return self

    def logs(self, service: str, lines: Iterable[str], level: str = "info") -> "Moment":
        """``service`` logs these lines."""
        body = "\n".join(json.dumps({"level": level, "message": line}) for line in lines).encode()
        delivery = Delivery(source="logs", body=body, content_type="application/x-ndjson", query={"service": service})
        self.world.add(self.seconds, delivery)
        return self

    def known_good(self, rule_id: str, *matchers: str, days: float = 30, ceiling: str = "") -> "Moment":
        """Ana mutes a pattern, up to the severity ``ceiling`` if it is given."""
        parsed = tuple(parse_matcher(text, "scenario") for text in matchers)
        expires = self.now + timedelta(days=days)
        rule = Rule(
            id=rule_id,
            verdict=Verdict.KNOWN_GOOD,
            matchers=parsed,
            owner="ana",
            reason="noise",
            expires=expires,
            ceiling=Severity(ceiling) if ceiling else None,
        )
        return self.act(PutRule(rule=rule))

    def known_bad(self, rule_id: str, *matchers: str) -> "Moment":
        """Ana marks a pattern as one that always matters."""
        parsed = tuple(parse_matcher(text, "scenario") for text in matchers)
        review = self.now + timedelta(days=90)
        rule = Rule(id=rule_id, verdict=Verdict.KNOWN_BAD, matchers=parsed, owner="ana", reason="harm", review=review)
        return self.act(PutRule(rule=rule))

    def silence(self, silence_id: str, *matchers: str, minutes: float) -> "Moment":
        """Ana silences alerts for a while."""
        parsed = tuple(parse_matcher(text, "scenario") for text in matchers)
        ends = self.now + timedelta(minutes=minutes)
        silence = Silence(id=silence_id, matchers=parsed, owner="ana", reason="work", starts_at=self.now, ends_at=ends)
        return self.act(PutSilence(silence=silence))

    def learn(self) -> "Moment":
        """The learner makes the choices that wait, and clusters all templates known by now."""
        self.world.add(self.seconds, None)
        return self

    def act(self, act: Act, actor: str = "ana") -> "Moment":
        """Somebody does something."""
        self.world.add(self.seconds, Command(id=f"{act}-{self.seconds}", actor=actor, act=act))
        return self


class Seen:
    """What is in the store at that moment."""

    def __init__(self, store: MemoryStore, journal: MemoryJournal) -> None:
        self.store, self.journal = store, journal

    def all(self, collection: Collection[T]) -> list[T]:
        """Every document of one collection."""
        with self.store.view() as view:
            return view.find(collection, Query(limit=1000)).items

    @property
    def incidents(self) -> list[Incident]:
        """Those that were not merged away, in the order in which they were opened."""
        with self.store.view() as view:
            unless = {"status": (IncidentStatus.MERGED,)}
            return view.find(INCIDENTS, Query(unless=unless, order=("number",), limit=1000)).items

    def incident(
        self, *, root_cause: str | None = None, members: int | None = None, because: str = "", having: str = ""
    ) -> Incident:
        """Find the one incident (that has the service ``having``) and check it; return it."""
        found = [incident for incident in self.incidents if not having or having in incident.services]
        assert len(found) == 1, f"expected one incident, got {[(i.title, i.services) for i in found]}"
        incident = found[0]
        if root_cause is not None:
            assert incident.candidates, f"no candidate: {incident.abstained}"
            assert incident.candidates[0].entity == root_cause, [(c.entity, c.probability) for c in incident.candidates]
        if members is not None:
            assert incident.episodes == members == len(self.members(incident)), self.members(incident)
        texts = [reason.text for candidate in incident.candidates[:1] for reason in candidate.evidence]
        for words in filter(None, because.split("; ")):
            assert any(words in text for text in texts), f"{words!r} is not in {texts}"
        return incident

    def members(self, incident: Incident) -> list[Episode]:
        """The episodes of an incident, earliest first."""
        with self.store.view() as view:
            ids = (incident.incident_id, *incident.merged_from)
            return view.find(EPISODES, Query(where={"incident": ids}, order=("started_at",), limit=1000)).items

    def alerts(self, service: str) -> list[Alert]:
        """All alerts of ``service``."""
        with self.store.view() as view:
            return view.find(ALERTS, Query(where={"entity": (service,)}, limit=1000)).items

    def alert(self, service: str, title: str = "") -> Alert:
        """The one alert of ``service`` (whose title contains ``title``)."""
        found = [alert for alert in self.alerts(service) if title in alert.title]
        assert len(found) == 1, [alert.title for alert in found]
        return found[0]

    @property
    def pages(self) -> list[Page]:
        """All pages in the order in which they were made."""
        with self.store.view() as view:
            return view.find(PAGES, Query(order=("made_at",), limit=1000)).items

    def timeline(self, incident: Incident) -> list[str]:
        """The incident's story, a line each."""
        with self.store.view() as view:
            items = view.find(TIMELINE, Query(where={"incident": (incident.incident_id,)}, limit=1000)).items
        return [f"{item.kind}: {item.text}" for item in items]

    def outcome_of(self, actor: str) -> Outcome:
        """What became of the last command of ``actor``."""
        commands = [e.payload for e in self.journal.read(None, 100_000) if isinstance(e.payload, Command)]
        last = [command.id for command in commands if command.actor == actor][-1]
        return next(outcome for outcome in self.all(OUTCOMES) if outcome.command_id == last)

    def events(self) -> list[EventRecord]:
        """All stored events."""
        with self.store.view() as view:
            return view.find(EVENTS, Query(limit=1000)).items

    def balanced(self) -> None:
        """Every line of the ledger adds up, and the stored fates say the same as the counts."""
        for line in self.all(SOURCES):
            assert line.balances, line
