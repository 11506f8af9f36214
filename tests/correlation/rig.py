"""How do tests drive correlation alone? As the engine does, in seconds relative to T0."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from aiops.domain import acts
from aiops.domain.alerts import Alert, Moved, Suppression
from aiops.domain.events import Severity, Status
from aiops.domain.incidents import Incident, TimelineItem
from aiops.domain.pins import Lesson
from aiops.domain.reasons import Reason
from aiops.domain.settings import CorrelationSettings
from aiops.domain.timers import Timers
from correlation.correlator import Correlator
from correlation.topology import ServiceGraph, parse_topology
from tests.builders import T0, an_alert, an_entity, an_episode, at

MUTED = (Suppression(kind="rule", id="r1", text="known good"),)


def a_graph(**depends_on: str) -> ServiceGraph:
    """A graph of services: ``api="db cache"`` depends on both; those named only as targets are declared too."""
    names = {**depends_on, **{target: "" for targets in depends_on.values() for target in targets.split()}}
    lines = [f"  {name}: {{depends_on: [{', '.join(depends_on.get(name, '').split())}]}}" for name in names]
    graph = ServiceGraph()
    graph.replace(parse_topology("\n".join(["services:", *lines]), "services.yaml"), T0)
    graph.drain()
    return graph


class Rig:
    """A correlator with what the engine keeps around it: alerts, timers, saved incidents, the ledger's news."""

    def __init__(self, graph: ServiceGraph, **settings: Any) -> None:
        self.graph, self.timers = graph, Timers()
        self.settings = CorrelationSettings(**settings)
        self.correlator = Correlator(self.settings, graph, self.timers)
        self.alerts: dict[str, Alert] = {}
        self.incidents: dict[str, Incident] = {}
        self.story: list[TimelineItem] = []
        self.lessons: list[Lesson] = []
        self.joined: list[tuple[str, bool, Reason]] = []
        self.moved: list[Moved] = []
        self.released: list[str] = []
        self._run = 0
        self.now = T0

    def fire(self, seconds: float, service: str, kind: str = "", started: float | None = None, **changes: Any) -> Alert:
        """An alert fires: a new episode, or one more event of the one that fires; ``kind_key``: of a kind."""
        kind_key = changes.pop("kind_key", kind or "down")
        fingerprint = f"fp-{service}-{kind}"
        now = self.wait(seconds)
        held = self.alerts.get(fingerprint)
        if held is not None and held.episode.open:
            episode = msgspec.structs.replace(held.episode, events=held.episode.events + 1, last_seen=now)
        else:
            if held is not None:
                self.correlator.leave(held.episode)
            self._run += 1
            known = not service.startswith("?")
            episode = an_episode(
                service,
                episode_id=f"{fingerprint}-{self._run}",
                fingerprint=fingerprint,
                name=kind or f"{service} down",
                kind_key=kind_key,
                entity=an_entity("" if not known else service, known=known),
                severity=changes.get("severity", Severity.HIGH),
                started_at=at(seconds if started is None else started),
                received_at=now,
            )
        alert = an_alert(service, fingerprint=fingerprint, episode=episode, entity=episode.entity, **changes)
        return self.take(alert, now)

    def resolve(self, seconds: float, service: str, kind: str = "") -> Alert:
        """A firing alert resolves."""
        held = self.alerts[f"fp-{service}-{kind}"]
        now = self.wait(seconds)
        episode = msgspec.structs.replace(held.episode, ended_at=now, events=held.episode.events + 1)
        return self.take(msgspec.structs.replace(held, status=Status.RESOLVED, episode=episode), now)

    def heard(self, seconds: float, alert: Alert) -> None:
        """A firing alert is sent once more as it was."""
        self.correlator.heard(self.alerts[alert.fingerprint], self.wait(seconds))
        self._settle()

    def take(self, alert: Alert, now: datetime, said: bool = True) -> Alert:
        """Consider an alert as it is; ``said``: as an event of it came."""
        self.now = now
        taken = self.correlator.take(alert, now, said=said)
        self.alerts[alert.fingerprint] = taken
        self._settle()
        return taken

    def wait(self, seconds: float) -> datetime:
        """Let all timers up to ``seconds`` run; return that time."""
        while timer := self.timers.pop(at(seconds)):
            self.now = timer.due
            self.correlator.due(timer.key, timer.due)
            self._settle()
        self.now = at(seconds)
        return at(seconds)

    def act(self, seconds: float, act: acts.Act, actor: str = "ana") -> tuple[str, str]:
        """Apply a person's act."""
        now = self.wait(seconds)
        try:
            return self.correlator.act(act, actor, now)
        finally:
            self._settle()

    def of(self, alert: Alert) -> Incident:
        """Return the incident an alert is in, wherever that lives on."""
        incident = self.incidents[self.alerts[alert.fingerprint].episode.incident_id]
        while incident.merged_into:
            incident = self.incidents[incident.merged_into]
        return incident

    def living(self) -> list[Incident]:
        """Return all incidents that were not merged away, by number."""
        return sorted((one for one in self.incidents.values() if not one.merged_into), key=lambda one: one.number)

    def reload(self) -> "Rig":
        """Return a rig that goes on from a dump of this one."""
        other = Rig(self.graph)
        other.settings = self.settings
        other.correlator = Correlator(self.settings, self.graph, other.timers)
        other.correlator.load(self.correlator.dump())
        other.timers.load(self.timers.dump())
        other.now = self.now
        other.alerts, other.incidents, other._run = dict(self.alerts), dict(self.incidents), self._run
        other.story, other.joined, other.released = list(self.story), list(self.joined), list(self.released)
        other.moved, other.lessons = list(self.moved), list(self.lessons)
        return other

    def told(self) -> Iterator[str]:
        """Yield the story's lines."""
        return (f"{item.kind}: {item.text}" for item in self.story)

    def _settle(self) -> None:
        for incident in self.correlator.changed(self.now):
            self.correlator.keep(incident)
            self.incidents[incident.incident_id] = incident
        for moved in self.correlator.moved():
            self._rewrite(moved)
        self.joined += self.correlator.joined()
        self.released += self.correlator.released()
        for collection, document in self.correlator.drain():
            if collection.name == "timeline":
                self.story.append(document)
            elif collection.name == "lessons":
                self.lessons.append(document)

    def _rewrite(self, moved: Moved) -> None:
        """As deduplication does it: the alert's present episode, or one that it stands on no longer."""
        self.moved.append(moved)
        alert = self.alerts[moved.fingerprint]
        if alert.episode.episode_id == moved.episode_id:
            episode = msgspec.structs.replace(alert.episode, incident_id=moved.incident_id, link=moved.link)
            self.alerts[moved.fingerprint] = msgspec.structs.replace(alert, episode=episode)


def hours(number: float) -> timedelta:
    """Return that many hours."""
    return timedelta(hours=number)
