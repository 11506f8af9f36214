"""What is held of an incident while it can still change, beyond the document that people see?"""

from datetime import datetime

import msgspec

from aiops.domain.events import Severity
from aiops.domain.incidents import Incident
from correlation.background import key_of
from correlation.members import Member
from correlation.rootcause import Sign, explained_by
from correlation.topology import ServiceGraph

MOST_KEYS = 1_000  # distinct (entity, kind) pairs looked at per incident; what comes later is counted only
MOST_ENDED = 2_000  # ended members held per incident; older ones are counted, and their fate is final
MOST_OWNERS = 20


class Live(msgspec.Struct):
    """One incident at work. Counts are kept, not recounted: an update costs the same however large it is."""

    doc: Incident
    members: dict[str, bool] = {}  # episode_id -> does it fire?, oldest first
    ended: int = 0  # how many of them have ended
    keys: dict[str, Sign] = {}
    services: dict[str, float] = {}  # node -> start of its first member
    root: str = ""  # node that explains most of them, for root consistency
    explained: set[str] = set()  # the services that rest on the root, itself included
    shared: set[str] | None = None  # nodes that every service rests on: a silent host, perhaps
    owners: dict[str, None] = {}
    severities: dict[Severity, int] = {}  # of unsuppressed members
    hidden: dict[Severity, int] = {}  # of suppressed ones
    weakest: tuple[float, str] | None = None
    grouped: tuple[str, ...] = ()  # first sentences of why together
    quiet_since: float | None = None  # nothing has fired since
    due: datetime | None = None  # when its timer runs
    by_person: bool = False  # a person resolved it: what goes on firing does not reopen it
    confirmed: str | None = None  # the cause a person named; empty: none of the candidates
    ranked: int = 0  # how many keys the candidates were ranked with
    stale: bool = True  # something beyond the counts has changed

    def add(self, member: Member, graph: ServiceGraph) -> bool:
        """Take one more member in; is its service new here?"""
        member.incident = self.doc.incident_id
        self.members[member.episode_id] = member.ended is None
        self.ended += member.ended is not None
        self._count(member, 1)
        if member.owner and len(self.owners) < MOST_OWNERS:
            self.owners[member.owner] = None
        self._sign(member)
        if member.node in self.services:
            self.services[member.node] = min(self.services[member.node], member.started)
            return False
        if len(self.services) < MOST_KEYS:
            self.enter(member.node, member.started, graph)
        return True

    def enter(self, node: str, started: float, graph: ServiceGraph) -> None:
        """Let a service be one of this incident's; find its root again."""
        self.services[node] = started
        self.stale = True
        rests_on = graph.needs(node) | {node}
        self.shared = set(rests_on) if self.shared is None else self.shared & rests_on
        services = self.services.keys()
        self.explained = explained_by(graph, self.root, services) if self.root else set()
        other = explained_by(graph, node, services)
        if len(other) > len(self.explained):
            self.root, self.explained = node, other

    def settle_root(self, root: str, graph: ServiceGraph) -> None:
        """Let the ranking's first candidate be the root for the joins to come."""
        if root and root != self.root:
            self.root, self.explained = root, explained_by(graph, root, self.services.keys())

    def change(self, before: Member, after: Member) -> None:
        """Let what a member contributes be as in ``after``."""
        self._count(before, -1)
        self._count(after, 1)
        fires = after.ended is None
        if self.members[after.episode_id] is not fires:
            self.members[after.episode_id] = fires
            self.ended += -1 if fires else 1
        self._sign(after)

    def trim(self) -> list[str]:
        """Let go of the oldest ended members beyond the bound; return their ids."""
        if self.ended <= MOST_ENDED:
            return []
        gone = [episode_id for episode_id, fires in self.members.items() if not fires][: MOST_ENDED // 2]
        for episode_id in gone:
            del self.members[episode_id]
        self.ended -= len(gone)
        return gone

    def swallow(self, other: "Live", graph: ServiceGraph) -> None:
        """Take over all that ``other`` holds; its members' documents stay as they are."""
        self.members.update(other.members)
        self.ended += other.ended
        for key, sign in other.keys.items():
            if key in self.keys or len(self.keys) < MOST_KEYS:
                self.keys[key] = sign.joined(self.keys.get(key))
        for node, started in other.services.items():
            if node in self.services:
                self.services[node] = min(self.services[node], started)
            elif len(self.services) < MOST_KEYS:
                self.enter(node, started, graph)
        for mine, theirs in ((self.severities, other.severities), (self.hidden, other.hidden)):
            for severity, number in theirs.items():
                mine[severity] = mine.get(severity, 0) + number
        self.owners = dict.fromkeys([*self.owners, *other.owners][:MOST_OWNERS])
        self.weakest = min(filter(None, (self.weakest, other.weakest)), default=None)
        self.grouped = (*self.grouped, *other.grouped)
        self.doc = msgspec.structs.replace(
            self.doc,
            episodes=self.doc.episodes + other.doc.episodes,
            firing=self.doc.firing + other.doc.firing,
            suppressed=self.doc.suppressed + other.doc.suppressed,
            known_bad=self.doc.known_bad + other.doc.known_bad,
            alerts=self.doc.alerts + other.doc.alerts,
            opened_at=min(self.doc.opened_at, other.doc.opened_at),
            last_activity=max(self.doc.last_activity, other.doc.last_activity),
            merged_from=(*self.doc.merged_from, other.doc.incident_id, *other.doc.merged_from),
            paged=self.doc.paged or other.doc.paged,
        )
        self.stale = True

    def _sign(self, member: Member) -> None:
        key = key_of(member.node, member.kind)
        known = self.keys.get(key)
        if known is None and len(self.keys) >= MOST_KEYS:
            return
        sign = Sign(
            node=member.node, kind=member.kind, name=member.name, started=member.started, severity=member.severity
        ).joined(known)
        if sign != known:
            self.keys[key] = sign
            self.stale = True

    def _count(self, member: Member, by: int) -> None:
        self.doc = msgspec.structs.replace(
            self.doc,
            episodes=self.doc.episodes + by,
            firing=self.doc.firing + (by if member.ended is None else 0),
            suppressed=self.doc.suppressed + (by if member.suppressed else 0),
            known_bad=self.doc.known_bad + (by if member.known_bad else 0),
            alerts=self.doc.alerts + by * member.events,
        )
        severities = self.hidden if member.suppressed else self.severities
        severities[member.severity] = severities.get(member.severity, 0) + by


def worst(live: Live) -> Severity:
    """Return the worst severity of the unsuppressed members; of all, when all are suppressed."""
    present = [severity for severity, number in live.severities.items() if number > 0]
    present = present or [severity for severity, number in live.hidden.items() if number > 0]
    return max(present, key=lambda severity: severity.rank, default=live.doc.severity)
