"""Which parts has the engine, and what do they know? Wiring, settings, dump and load; the order is in engine.py."""

from datetime import UTC, datetime

import msgspec

from aiops.domain.alerts import Episode
from aiops.domain.entries import Position
from aiops.domain.part import Part
from aiops.domain.records import HeartbeatRecord
from aiops.domain.rules import Rule
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
from rules.envelope import shaped
from rules.flapping import Flapping
from rules.harm import Harms
from rules.holding import Holding
from rules.inhibition import Inhibitor
from rules.outbox import Outbox
from rules.profiles import Profiles
from rules.runbooks import Runbooks
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
        self.dedup = Dedup(self.settings.dedup, self.timers, self._left)
        self.signatures = Signatures()
        self.correlations, self.signature_trail = self.signatures.correlations, self.signatures.trail
        self.flapping = Flapping(self.settings.calm, self.timers)
        self.holding = Holding(self.settings.calm, self.timers)
        self.profiles = Profiles()
        self.suggest = Suggest(self.settings.suggest, self.timers, self.profiles)
        self.harms = Harms(self.profiles)
        self.book = Book(self.settings.muting, self.timers, self.signatures, self._shaped)
        self.runbooks = Runbooks()
        self.schedule = Schedule(self.settings.muting, self.timers)
        self.inhibitor = Inhibitor(self.settings.muting, self.timers)
        self.correlator = Correlator(self.settings.correlation, self.graph, self.timers)
        self.outbox = Outbox(self.settings.paging)
        self.settle = Settle(self.settings.paging, self.timers, self.outbox)
        self.ledger = Ledger()
        self.outcomes = Outcomes()
        self.keepers: dict[str, Keeper] = {"book": self.book, "window": self.schedule, "inhibition": self.inhibitor}
        self.parts: dict[str, Part] = {name: part for name, part in vars(self).items() if isinstance(part, Part)}

    def _shaped(self, rule: Rule) -> Rule:
        """Return a mute that a person makes with the shape of what it hides, where enough of that was seen."""
        return shaped(rule, self.profiles.all(), self.dedup.current, self.settings.suggest)

    def _left(self, episode: Episode) -> None:
        """An alert stands on this episode no longer: should the episode be moved, its document is needed once more."""
        self.correlator.leave(episode)

    def configure(self, settings: Settings) -> None:
        """Decide by these settings from here on."""
        self.settings = settings
        self.templates.settings, self.detectors.settings = settings.templates, settings.logs
        self.dedup.settings, self.outbox.settings = settings.dedup, settings.paging
        self.settle.configure(settings.paging)
        self.correlator.settings = settings.correlation
        self.flapping.settings = self.holding.settings = settings.calm
        days = min(settings.suggest.days, settings.muting.longest.days)  # longer, no proposal could stand
        self.suggest.settings = self.book.suggest = msgspec.structs.replace(settings.suggest, days=days)
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
