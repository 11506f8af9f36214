"""Which parts has the engine, and what do they know? Wiring, settings, dump and load; the order is in engine.py."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from aiops.domain.acts import PutRule
from aiops.domain.alerts import Alert, Suppression
from aiops.domain.entries import Position
from aiops.domain.matching import fields_of
from aiops.domain.part import Part
from aiops.domain.records import HeartbeatRecord
from aiops.domain.rules import Rule, RuleStatus
from aiops.domain.settings import Settings
from aiops.domain.timers import Timer, Timers
from aiops.ledger import Ledger
from aiops.outcomes import Outcomes
from aiops.rollups import Rollups
from correlation.correlator import Correlator
from correlation.edges import Edges
from correlation.entities import Entities
from correlation.patterns import Patterns
from correlation.topology import ServiceGraph
from ingestion.dedup import Dedup
from ingestion.detectors import Detectors
from ingestion.senders import Senders
from ingestion.templates import Templates
from ingestion.watches import Watches
from rules.book import Book
from rules.envelope import envelope_of, names_entity
from rules.flapping import Flapping
from rules.harm import Harm, Harms, fired_in, harms
from rules.holding import Holding
from rules.inhibition import Inhibitor
from rules.making import MOST_LEFT_OUT, narrower
from rules.outbox import Outbox
from rules.profiles import Profiles, Seen, key_of
from rules.schedule import Schedule
from rules.settle import Settle
from rules.signatures import Signatures
from rules.suggest import Suggest
from rules.trail import ENGINE

VITAL = 1  # the tier of what the business cannot do without
Keeper = Book | Schedule | Inhibitor  # what is in force for a time; a timer's kind names it


class Parts:
    """The parts in the order in which an event meets them, and the state that belongs to none of them."""

    def __init__(self) -> None:
        self.position: Position | None = None  # of the last entry that was run
        self.now = datetime.fromtimestamp(0, UTC)  # the largest received_at so far
        self.settings = Settings()
        self.shed: tuple[str, ...] = ()  # kinds of work left undone under load
        self.heartbeat: HeartbeatRecord | None = None  # as the responder told it last
        self.timers = Timers()
        self.senders = Senders()
        self.watches = Watches(self.timers)
        self.graph = ServiceGraph()
        self.entities = Entities()
        self.edges = Edges(self.graph, self.timers)
        self.templates = Templates(self.settings.templates)
        self.patterns = Patterns()
        self.detectors = Detectors(self.settings.logs)
        self.rollups = Rollups()
        self.dedup = Dedup(self.settings.dedup, self.timers)
        self.signatures = Signatures()
        self.flapping = Flapping(self.settings.calm, self.timers)
        self.holding = Holding(self.settings.calm, self.timers)
        self.profiles = Profiles()
        self.suggest = Suggest(self.settings.suggest, self.timers, self.profiles)
        self.harms = Harms(self.profiles)
        self.book = Book(self.settings.muting, self.timers, self.signatures, self._shaped)
        self.schedule = Schedule(self.settings.muting, self.timers)
        self.inhibitor = Inhibitor(self.settings.muting, self.timers)
        self.correlator = Correlator(self.settings.correlation, self.graph, self.timers)
        self.outbox = Outbox(self.settings.paging)
        self.settle = Settle(self.settings.paging, self.timers, self.outbox)
        self.ledger = Ledger()
        self.outcomes = Outcomes()
        self.keepers: dict[str, Keeper] = {"book": self.book, "window": self.schedule, "inhibition": self.inhibitor}
        self.parts: dict[str, Part] = {name: part for name, part in vars(self).items() if isinstance(part, Part)}

    def judge(self, alert: Alert, hit: bool) -> Alert:
        """Return the alert with its verdict and all that suppresses it; ``hit``: an event came in for it."""
        before = self.dedup.current(alert.fingerprint)
        turned = before is not None and before.status is not alert.status
        if turned or self.flapping.knows(alert.fingerprint) or alert.flapping:
            paged = before is not None and self.correlator.paged(before.episode.incident_id)
            alert = self.flapping.mark(alert, self.now, turned=turned, paged=paged)
        if turned:
            self.holding.learn(alert)
        node = self.graph.view().service(alert.entity.name)
        seen = msgspec.structs.replace(
            self.profiles.note(alert, self.now, hit, turned),
            company=self.correlator.company(alert),
            vital=node is not None and node.tier == VITAL,
        )
        self.suggest.wake(self.now)
        return self.book.judge(alert, self.now, hit, self._quiet(alert, hit, seen), seen)

    def again(self, timer: Timer) -> list[Alert]:
        """Return the alert that may be calm, or has lasted long enough, by this timer."""
        if timer.kind == "flap":
            self.flapping.turn(timer.key, self.now)
        alert = self.dedup.current(timer.key)
        return [alert] if alert else []

    def propose(self) -> None:
        """Put what could be a rule before people: it decides nothing until somebody accepts it."""
        vital = {name for name, node in self.graph.view().services.items() if node.tier == VITAL}
        present, tested = self.book.rules_but(set()), self.harms.tested(self.now)
        for rule in self.suggest.due(self.now, present, vital, tested):
            self.book.act(PutRule(rule=rule), ENGINE, self.now, {})

    def _shaped(self, rule: Rule) -> Rule:
        """Return a mute that a person makes with the shape of what it hides, where enough of that was seen."""
        settings, found = self.settings.suggest, []
        for profile in self.profiles.all():
            alert = self.dedup.current(profile.fingerprint)
            if alert is not None and rule.matches(fields_of(alert)):
                found.append(profile)
        firings, hours = sum(one.firings for one in found), max((one.hours for one in found), default=0)
        if firings < settings.least or hours < settings.hours:
            return rule
        envelope = envelope_of(found, settings.headroom, named=names_entity(rule))
        return msgspec.structs.replace(rule, envelope=envelope)

    def audit(self, incident_id: str, cause: str) -> list[Alert]:
        """A cause was confirmed (or none of the candidates): what did mutes hide of the incident and near it?

        It is told in its story, and narrower rules wait to be accepted. A rule that hid the cause itself is suspended,
        and so is a proposal that would have hidden any of it. Return the alerts to be considered again.
        """
        if not cause:
            self.harms.take_back(incident_id)
            return []
        doc, members = self.correlator.history(incident_id)
        ids, near = {doc.incident_id, *doc.merged_from}, self.settings.suggest.near
        lasted = (doc.opened_at - near, (doc.resolved_at or self.now) + near)
        members |= {alert.fingerprint for alert in self.dedup.all() if alert.episode.incident_id in ids}
        keys = {key_of(alert) for alert in filter(None, map(self.dedup.current, sorted(members)))}
        self.harms.confirm(incident_id, cause, keys, self._around([cause]), lasted, self.now)
        around = self._around([cause, *doc.services])
        close = [one for one in self.dedup.all() if one.fingerprint in members or one.entity.name in around]
        fired = {one.fingerprint: (one, at) for one in close if (at := fired_in(one, *lasted))}
        hiding = {key: self.book.hiding(alert) for key, (alert, _) in fired.items()}
        again: list[Alert] = []
        for harm in harms(fired, hiding, members, cause):
            again += self._harmed(incident_id, doc.number, harm)
        return again

    def _harmed(self, incident_id: str, number: int, harm: Harm) -> list[Alert]:
        """Tell what a rule hid, suspend it where it must not go on, and offer one that hides less."""
        rule, text = harm.rule, harm.text
        proposal = rule.grounds is not None
        if (harm.root and (harm.hid or proposal)) or (proposal and harm.members and rule.status is RuleStatus.SHADOW):
            self.book.suspend(rule.id, f"#{number} is confirmed, and it {harm.deed} of it", self.now)
            text = f"{text}; it is suspended"
        less = narrower(rule, harm.nodes, f"#{number}") if 0 < len(harm.nodes) <= MOST_LEFT_OUT else None
        if less and not self.suggest.rejected(less.id) and self._leaves_some(less):
            self.book.act(PutRule(rule=less), ENGINE, self.now, {})
            text = f"{text}; {less.id}, which leaves out {', '.join(harm.nodes)}, waits to be accepted in its place"
        self.correlator.remark(incident_id, text, self.now)
        return list(self.book.concerned(rule.id, self.dedup.firing()))

    def _leaves_some(self, rule: Rule) -> bool:
        """Is there anything left that it would hide?"""
        return any(rule.matches(fields_of(alert)) for alert in self.dedup.all())

    def _around(self, nodes: Iterable[str]) -> set[str]:
        """Return the nodes within so many hops of these that what fires there counts as near."""
        hops = self.settings.suggest.hops
        return {name for node in nodes for name, one in self.graph.near(node).items() if name and one.hops <= hops}

    def _quiet(self, alert: Alert, hit: bool, seen: Seen) -> tuple[Suppression, ...]:
        """Return what suppresses the alert beside rules and silences."""
        inhibited = self.inhibitor.over(alert, self.graph.view(), self.now, hit)
        calm = (*self.flapping.over(alert), *self.holding.over(alert, self.now, hit, seen))
        return (*self.schedule.over(alert, self.now, hit), *inhibited, *calm)

    def configure(self, settings: Settings) -> None:
        """Decide by these settings from here on."""
        self.settings = settings
        self.templates.settings, self.detectors.settings = settings.templates, settings.logs
        self.dedup.settings, self.outbox.settings = settings.dedup, settings.paging
        self.settle.configure(settings.paging)
        self.correlator.settings = settings.correlation
        self.flapping.settings = self.holding.settings = settings.calm
        self.suggest.settings = self.book.suggest = settings.suggest
        self.book.settings = self.schedule.settings = self.inhibitor.settings = settings.muting

    def leave(self, shed: tuple[str, ...]) -> None:
        """Leave these kinds of work undone from here on."""
        self.shed = shed
        self.correlator.lean = "enrichment" in shed

    def dump(self) -> dict[str, bytes]:
        """Return all state by part, for a snapshot."""
        own = (self.position, self.now, self.settings, self.shed, self.heartbeat, self.timers.dump())
        return {"engine": msgspec.msgpack.encode(own), **{name: part.dump() for name, part in self.parts.items()}}

    def load(self, state: dict[str, bytes]) -> None:
        """Take over what ``dump`` returned."""
        shape = tuple[Position, datetime, Settings, tuple[str, ...], HeartbeatRecord | None, list[Timer]]
        own = msgspec.msgpack.decode(state["engine"], type=shape)
        self.position, self.now, settings, self.shed, self.heartbeat, timers = own
        self.timers.load(timers)
        for name, part in self.parts.items():
            if name in state:  # else it is a part that the release that wrote this did not have: it begins empty
                part.load(state[name])
        self.configure(settings)
        self.leave(self.shed)
