"""Which alerts are one incident, and where does each incident stand? The engine's view of correlation."""

from datetime import datetime, timedelta
from itertools import islice

import msgspec

from aiops.domain import acts
from aiops.domain.alerts import Alert, Episode, Moved, Templated
from aiops.domain.documents import INCIDENTS, LESSONS, PINS, TIMELINE
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Event
from aiops.domain.graph import Entity
from aiops.domain.incidents import Incident, IncidentStatus, TimelineItem, tell
from aiops.domain.part import Part
from aiops.domain.reasons import Reason, told
from aiops.domain.settings import CorrelationSettings
from aiops.domain.timers import Timers
from aiops.domain.words import plural
from correlation.assembly import Assembly
from correlation.by_hand import regroup, revoke
from correlation.describe import describe, recounted
from correlation.endings import ends, next_move
from correlation.holdings import Turn
from correlation.lessons import teach
from correlation.lifecycle import apply, move
from correlation.live import Live
from correlation.members import node_of
from correlation.rootcause import confirm, weigh
from correlation.topology import ServiceGraph
from correlation.unusual import waits
from correlation.witnesses import Witnesses

TIMER = "incident"
MOST_ARCHIVED = 2_000  # closed incidents that still take comments and a confirmed cause; older ones are read-only
STILL_NEW = timedelta(minutes=30)  # what is measured later says nothing of how it began
MOST_NEW = 64  # incidents, the newest, that a measurement may have ranked again
RANK_AGAIN = timedelta(seconds=10)  # a large incident whose candidates are behind is ranked at the latest then


class Correlator(Part):
    """Joins episodes into incidents (assembly), describes them, moves them through their life."""

    def __init__(self, settings: CorrelationSettings, graph: ServiceGraph, timers: Timers) -> None:
        super().__init__()
        self._graph, self._timers = graph, timers
        self._assembly = Assembly(settings, graph)
        self._witnesses = Witnesses()
        self._archive: dict[str, Incident] = {}
        self.lean = False  # are causes and impact put off, as the engine is behind?

    @property
    def settings(self) -> CorrelationSettings:
        """By what it decides."""
        return self._assembly.settings

    @settings.setter
    def settings(self, settings: CorrelationSettings) -> None:
        self._assembly.settings = settings

    def take(self, alert: Alert, now: datetime, *, said: bool) -> Alert:
        """Return the alert with its episode's incident and link, and the reason of it where it was just placed.

        ``said``: an event of it came; else something else is known of it.
        """
        taken = self._assembly.take(alert, now, said=said)
        turned, self._assembly.turned = self._assembly.turned, []
        for turn in turned:
            self._recount(turn, taken, now)
        self._bound(now)
        return taken

    def _recount(self, turn: Turn, alert: Alert, now: datetime) -> None:
        """Let a closed incident count its members as they are: one is over, or fires on in another incident."""
        incident_id = self._where(turn.incident_id)
        if (doc := self._archive.get(incident_id)) is None:
            return
        counted = recounted(doc, turn.before, turn.after)
        if counted == doc:
            return
        if turn.after is None:
            text = f"{alert.title!r} fires on: it is in another incident now"
            counted, line = tell(counted, now, "moved", text)
            self._assembly.lines.append(line)
        self._archive[incident_id] = counted
        self._assembly.dirty[incident_id] = None

    def heard(self, alert: Alert | None, now: datetime) -> None:
        """An alert said once more what it had said: its incident is not forgotten."""
        if alert is not None:
            self._assembly.heard(alert.episode.episode_id, now)

    def observe(self, event: Event, entity: Entity, now: datetime) -> None:
        """Something was measured or changed: incidents that began lately are ranked again within ``RANK_AGAIN``."""
        if self._witnesses.hear(event, entity):
            self._rank_again(now)

    def read(self, event: Event, entity: Entity, templated: Templated, now: datetime) -> None:
        """Something was logged: each minute in which a node logs has incidents that began lately ranked again."""
        if self._witnesses.read(event, entity, templated):
            self._rank_again(now)

    def _rank_again(self, now: datetime) -> None:
        for live in islice(reversed(self._assembly.lives.values()), MOST_NEW):
            if live.doc.active and not live.stale and now - live.doc.opened_at <= STILL_NEW:
                live.stale, live.ranked = True, 0
                self._schedule(live, now)

    def changed(self, now: datetime) -> list[Incident]:
        """Return the incidents that changed since the last call, in the order in which they changed first."""
        dirty, self._assembly.dirty = self._assembly.dirty, {}
        incidents = []
        for incident_id in dirty:
            live = self._assembly.lives.get(incident_id)
            if live is not None:
                self._describe(live, now)
                self._schedule(live, now)
                self._assembly.crowd(live)
                incidents.append(live.doc)
            elif doc := self._assembly.merged.get(incident_id) or self._archive.get(incident_id):
                incidents.append(doc)
        lines, self._assembly.lines = self._assembly.lines, []
        for line in lines:
            self.put(TIMELINE, line)
        for pin in self._assembly.pins.taken():
            self.put(PINS, pin)
        lessons, self._assembly.lessons = self._assembly.lessons, []
        for lesson in lessons:
            self.put(LESSONS, lesson)
        return incidents

    def keep(self, incident: Incident) -> None:
        """Take over an incident as settled, and save it."""
        live = self._assembly.lives.get(incident.incident_id)
        if live is not None:
            live.doc = incident
        elif self._assembly.merged.pop(incident.incident_id, None) is None:
            self._archive[incident.incident_id] = incident
        self.put(INCIDENTS, incident)

    def touch(self, incident_id: str) -> None:
        """Have the incident looked at again; a merged id leads to where it lives on."""
        incident_id = self._where(incident_id)
        if incident_id in self._assembly.lives or incident_id in self._archive:
            self._assembly.dirty[incident_id] = None

    def paged(self, incident_id: str) -> bool:
        """Does somebody know of the incident, wherever it lives on, and was not told that it is over?"""
        live = self._assembly.lives.get(self._where(incident_id))
        return live is not None and live.doc.paged and live.doc.active

    def company(self, alert: Alert) -> tuple[str, ...]:
        """Return other nodes of the alert's incident, up to two, of which something fires that nothing hides."""
        live = self._assembly.lives.get(self._where(alert.episode.incident_id))
        return tuple(live.company(node_of(alert.episode))) if live else ()

    def crowded(self) -> list[str]:
        """Return the fingerprints of alerts whose company is another one since the last call."""
        crowded, self._assembly.crowded = self._assembly.crowded, []
        return list(dict.fromkeys(crowded))

    def history(self, incident_id: str) -> tuple[Incident, set[str]]:
        """Return the incident and the fingerprints of its alerts, as far as they are held."""
        live = self._assembly.lives.get(incident_id)
        if live is None:
            return self._archived(incident_id), set()
        return live.doc, {self._assembly.members[key].fingerprint for key in live.members}

    def remark(self, incident_id: str, text: str, now: datetime) -> None:
        """Add a line of the audit to the incident's story."""
        live = self._assembly.lives.get(incident_id)
        if live:
            self._assembly.tell(live, now, "audit", text)
        else:
            self._archive[incident_id], line = tell(self._archived(incident_id), now, "audit", text)
            self._assembly.lines.append(line)

    def leave(self, episode: Episode) -> None:
        """An alert stands on another episode now, or is forgotten: nobody else holds the document of this one."""
        self._assembly.leave(episode)

    def joined(self) -> list[tuple[str, bool, Reason]]:
        """Return the episodes that got company in their incident since the last call, or (False) lost the last of it.

        In the order in which that happened.
        """
        joined, self._assembly.joined = self._assembly.joined, []
        return joined

    def moved(self) -> list[Moved]:
        """Return what is to be written anew of episodes that changed place, in that order, since the last call."""
        moved, self._assembly.moved = self._assembly.moved, []
        past = self._assembly.past  # some may be so only since
        return [msgspec.structs.replace(one, past=one.past or past.get(one.episode_id)) for one in moved]

    def released(self) -> list[str]:
        """Return the episodes whose place can change no more, since the last call."""
        released, self._assembly.released = self._assembly.released, []
        return released

    def due(self, key: str, now: datetime) -> None:
        """The timer of incident ``key`` runs: resolve, close or rank it, if it is time for that."""
        live = self._assembly.lives.get(key)
        if live is None:
            return
        live.due = None
        live.ranked = 0 if live.stale and not self.lean else live.ranked
        self._assembly.dirty[key] = None
        if move_on := next_move(live, self.settings, now):
            status, text = move_on
            self._move(live, *move(live.doc, status, now, text), now)

    def act(self, act: acts.Act, actor: str, now: datetime) -> tuple[str, str]:
        """Apply a person's act; return what was done in words and the incident's id (where it lives on, if merged).

        Conflict: it does not fit the incident's state. BadInput: there is no such incident, or no such node to blame.
        """
        if isinstance(act, acts.GroupingAct):
            return regroup(act, self._assembly, self._living, actor, now)
        if isinstance(act, acts.RevokePin):
            return revoke(act, self._assembly.pins, actor, now)
        if not isinstance(act, acts.IncidentAct):
            raise Conflict(f"{type(act).__name__} is no act on an incident")
        incident_id = self._where(act.incident_id)
        live = self._assembly.lives.get(incident_id)
        present = live.doc if live else self._archived(incident_id)
        if isinstance(act, acts.ConfirmCause):
            self._check_cause(act.entity, present, live)
        doc, line, text = apply(present, act, actor, now)
        if isinstance(act, acts.ConfirmCause):
            abstained = "" if act.entity else f"{actor} says: none of the candidates"
            candidates = confirm(doc.candidates, act.entity) if act.entity else doc.candidates
            doc = msgspec.structs.replace(doc, candidates=candidates, abstained=abstained)
            if live is not None:
                self._learn(live, now)
            self._witnesses.experience.confirm(incident_id, act.entity)
        self._assembly.dirty[incident_id] = None
        if live is None:
            self._archive[incident_id] = doc
            self._assembly.lines.append(line)
            return text, incident_id
        if isinstance(act, acts.ConfirmCause):
            live.confirmed, live.stale, live.ranked = act.entity, True, 0
            if act.entity:
                teach(self._assembly, live, live.members, now)
        live.by_person = isinstance(act, acts.Resolve) or (live.by_person and not isinstance(act, acts.Reopen))
        self._move(live, doc, line, now)
        return text, incident_id

    def _check_cause(self, entity: str, doc: Incident, live: Live | None) -> None:
        """A cause is a node of the graph, a candidate, or what alerts in the incident; or none of these."""
        near = {*(one.entity for one in doc.candidates), *doc.services, *(live.services if live else ())}
        if entity and entity not in near and self._graph.view().service(entity) is None:
            fix = f"name a service of the graph, or one of {', '.join(doc.services[:5]) or 'its candidates'}"
            raise BadInput(f"there is no service {entity!r}", place="entity", fix=fix)

    def _living(self, incident_id: str) -> Live:
        """Return an incident whose members can still change."""
        if live := self._assembly.lives.get(self._where(incident_id)):
            return live
        number = self._archived(incident_id).number
        raise Conflict(f"#{number} is closed and cannot be merged, nor its alerts moved: a new alert opens a new one")

    def _where(self, incident_id: str) -> str:
        return self._assembly.redirects.get(incident_id, incident_id)

    def _archived(self, incident_id: str) -> Incident:
        if doc := self._archive.get(incident_id):
            return doc
        problem = f"there is no incident {incident_id!r} that can still change"
        raise BadInput(problem, place="incident_id", fix="take the id from /incidents; long closed ones are read-only")

    def _describe(self, live: Live, now: datetime) -> None:
        """Let the document say what is held, and tell what people should hear of."""
        before, sequels, rates = live.doc, self._assembly.sequels, self._assembly.rates
        if live.stale:
            live.follows = max(live.follows, sequels.of(live, rates, self._graph, self.settings))
        live.doc = after = describe(live, self._graph, rates, self.settings, now, self._witnesses, self.lean)
        if not waits(after.score - live.follows[0], after.severity, self.settings):
            sequels.note(live)
        self._mute(live, now)
        if before.services and after.severity != before.severity:
            self._assembly.tell(live, now, "severity", f"severity {before.severity} -> {after.severity}")
        cause = _cause(after)
        if cause and cause != _cause(before) and live.confirmed is None:
            first = after.candidates[0]
            why = f": {first.evidence[0].text}" if first.evidence else ""
            self._assembly.tell(live, now, "cause", f"likely root cause {cause} ({first.likely}){why}")

    def _mute(self, live: Live, now: datetime) -> None:
        """Say so when all that still fires has come to be muted."""
        if live.loud and not live.doc.audible and live.doc.firing:
            text = f"muted: of what fires in it ({plural(live.doc.firing, 'alert')}) nothing is left that is not muted"
            reasons = told(live.doc.reasons, Reason(step="suppress", text=text))
            live.doc = msgspec.structs.replace(live.doc, reasons=reasons)
            self._assembly.tell(live, now, "muted", text)
        live.loud = live.doc.audible > 0

    def _move(self, live: Live, doc: Incident, line: TimelineItem, now: datetime) -> None:
        """Take over the document after a move, with its line."""
        live.doc = doc
        self._assembly.lines.append(line)
        if not doc.active:
            self._learn(live, now)
        if doc.active:
            self._assembly.open[doc.incident_id] = None
        else:
            self._assembly.open.pop(doc.incident_id, None)
        if doc.status is IncidentStatus.CLOSED:
            self._describe(live, now)
            if firing := live.doc.firing:
                text = f"with {plural(firing, 'alert')} still firing: their news goes elsewhere"
                self._assembly.tell(live, now, "closed", text)
            self._assembly.release(live)
            self._archive[doc.incident_id] = live.doc
            self._timers.cancel(TIMER, doc.incident_id)
            while len(self._archive) > MOST_ARCHIVED:
                del self._archive[next(iter(self._archive))]

    def _learn(self, live: Live, now: datetime) -> None:
        """Let an incident that is over, or whose cause a person named, count for the causes of later ones."""
        signs, experience = tuple(live.keys.values()), self._witnesses.experience
        said = self._witnesses.testimonies(live, self._graph, now)
        verdict = weigh(signs, self._graph, self._assembly.rates, now, experience, said)
        experience.count(live.doc.incident_id, verdict.weighing)

    def _schedule(self, live: Live, now: datetime) -> None:
        """Let the timer run when something may be due; a timer that runs too early sets the next one."""
        wanted = [now + RANK_AGAIN] if live.stale else []
        due = min([*wanted, *ends(live, self.settings)], default=None)
        if due is not None and (live.due is None or due < live.due):
            live.due = due
            self._timers.set(TIMER, live.doc.incident_id, due)

    def _bound(self, now: datetime) -> None:
        """Beyond ``max_open`` one is closed, said so: background ones first, then what fires least, the mildest."""
        most, assembly = self.settings.max_open, self._assembly
        if len(assembly.open) > most:
            live = min((assembly.lives[incident_id] for incident_id in assembly.open), key=_weight)
            why = f"more than {most} incidents are open, and this one was the least of them"
            self._move(live, *move(live.doc, IncidentStatus.RESOLVED, now, f"resolved: {why}"), now)
            self._close(live, why, now)
        if len(assembly.lives) > 2 * most:
            live = next(live for live in assembly.lives.values() if not live.doc.active)
            self._close(live, f"more than {most} resolved incidents wait to be closed, and this one is the oldest", now)

    def _close(self, live: Live, why: str, now: datetime) -> None:
        self._assembly.dirty[live.doc.incident_id] = None
        self._move(live, *move(live.doc, IncidentStatus.CLOSED, now, f"closed: {why}"), now)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode((self._archive, self._assembly.dump(), self._witnesses.dump()))

    def load(self, state: bytes) -> None:
        shape = tuple[dict[str, Incident], bytes, bytes]
        self._archive, assembly, witnesses = msgspec.msgpack.decode(state, type=shape)
        self._assembly.load(assembly)
        if witnesses:
            self._witnesses.load(witnesses)


def _weight(live: Live) -> tuple[bool, int, int, datetime, int]:
    """How much would be lost if it were closed?"""
    doc = live.doc
    return not doc.background, doc.audible, doc.severity.rank, doc.last_activity, doc.number


def _cause(incident: Incident) -> str:
    return incident.candidates[0].entity if incident.candidates and not incident.abstained else ""
