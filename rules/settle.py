"""Is somebody told about this incident? Paged or not, with the reason; the page is a record, others deliver it."""

from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec

from aiops.domain.alerts import Alert
from aiops.domain.documents import TIMELINE
from aiops.domain.incidents import Incident, IncidentStatus, Page, tell
from aiops.domain.part import Part
from aiops.domain.reasons import Reason, told
from aiops.domain.settings import PagingSettings
from aiops.domain.timers import Timers
from aiops.domain.words import plural, span
from rules.outbox import Outbox
from rules.paging import INHERITED, TOLD_WITH, Decision, Heard, Known, decide, services_of
from rules.rate import Budget, Held, Rates
from rules.routing import Routing, joined

MOST_KNOWN = 20_000  # incidents of which is held what people know; the oldest beyond it is told anew if it changes
MOST_ALSO = 20  # lines of what was held back that one page says
LONGEST_TITLE = 120  # of an incident in such a line


class Settle(Part):
    """Tells each route when an incident opens (after a hold), gets worse, has grown a lot, and when it is over.

    What was told of an incident passes to the one it is merged into, and to what is split off it: everybody hears the
    rest, nobody hears it twice.
    """

    def __init__(self, settings: PagingSettings, timers: Timers, outbox: Outbox) -> None:
        super().__init__()
        self.configure(settings)
        self._timers, self._outbox = timers, outbox
        self._known: dict[str, Known] = {}  # by incident: of those that may still change
        self._met: dict[str, dict[str, tuple[str, ...]]] = {}  # by incident: what its alerts had, if routes ask
        self._rates = Rates()

    def configure(self, settings: PagingSettings) -> None:
        """Decide by these settings from here on."""
        self.settings = settings
        self._routing = Routing(settings)

    def meet(self, alert: Alert) -> None:
        """Remember of an alert what routes ask for and incidents do not say."""
        incident_id = alert.episode.incident_id
        if self._routing.asked and incident_id:
            self._met[incident_id] = self._routing.of_alert(alert, self._met.get(incident_id, {}))
            while len(self._met) > MOST_KNOWN:
                del self._met[next(iter(self._met))]

    def take(self, incident: Incident, now: datetime) -> Incident:
        """Decide for an incident that changed; return it with the decisions that are new."""
        if not incident.active:
            self._timers.cancel("page", incident.incident_id)
        if incident.status is IncidentStatus.MERGED:  # what people know of it passes to the one it lives on in
            return incident
        known = self._recall(incident, now)
        if known is None:  # over, and nobody waits to hear of it
            return incident
        held = self._rates.holds(incident.incident_id)
        wanted = self._routing.choose(incident, self._met.get(incident.incident_id, {}))
        for decision in decide(incident, known, self.settings, wanted, held, now):
            if not decision.event:
                incident, known = self._say(incident, known, decision)
                continue
            held = [route for route in held if route != decision.route]
            if due := self._too_many(incident, known, decision, now):
                incident = self._hold_back(incident, decision, due, now)
            else:
                incident, known = self._page(incident, known, decision, now)
        for route in held:
            incident = self._let_go(incident, known, route, now)
        self._remember(incident, known)
        paged = incident.paged or bool(known.heard)
        return incident if paged == incident.paged else msgspec.structs.replace(incident, paged=paged)

    def dump(self) -> bytes:
        state = (list(self._known.items()), list(self._met.items()), list(self._rates.budgets.items()))
        return msgspec.msgpack.encode(state)

    def load(self, state: bytes) -> None:
        shape = tuple[list[tuple[str, Known]], list[tuple[str, dict[str, tuple[str, ...]]]], list[tuple[str, Budget]]]
        known, met, budgets = msgspec.msgpack.decode(state, type=shape)
        self._known, self._met, self._rates.budgets = dict(known), dict(met), dict(budgets)

    def _recall(self, incident: Incident, now: datetime) -> Known | None:
        """Return what people know of the incident, of those merged into it and of the one that it was split off.

        A new or reopened one is held first.
        """
        known = self._known.get(incident.incident_id)
        if known is None and (origin := self._known.get(incident.split_from)) and origin.heard:
            known = msgspec.structs.replace(origin, back=(), since=0, decision=INHERITED)
        for key in incident.merged_from:
            other = self._known.pop(key, None)
            if other is not None and other.heard:
                alone = msgspec.structs.replace(other, decision=INHERITED)
                known = known.joined(other, incident.told) if known else alone
            if met := self._met.pop(key, None):
                self._met[incident.incident_id] = joined(self._met.get(incident.incident_id, {}), met)
            for route in self._rates.holds(key):
                self._rates.drop(route, key)
        if incident.active and (known is None or (known.heard and not known.awake)):
            again = known is not None or incident.paged
            back = tuple(known.heard) if known else ()
            via, sent = (known.via, known.sent) if known else ({}, {})
            due = now + self.settings.hold
            known = Known(due=due, back=back, since=incident.told if again else 0, via=via, sent=sent)
            self._timers.set("page", incident.incident_id, known.due)
        return known

    def _remember(self, incident: Incident, known: Known) -> None:
        if incident.status is IncidentStatus.CLOSED:
            self._known.pop(incident.incident_id, None)
            self._met.pop(incident.incident_id, None)
            return
        self._known[incident.incident_id] = known
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    def _say(self, incident: Incident, known: Known, decision: Decision) -> tuple[Incident, Known]:
        """Give a decision that pages nobody, once."""
        if decision.key == known.decision:
            return incident, known
        known = msgspec.structs.replace(known, decision=decision.key, due=decision.due or known.due)
        if decision.due:
            self._timers.set("page", incident.incident_id, decision.due)
        return _with(incident, decision.text), known

    def _too_many(
        self, incident: Incident, known: Known, decision: Decision, now: datetime
    ) -> tuple[datetime, str] | None:
        """Return when this page may be made, and why not yet; None: now.

        Whoever was paged hears that it is over whatever the rate, and that it got worse whatever was said of it.
        """
        route, settings = decision.route, self.settings
        heard = known.heard.get(route)
        if decision.event == "resolved" and heard is not None and not heard.named:
            return None
        sent = known.sent.get(route, ())[-settings.most_per_incident :]
        if decision.event != "escalated" and _full(sent, settings.most_per_incident, settings.incident_window, now):
            about = f"{plural(len(sent), 'page')} about it within {span(settings.incident_window)}"
            return sent[0] + settings.incident_window, about
        if due := self._rates.due(route, settings, now):
            return due, f"{plural(settings.most_per_route, 'page')} within {span(settings.route_window)}"
        return None

    def _hold_back(
        self, incident: Incident, decision: Decision, until: tuple[datetime, str], now: datetime
    ) -> Incident:
        """Make no page yet, and decide again when one may be made; the next page to that route says it."""
        due, why = until
        text = f"#{incident.number} {incident.severity}, {decision.event}: {incident.title[:LONGEST_TITLE]}"
        held = Held(
            incident_id=incident.incident_id,
            event=decision.event,
            text=text,
            since=now,
            severity=incident.severity,
            services=services_of(incident),
        )
        self._timers.set("page", incident.incident_id, due)
        if not self._rates.hold(decision.route, held):
            return incident
        said = f"held back: {decision.route} got {why}; it is told at {due:%H:%M:%S} UTC or with its next page"
        return _with(incident, said)

    def _let_go(self, incident: Incident, known: Known, route: str, now: datetime) -> Incident:
        """A page was held back that is no longer called for: what came and went meanwhile is said all the same."""
        if incident.active or route in known.heard:
            self._rates.drop(route, incident.incident_id)
            return incident
        text = f"#{incident.number} {incident.severity}, came and went: {incident.title[:LONGEST_TITLE]}"
        over = Held(
            incident_id=incident.incident_id,
            event="over",
            text=text,
            since=now,
            severity=incident.severity,
            services=services_of(incident),
        )
        if not self._rates.hold(route, over):
            return incident
        return _with(incident, f"not paged: it was over while pages to {route} were held back; the next one says so")

    def _page(self, incident: Incident, known: Known, decision: Decision, now: datetime) -> tuple[Incident, Known]:
        """Make the page, tell the timeline, and remember what its route knows now."""
        event, route = decision.event, decision.route
        news = Heard(
            severity=incident.severity,
            services=services_of(incident),
            grew=event == "grew",
            over=event == "resolved",
        )
        sent = (*known.sent.get(route, ()), now)[-self.settings.most_per_incident :]
        known = msgspec.structs.replace(
            known,
            heard={**known.heard, route: _adding(known.heard.get(route), news)},
            decision="",
            via={**known.via, route: decision.channels},
            sent=known.sent if event == "resolved" else {**known.sent, route: sent},
        )
        incident = _with(incident, decision.text, event)
        also = self._release(incident, route, now) if event != "resolved" else []
        page = Page(
            page_id=_page_id(incident, known, decision),
            incident_id=incident.incident_id,
            incident_number=incident.number,
            event=event,
            route=route,
            why_route=decision.why_route,
            title=incident.title,
            severity=incident.severity,
            made_at=now,
            reason=incident.reasons[-1],
            also=tuple(held.text for held in also[:MOST_ALSO]),
            also_total=len(also),
        )
        self._outbox.add(page, self._routing.channels(decision.channels))
        incident, line = tell(incident, now, "paged", decision.text)
        self.put(TIMELINE, line)
        return incident, known

    def _release(self, incident: Incident, route: str, now: datetime) -> list[Held]:
        """Return what this page says beside its own incident; those incidents hear that it did."""
        also = [
            held for held in self._rates.release(route, self.settings, now) if held.incident_id != incident.incident_id
        ]
        for held in also:
            known = self._known.get(held.incident_id)
            if known is None or held.event == "over":
                continue
            over = held.event == "resolved"
            before = known.heard.get(route)
            news = Heard(severity=held.severity, services=held.services, grew=held.event == "grew", over=over)
            news = news if before else msgspec.structs.replace(news, named=True)
            self._known[held.incident_id] = msgspec.structs.replace(
                known,
                heard={**known.heard, route: _adding(before, news)},
                via=known.via if route in known.via else {**known.via, route: ()},
                decision=f"{TOLD_WITH}the page to {route} about #{incident.number}: {held.event}",
            )
            self._timers.set("page", held.incident_id, now)
        return also


def _adding(before: Heard | None, news: Heard) -> Heard:
    return msgspec.structs.replace(before.and_of(news), over=news.over) if before else news


def _full(sent: tuple[datetime, ...], most: int, window: timedelta, now: datetime) -> bool:
    return len(sent) >= most and sent[0] + window > now


def _with(incident: Incident, text: str, event: str = "") -> Incident:
    """Return the incident with the reason of a decision."""
    reason = Reason(step="page", text=text, evidence={"event": event or None})
    return msgspec.structs.replace(incident, reasons=told(incident.reasons, reason))


def _page_id(incident: Incident, known: Known, decision: Decision) -> str:
    """Return the stable key: what happened, how bad for a rise, which round but for the first, whom but for the first.

    A receiver can recognise a repeat by it; no two pages share one.
    """
    severity = f"-{incident.severity}" if decision.event == "escalated" else ""
    again = f"-{known.since}" if known.since else ""
    further = f"-{quote(decision.route, safe='')}" if decision.route != next(iter(known.heard)) else ""
    return f"{incident.incident_id}-{decision.event}{severity}{again}{further}"
