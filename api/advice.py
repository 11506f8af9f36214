"""Which runbooks fit an incident? Those that its alerts and services name, those for its alerts, else by text."""

from collections.abc import Iterator, Sequence

from aiops.domain.alerts import Alert
from aiops.domain.documents import ALERTS, SERVICES
from aiops.domain.incidents import Incident
from aiops.domain.runbooks import is_link
from aiops.ports import View
from aiops.response.runbooks import Library, Match
from api.incident_schemas import Advice
from api.reading import episodes_of

MOST_MEMBERS = 50  # whose alerts are asked
MOST = 6  # runbooks shown
MOST_SAYING = 5  # alerts whose words are asked with
BY_TEXT = 3  # of those shown, found by text
BORNE = ("runbook_url", "runbook")  # annotations and labels, of which the first counts


def advice(view: View, incident: Incident, library: Library) -> tuple[Advice, ...]:
    """Return what alerts and services name, then what is for its alerts; only where there is none, by text."""
    members = episodes_of(view, incident, MOST_MEMBERS)
    alerts = view.many(ALERTS, list(dict.fromkeys(one.fingerprint for one in members)))
    first = incident.services[0] if incident.services else ""
    alerts.sort(key=lambda one: (one.entity.name != first, -one.severity.rank, one.first_seen, one.fingerprint))
    fitting = (_of_library(match) for alert in alerts for match in library.fitting(alert))
    found = [*_borne(alerts), *_of_services(view, incident), *fitting]
    if not found:
        found = [_of_library(match) for match in library.saying(alerts[:MOST_SAYING], BY_TEXT)]
    unique: dict[str, Advice] = {}
    for one in found:
        unique.setdefault(one.url or one.runbook_id or one.title, one)
    return tuple(unique.values())[:MOST]


def _borne(alerts: Sequence[Alert]) -> Iterator[Advice]:
    for alert in alerts:
        said = next((at[name] for name in BORNE for at in (alert.annotations, alert.labels) if at.get(name)), "")
        if said:
            yield _link(said, f"the alert {alert.title} names it")


def _of_services(view: View, incident: Incident) -> Iterator[Advice]:
    for one in view.many(SERVICES, incident.services[:MOST_MEMBERS]):
        if one.service and one.service.runbook:
            yield _link(one.service.runbook, f"it is the runbook of {one.name}")


def _link(said: str, why: str) -> Advice:
    """A link where it is one that a browser may follow; else the words, which somebody will know."""
    url = said if is_link(said) else ""
    title = said.rstrip("/").rpartition("/")[2].removesuffix(".md") or said if url else said
    return Advice(title=title, why=why, url=url)


def _of_library(match: Match) -> Advice:
    book = match.runbook
    why = f"{match.why}; {book.owner} answers for it"
    return Advice(title=book.name, why=why, url=book.url, runbook_id=book.id, text=book.text, by_text=match.by_text)
