"""Which parts has the engine, and what do they know? Wiring, settings, dump and load; the order is in engine.py."""

from datetime import UTC, datetime

import msgspec

from aiops.domain.acts import PutRule
from aiops.domain.alerts import Alert, Suppression
from aiops.domain.entries import Position
from aiops.domain.part import Part
from aiops.domain.records import HeartbeatRecord
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
from rules.flapping import Flapping
from rules.harm import harms
from rules.holding import Holding
from rules.inhibition import Inhibitor
from rules.outbox import Outbox
from rules.profiles import Profiles
from rules.schedule import Schedule
from rules.settle import Settle
from rules.signatures import Signatures
from rules.suggest import Suggest

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
        self.correlations, self.signature_trail = self.signatures.correlations, self.signatures.trail
        self.flapping = Flapping(self.settings.calm, self.timers)
        self.holding = Holding(self.settings.calm, self.timers)
        self.profiles = Profiles()
        self.suggest = Suggest(self.settings.suggest, self.timers, self.profiles)
        self.book = Book(self.settings.muting, self.timers, self.signatures)
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
        seen = self.profiles.note(alert, self.now, hit, turned)
        self.suggest.wake(self.now)
        return self.book.judge(alert, self.now, hit, self._quiet(alert, hit), seen)

    def again(self, timer: Timer) -> list[Alert]:
        """Return the alert that may be calm, or has lasted long enough, by this timer."""
        if timer.kind == "flap":
            self.flapping.turn(timer.key, self.now)
        alert = self.dedup.current(timer.key)
        return [alert] if alert else []

    def propose(self) -> None:
        """Put what could be a rule before people: it decides nothing until somebody accepts it."""
        for rule in self.suggest.due(self.now, self.book.rules_but(set())):
            self.book.act(PutRule(rule=rule), "engine", self.now, {})

    def audit(self, incident_id: str, cause: str) -> list[Alert]:
        """A cause was confirmed: say what mutes hid of it; a rule that hid the cause itself is suspended.

        Return the alerts to be considered again.
        """
        began, ids = self.correlator.history(incident_id)
        around = self.graph.near(cause) if cause else {}
        near = {name for name, one in around.items() if one.hops <= self.settings.suggest.hops}
        self.profiles.harmed(cause, near, began - self.settings.suggest.near, self.now)
        members = [alert for alert in self.dedup.all() if alert.episode.incident_id in ids]
        hiding = {alert.fingerprint: self.book.hiding(alert) for alert in members}
        heard = [alert.episode.started_at for alert in members if not alert.suppressed]
        again: list[Alert] = []
        for harm in harms(members, hiding, cause, min(heard, default=self.now)):
            self.correlator.remark(incident_id, harm.text, self.now)
            if harm.root and self.book.suspend(harm.rule_id, f"it hid {harm.root!r}, on the confirmed cause", self.now):
                again += self.book.concerned(harm.rule_id, self.dedup.firing())
        return again

    def _quiet(self, alert: Alert, hit: bool) -> tuple[Suppression, ...]:
        """Return what suppresses the alert beside rules and silences."""
        inhibited = self.inhibitor.over(alert, self.graph.view(), self.now, hit)
        calm = (*self.flapping.over(alert), *self.holding.over(alert, self.now, hit))
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
