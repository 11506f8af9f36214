"""Is somebody told about this incident? Paged or not, with the reason; the page is a record, others deliver it."""

from datetime import datetime

import msgspec

from aiops.domain.acts import PageHandled
from aiops.domain.changes import PAGES, TIMELINE
from aiops.domain.errors import Conflict
from aiops.domain.incidents import Incident, IncidentStatus, Page, PageStatus, tell
from aiops.domain.part import Part
from aiops.domain.reasons import Reason, told
from aiops.domain.settings import PagingSettings
from aiops.domain.timers import Timers
from rules.paging import INHERITED, Decision, Heard, Known, decide, services_of

MOST_PENDING = 10_000  # pages not handled yet; the oldest one beyond it stays in the store, but is not waited for
MOST_KNOWN = 20_000  # incidents of which is held what people know; the oldest beyond it is told anew if it changes


class Settle(Part):
    """Tells each route when an incident opens (after a hold), gets worse, has grown a lot, and when it is over.

    What was told of an incident passes to the one it is merged into: everybody hears the rest, nobody hears it twice.
    """

    def __init__(self, settings: PagingSettings, timers: Timers) -> None:
        super().__init__()
        self.settings = settings
        self._timers = timers
        self._known: dict[str, Known] = {}  # by incident: of those that may still change
        self._pending: dict[str, Page] = {}

    def take(self, incident: Incident, now: datetime) -> Incident:
        """Decide for an incident that changed; return it with the decisions that are new."""
        if not incident.active:
            self._timers.cancel("page", incident.incident_id)
        if incident.status is IncidentStatus.MERGED:  # what people know of it passes to the one it lives on in
            return incident
        known = self._recall(incident, now)
        if known is None:  # over, and nobody waits to hear of it
            return incident
        for decision in decide(incident, known, self.settings, now):
            if decision.event:
                incident, known = self._page(incident, known, decision, now)
            elif decision.key != known.decision:
                known = msgspec.structs.replace(known, decision=decision.key, due=decision.due or known.due)
                if decision.due:
                    self._timers.set("page", incident.incident_id, decision.due)
                incident = _with(incident, decision)
        self._remember(incident, known)
        paged = incident.paged or bool(known.heard)
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
        return msgspec.msgpack.encode((list(self._known.items()), list(self._pending.values())))

    def load(self, state: bytes) -> None:
        known, pending = msgspec.msgpack.decode(state, type=tuple[list[tuple[str, Known]], list[Page]])
        self._known = dict(known)
        self._pending = {page.page_id: page for page in pending}

    def _recall(self, incident: Incident, now: datetime) -> Known | None:
        """Return what people know of the incident and of those merged into it; a new or reopened one is held first."""
        known = self._known.get(incident.incident_id)
        for key in incident.merged_from:
            other = self._known.pop(key, None)
            if other is not None and other.heard:
                alone = msgspec.structs.replace(other, decision=INHERITED)
                known = known.joined(other, incident.told) if known else alone
        if incident.active and (known is None or (known.heard and not known.awake)):
            again = known is not None or incident.paged
            back = tuple(known.heard) if known else ()
            known = Known(due=now + self.settings.hold, back=back, since=incident.told if again else 0)
            self._timers.set("page", incident.incident_id, known.due)
        return known

    def _remember(self, incident: Incident, known: Known) -> None:
        if incident.status is IncidentStatus.CLOSED:
            self._known.pop(incident.incident_id, None)
            return
        self._known[incident.incident_id] = known
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    def _page(self, incident: Incident, known: Known, decision: Decision, now: datetime) -> tuple[Incident, Known]:
        """Make the page, tell the timeline, and remember what its route knows now."""
        event, route = decision.event, decision.route
        news = Heard(
            severity=incident.severity,
            services=services_of(incident),
            grew=event == "grew",
            over=event == "resolved",
        )
        before = known.heard.get(route)
        told_now = msgspec.structs.replace(before.and_of(news), over=news.over) if before else news
        known = msgspec.structs.replace(known, heard={**known.heard, route: told_now}, decision="")
        incident = _with(incident, decision)
        page = Page(
            page_id=_page_id(incident, known, decision),
            incident_id=incident.incident_id,
            incident_number=incident.number,
            event=event,
            route=route,
            title=incident.title,
            severity=incident.severity,
            made_at=now,
            reason=incident.reasons[-1],
        )
        self.put(PAGES, page)
        self._pending[page.page_id] = page
        if len(self._pending) > MOST_PENDING:
            del self._pending[next(iter(self._pending))]
        incident, line = tell(incident, now, "paged", decision.text)
        self.put(TIMELINE, line)
        return incident, known


def _with(incident: Incident, decision: Decision) -> Incident:
    """Return the incident with the reason of a decision."""
    reason = Reason(step="page", text=decision.text, evidence={"event": decision.event or None})
    return msgspec.structs.replace(incident, reasons=told(incident.reasons, reason))


def _page_id(incident: Incident, known: Known, decision: Decision) -> str:
    """Return the stable key: what happened, how bad for a rise, which round but for the first, whom but for the first.

    A receiver can recognise a repeat by it; no two pages share one.
    """
    severity = f"-{incident.severity}" if decision.event == "escalated" else ""
    again = f"-{known.since}" if known.since else ""
    further = f"-{decision.route}" if decision.route != next(iter(known.heard)) else ""
    return f"{incident.incident_id}-{decision.event}{severity}{again}{further}"
