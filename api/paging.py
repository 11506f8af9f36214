"""Who was told, over which channels, in which words? And why, or why not?"""

from collections.abc import Iterator, Sequence

from aiops.domain.alerts import Alert
from aiops.domain.channels import PageTemplate, Paging
from aiops.domain.documents import ALERTS, INCIDENTS, PAGES
from aiops.domain.errors import BadInput
from aiops.domain.incidents import Incident, IncidentStatus, Page, PageStatus
from aiops.domain.queries import Query
from aiops.domain.reasons import Reason
from aiops.domain.words import clock, plural, span
from aiops.ports import View
from aiops.response.message import facts
from aiops.response.texts import DEFAULT, NAMES, TEST, Text, render
from api.desk import Desk
from api.errors import NotFound
from api.explain import explanation
from api.filters import PageFilter
from api.reading import alert as find_alert
from api.reading import incident as find_incident
from api.reading import listed
from api.requests import PageTextBody
from api.schemas import Explanation, PageDetail, PageList, PageText, Step

MOST_SHOWN = 5  # alerts of which is said what keeps them quiet
MOST_PAGES = 50
HEADINGS = {
    "page-answer": "In short",
    "severity": "How bad it is",
    "verdict": "What is known of it",
    "suppress": "What keeps it quiet",
    "hold": "How long a page waits",
    "route": "Who is to be told",
    "rate": "How many pages that is",
    "page": "What was decided, in order",
    "deliver": "What became of each page",
}


def page_list(view: View, wanted: PageFilter) -> PageList:
    """Return one page of pages, the newest first."""
    found = view.find(PAGES, wanted.query())
    return listed(PageList, found)


def page_of(view: View, page_id: str) -> Page:
    """Return a page by its id."""
    found = view.get(PAGES, page_id)
    if found is None:
        raise NotFound(f"no page {page_id}")
    return found


def page_detail(view: View, desk: Desk, page_id: str) -> PageDetail:
    """Return a page with what it says, in the words that ship."""
    page = page_of(view, page_id)
    incident = view.get(INCIDENTS, page.incident_id) if page.incident_id else None
    text = render(TEST if page.event == "test" else DEFAULT)
    told = facts(page, incident, desk.settings.paging.public_url, desk.clock())
    return PageDetail(page=page, subject=text.subject(told), text=text.body(told))


def page_text(view: View, desk: Desk, wanted: PageTextBody) -> PageText:
    """Return what a page about an incident would say. BadInput: the text cannot be used, and where."""
    paging = desk.settings.paging
    incident = find_incident(view, wanted.incident)
    made = Text(_template(wanted, paging))
    page = _page_about(view, incident)
    told = facts(page, incident, paging.public_url, desk.clock())
    return PageText(subject=made.subject(told), text=made.body(told), names=NAMES)


def _template(wanted: PageTextBody, paging: Paging) -> PageTemplate:
    found = DEFAULT
    if wanted.template:
        named = {template.name: template for template in paging.templates}
        if wanted.template not in named:
            known = ", ".join(named) or "there is none in pages.templates"
            raise BadInput(f"no template {wanted.template!r}", place="template", fix=f"name one of: {known}")
        found = named[wanted.template]
    return PageTemplate(name=found.name, subject=wanted.subject or found.subject, body=wanted.body or found.body)


def _page_about(view: View, incident: Incident) -> Page:
    """Return the newest page about the incident; one that might have been, where there is none."""
    pages = _pages(view, incident)
    if pages:
        return pages[-1]
    return Page(
        page_id="preview",
        incident_id=incident.incident_id,
        incident_number=incident.number,
        event="opened",
        route="on-call",
        title=incident.title,
        severity=incident.severity,
        made_at=incident.last_activity,
        reason=Reason(step="page", text="this is a preview: nobody was paged"),
    )


def why_paged(view: View, desk: Desk, key: str) -> Explanation:
    """Go through all that decides whether somebody is told of an incident, or of the one that an alert is in."""
    try:
        incident = find_incident(view, key)
    except NotFound:
        return _why_alert(view, desk, find_alert(view, key))
    if incident.merged_into:
        incident = find_incident(view, incident.merged_into)
    title = f"Why was somebody paged, or nobody? #{incident.number} {incident.title}"
    return explanation(incident.incident_id, "incident", title, _steps(view, desk.settings.paging, incident))


def _why_alert(view: View, desk: Desk, alert: Alert) -> Explanation:
    title = f"Why was somebody paged, or nobody? {alert.title} on {alert.entity.name or 'no known service'}"
    steps = list(_of_alert(alert))
    incident = view.get(INCIDENTS, alert.episode.incident_id)
    if incident is not None and incident.merged_into:
        incident = view.get(INCIDENTS, incident.merged_into) or incident
    if incident is None:
        steps.append(_step("page-answer", "nobody was paged: it is in no incident, and only incidents page"))
    else:
        steps.append(_step("page-answer", f"it is in #{incident.number} {incident.title}: what follows is about that"))
        steps.extend(_steps(view, desk.settings.paging, incident))
    return explanation(alert.fingerprint, "alert", title, steps)


def _of_alert(alert: Alert) -> Iterator[Step]:
    by = f", by rule {alert.verdict_rule}" if alert.verdict_rule else ""
    yield _step("verdict", f"this alert is {alert.verdict.replace('_', ' ')}{by}")
    for one in alert.suppressed_by:
        yield _step("suppress", f"this alert: {one.text}")


def _steps(view: View, paging: Paging, incident: Incident) -> Iterator[Step]:
    pages = _pages(view, incident)
    reasons = [reason for reason in incident.reasons if reason.step == "page"]
    yield _step("page-answer", _answer(incident, pages, reasons))
    yield from _of_rules(view, paging, incident)
    yield _step("hold", f"a first page waits {span(paging.decisions.hold)}: what joins meanwhile is in it")
    for page in pages:
        yield _step("route", f"{page.route} for “{page.event}”: {page.why_route or 'as routes stood then'}")
    if not pages:
        yield _step("route", "nobody was chosen, for there was no page")
    yield from _of_rate(paging, reasons)
    yield from (Step(heading=HEADINGS["page"], reason=reason) for reason in reasons)
    for page in pages:
        yield from _deliveries(page)


def _answer(incident: Incident, pages: Sequence[Page], reasons: Sequence[Reason]) -> str:
    if not pages:
        last = reasons[-1].text if reasons else "nothing was decided yet"
        return f"nobody was paged: {last}"
    told = "; ".join(f"{page.route} at {clock(page.made_at)} ({page.event}, {_stands(page)})" for page in pages)
    return f"paged about #{incident.number}: {told}"


def _of_rules(view: View, paging: Paging, incident: Incident) -> Iterator[Step]:
    least = paging.decisions.least
    enough = "which pages" if incident.severity.rank >= least.rank else "which does not page by itself"
    yield _step("severity", f"its severity is {incident.severity}: pages are made from {least} on, {enough}")
    if incident.background:
        yield _step("severity", f"it is a background incident (score {incident.score:.2f})")
    if incident.known_bad:
        yield _step("verdict", f"{plural(incident.known_bad, 'alert')} known bad: that pages whatever the severity")
    else:
        yield _step("verdict", "none of its alerts is known bad")
    quiet = f"{incident.suppressed} of {plural(incident.episodes, 'alert')} suppressed"
    yield _step("suppress", f"{quiet}; {incident.audible} that fire may be heard")
    for alert in _hidden(view, incident):
        yield _step("suppress", f"{alert.title}: {'; '.join(one.text for one in alert.suppressed_by)}", under=1)
    if incident.status is IncidentStatus.ACKNOWLEDGED:
        yield _step("hold", "it is acknowledged: only a rise of the severity or much growth is told")


def _of_rate(paging: Paging, reasons: Sequence[Reason]) -> Iterator[Step]:
    settings = paging.decisions
    route, incident = plural(settings.most_per_route, "page"), plural(settings.most_per_incident, "page")
    within = f"within {span(settings.route_window)}, {incident} about one incident within"
    yield _step("rate", f"one route gets {route} {within} {span(settings.incident_window)}")
    for reason in reasons:
        if reason.text.startswith("held back"):
            yield Step(heading=HEADINGS["rate"], reason=reason, under=1)


def _deliveries(page: Page) -> Iterator[Step]:
    yield _step("deliver", f"{page.event} to {page.route} at {clock(page.made_at)}: {_stands(page)}")
    if page.detail:
        yield _step("deliver", page.detail, under=1)
    for sending in page.sendings:
        tried = f" after {sending.tries} tries" if sending.tries > 1 else ""
        detail = f": {sending.detail}" if sending.detail else ""
        yield _step("deliver", f"{sending.channel}: {_said(sending.status)}{tried}{detail}", under=1)


def _hidden(view: View, incident: Incident) -> list[Alert]:
    """Return a few of its alerts that something keeps quiet."""
    ids = (incident.incident_id, *incident.merged_from)
    return view.find(ALERTS, Query(where={"incident": ids, "suppressed": (True,)}, limit=MOST_SHOWN)).items


def _pages(view: View, incident: Incident) -> list[Page]:
    """Return the pages about an incident and those merged into it, the earliest first."""
    ids = (incident.incident_id, *incident.merged_from)
    return view.find(PAGES, Query(where={"incident": ids}, order=("made_at",), limit=MOST_PAGES)).items


def _said(status: PageStatus) -> str:
    return {
        PageStatus.PENDING: "on its way",
        PageStatus.DELIVERED: "delivered",
        PageStatus.NO_CHANNEL: "recorded only, there is no channel",
        PageStatus.DEAD: "failed",
    }[status]


def _stands(page: Page) -> str:
    """Say where a page stands as a whole: one that failed on one channel may have come over another."""
    if page.status is not PageStatus.DEAD:
        return _said(page.status)
    reached = [sending.channel for sending in page.sendings if sending.status is PageStatus.DELIVERED]
    return f"delivered over {', '.join(reached)} only" if reached else "failed, it reached nobody"


def _step(kind: str, text: str, under: int = 0) -> Step:
    return Step(heading=HEADINGS[kind], reason=Reason(step=kind, text=text), under=under)
