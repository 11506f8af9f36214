"""What is held of all incidents at work, and which steps keep it true? Who joins whom is decided in assembly."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from aiops.domain.alerts import Episode, Moved
from aiops.domain.incidents import Incident, IncidentStatus, TimelineItem, tell
from aiops.domain.pins import Lesson
from aiops.domain.reasons import Reason
from aiops.domain.settings import CorrelationSettings
from correlation.background import Rates
from correlation.clocks import Clocks
from correlation.intensity import Kernels
from correlation.joining import Model
from correlation.lifecycle import move
from correlation.live import CROWD, Live
from correlation.members import Active, Member
from correlation.pins import Pins
from correlation.sequels import Sequels
from correlation.topology import ServiceGraph

MOST_MEMBERS = 200_000  # episodes held; beyond it the oldest is counted as over, and followed no longer
MOST_PAST = 50_000  # documents of earlier episodes held; beyond it the oldest can no longer be moved
MOST_REDIRECTS = 100_000  # merged ids that still lead to where they live on
SWARM = 3  # so many alerts of one sort firing on one node at once are one matter, and so is the next of them
MOST_FOUNDERS = 50_000  # alerts whose last incident is remembered, for "recurs"


class Turn(NamedTuple):
    """A member of an incident that is closed has changed; ``after`` None: it fires on, in another incident."""

    incident_id: str
    before: Member
    after: Member | None


class Holdings:
    """Incidents that can still change, their members, and what is to be saved or passed on after each step."""

    def __init__(self, settings: CorrelationSettings, graph: ServiceGraph) -> None:
        self.settings, self.graph = settings, graph
        self.rates = Rates()
        self.clocks = Clocks()
        self.kernels = Kernels()
        self.active = Active()
        self.pins = Pins()
        self.sequels = Sequels()
        self.members: dict[str, Member] = {}  # by episode_id: of all lives, and those that fire without an incident
        self.past: dict[str, Episode] = {}  # of the members, those whose alert stands on a later episode
        self.firing: dict[str, str] = {}  # fingerprint -> its firing episode_id
        self.lives: dict[str, Live] = {}
        self.open: dict[str, None] = {}  # ids of the active ones
        self.holders: dict[str, str] = {}  # (entity, kind) -> the last incident that took such an episode in
        self.redirects: dict[str, str] = {}
        self.founders: dict[str, str] = {}  # fingerprint -> the last incident it founded
        self.restless: dict[str, str] = {}  # fingerprint of a flapping alert -> the incident that waits for it
        self.number = 0
        self.dirty: dict[str, None] = {}  # incidents to be described anew
        self.merged: dict[str, Incident] = {}  # merged away, to be saved once
        self.lines: list[TimelineItem] = []  # told, to be saved
        self.lessons: list[Lesson] = []  # taught by people, to be saved
        self.joined: list[tuple[str, bool, Reason]] = []  # episodes that have company now, or (False) none any more
        self.moved: list[Moved] = []  # documents that are to be rewritten
        self.turned: list[Turn] = []  # of members of incidents that are closed
        self.released: list[str] = []
        self.crowded: list[str] = []  # fingerprints of alerts whose company is another now
        self.called: dict[str, bool] = {}  # those of them that are in no incident yet

    @property
    def model(self) -> Model:
        """What was learned, as joining asks for it."""
        return Model(self.rates, self.kernels)

    def touch(self, live: Live, now: datetime, news: bool = True) -> None:
        """Have the incident described anew; ``news``: something of it was heard."""
        live.quiet_since = None if live.fires else (live.quiet_since or now.timestamp())
        if news and now > live.doc.last_activity:
            live.doc = msgspec.structs.replace(live.doc, last_activity=now)
        self.dirty[live.doc.incident_id] = None

    def reopen(self, live: Live, why: str, now: datetime) -> None:
        """Let a resolved incident be open again."""
        if live.doc.status is IncidentStatus.RESOLVED:
            live.doc, line = move(live.doc, IncidentStatus.OPEN, now, f"reopened: {why}")
            self.lines.append(line)
            self.open[live.doc.incident_id] = None
            live.by_person = False

    def crowd(self, live: Live) -> None:
        """Note whose company changed, where so many or so few services alert now that it matters."""
        present = min(len(live.heard), CROWD + 1)  # one more: an alert is no company for itself
        if present != live.crowd and max(present, live.crowd) >= CROWD:
            held = (self.members[key] for key, fires in live.members.items() if fires)
            self.crowded += [member.fingerprint for member in held if member.suppressed or member.lifted]
        live.crowd = present

    def tell(self, live: Live, at: datetime, kind: str, text: str, actor: str = "") -> None:
        """Add a line to the incident's story."""
        live.doc, line = tell(live.doc, at, kind, text, actor)
        self.lines.append(line)

    def enter(self, live: Live, member: Member, now: datetime) -> bool:
        """Take the member into the incident; is its service new there?"""
        new = live.add(member, self.graph)
        live.hear(member, now.timestamp())
        self.hold(live, member)
        return new

    def hold(self, live: Live, member: Member) -> None:
        """Let the incident be where the next of this sort of alert belongs."""
        if member.key in live.companies:
            self.holders[member.key] = live.doc.incident_id

    def holder(self, member: Member, now: datetime) -> Live | None:
        """Return the active incident in which alerts of this sort swarm, where the last was heard within the window.

        However old it is, and however common that made the sort: both only say that the swarm goes on. Of an alert that
        flaps it is the incident that waits until it is calm.
        """
        waiting = self.lives.get(self.restless.get(member.fingerprint, ""))
        if waiting is not None and waiting.doc.active and member.key in waiting.companies:
            return waiting
        live = self.lives.get(self.holders.get(member.key, ""))
        company = live.companies.get(member.key) if live and live.doc.active else None
        if company is None or company.firing < SWARM:
            return None
        return live if now.timestamp() - company.heard <= self.settings.window.total_seconds() else None

    def release(self, live: Live) -> None:
        """Let go of an incident that can change no more. Members that fire stay: their news needs a place again."""
        self.drop(live)
        self.forget([episode_id for episode_id in live.members if self.members[episode_id].ended is not None])

    def leave(self, episode: Episode) -> None:
        """An alert stands on this episode no longer: its document, which nobody else holds, is kept here."""
        if episode.episode_id in self.members:
            self.past[episode.episode_id] = episode
            if len(self.past) > MOST_PAST:
                gone = next(iter(self.past))
                del self.past[gone]
                self.members[gone].final = True

    def forget(self, episode_ids: list[str]) -> None:
        """Hold these episodes no longer: their place can change no more."""
        for episode_id in episode_ids:
            member = self.members.pop(episode_id)
            self.past.pop(episode_id, None)
            if self.firing.get(member.fingerprint) == episode_id:
                del self.firing[member.fingerprint]
        self.released.extend(episode_ids)

    def turn(self, member: Member, ended: float | None, now: datetime) -> None:
        """An episode ends, or an end that we inferred is taken back."""
        member.ended = ended
        if ended is None:
            self.firing[member.fingerprint] = member.episode_id
            return
        self.firing.pop(member.fingerprint, None)
        self.keep_active(member, now)
        if member.incident not in self.lives:
            self.forget([member.episode_id])

    def keep_active(self, member: Member, now: datetime) -> None:
        """Let the episode be one that can pull others in, from now on for a while."""
        horizon = max(self.settings.window, self.settings.reopen_window).total_seconds()
        self.active.put(member, now.timestamp())
        self.active.prune(member.node, now.timestamp() - horizon, self.settings.active_per_entity)

    def fans(self, node: str) -> dict[str, int]:
        """Return how many stand in each relation to ``node``."""
        return {near.relation: near.fan for near in self.graph.near(node).values()}

    def evict(self, now: datetime) -> None:
        """Beyond ``MOST_MEMBERS``, the episode held longest counts as over, and is followed no longer."""
        if len(self.members) <= MOST_MEMBERS:
            return
        oldest = next(iter(self.members.values()))
        live = self.lives.get(oldest.incident)
        if live is None:
            self.forget([oldest.episode_id])
            return
        before = msgspec.structs.replace(oldest)
        oldest.ended = now.timestamp() if oldest.ended is None else oldest.ended
        live.change(before, oldest, self.graph)
        del live.members[oldest.episode_id]
        live.ended -= 1
        self.forget([oldest.episode_id])
        self.touch(live, now, news=False)

    def dump(self) -> bytes:
        """Return all state; what is emptied after every step is not part of it."""
        held = list(self.members.values())
        active = [one.episode_id if one.episode_id in self.members else one for one in self.active.members()]
        tables = (self.holders, self.redirects, self.founders)
        return msgspec.msgpack.encode(
            (
                self.rates.dump(),
                self.clocks.dump(),
                self.kernels.dump(),
                (self.number, tables, held, active, list(self.lives.values()), list(self.past.values())),
                self.pins.dump(),
                self.sequels.dump(),
            )
        )

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        table = dict[str, str]
        own = tuple[int, tuple[table, table, table], list[Member], list[str | Member], list[Live], list[Episode]]
        shape = tuple[bytes, bytes, bytes, own, bytes, bytes]
        rates, clocks, kernels, rest, pins, sequels = msgspec.msgpack.decode(state, type=shape)
        self.number, tables, held, active, lives, past = rest
        self.holders, self.redirects, self.founders = tables
        self.pins.load(pins)
        if sequels:
            self.sequels.load(sequels)
        self.rates.load(rates)
        if clocks:
            self.clocks.load(clocks)
        if kernels:
            self.kernels.load(kernels)
        self.members = {member.episode_id: member for member in held}
        self.firing = {member.fingerprint: member.episode_id for member in held if member.ended is None}
        self.past = {episode.episode_id: episode for episode in past}
        self.lives = {live.doc.incident_id: live for live in lives}
        self.restless = {key: live.doc.incident_id for live in lives for key in live.restless}
        self.open = {live.doc.incident_id: None for live in lives if live.doc.active}
        self.active = Active(self.members[one] if isinstance(one, str) else one for one in active)

    def drop(self, live: Live, heir: Live | None = None) -> None:
        """The incident is at work no longer; ``heir``: it lives on in that one."""
        incident_id = live.doc.incident_id
        del self.lives[incident_id]
        self.open.pop(incident_id, None)
        for key in live.restless:
            del self.restless[key]
            if heir is not None:
                self.restless[key] = heir.doc.incident_id
        for key in live.companies:
            if self.holders.get(key) == incident_id:
                del self.holders[key]
                if heir is not None and key in heir.companies:
                    self.holders[key] = heir.doc.incident_id


def bound(table: dict[str, str], most: int) -> None:
    """Forget the oldest entry beyond the bound."""
    while len(table) > most:
        del table[next(iter(table))]
