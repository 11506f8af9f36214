"""What is to be told of a page? The facts that a text can use, and the text made of them."""

from datetime import datetime
from urllib.parse import quote

import msgspec

from aiops.domain.base import Noun
from aiops.domain.channels import PageTemplate
from aiops.domain.incidents import Candidate, Incident, Page
from aiops.domain.words import clock, span
from aiops.response.texts import MOST_LISTED, TEST, Facts, render

MARKS = {"resolved": "RESOLVED", "escalated": "WORSE: ", "grew": "GROWS: ", "reopened": "BACK: ", "test": "TEST"}
LONGEST = 500  # characters of one fact
MOST_CAUSES = 3


class Message(Noun, frozen=True, kw_only=True):
    """One page on its way over one channel."""

    key: str  # idempotency key: the same in every repeat
    page: Page
    facts: dict[str, str | int | tuple[str, ...]]
    template: PageTemplate
    earlier: tuple[str, ...] = ()  # incidents that were merged into this one: receivers may know them by their ids
    sent_at: datetime

    @property
    def thread(self) -> str:
        """What all messages about one incident share; a test stands alone."""
        return self.page.incident_id or self.page.page_id

    @property
    def subject(self) -> str:
        """One line. BadInput where the template fails."""
        return render(self.template).subject(self.facts)

    @property
    def body(self) -> str:
        """The text. BadInput where the template fails."""
        return render(self.template).body(self.facts)


def message(
    page: Page, incident: Incident | None, channel: str, template: PageTemplate, public_url: str, now: datetime
) -> Message:
    """Return what to send; ``incident`` as it stands now, None where it cannot be read: the page says enough."""
    return Message(
        key=page.key(channel),
        page=page,
        facts=dict(facts(page, incident, public_url, now)),
        template=TEST if page.event == "test" else template,
        earlier=incident.merged_from if incident else (),
        sent_at=now,
    )


def facts(page: Page, incident: Incident | None, public_url: str, now: datetime) -> Facts:
    """Return what texts can use, each short."""
    began = incident.opened_at if incident else page.made_at
    known = _of_incident(incident) if incident else _NOTHING
    mark = MARKS.get(page.event, "")
    return {
        "event": page.event,
        "mark": mark + page.severity.value.upper() if mark.endswith(" ") or not mark else mark,
        "number": page.incident_number,
        "title": page.title[:LONGEST],
        "severity": page.severity.value,
        "since": clock(began),
        "lasting": span(max(0.0, (now - began).total_seconds())),
        "route": page.route,
        "why": page.reason.text[:LONGEST],
        "why_route": page.why_route[:LONGEST],
        "also": page.also[:MOST_LISTED],
        "also_total": page.also_total,
        "link": link(page, public_url),
        **known,
    }


def link(page: Page, public_url: str) -> str:
    """Return the address of the incident; empty where there is none, a bare path where ours is not known."""
    return f"{public_url.rstrip('/')}/incidents/{quote(page.incident_id, safe='')}" if page.incident_id else ""


def _of_incident(incident: Incident) -> Facts:
    first = incident.candidates[0] if incident.candidates and not incident.abstained else None
    return {
        "status": incident.status.value,
        "assignee": incident.assignee,
        "services": incident.services[:MOST_LISTED],
        "services_total": incident.services_total or len(incident.services),
        "owners": incident.owners[:MOST_LISTED],
        "business": incident.impact.business_services[:MOST_LISTED],
        "alerts": incident.alerts,
        "suspected": _told(first) if first else "",
        "abstained": incident.abstained[:LONGEST],
        "causes": tuple(_told(one) for one in incident.candidates[:MOST_CAUSES]),
        "impact": incident.impact.text[:LONGEST],
        "grouped": tuple(reason.text[:LONGEST] for reason in incident.reasons if reason.step == "group")[:MOST_LISTED],
    }


_NOTHING: Facts = {
    **dict.fromkeys(("status", "assignee", "suspected", "abstained", "impact"), ""),
    **dict.fromkeys(("services_total", "alerts"), 0),
    **dict.fromkeys(("services", "owners", "business", "causes", "grouped"), ()),
}


def _told(candidate: Candidate) -> str:
    likely = "confirmed" if candidate.confirmed else candidate.likely
    why = f": {candidate.evidence[0].text}" if candidate.evidence else ""
    return f"{candidate.entity} ({likely}){why}"[:LONGEST]


def as_json(message: Message) -> bytes:
    """Return the message as programs read it: the page, what it says, and the facts by themselves."""
    data = {
        "key": message.key,
        "subject": message.subject,
        "text": message.body,
        "page": message.page,
        "facts": message.facts,
    }
    event = {"type": f"page.{message.page.event}", "timestamp": message.page.made_at, "data": data}
    return msgspec.json.encode(event)
