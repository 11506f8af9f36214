"""What does a webhook media type of Zabbix say, in our words? Its parameters are the operator's choice."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell, text

NAME = "zabbix"

_PROBLEM = Shape(
    title="name trigger event_name alert_subject subject trigger_name",
    message="message alert_message description",
    severity="severity event_severity trigger_severity nseverity event_nseverity",
    status="status event_status event_value trigger_status value",
    host="_host",
    time="lastReceived event_recovery_time event_time timestamp clock",
    url="url link trigger_url zabbix_url",
    identity="_identity",
    labels="tags event_tags event_tags_json",
    facts={"ack": "event_ack"},
    severities={
        "disaster": Severity.CRITICAL,
        "high": Severity.HIGH,
        "average": Severity.WARNING,
        "5": Severity.CRITICAL,
        "4": Severity.HIGH,
        "3": Severity.WARNING,
        "2": Severity.WARNING,
        "1": Severity.INFO,
        "0": Severity.INFO,
    },
)
_EVENT = "id event_id eventid eventId problem_id"
_TRIGGER = "trigger_id triggerid triggerId"


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event; the id of the problem's event is its identity, else the trigger's, which its link may hold."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, Mapping):
        hosts = "service hostname host host_name event_host host_host"
        plain = text(document, "hostname host_host event_host") or text(document, hosts)
        yield _PROBLEM, {**document, "_host": _without_note(plain), "_identity": _identity(document)}


def _identity(document: Mapping[str, object]) -> str:
    if event := text(document, _EVENT):
        return f"event {event}"
    query = parse_qs(urlsplit(text(document, "link url trigger_url")).query)
    trigger = text(document, _TRIGGER) or next(iter(query.get("triggerid", ())), "")
    return f"trigger {trigger}" if trigger else fields.first_of(document, ("trigger", "name"))


def _without_note(host: str) -> str:
    return host.partition(" (")[0]
