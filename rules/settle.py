"""Is somebody told about this incident? Paged or not, with the reason; the page is a record, others deliver it."""

from datetime import datetime

import msgspec

from aiops.domain.acts import PageHandled
from aiops.domain.base import Noun
from aiops.domain.changes import PAGES, TIMELINE
from aiops.domain.errors import Conflict
from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, IncidentStatus, Page, PageStatus, tell
from aiops.domain.part import Part
from aiops.domain.reasons import Reason
from aiops.domain.settings import PagingSettings
from aiops.domain.timers import Timers

MOST_PENDING = 10_000  # pages not handled yet; the oldest one beyond it stays in the store, but is not waited for
_MOST_REASONS = 40


class Told(Noun, frozen=True, kw_only=True):
    """What people know of one incident so far."""

    due: datetime  # end of the hold: no page before
    route: str = ""  # who was paged; empty: nobody
    severity: Severity = Severity.INFO  # the worst that they were paged for
    over: bool = False  # they were told that it is over
    since: int = 0  # lines its timeline had when it came back after that; 0: it never did
    decision: str = ""  # the last one, by its key


class Decision(Noun, frozen=True, kw_only=True):
    """What follows for one incident now."""

    key: str  # tells decisions apart; empty: nothing new
    text: str = ""
    event: str = ""  # of the page to make; empty: none


class Settle(Part):
    """One page when an incident opens (after a hold), one for each rise of its severity, one when it is over."""

    def __init__(self, settings: PagingSettings, timers: Timers) -> None:
        super().__init__()
        self.settings = settings
        self._timers = timers
        self._told: dict[str, Told] = {}  # incidents that may still change
        self._pending: dict[str, Page] = {}

    def take(self, incident: Incident, now: datetime) -> Incident:
        """Decide for an incident that changed; return it with the decision, where that is a new one."""
        if incident.status is IncidentStatus.MERGED:  # what people know of it passes to the one it lives on in
            self._timers.cancel("page", incident.incident_id)
            return incident
        told = self._known(incident, now)
        decision = self._decide(incident, told, now)
        if decision.key and decision.key != told.decision:
            reason = Reason(step="page", text=decision.text, evidence={"event": decision.event or None})
            incident = msgspec.structs.replace(incident, reasons=(*incident.reasons, reason)[-_MOST_REASONS:])
            told = msgspec.structs.replace(told, decision=decision.key)
            if decision.event:
                incident, told = self._page(incident, told, decision.event, reason, now)
        if incident.status is IncidentStatus.CLOSED:
            self._told.pop(incident.incident_id, None)
        else:
            self._told[incident.incident_id] = told
        paged = incident.paged or bool(told.route)
        return incident if paged == incident.paged else msgspec.structs.replace(incident, paged=paged)

    def handled(self, act: PageHandled) -> str:
        """Enter what became of a page; PENDING counts a try that failed. Conflict when it is not waited for."""
        page = self._pending.pop(act.page_id, None)
        if page is None:
            raise Conflict(f"page {act.page_id!r} is not pending")
        page = msgspec.structs.replace(page, status=act.status, detail=act.detail, tries=page.tries + 1)
        if act.status is PageStatus.PENDING:
            self._pending[page.page_id] = page
        self.put(PAGES, page)
        detail = f": {act.detail}" if act.detail else ""
        return f"page to {page.route} about #{page.incident_number} is {act.status.replace('_', ' ')}{detail}"

    def dump(self) -> bytes:
        return msgspec.msgpack.encode((list(self._told.items()), list(self._pending.values())))

    def load(self, state: bytes) -> None:
        told, pending = msgspec.msgpack.decode(state, type=tuple[list[tuple[str, Told]], list[Page]])
        self._told = dict(told)
        self._pending = {page.page_id: page for page in pending}

    def _known(self, incident: Incident, now: datetime) -> Told:
        """Return what people know of the incident and of those merged into it; a new or reopened one is held first."""
        own = self._told.get(incident.incident_id)
        heard = [told for key in incident.merged_from if (told := self._told.pop(key, None)) is not None]
        told = max((told for told in heard if told.route), key=lambda told: told.severity.rank, default=None)
        if own and (own.route or not told):
            told = own
        elif told:
            told = msgspec.structs.replace(told, decision="")
        if told is None or (told.over and incident.active):
            back = told is not None or incident.paged
            told = Told(due=now + self.settings.hold, since=incident.told if back else 0)
            if incident.active:
                self._timers.set("page", incident.incident_id, told.due)
        return told

    def _decide(self, incident: Incident, told: Told, now: datetime) -> Decision:
        if not incident.active:
            return self._over(incident, told, now)
        if told.route:
            return self._worse(incident, told)
        if refusal := self._refusal(incident):
            return refusal
        if now < told.due:
            text = f"{self._route(incident)} is paged at {told.due:%H:%M:%S} UTC: what joins until then is one page"
            return Decision(key="hold", text=text)
        text = f"paged {self._route(incident)}: {_size(incident)}"
        if incident.severity.rank < self.settings.least.rank:
            text += f"; {incident.known_bad} known bad, which pages whatever the severity"
        return Decision(key="opened", text=text, event="reopened" if told.since else "opened")

    def _refusal(self, incident: Incident) -> Decision | None:
        """Return why nobody is to be told, whatever the time; None when somebody is."""
        least = self.settings.least
        if incident.suppressed >= incident.episodes > 0:
            number = "its alert is" if incident.episodes == 1 else f"all {incident.episodes} alerts are"
            return Decision(key="suppressed", text=f"not paged: {number} suppressed")
        if incident.background and not incident.known_bad:
            text = f"not paged: a background incident (score {incident.score:.2f}), nothing in it is unusual"
            return Decision(key="background", text=text)
        if incident.status is IncidentStatus.ACKNOWLEDGED:
            return Decision(key="acknowledged", text="not paged: somebody has acknowledged it already")
        if incident.severity.rank < least.rank and not incident.known_bad:
            text = f"not paged: severity {incident.severity} is below {least}"
            return Decision(key=f"severity {incident.severity} {least}", text=text)
        return None

    def _worse(self, incident: Incident, told: Told) -> Decision:
        """A rise of the severity is told to whoever was paged, also when they have acknowledged."""
        quiet = incident.suppressed >= incident.episodes > 0
        if quiet or incident.severity.rank <= told.severity.rank:
            return Decision(key="")
        text = f"paged {told.route} again: {told.severity} became {_size(incident)}"
        return Decision(key=f"escalated {incident.severity}", text=text, event="escalated")

    def _over(self, incident: Incident, told: Told, now: datetime) -> Decision:
        self._timers.cancel("page", incident.incident_id)
        if told.route and not told.over:
            return Decision(key="resolved", text=f"told {told.route} that it is over", event="resolved")
        if not told.route and now < told.due:
            held = self.settings.hold.total_seconds()
            return Decision(key="brief", text=f"not paged: it was over within the {held:.0f} s that a page waits")
        return Decision(key="")

    def _page(self, incident: Incident, told: Told, event: str, reason: Reason, now: datetime) -> tuple[Incident, Told]:
        """Make the page, tell the timeline, and remember who knows what."""
        severity, route = incident.severity, told.route or self._route(incident)
        page = Page(
            page_id=_page_id(incident, told, event),
            incident_id=incident.incident_id,
            incident_number=incident.number,
            event=event,
            route=route,
            title=incident.title,
            severity=severity,
            made_at=now,
            reason=reason,
        )
        self.put(PAGES, page)
        self._pending[page.page_id] = page
        if len(self._pending) > MOST_PENDING:
            del self._pending[next(iter(self._pending))]
        incident, line = tell(incident, now, "paged", reason.text)
        self.put(TIMELINE, line)
        worst = max(severity, told.severity, key=lambda one: one.rank)
        over = event == "resolved"
        return incident, msgspec.structs.replace(told, route=route, severity=worst, over=over)

    def _route(self, incident: Incident) -> str:
        return incident.owners[0] if incident.owners else self.settings.default_route


def _page_id(incident: Incident, told: Told, event: str) -> str:
    """Return the stable key: what happened, how bad for a rise, and which return for all but the first round."""
    severity = f"-{incident.severity}" if event == "escalated" else ""
    again = f"-{told.since}" if told.since else ""
    return f"{incident.incident_id}-{event}{severity}{again}"


def _size(incident: Incident) -> str:
    services = incident.services_total or len(incident.services)
    return f"{incident.severity}, {services} {'service' if services == 1 else 'services'}"
