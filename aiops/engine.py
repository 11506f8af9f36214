"""THE page: what happens to an entry, step by step. The only writer of alerts and incidents.

All of it is a function of the entries alone: the time is theirs, the order is theirs, chance has no part in it.
"""

from collections.abc import Iterable

import msgspec

from aiops.applying import apply
from aiops.domain.alerts import Alert
from aiops.domain.changes import Changes
from aiops.domain.documents import ENGINE
from aiops.domain.entries import Command, Delivery, Entry, Learned, Position, Tick
from aiops.domain.errors import AiopsError
from aiops.domain.events import MEASURED, Event, EventKind
from aiops.domain.records import EngineRecord
from aiops.domain.timers import Timer
from aiops.judging import judge
from aiops.parts import Parts
from aiops.turning import turn


class Engine(Parts):
    """The fold's step: entries in, Changes out. Each part says how; here is in which order."""

    def __init__(self) -> None:
        super().__init__()
        self._changes = Changes()

    def run(self, entries: Iterable[Entry]) -> Changes:
        """Take entries in order and return all that is to be saved; how they are cut into calls changes nothing."""
        for entry in entries:
            while timer := self.timers.pop(entry.received_at):
                self.now = max(self.now, timer.due)
                self._due(timer)
                self._catch_up()
            self.now = max(self.now, entry.received_at)
            match entry.payload:
                case Delivery() as delivery:
                    self._delivery(entry, delivery)
                case Command() as command:
                    self._command(entry, command)
                case Learned() as learned:
                    self.templates.adopt(learned, self.now)
                    for template_id in self.patterns.learn(learned, self.templates.records, self.now):
                        self._reconsider(self.dedup.of_template(template_id, self.patterns.of(template_id)))
                case Tick():
                    pass
            self._catch_up()
            self._commit(entry.position)
        taken, self._changes = self._changes, Changes()
        return taken

    def _delivery(self, entry: Entry, delivery: Delivery, anew: str = "") -> None:
        """Bytes become Events; those that state no time are of now, which never goes back; ``anew``: of then."""
        parsed = self.senders.parse(delivery, entry.received_at if anew else self.now)
        self.ledger.receive(entry, delivery, parsed, anew=bool(anew))
        for index, event in enumerate(parsed.events):
            self._event(msgspec.structs.replace(event, event_id=f"{entry.position}-{index}{anew}"))
        if not anew:
            self.watches.heard(delivery.source, parsed.events, self.now)
            self._make(self.watches.made())

    def _event(self, event: Event) -> None:
        """The way of one Event, top to bottom."""
        if original := self.dedup.recognise(event):
            self.correlator.heard(self.dedup.renew(event, self.now), self.now)
            self.ledger.duplicate(event, original)
            self._settle()
            return
        placement = self.entities.place(event, self.graph.view())
        self.correlator.observe(event, placement.entity, self.now)
        if event.kind in MEASURED:
            self.edges.observe(event, placement.entity, self.now)
            self.ledger.observe(event)
            self._settle()
            return
        templated = self.templates.learn(event, placement.entity)
        self.correlator.read(event, placement.entity, templated, self.now)
        self.rollups.count(event, placement.entity, templated)
        known_bad = self.signatures.find(event, self.now)
        self._make(self.detectors.observe(event, placement.entity, templated, known_bad, self.now))
        if event.kind is EventKind.ALERT:
            pattern_id = self.patterns.of(templated.template_id)
            alert = self.dedup.take(event, placement, templated, pattern_id)
            self._consider(self.edges.hear(alert, self.now), event)
        else:
            if window := self.schedule.plan(event, self.now):
                self._reconsider(self.schedule.concerned(window, self.dedup.firing()))
            self.ledger.observe(event)

    def _make(self, events: Iterable[Event]) -> None:
        """Events that no sender sent take the same way as everyone's."""
        for event in events:
            self.ledger.made(event)
            self._event(event)

    def _consider(self, alert: Alert, event: Event | None = None) -> None:
        """What follows every change of an Alert: verdict, incident and cause, page, fate."""
        hit = event is not None
        alert = judge(self, alert, hit)
        alert = self.correlator.take(alert, self.now, said=hit)
        self.dedup.keep(alert)
        self.settle.meet(alert)
        self.entities.count(alert)
        self.ledger.settle(alert, event)
        self._settle()
        consequences = map(self.dedup.current, self.inhibitor.note(alert, self.graph.view()))
        self._reconsider(filter(None, consequences))

    def _reconsider(self, alerts: Iterable[Alert]) -> None:
        """Something else is known of these now: what follows, follows again."""
        for alert in list(alerts):
            self._consider(self.dedup.where(alert))

    def _settle(self) -> None:
        """What follows every change of an Incident: who is told, and whose fate changed with it."""
        for incident in self.correlator.changed(self.now):
            self.correlator.keep(self.settle.take(incident, self.now))
        for alert in filter(None, map(self.dedup.move, self.correlator.moved())):
            self.settle.meet(alert)
        for episode_id, company, reason in self.correlator.joined():
            self.ledger.group(episode_id, company, reason)
        for episode_id in self.correlator.released():
            self.ledger.release(episode_id)

    def _catch_up(self) -> None:
        """Once all of an entry or a timer is done: consider what is muted in incidents that others joined or left.

        Each alert is taken as it is when its turn comes, as those before it may have changed it.
        """
        while crowded := self.correlator.crowded():
            for alert in filter(None, map(self.dedup.current, crowded)):
                self._consider(alert)

    def _due(self, timer: Timer) -> None:
        """A time has come: turning.py says for whom."""
        self._reconsider(turn(self, timer))
        self._make(self.watches.made())
        self._settle()

    def _command(self, entry: Entry, command: Command) -> None:
        """An act is applied once, and its outcome, good or bad, is recorded once."""
        if self.outcomes.known(command.id):
            return
        try:
            text, concerns, again = apply(self, command.act, command.actor, command.id)
            self._reconsider(again)
            self._make(self.watches.made())
            for kept in self.senders.taken():
                again_at = Entry(position=kept.position, received_at=kept.received_at, payload=kept.delivery)
                self._delivery(again_at, kept.delivery, anew=f"-r{self.senders.readings}")
            self.outcomes.record(entry, command, text, concerns, applied=True)
        except AiopsError as refusal:
            self.outcomes.record(entry, command, str(refusal), "", applied=False)
        self._settle()

    def _commit(self, position: Position) -> None:
        """Gather what the parts noted while this entry ran."""
        self.position = self._changes.position = position
        for part in self.parts.values():
            for collection, document in part.drain():
                self._changes.put(collection, document)
        unmapped = self.entities.unmapped()
        record = EngineRecord(now=self.now, shed=self.shed, embedder=self.patterns.model, unmapped=unmapped)
        self._changes.put(ENGINE, msgspec.structs.replace(record, heartbeat=self.heartbeat))
