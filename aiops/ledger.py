"""What became of each event? Every one has a fate, the sums balance, and a fate changes only for a stated reason."""

from collections.abc import Sequence

import msgspec

from aiops.domain.acts import Kept
from aiops.domain.alerts import Alert, EpisodeFate, EventRecord, Fate
from aiops.domain.base import Noun
from aiops.domain.documents import DELIVERIES, EVENTS, FATES, SOURCES
from aiops.domain.entries import Delivery, Entry
from aiops.domain.events import Event, Parsed
from aiops.domain.part import Part
from aiops.domain.reasons import Reason
from aiops.domain.records import DeliveryRecord, SourceRecord

MOST_PROBLEMS = 20  # kept of one delivery; all are counted
MOST_REASONS = 20  # kept of one episode's changes of fate


class Held(Noun, frozen=True, kw_only=True):
    """An episode whose fate may still change."""

    fate: EpisodeFate
    company: bool = False  # there are others in its incident
    released: bool = False  # no incident can change it any more
    left: bool = False  # its alert stands on another episode, or is forgotten


class Ledger(Part):
    """One line a source (senders, and detectors by themselves): received = the sum of the fates."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[str, SourceRecord] = {}
        self._episodes: dict[str, Held] = {}
        self._standing: dict[str, str] = {}  # fingerprint -> its last episode: late events may still count there
        self._delivery = ""  # the source of the delivery at hand: its events count there, whatever they call themselves
        self._record: DeliveryRecord | None = None  # of that delivery

    def receive(self, entry: Entry, delivery: Delivery, parsed: Parsed, *, anew: bool = False) -> None:
        """Enter a delivery: its events are received, its problems are rejected. An undecodable one counts as one.

        ``anew``: it came in before, and what was made of it is superseded.
        """
        record = DeliveryRecord(
            delivery_id=str(entry.position),
            source=delivery.source,
            received_at=entry.received_at,
            events=len(parsed.events) + len(parsed.problems),
            rejected=len(parsed.problems),
            problems=parsed.problems[:MOST_PROBLEMS],
            warnings=parsed.warnings[:MOST_PROBLEMS],
        )
        self.put(DELIVERIES, record)
        self._delivery, self._record = delivery.source, record
        line = self._line(delivery.source)
        problem, warning = next(iter(parsed.problems), None), next(iter(parsed.warnings), None)
        line = msgspec.structs.replace(
            line,
            received=line.received + record.events,
            rejected=line.rejected + record.rejected,
            deliveries=line.deliveries + (not anew),
            warned=line.warned + (warning is not None),
            first_received=line.first_received or entry.received_at,
            last_received=line.last_received if anew else entry.received_at,
            last_problem=problem or line.last_problem,
            last_problem_at=entry.received_at if problem else line.last_problem_at,
            last_warning=warning or line.last_warning,
            last_warning_at=entry.received_at if warning else line.last_warning_at,
        )
        self._keep(line)

    def made(self, event: Event) -> None:
        """A detector made this event: it is received on the detector's own line."""
        line = self._line(event.source)
        self._keep(msgspec.structs.replace(line, received=line.received + 1, last_received=event.received_at))

    def supersede(self, read: Sequence[Kept], why: str) -> None:
        """What was made of these deliveries counts no longer as what it was: they are read anew."""
        loose = {fate.episode_id: fate for kept in read for fate in kept.fates}  # of episodes that are not held
        for kept in read:
            self._delivery = kept.delivery.source
            for fate, counted in ((Fate.REJECTED, kept.rejected), (Fate.OBSERVED, kept.observed)):
                number = min(counted, getattr(self._line(self._delivery), fate.value))  # some may be forgotten
                self._count(self._delivery, fate, -number)
                self._count(self._delivery, Fate.SUPERSEDED, number)
            for record in kept.events:
                self._supersede(record, loose, why)

    def _supersede(self, record: EventRecord, loose: dict[str, EpisodeFate], why: str) -> None:
        source, held = self._line_of(record.event), self._episodes.get(record.episode_id)
        shared = held.fate if held else loose.get(record.episode_id)
        present = shared.fate if shared else record.fate
        self._count(source, present, -1)
        self._count(source, Fate.SUPERSEDED, 1)
        if shared:
            shared = msgspec.structs.replace(shared, events={**shared.events, source: shared.events.get(source, 0) - 1})
            if held:
                self._put_fate(shared)
            else:
                loose[record.episode_id] = shared
                self.put(FATES, shared)
        text = f"{Fate.SUPERSEDED}, not {present} any more: {why}"
        reasons = (*record.reasons[-8:], Reason(step="supersede", text=text))
        self.put(EVENTS, msgspec.structs.replace(record, fate=Fate.SUPERSEDED, reasons=reasons))

    def duplicate(self, event: Event, original: str) -> None:
        """A resend of ``original`` (event id)."""
        self._count(self._line_of(event), Fate.DUPLICATE, 1)
        reason = Reason(step="dedup", text=f"the same content as event {original}", evidence={"original": original})
        self.put(EVENTS, EventRecord(event=event.bare, fate=Fate.DUPLICATE, reasons=(reason,)))

    def observe(self, event: Event) -> None:
        """Not an alert: counted, not stored."""
        self._count(self._line_of(event), Fate.OBSERVED, 1)
        if self._record is not None:
            self._record = msgspec.structs.replace(self._record, observed=self._record.observed + 1)
            self.put(DELIVERIES, self._record)

    def settle(self, alert: Alert, event: Event | None) -> None:
        """Give the alert's episode its fate, and ``event`` with it; without an event the fate may have changed too."""
        episode_id, joined = alert.episode.episode_id, alert.episode.link is not None
        held = self._episodes.get(episode_id)
        if held is None and event is None:
            return
        company = joined or (held is not None and held.company)
        present = Fate.SUPPRESSED if alert.suppressed else Fate.GROUPED if company else Fate.STANDALONE
        held = held or Held(fate=EpisodeFate(episode_id=episode_id, fate=present))
        self._episodes[episode_id] = msgspec.structs.replace(held, company=company)
        self._stand(alert.fingerprint, episode_id)
        self._move(episode_id, present, alert.suppressed_by[0].text if alert.suppressed else "nothing suppresses it")
        if event is not None:
            self._enter(self._episodes[episode_id].fate, event)
            record = EventRecord(
                event=event,
                fingerprint=alert.fingerprint,
                fate=present,
                episode_id=episode_id,
                reasons=alert.reasons[-8:],
            )
            self.put(EVENTS, record)

    def group(self, episode_id: str, company: bool, reason: Reason) -> None:
        """The episode has company in its incident now, or none any more."""
        if held := self._episodes.get(episode_id):
            self._episodes[episode_id] = msgspec.structs.replace(held, company=company)
            if held.fate.fate in (Fate.STANDALONE, Fate.GROUPED):
                self._move(episode_id, Fate.GROUPED if company else Fate.STANDALONE, reason.text)

    def release(self, episode_id: str) -> None:
        """No incident holds it any more; it is held here until its alert stands on another episode, or is forgotten."""
        if held := self._episodes.get(episode_id):
            self._let_go(msgspec.structs.replace(held, released=True))

    def forget(self, fingerprint: str) -> None:
        """The alert is remembered no longer."""
        if held := self._episodes.get(self._standing.pop(fingerprint, "")):
            self._let_go(msgspec.structs.replace(held, left=True))

    def check(self) -> list[str]:
        """Return a sentence for every line that does not balance; none when all do."""
        return [f"{line.source} does not balance: {line}" for line in self._lines.values() if not line.balances]

    def _line(self, source: str) -> SourceRecord:
        return self._lines.get(source) or SourceRecord(source=source)

    def _line_of(self, event: Event) -> str:
        """Detectors have lines of their own; everything else counts where its delivery came in."""
        return event.source if event.source.startswith("detector:") else self._delivery

    def _keep(self, line: SourceRecord) -> None:
        self._lines[line.source] = line
        self.put(SOURCES, line)

    def _count(self, source: str, fate: Fate, number: int) -> None:
        line = self._line(source)
        self._keep(msgspec.structs.replace(line, **{fate.value: getattr(line, fate.value) + number}))

    def _stand(self, fingerprint: str, episode_id: str) -> None:
        """The alert stands on this episode now; the one before need not be held for its sake."""
        if self._standing.get(fingerprint) != episode_id:
            self.forget(fingerprint)
            self._standing[fingerprint] = episode_id

    def _let_go(self, held: Held) -> None:
        """Hold on until both the incident and the alert have let go."""
        if held.released and held.left:
            del self._episodes[held.fate.episode_id]
        else:
            self._episodes[held.fate.episode_id] = held

    def _enter(self, fate: EpisodeFate, event: Event) -> None:
        """One more event shares the fate of its episode."""
        source = self._line_of(event)
        self._count(source, fate.fate, 1)
        events = {**fate.events, source: fate.events.get(source, 0) + 1}
        self._put_fate(msgspec.structs.replace(fate, events=events))

    def _move(self, episode_id: str, fate: Fate, why: str) -> None:
        """Let all events of the episode have ``fate`` from now on."""
        present = self._episodes[episode_id].fate
        if present.fate is fate:
            return
        for source, events in present.events.items():
            self._count(source, present.fate, -events)
            self._count(source, fate, events)
        step = "suppress" if Fate.SUPPRESSED in (fate, present.fate) else "group"
        reason = Reason(step=step, text=f"{fate.value}, not {present.fate.value} any more: {why}")
        self._put_fate(msgspec.structs.replace(present, fate=fate, reasons=(*present.reasons, reason)[-MOST_REASONS:]))

    def _put_fate(self, fate: EpisodeFate) -> None:
        self._episodes[fate.episode_id] = msgspec.structs.replace(self._episodes[fate.episode_id], fate=fate)
        self.put(FATES, fate)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode((list(self._lines.values()), self._episodes, self._standing))

    def load(self, state: bytes) -> None:
        shape = tuple[list[SourceRecord], dict[str, Held], dict[str, str]]
        lines, self._episodes, self._standing = msgspec.msgpack.decode(state, type=shape)
        self._lines = {line.source: line for line in lines}
