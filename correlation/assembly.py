"""How do episodes become incidents? Place, join or found, merge: the steps for one alert."""

from datetime import UTC, datetime
from itertools import islice

import msgspec

from aiops.domain.alerts import Alert, Link
from aiops.domain.base import stable_hash
from aiops.domain.incidents import Incident
from aiops.domain.reasons import Evidence, Reason, told
from correlation.background import WINDOW
from correlation.describe import MOST_GROUPED
from correlation.dividing import divide
from correlation.holdings import MOST_FOUNDERS, Turn, bound
from correlation.joining import MOST_LOOKED_AT, Choice, alone, choose, link_of, may_merge, runner_up, same_link
from correlation.live import CROWD, Live
from correlation.members import Member, caller_of, member_of
from correlation.pinning import Pinning

MERGE_TESTS = 25  # other incidents looked at per joined episode: a late root may unite many symptoms
MOST_CALLED = 8  # muted alerts that are placed anew when a service is new to an incident
MOST_TOLD = 100  # services whose joining is told in the story; the others are in the list of members
WEAK_RATIO = 1000.0  # a link at least this strong is not worth naming as the weakest
SPEAKS = 300.0  # seconds between two events of one episode that each count towards its usual rate
FOLLOWED = (  # of a member, as its alert says
    *("name", "node", "owner", "severity", "events", "suppressed", "known_bad", "flapping", "lifted"),
)


class Assembly(Pinning):
    """All incidents at work, and how alerts come into them."""

    def take(self, alert: Alert, now: datetime, *, said: bool) -> Alert:
        """Note the alert's present episode; place it where it has no incident yet, or none that still works.

        ``said``: an event of it came.
        """
        taken = self._take(alert, now, said=said)
        self._wait_for(taken, now)
        return taken

    def _wait_for(self, alert: Alert, now: datetime) -> None:
        """While an alert flaps its incident is not over, whatever its last word was."""
        key = alert.fingerprint
        waits = self.lives.get(self.restless.get(key, ""))
        if waits is not None and not alert.flapping:
            del self.restless[key], waits.restless[key]
            self.touch(waits, now, news=False)
        elif waits is None and alert.flapping:
            incident_id = alert.episode.incident_id
            live = self.lives.get(self.redirects.get(incident_id, incident_id))
            if live is not None:
                self.restless[key] = live.doc.incident_id
                live.restless[key] = None
                self.tell(live, now, "flapping", f"{alert.title!r} flaps: this is not over before it is calm")
                self.touch(live, now, news=False)

    def _take(self, alert: Alert, now: datetime, *, said: bool) -> Alert:
        episode = alert.episode
        member = self.members.get(episode.episode_id)
        if member is not None:
            before = msgspec.structs.replace(member)
            called = self.called.pop(member.fingerprint, False)
            news = self._update(member, alert, now) or (before.suppressed and not member.suppressed) or called
            if member.incident not in self.lives:
                return self._go_on(member, before, alert, news, now)
            stays = member.ended is not None or member.node == before.node
            return alert if stays else self._settle_anew(member, alert, now)
        if episode.incident_id:  # ended so long ago that it is no longer held
            if said:
                last = member_of(alert, now.timestamp())
                before = msgspec.structs.replace(last, events=last.events - 1)
                self.turned.append(Turn(episode.incident_id, before, last))
            return alert
        if not episode.open:
            self.released.append(episode.episode_id)
            return alert
        self._supersede(alert, now)
        caller = caller_of(alert, self.graph.view())
        member = member_of(alert, now.timestamp(), self.clocks.ahead(alert.source), caller)
        if member.entity:
            self.clocks.note(
                member.source, member.stated, ((one.source, one.stated) for one in self.active.on(member.node))
            )
        self.members[member.episode_id] = member
        self.firing[member.fingerprint] = member.episode_id
        placed = self._place(member, alert, now, first=True)
        self.evict(now)
        return placed

    def _go_on(self, member: Member, before: Member, alert: Alert, news: bool, now: datetime) -> Alert:
        """The incident of an episode is closed: it is counted there, until it fires on; then another one has it."""
        placed = self._place(member, alert, now) if news and member.ended is None else alert
        if before.incident:
            after = msgspec.structs.replace(member) if member.incident == before.incident else None
            self.turned.append(Turn(before.incident, before, after))
        return placed

    def heard(self, episode_id: str, now: datetime) -> None:
        """A held episode said once more what it had said: it still fires."""
        member = self.members.get(episode_id)
        live = self.lives.get(member.incident) if member else None
        if member is None or live is None or member.ended is not None or not live.counts(member.suppressed):
            return
        live.hear(member, now.timestamp())
        self._goes_on(live, member, now)
        self.touch(live, now)

    def _update(self, member: Member, alert: Alert, now: datetime) -> bool:
        """Let a held episode be as the alert says now; is there news: another event, or a worse severity?"""
        after, before = member_of(alert, now.timestamp()), msgspec.structs.replace(member)
        news = after.events > before.events or after.severity.rank > before.severity.rank
        if after.node != before.node:
            self.active.drop(member)
        lasting = now.timestamp() - member.received >= WINDOW
        if news and lasting and member.ended is None and now.timestamp() - member.counted >= SPEAKS:
            member.counted = now.timestamp()
            self.rates.count(member.key, member.chance, member.counted)
        for name in FOLLOWED:
            setattr(member, name, getattr(after, name))
        ended = alert.episode.ended_at
        if (member.ended is None) is not (ended is None):
            self.turn(member, ended.timestamp() if ended else None, now)
        elif after.node != before.node:
            self.keep_active(member, now)
        if (live := self.lives.get(member.incident)) is not None:
            live.change(before, member, self.graph)
            if news:
                live.hear(member, now.timestamp())
            if news or (before.suppressed and not member.suppressed):
                self._goes_on(live, member, now)
            self.touch(live, now, news=news and live.counts(member.suppressed))
        return news

    def _goes_on(self, live: Live, member: Member, now: datetime) -> None:
        """What fires and is not muted reopens its incident, unless a person resolved that."""
        if member.ended is None and not member.suppressed and not live.by_person:
            self.reopen(live, f"{member.name!r} of {member.entity or 'an unmapped node'} goes on", now)

    def _place(self, member: Member, alert: Alert, now: datetime, first: bool = False) -> Alert:
        """Join the incident that explains the episode best, or found one; a suppressed episode founds none."""
        choice = self._choose(member, now)
        kept_out, pinned, same = self.keep_out(member, choice, now), self.pinned(member, now), self.holder(member, now)
        if first:
            again = same is None or choice.back  # one more of what is there already is no further occurrence of it
            member.chance, member.counted = (choice.background if again else 0.0), now.timestamp()
            self.rates.count(member.key, member.chance, member.counted)
            fans = self.fans(member.node)
            self.kernels.count(member.kind, choice.rate, fans, choice.causes, choice.rate + choice.total)
        link, live = pinned or self._link(member, choice, same)
        closed = "its incident was closed while it fired; " if member.incident else ""
        if link is not None and live is not None:
            own = next((one for one in choice.pulled if one.incident == live.doc.incident_id), None)
            if own and (second := runner_up(member, own, choice, self.lives)):
                live.runner_up = min(second, live.runner_up or second)
            new = self._join(live, member, link, now)
            self._merge_around(live, member, choice, now)
            if new:
                divide(self, self.lives[member.incident], now)
            placed = _placed(alert, member, link, closed + link.text + kept_out)
        elif member.suppressed:
            placed = alert
        else:
            live = self._found(member, alert, now)
            text = f"{closed}opened #{live.doc.number}: {alone(choice, self.settings)}{kept_out}"
            placed = _placed(alert, member, None, text)
        self.keep_active(member, now)
        return placed

    def _choose(self, member: Member, now: datetime) -> Choice:
        return choose(member, now.timestamp(), self.active, self.lives, self.graph, self.model, self.settings)

    def _link(self, member: Member, choice: Choice, same: Live | None) -> tuple[Link | None, Live | None]:
        """Return why the episode joins which incident: the one that holds its sort already, else what pulls most."""
        if same is not None:
            own = next((one for one in choice.pulled if one.incident == same.doc.incident_id), None)
            if own is not None and choice.ratio(own) > self.settings.join_ratio:
                return link_of(member, own, choice), same
            company = same.companies[member.key]
            return same_link(member, company, self.members.get(company.newest)), same
        best = next(iter(choice.pulled), None)
        if best is None or choice.ratio(best) <= self.settings.join_ratio:
            return None, None
        return link_of(member, best, choice), self.lives[best.incident]

    def _settle_anew(self, member: Member, alert: Alert, now: datetime) -> Alert:
        """The episode was found to be on another node: alone in its incident, it may belong to another one."""
        live, same = self.lives[member.incident], self.holder(member, now)
        self.hold(live, member)
        if live.doc.episodes > 1 or not live.doc.active:
            return alert
        choice = self._choose(member, now)
        self.keep_out(member, choice, now)
        link, other = self.pinned(member, now) or self._link(member, choice, same)
        if link is None or other is None or other is live or not other.doc.active or disagree(live, other):
            return alert
        if self.apart(live, other, now):
            return alert
        older, younger = sorted((live, other), key=lambda one: one.doc.number)
        self.merge(older, younger, link.text, now)
        return _placed(alert, member, link, link.text)

    def _found(self, member: Member, alert: Alert, now: datetime) -> Live:
        self.number += 1
        recurs = self.founders.pop(member.fingerprint, "")
        recurs = member.incident or recurs  # closed while it fired
        doc = Incident(
            incident_id=stable_hash(member.episode_id, *filter(None, [member.incident])),
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
        bound(self.founders, MOST_FOUNDERS)
        self.enter(live, member, now)
        self._call(member)
        self.tell(live, now, "opened", f"opened by {member.name!r} of {member.entity or 'an unmapped node'}")
        self.touch(live, now)
        return live

    def _join(self, live: Live, member: Member, link: Link, now: datetime) -> bool:
        """Take the episode in; is its service new there?"""
        if live.doc.episodes == 1:
            self.accompany(live, link.text)
        if not member.suppressed:
            self.reopen(live, link.text, now)
        if new := self.enter(live, member, now):
            self._call(member)
            if len(live.services) <= MOST_TOLD:
                self.tell(live, now, "joined", link.text)
        if member.suppressed and len(live.company(member.node)) >= CROWD:
            self.crowded.append(member.fingerprint)
        if len(live.grouped) < MOST_GROUPED:
            live.grouped = (*live.grouped, link.text)
        if 0 < link.ratio < (live.weakest[0] if live.weakest else WEAK_RATIO):
            live.weakest = (link.ratio, link.text)
        started = datetime.fromtimestamp(member.started, UTC)
        live.doc = msgspec.structs.replace(live.doc, opened_at=min(live.doc.opened_at, started))
        self.forget(live.trim())
        self.touch(live, now, news=live.counts(member.suppressed))
        return new

    def _call(self, member: Member) -> None:
        """Have what is muted near it, and was there before any incident was, placed anew: there is one now."""
        near = (other for other, _ in islice(self.active.around(self.graph.near(member.node)), MOST_LOOKED_AT))
        waiting = (other for other in near if other.suppressed and not other.incident and other.ended is None)
        for other in islice(waiting, MOST_CALLED):
            self.called[other.fingerprint] = True
            self.crowded.append(other.fingerprint)

    def _merge_around(self, live: Live, member: Member, choice: Choice, now: datetime) -> None:
        """Try to make the incidents one that the episode just placed also belongs to."""
        others = [pulled for pulled in choice.pulled if pulled.incident != live.doc.incident_id]
        for pulled in others[:MERGE_TESTS]:
            other = self.lives.get(pulled.incident)
            strength = pulled.strength / (self.settings.off_cone if pulled.off_cone else 1.0)
            if other is None or strength <= self.settings.join_ratio * choice.rate or disagree(live, other):
                continue
            root = self.members.get(other.firsts.get(other.root, ""))
            node = may_merge(live, other, member, root, self.graph, self.model, self.settings)
            if node and not self.apart(live, other, now):
                older, younger = sorted((live, other), key=lambda one: one.doc.number)
                self.merge(older, younger, f"{node} explains the services of both", now)
                live = older

    def _supersede(self, alert: Alert, now: datetime) -> None:
        """A new episode of an alert: an older one that was never seen to end ends where it begins."""
        held = self.members.get(self.firing.get(alert.fingerprint, ""))
        if held is not None:
            before = msgspec.structs.replace(held)
            self.turn(held, max(held.started, alert.episode.started_at.timestamp()), now)
            if (live := self.lives.get(held.incident)) is not None:
                live.change(before, held, self.graph)
                self.touch(live, now, news=False)
            elif held.incident:
                self.turned.append(Turn(held.incident, before, msgspec.structs.replace(held)))


def disagree(one: Live, other: Live) -> bool:
    """Would making the two one undo what a person did? They are given to, or blamed on, different ones."""
    assignees = {one.doc.assignee, other.doc.assignee} - {""}
    causes = {one.confirmed, other.confirmed} - {None}
    return len(assignees) > 1 or len(causes) > 1


def _placed(alert: Alert, member: Member, link: Link | None, text: str) -> Alert:
    """Return the alert with its episode's place and the reason of it."""
    episode = msgspec.structs.replace(alert.episode, incident_id=member.incident, link=link)
    evidence: dict[str, Evidence] = (
        {"ratio": link.ratio, "seconds": link.seconds, "relation": link.relation} if link else {}
    )
    reasons = told(alert.reasons, Reason(step="group", text=text, evidence=evidence))
    return msgspec.structs.replace(alert, episode=episode, reasons=reasons)
