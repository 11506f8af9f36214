"""What is held of an incident while it can still change, beyond the document that people see?"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from itertools import islice

import msgspec

from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, IncidentStatus
from correlation.causes.cones import explained_by
from correlation.causes.signs import Sign
from correlation.members import Member
from correlation.topology import ServiceGraph

MOST_KEYS = 1_000  # distinct (entity, kind) pairs looked at per incident; what comes later is counted only
MOST_ENDED = 2_000  # ended members held per incident; older ones are counted, and their fate is final
MOST_OWNERS = 20
CROWD = 2  # other services that alert unmuted: then what is muted beside them is lifted


class Company(msgspec.Struct, array_like=True):
    """The episodes of one (entity, kind) in one incident."""

    episodes: int = 0
    firing: int = 0
    heard: float = 0.0  # when the last of them began or said something
    newest: str = ""  # episode_id


class Live(msgspec.Struct):
    """One incident at work. Counts are kept, not recounted: an update costs the same however large it is."""

    doc: Incident
    members: dict[str, bool] = {}  # episode_id -> does it fire?, oldest first
    ended: int = 0  # how many of them have ended
    keys: dict[str, Sign] = {}
    companies: dict[str, Company] = {}  # by the same keys
    services: dict[str, float] = {}  # node -> start of its first member
    firsts: dict[str, str] = {}  # node -> episode_id of its first member
    root: str = ""  # node that explains most of them, for root consistency
    explained: set[str] = set()  # the services that rest on the root, itself included
    shared: set[str] | None = None  # nodes that every service rests on: a silent host, perhaps
    owners: dict[str, None] = {}
    severities: dict[Severity, int] = {}  # of unsuppressed members
    hidden: dict[Severity, int] = {}  # of suppressed ones
    weakest: tuple[float, str] | None = None
    runner_up: tuple[float, str] | None = None  # how many times weaker the other incident pulled, and in words
    grouped: tuple[str, ...] = ()  # first sentences of why together
    quiet_since: float | None = None  # nothing that counts has fired since
    due: datetime | None = None  # when its timer runs
    by_person: bool = False  # a person resolved it: what goes on firing does not reopen it
    confirmed: str | None = None  # the cause a person named; empty: none of the candidates
    ranked: int = 0  # how many keys the candidates were ranked with
    stale: bool = True  # something beyond the counts has changed
    loud: bool = False  # when last described, something fired that is not suppressed
    restless: dict[str, None] = {}  # fingerprints of its alerts that flap: it is not over before they are calm
    heard: dict[str, int] = {}  # node -> how many firing members it has that nothing hides, nor would have hidden
    apart: dict[str, None] = {}  # ids of incidents with which a pin keeps it from becoming one: told already
    covered: int = 0  # how many services it had when it was last looked at whether it is two
    follows: tuple[float, str] = (0.0, "")  # what it counts that it began soon after another one, and why
    noted: int = 0  # how many of its keys were noted as of an incident that people are shown
    crowd: int = 0  # how many such nodes there were when last described, as far as that matters

    @property
    def fires(self) -> bool:
        """Does something keep it open? Suppressed members do so only where there are no others."""
        return bool(self.restless) or bool(
            self.doc.audible if self.doc.suppressed < self.doc.episodes else self.doc.firing
        )

    def counts(self, suppressed: bool) -> bool:
        """Is what a member says heard here? What a suppressed one says, only where there are no others."""
        return not suppressed or self.doc.suppressed >= self.doc.episodes

    def add(self, member: Member, graph: ServiceGraph) -> bool:
        """Take one more member in; is its service new here?"""
        member.incident = self.doc.incident_id
        self.members[member.episode_id] = member.ended is None
        self.ended += member.ended is not None
        self._sign(member)
        self._count(member, 1)
        self._owner(member)
        return self._enter(member, graph)

    def company(self, node: str) -> list[str]:
        """Return the other nodes of which something fires that nothing hides; up to ``CROWD``."""
        return list(islice((other for other in self.heard if other != node), CROWD))

    def hear(self, member: Member, now: float) -> None:
        """A member began, or said something."""
        if company := self.companies.get(member.key):
            company.heard, company.newest = now, member.episode_id

    def change(self, before: Member, after: Member, graph: ServiceGraph) -> None:
        """Let what a member contributes be as in ``after``, on another node perhaps."""
        self._sign(after)
        self._count(before, -1)
        self._count(after, 1)
        self._owner(after)
        fires = after.ended is None
        if self.members[after.episode_id] is not fires:
            self.members[after.episode_id] = fires
            self.ended += -1 if fires else 1
        if before.node != after.node:
            self._enter(after, graph)
            self._leave(before, graph)

    def drop(self, gone: Sequence[Member], rest: Sequence[Member], graph: ServiceGraph) -> None:
        """Let go of members that are of another incident; ``rest``: all others that are held, oldest first."""
        for member in gone:
            del self.members[member.episode_id]
            self.ended -= member.ended is not None
            self._count(member, -1)
            self._leave(member, graph)
        self._restate(gone, rest)
        for owner in {member.owner for member in gone} - {member.owner for member in rest}:
            self.owners.pop(owner, None)
        self.root, self.explained = "", set()
        for node in self.services:
            self._rest_on(node, graph)
        self.weakest = self.runner_up = None  # they may have been what was cut
        self.grouped = ()
        self.doc = msgspec.structs.replace(self.doc, division=None)
        self.covered = 0
        self.stale, self.ranked = True, 0

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
        """Take over all that ``other`` holds, and what people did to it; its members' documents stay as they are."""
        self.members.update(other.members)
        self.ended += other.ended
        for key, sign in other.keys.items():
            if key in self.keys or len(self.keys) < MOST_KEYS:
                self.keys[key] = sign.joined(self.keys.get(key))
                self.companies[key] = _both(self.companies.get(key), other.companies[key])
        for node, started in other.services.items():
            self._serve(node, started, other.firsts[node], graph)
        for mine, theirs in ((self.severities, other.severities), (self.hidden, other.hidden)):
            for severity, number in theirs.items():
                mine[severity] = mine.get(severity, 0) + number
        self.owners = dict.fromkeys([*self.owners, *other.owners][:MOST_OWNERS])
        self.weakest = min(filter(None, (self.weakest, other.weakest)), default=None)
        self.runner_up = min(filter(None, (self.runner_up, other.runner_up)), default=None)
        self.grouped = (*self.grouped, *other.grouped)
        self.confirmed = other.confirmed if self.confirmed is None else self.confirmed
        self.by_person = (self.by_person or other.by_person) and not self.doc.active
        self.doc = _merged(self.doc, other.doc)
        self.loud = self.loud or other.loud
        self.follows = max(self.follows, other.follows)
        self.restless |= other.restless
        for node, number in other.heard.items():
            self.heard[node] = self.heard.get(node, 0) + number
        self.stale, self.ranked = True, 0

    def _enter(self, member: Member, graph: ServiceGraph) -> bool:
        return self._serve(member.node, member.started, member.episode_id, graph)

    def _serve(self, node: str, started: float, first: str, graph: ServiceGraph) -> bool:
        """Let a service be one of this incident's, and find its root again; is it new here?"""
        if node in self.services:
            self.services[node] = min(self.services[node], started)
            return False
        if len(self.services) >= MOST_KEYS:
            return True
        self.services[node], self.firsts[node] = started, first
        self.stale = True
        rests_on = graph.needs(node) | {node}
        self.shared = set(rests_on) if self.shared is None else self.shared & rests_on
        services = self.services.keys()
        self.explained = explained_by(graph, self.root, services) if self.root else set()
        self._rest_on(node, graph)
        return True

    def _rest_on(self, node: str, graph: ServiceGraph) -> None:
        """Let ``node`` be the root if it explains more of the services than the present one."""
        other = explained_by(graph, node, self.services.keys())
        if len(other) > len(self.explained):
            self.root, self.explained = node, other

    def _leave(self, gone: Member, graph: ServiceGraph) -> None:
        """A member is on another node now: forget what nobody else says of the old one."""
        company = self.companies.get(gone.key)
        if company is None or company.episodes > 0:
            return
        del self.keys[gone.key], self.companies[gone.key]
        self.noted = max(0, self.noted - 1)  # or what comes next would be taken as noted
        self.stale, self.ranked = True, 0
        if any(sign.node == gone.node for sign in self.keys.values()):
            return
        self.services.pop(gone.node, None)
        self.firsts.pop(gone.node, None)
        needs = [graph.needs(node) | {node} for node in self.services]
        self.shared = set(needs[0]).intersection(*needs[1:]) if needs else None
        self.root = "" if self.root == gone.node else self.root
        self.explained = explained_by(graph, self.root, self.services.keys()) if self.root else set()

    def _restate(self, gone: Sequence[Member], rest: Sequence[Member]) -> None:
        """Let what is said of the kinds and services of ``gone`` be what the others say, as far as those are held."""
        ids = {member.episode_id for member in gone}
        for key in dict.fromkeys(member.key for member in gone if member.key in self.keys):
            alike, company = [one for one in rest if one.key == key], self.companies[key]
            if company.episodes == len(alike):  # else some are counted only, and what they said stays
                self.keys[key] = reduce(lambda sign, one: sign_of(one).joined(sign), alike[1:], sign_of(alike[0]))
            if company.newest in ids:
                company.newest = alike[-1].episode_id if alike else ""
        for node in dict.fromkeys(member.node for member in gone if member.node in self.services):
            starts = [sign.started for sign in self.keys.values() if sign.node == node]
            self.services[node] = min(starts, default=self.services[node])
            if self.firsts[node] in ids:
                self.firsts[node] = next((one.episode_id for one in rest if one.node == node), "")

    def _owner(self, member: Member) -> None:
        if member.owner and len(self.owners) < MOST_OWNERS:
            self.owners[member.owner] = None

    def _sign(self, member: Member) -> None:
        key = member.key
        known = self.keys.get(key)
        if known is None:
            if len(self.keys) >= MOST_KEYS:
                return
            self.companies[key] = Company()
        sign = sign_of(member).joined(known)
        if sign != known:
            self.keys[key] = sign
            self.stale = True

    def _count(self, member: Member, by: int) -> None:
        fires = by if member.ended is None else 0
        self.doc = msgspec.structs.replace(
            self.doc,
            episodes=self.doc.episodes + by,
            firing=self.doc.firing + fires,
            suppressed=self.doc.suppressed + (by if member.suppressed else 0),
            audible=self.doc.audible + (0 if member.suppressed else fires),
            known_bad=self.doc.known_bad + (by if member.known_bad else 0),
            flapping=self.doc.flapping + (by if member.flapping else 0),
            alerts=self.doc.alerts + by * member.events,
        )
        severities = self.hidden if member.suppressed else self.severities
        severities[member.severity] = severities.get(member.severity, 0) + by
        if company := self.companies.get(member.key):
            company.episodes += by
            company.firing += fires
        if fires and not member.suppressed and not member.lifted:
            number = self.heard.pop(member.node, 0) + fires
            if number > 0:
                self.heard[member.node] = number


def sign_of(member: Member) -> Sign:
    """Return what one member says of its node."""
    callers = (member.caller,) if member.caller else ()
    return Sign(member.node, member.kind, member.name, member.started, member.severity, callers)


def worst(live: Live) -> Severity:
    """Return the worst severity of the unsuppressed members; of all, when all are suppressed."""
    present = [severity for severity, number in live.severities.items() if number > 0]
    present = present or [severity for severity, number in live.hidden.items() if number > 0]
    return max(present, key=lambda severity: severity.rank, default=live.doc.severity)


def _both(mine: Company | None, theirs: Company) -> Company:
    if mine is None:
        return theirs
    newer = max(mine, theirs, key=lambda one: one.heard)
    return Company(mine.episodes + theirs.episodes, mine.firing + theirs.firing, newer.heard, newer.newest)


def _merged(mine: Incident, theirs: Incident) -> Incident:
    """Return the survivor's document with the other's counts, and the further of what people did to the two."""
    taken = IncidentStatus.ACKNOWLEDGED in (mine.status, theirs.status) and mine.active
    acknowledged = [when for when in (mine.acknowledged_at, theirs.acknowledged_at) if when]
    return msgspec.structs.replace(
        mine,
        status=IncidentStatus.ACKNOWLEDGED if taken else mine.status,
        acknowledged_at=min(acknowledged, default=None) if taken else mine.acknowledged_at,
        assignee=mine.assignee or theirs.assignee,
        recurs=mine.recurs or theirs.recurs,
        division=None,
        episodes=mine.episodes + theirs.episodes,
        firing=mine.firing + theirs.firing,
        suppressed=mine.suppressed + theirs.suppressed,
        audible=mine.audible + theirs.audible,
        known_bad=mine.known_bad + theirs.known_bad,
        flapping=mine.flapping + theirs.flapping,
        alerts=mine.alerts + theirs.alerts,
        opened_at=min(mine.opened_at, theirs.opened_at),
        last_activity=max(mine.last_activity, theirs.last_activity),
        merged_from=(*mine.merged_from, theirs.incident_id, *theirs.merged_from),
        paged=mine.paged or theirs.paged,
    )
