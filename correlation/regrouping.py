"""How do incidents become one, and one become two? Steps over whole groups of members; who takes them, others say."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import msgspec

from aiops.domain.alerts import Link, Moved
from aiops.domain.base import stable_hash
from aiops.domain.incidents import Incident, IncidentStatus, tell
from aiops.domain.reasons import Reason
from aiops.domain.words import plural
from correlation.holdings import MOST_FOUNDERS, MOST_REDIRECTS, Holdings, bound
from correlation.live import Live
from correlation.members import Member

MOVED = "moved"  # relation of what no neighbour brought here


class Regrouping(Holdings):
    """Incidents whose members change place together."""

    def merge(self, survivor: Live, other: Live, why: str, now: datetime, actor: str = "") -> None:
        """Let ``other`` live on in ``survivor``; the documents of its members stay as they are."""
        for live, company in ((survivor, other), (other, survivor)):
            if live.doc.episodes == 1:
                self.accompany(live, f"#{live.doc.number} and #{company.doc.number} became one: {why}")
        mine, theirs = survivor.doc.number, other.doc.number
        gone, line = tell(other.doc, now, "merged", f"lives on in #{mine}: {why}", actor)
        gone = msgspec.structs.replace(gone, status=IncidentStatus.MERGED, merged_into=survivor.doc.incident_id)
        self.lines.append(line)
        before = survivor.doc.status
        survivor.swallow(other, self.graph)
        self.tell(survivor, now, "merged", f"#{theirs} joined: {why}", actor)
        if survivor.doc.status is not before:
            self.tell(survivor, now, "acknowledged", f"acknowledged, as #{theirs} was")
        survivor.grouped = (*survivor.grouped, f"#{theirs} and #{mine} became one: {why}")
        for episode_id in other.members:
            self.members[episode_id].incident = survivor.doc.incident_id
        for merged in (gone.incident_id, *gone.merged_from):
            self.redirects[merged] = survivor.doc.incident_id
        bound(self.redirects, MOST_REDIRECTS)
        self.drop(other, survivor)
        self.merged[gone.incident_id] = gone
        self.dirty[gone.incident_id] = None
        self.touch(survivor, now)

    def accompany(self, live: Live, why: str) -> None:
        """The only member of an incident gets company."""
        reason = Reason(step="group", text=f"has company: {why}")
        self.joined += [(episode_id, True, reason) for episode_id in live.members]

    def part(self, live: Live, episode_ids: Collection[str], why: str, now: datetime, actor: str = "") -> Live:
        """Let these members of ``live`` be an incident of their own from now on, and return it.

        They must be movable members of it, at least one, and leave at least one behind. What people know of ``live``
        they know of it as well; where ``live`` is worked on, so is it, though nobody has acknowledged it yet.
        """
        gone = [self.members[key] for key in live.members if key in episode_ids]
        first = min(gone, key=lambda member: member.started)
        self.number += 1
        doc = Incident(
            incident_id=stable_hash(first.episode_id, live.doc.incident_id, str(self.number)),
            number=self.number,
            title=first.name,
            severity=first.severity,
            status=IncidentStatus.OPEN if live.doc.active else live.doc.status,
            resolved_at=live.doc.resolved_at,
            opened_at=datetime.fromtimestamp(first.started, UTC),
            last_activity=now,
            founder=first.episode_id,
            split_from=live.doc.incident_id,
        )
        new = Live(doc=doc, by_person=live.by_person)
        self.lives[doc.incident_id] = new
        if doc.active:
            self.open[doc.incident_id] = None
        self.tell(new, now, "split", f"split off #{live.doc.number}: {why}", actor)
        self.tell(live, now, "split", f"{_listed(gone)} split off into #{doc.number}: {why}", actor)
        self._hand_over(live, new, gone, f"split off #{live.doc.number} into #{doc.number}: {why}", now)
        return new

    def move(
        self, live: Live, other: Live, episode_ids: Collection[str], why: str, now: datetime, actor: str = ""
    ) -> None:
        """Let these members of ``live`` be of ``other`` from now on, as ``part`` does with a new one."""
        gone = [self.members[key] for key in live.members if key in episode_ids]
        mine, theirs = live.doc.number, other.doc.number
        self.tell(live, now, "moved", f"{_listed(gone)} moved to #{theirs}: {why}", actor)
        self.tell(other, now, "moved", f"{_listed(gone)} moved here from #{mine}: {why}", actor)
        if other.doc.episodes == 1:
            self.accompany(other, f"{_listed(gone)} moved here from #{mine}")
        self._hand_over(live, other, gone, f"moved from #{mine} to #{theirs}: {why}", now)
        other.grouped = (*other.grouped, f"{_listed(gone)} moved here from #{mine}: {why}")

    def _hand_over(self, live: Live, other: Live, gone: Sequence[Member], text: str, now: datetime) -> None:
        """Let ``gone`` leave ``live`` for ``other``; their documents say so, and so do those of who is left alone."""
        ids = {member.episode_id for member in gone}
        rest = [self.members[key] for key in live.members if key not in ids]
        live.drop(gone, rest, self.graph)
        for member in gone:
            self._take_in(other, member, live)
        for one in (live, other):
            one.loud = one.doc.audible > 0  # what was moved is not muted
            self.touch(one, now)
        self._found_anew(live, other, rest)
        together = Link(parent="", parent_entity="", relation=MOVED, seconds=0.0, ratio=0.0, text=text)
        for member in gone:
            link = together if other.doc.episodes > 1 else None
            self._rewrite(member, link, text)
            self.joined.append((member.episode_id, link is not None, Reason(step="group", text=text)))
        if live.doc.episodes == 1:
            for member in rest:
                self._rewrite(member, None, f"alone: of the others, the last were {text}")
                self.joined.append((member.episode_id, False, Reason(step="group", text=text)))

    def _take_in(self, other: Live, member: Member, live: Live) -> None:
        """Let a member that has left ``live`` be of ``other``, and so what its sort of alert leads to."""
        other.add(member, self.graph)
        company = other.companies.get(member.key)
        if company is not None and company.heard <= member.received:
            other.hear(member, member.received)
        if member.key not in live.companies:
            self.hold(other, member)
        if member.fingerprint in live.restless and not any(
            self.members[key].fingerprint == member.fingerprint for key in live.members
        ):
            del live.restless[member.fingerprint]
            other.restless[member.fingerprint] = None
            self.restless[member.fingerprint] = other.doc.incident_id
        if member.suppressed or member.lifted:
            self.crowded.append(member.fingerprint)
        started = datetime.fromtimestamp(member.started, UTC)
        other.doc = msgspec.structs.replace(other.doc, opened_at=min(other.doc.opened_at, started))

    def _found_anew(self, live: Live, other: Live, rest: Sequence[Member]) -> None:
        """The founder of ``live`` may have left it: its first member is that now, and it began with the earliest."""
        if rest and live.doc.founder not in live.members:
            live.doc = msgspec.structs.replace(live.doc, founder=rest[0].episode_id)
        if rest and live.doc.episodes == len(rest):
            began = datetime.fromtimestamp(min(member.started for member in rest), UTC)
            live.doc = msgspec.structs.replace(live.doc, opened_at=began)
        for one in (live, other):
            if founder := self.members.get(one.doc.founder):
                self.founders[founder.fingerprint] = one.doc.incident_id
        bound(self.founders, MOST_FOUNDERS)

    def _rewrite(self, member: Member, link: Link | None, text: str) -> None:
        """Have the member's documents say where it is."""
        self.moved.append(
            Moved(
                episode_id=member.episode_id,
                fingerprint=member.fingerprint,
                incident_id=member.incident,
                link=link,
                reason=Reason(step="group", text=text),
                past=self.past.get(member.episode_id),
            )
        )


def _listed(members: Sequence[Member]) -> str:
    """ "'disk full' of db-1", with how many more there are."""
    first = members[0]
    named = f"{first.name!r} of {first.entity or 'an unmapped node'}"
    return f"{named} and {plural(len(members) - 1, 'more alert')}" if len(members) > 1 else named
