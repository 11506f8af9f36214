"""How do episodes become incidents? Place, join or found, merge: what is held, and the steps over it."""

from datetime import UTC, datetime

import msgspec

from aiops.domain.alerts import Alert, Link
from aiops.domain.base import stable_hash
from aiops.domain.incidents import Incident, IncidentStatus, TimelineItem, tell
from aiops.domain.reasons import Evidence, Reason
from aiops.domain.settings import CorrelationSettings
from correlation.background import Rates, key_of
from correlation.describe import MOST_GROUPED
from correlation.joining import Choice, alone, choose, link_of, may_merge
from correlation.lifecycle import move
from correlation.live import Live
from correlation.members import Active, Member, member_of
from correlation.topology import ServiceGraph

MOST_REDIRECTS = 100_000  # merged ids that still lead to where they live on
MOST_FOUNDERS = 50_000  # alerts whose last incident is remembered, for "recurs"
MERGE_TESTS = 25  # other incidents looked at per joined episode: a late root may unite many symptoms
MOST_TOLD = 100  # services whose joining is told in the story; the others are in the list of members
WEAK_RATIO = 1000.0  # a link at least this strong is not worth naming as the weakest


class Assembly:
    """All incidents at work and the episodes they are made of."""

    def __init__(self, settings: CorrelationSettings, graph: ServiceGraph) -> None:
        self.settings, self.graph = settings, graph
        self.rates = Rates()
        self.active = Active()
        self.members: dict[str, Member] = {}  # by episode_id: of all lives, and suppressed ones that fire
        self.firing: dict[str, str] = {}  # fingerprint -> its firing episode_id
        self.lives: dict[str, Live] = {}
        self.open: dict[str, None] = {}  # ids of the active ones
        self.redirects: dict[str, str] = {}
        self.founders: dict[str, str] = {}  # fingerprint -> the last incident it founded
        self.number = 0
        self.dirty: dict[str, None] = {}  # incidents to be described anew
        self.merged: dict[str, Incident] = {}  # merged away, to be saved once
        self.lines: list[TimelineItem] = []  # told, to be saved
        self.joined: list[tuple[str, Reason]] = []
        self.released: list[str] = []

    def take(self, alert: Alert, now: datetime) -> Alert:
        """Note the alert's present episode; place it where it has no incident yet."""
        episode = alert.episode
        member = self.members.get(episode.episode_id)
        if member is not None:
            news = self.update(member, alert, now)
            wanted = news if member.suppressed else True
            return self._place(member, alert, now) if wanted and self._unplaced(member) else alert
        if episode.incident_id:  # in an incident that is closed, or ended so long ago that it is no longer held
            return alert
        if not episode.open:
            self.released.append(episode.episode_id)
            return alert
        self._supersede(alert, now)
        member = member_of(alert, now.timestamp())
        self.members[member.episode_id] = member
        self.firing[member.fingerprint] = member.episode_id
        return self._place(member, alert, now, first=True)

    def update(self, member: Member, alert: Alert, now: datetime) -> bool:
        """Let a held episode be as the alert says now; was there a new event?"""
        after = member_of(alert, now.timestamp())
        before = msgspec.structs.replace(member)
        news = after.events > member.events
        for name in ("name", "owner", "severity", "events", "suppressed", "known_bad"):
            setattr(member, name, getattr(after, name))
        ended = alert.episode.ended_at
        if (member.ended is None) is not (ended is None):
            self._turn(member, ended.timestamp() if ended else None, now)
        if (live := self.lives.get(member.incident)) is not None:
            live.change(before, member)
            if news and member.ended is None and not live.by_person:
                self.reopen(live, f"{member.name!r} of {member.entity or 'an unmapped node'} goes on", now)
            self.touch(live, now if news else None)
        return news

    def touch(self, live: Live, now: datetime | None = None) -> None:
        """Have the incident described anew; ``now``: something happened to it."""
        doc = live.doc
        live.quiet_since = (live.quiet_since or self._latest(now, doc)) if doc.firing == 0 else None
        if now is not None and now > doc.last_activity:
            live.doc = msgspec.structs.replace(doc, last_activity=now)
        self.dirty[doc.incident_id] = None

    def reopen(self, live: Live, why: str, now: datetime) -> None:
        """Let a resolved incident be open again."""
        if live.doc.status is IncidentStatus.RESOLVED:
            live.doc, line = move(live.doc, IncidentStatus.OPEN, now, f"reopened: {why}")
            self.lines.append(line)
            self.open[live.doc.incident_id] = None
            live.by_person = False

    def tell(self, live: Live, at: datetime, kind: str, text: str) -> None:
        """Add a line to the incident's story."""
        live.doc, line = tell(live.doc, at, kind, text)
        self.lines.append(line)

    def merge(self, survivor: Live, other: Live, why: str, now: datetime, actor: str = "") -> None:
        """Let ``other`` live on in ``survivor``; the documents of its members stay as they are."""
        for live, company in ((survivor, other), (other, survivor)):
            if live.doc.episodes == 1:
                self._accompany(live, f"#{live.doc.number} and #{company.doc.number} became one: {why}")
        mine, theirs = survivor.doc.number, other.doc.number
        gone, line = tell(other.doc, now, "merged", f"lives on in #{mine}: {why}", actor)
        gone = msgspec.structs.replace(gone, status=IncidentStatus.MERGED, merged_into=survivor.doc.incident_id)
        self.lines.append(line)
        survivor.swallow(other, self.graph)
        survivor.doc, line = tell(survivor.doc, now, "merged", f"#{theirs} joined: {why}", actor)
        self.lines.append(line)
        survivor.grouped = (*survivor.grouped, f"#{theirs} and #{mine} became one: {why}")
        for episode_id in other.members:
            self.members[episode_id].incident = survivor.doc.incident_id
        for merged in (gone.incident_id, *gone.merged_from):
            self.redirects[merged] = survivor.doc.incident_id
        _bound(self.redirects, MOST_REDIRECTS)
        del self.lives[gone.incident_id]
        self.open.pop(gone.incident_id, None)
        self.merged[gone.incident_id] = gone
        self.dirty[gone.incident_id] = None
        self.touch(survivor, now)

    def release(self, live: Live) -> None:
        """Let go of an incident that can change no more, and of its members."""
        del self.lives[live.doc.incident_id]
        self.open.pop(live.doc.incident_id, None)
        self._forget(list(live.members))

    def dump(self) -> bytes:
        """Return all state; what is emptied after every step is not part of it."""
        held = list(self.members.values())
        active = [one.episode_id if one.episode_id in self.members else one for one in self.active.members()]
        state = (self.number, self.redirects, self.founders, held, active, list(self.lives.values()))
        return msgspec.msgpack.encode((self.rates.dump(), state))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        shape = tuple[bytes, tuple[int, dict[str, str], dict[str, str], list[Member], list[str | Member], list[Live]]]
        rates, (self.number, self.redirects, self.founders, held, active, lives) = msgspec.msgpack.decode(
            state, type=shape
        )
        self.rates.load(rates)
        self.members = {member.episode_id: member for member in held}
        self.firing = {member.fingerprint: member.episode_id for member in held if member.ended is None}
        self.lives = {live.doc.incident_id: live for live in lives}
        self.open = {live.doc.incident_id: None for live in lives if live.doc.active}
        self.active = Active(self.members[one] if isinstance(one, str) else one for one in active)

    def _forget(self, episode_ids: list[str]) -> None:
        for episode_id in episode_ids:
            member = self.members.pop(episode_id)
            if self.firing.get(member.fingerprint) == episode_id:
                del self.firing[member.fingerprint]
        self.released.extend(episode_ids)

    def _unplaced(self, member: Member) -> bool:
        return not member.incident and member.ended is None

    def _place(self, member: Member, alert: Alert, now: datetime, first: bool = False) -> Alert:
        """Join the incident that explains the episode best, or found one; a suppressed episode founds none."""
        choice = choose(member, now.timestamp(), self.active, self.lives, self.graph, self.rates, self.settings)
        if first:
            self.rates.count(key_of(member.node, member.kind), choice.background, now.timestamp())
        best = next(iter(choice.pulled), None)
        if best is not None and choice.ratio(best) > self.settings.join_ratio:
            live = self.lives[best.incident]
            link = link_of(member, best, choice)
            self._join(live, member, link, now)
            self._merge_around(live, member, choice, now)
            placed = _placed(alert, member, link, link.text)
        elif member.suppressed:
            placed = alert
        else:
            live = self._found(member, alert, now)
            placed = _placed(alert, member, None, f"opened #{live.doc.number}: {alone(choice, self.settings)}")
        self._keep_active(member, now)
        return placed

    def _found(self, member: Member, alert: Alert, now: datetime) -> Live:
        self.number += 1
        recurs = self.founders.pop(member.fingerprint, "")
        doc = Incident(
            incident_id=stable_hash(member.episode_id),
            number=self.number,
            title=member.name,
            severity=member.severity,
            opened_at=alert.episode.started_at,
            last_activity=now,
            founder=member.episode_id,
            recurs=self.redirects.get(recurs, recurs),
        )
        live = Live(doc=doc)
        self.lives[doc.incident_id] = live
        self.open[doc.incident_id] = None
        self.founders[member.fingerprint] = doc.incident_id
        _bound(self.founders, MOST_FOUNDERS)
        live.add(member, self.graph)
        self.tell(live, now, "opened", f"opened by {member.name!r} of {member.entity or 'an unmapped node'}")
        self.touch(live, now)
        return live

    def _join(self, live: Live, member: Member, link: Link, now: datetime) -> None:
        if live.doc.episodes == 1:
            self._accompany(live, link.text)
        self.reopen(live, link.text, now)
        if live.add(member, self.graph) and len(live.services) <= MOST_TOLD:
            self.tell(live, now, "joined", link.text)
        if len(live.grouped) < MOST_GROUPED:
            live.grouped = (*live.grouped, link.text)
        if link.ratio < (live.weakest[0] if live.weakest else WEAK_RATIO):
            live.weakest = (link.ratio, link.text)
        started = datetime.fromtimestamp(member.started, UTC)
        live.doc = msgspec.structs.replace(live.doc, opened_at=min(live.doc.opened_at, started))
        self._forget(live.trim())
        self.touch(live, now)

    def _merge_around(self, live: Live, member: Member, choice: Choice, now: datetime) -> None:
        """Try to make the incidents one that the episode just placed also belongs to."""
        for pulled in choice.pulled[1 : 1 + MERGE_TESTS]:
            other = self.lives.get(pulled.incident)
            strength = pulled.strength / (self.settings.off_cone if pulled.off_cone else 1.0)
            if other is None or strength <= self.settings.join_ratio * choice.rate:
                continue
            root = next(
                (held for held in map(self.members.__getitem__, other.members) if held.node == other.root), None
            )
            if node := may_merge(live, other, member, root, self.graph, self.rates, self.settings):
                older, younger = sorted((live, other), key=lambda one: one.doc.number)
                self.merge(older, younger, f"{node} explains the services of both", now)
                live = older

    def _accompany(self, live: Live, why: str) -> None:
        """The only member of an incident gets company."""
        self.joined += [(episode_id, Reason(step="group", text=f"has company: {why}")) for episode_id in live.members]

    def _supersede(self, alert: Alert, now: datetime) -> None:
        """A new episode of an alert: an older one that was never seen to end ends where it begins."""
        held = self.members.get(self.firing.get(alert.fingerprint, ""))
        if held is not None:
            before = msgspec.structs.replace(held)
            self._turn(held, max(held.started, alert.episode.started_at.timestamp()), now)
            if (live := self.lives.get(held.incident)) is not None:
                live.change(before, held)
                self.touch(live)

    def _turn(self, member: Member, ended: float | None, now: datetime) -> None:
        """An episode ends, or an end that we inferred is taken back."""
        member.ended = ended
        if ended is None:
            self.firing[member.fingerprint] = member.episode_id
            return
        self.firing.pop(member.fingerprint, None)
        self._keep_active(member, now)
        if not member.incident:
            self._forget([member.episode_id])

    def _keep_active(self, member: Member, now: datetime) -> None:
        horizon = max(self.settings.window, self.settings.reopen_window).total_seconds()
        self.active.put(member, now.timestamp())
        self.active.prune(member.node, now.timestamp() - horizon, self.settings.active_per_entity)

    @staticmethod
    def _latest(now: datetime | None, doc: Incident) -> float:
        return (now or doc.last_activity).timestamp()


def _placed(alert: Alert, member: Member, link: Link | None, text: str) -> Alert:
    """Return the alert with its episode's place and the reason of it."""
    episode = msgspec.structs.replace(alert.episode, incident_id=member.incident, link=link)
    evidence: dict[str, Evidence] = (
        {"ratio": link.ratio, "seconds": link.seconds, "relation": link.relation} if link else {}
    )
    reason = Reason(step="group", text=text, evidence=evidence)
    return msgspec.structs.replace(alert, episode=episode, reasons=(*alert.reasons, reason)[-40:])


def _bound(table: dict[str, str], most: int) -> None:
    """Forget the oldest entry beyond the bound."""
    while len(table) > most:
        del table[next(iter(table))]
