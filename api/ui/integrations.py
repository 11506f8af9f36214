"""How does each sender deliver to us, what has come from it so far, and what did people set for it?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiops.domain.alerts import EventRecord
from aiops.domain.base import aware
from aiops.domain.documents import DELIVERIES, EPISODES, EVENTS, INCIDENTS, MAPPINGS, SOURCE_SETTINGS, SOURCES, WATCHES
from aiops.domain.entries import Delivery
from aiops.domain.incidents import Incident
from aiops.domain.queries import Query
from aiops.domain.records import DeliveryRecord, SourceRecord
from aiops.domain.senders import SourceMapping, SourceSettings, Watch
from aiops.ports import View
from api.desk import Desk
from api.gate import Turned
from api.reading import everything
from api.routes.standins import STANDINS
from ingestion.listeners.standing import Standing, published
from ingestion.sources.registry import AUTO
from ingestion.sources.registry import SOURCES as PARSERS

KNOWN: Mapping[str, str] = {
    "alertmanager": "Prometheus Alertmanager, webhook version 4",
    "generic": "any tool that can post JSON",
    "logs": "log lines, as text or JSON lines",
    "syslog": "syslog, RFC 3164 or 5424; also over UDP, TCP, TLS and RELP",
    "journald": "systemd's journal: systemd-journal-upload, or its export format",
}
DETECTOR = "detector:"
IN_PATH = ("splunk", "monit")  # senders that can set no header: the token stands in the path


@dataclass(frozen=True)
class Integration:
    """One sender."""

    name: str
    what: str
    curl: str
    record: SourceRecord | None  # None: nothing came yet
    settings: SourceSettings | None = None
    mapping: SourceMapping | None = None
    schemes: tuple[str, ...] = ()  # of its secrets; none: no proof is asked
    turned: Turned | None = None  # told to come later; None: never
    listeners: tuple[Standing, ...] = ()  # that deliver under its name


@dataclass(frozen=True)
class Tested:
    """What became of a test alert."""

    delivery_id: str
    record: DeliveryRecord | None = None  # None: it is not folded yet
    events: tuple[EventRecord, ...] = ()
    incident: Incident | None = None


@dataclass(frozen=True)
class IntegrationsPage:
    """All that the page shows."""

    sources: Sequence[Integration]
    others: Sequence[tuple[str, str]]  # name and door of senders that we know and that sent nothing yet
    standins: Sequence[tuple[str, str]]  # whose place we take, and where
    watches: Sequence[Watch]
    sent: Tested | None


def integrations_page(view: View, desk: Desk, base_url: str, now: datetime, sent: str, chosen: str) -> IntegrationsPage:
    """Ask for everything on the page; ``chosen`` is a sender to show though nothing came from it."""
    came = {one.source: one for one in everything(view, SOURCES) if not one.source.startswith(DETECTOR)}
    settings = {one.source: one for one in everything(view, SOURCE_SETTINGS)}
    active = Query(where={"active": (True,)}, limit=1_000)
    mapped = {one.source: one for one in view.find(MAPPINGS, active).items}
    standings = published(*desk.settings.standings)
    names = dict.fromkeys((*KNOWN, *sorted({*came, *settings, *mapped}), *([chosen] if chosen else [])))
    sources = [
        Integration(
            name,
            what_is(name, mapped.get(name)),
            curl(name, base_url, desk.settings.token_required, now, bool(desk.secrets.of(name))),
            came.get(name),
            settings.get(name),
            mapped.get(name),
            tuple(secret.scheme for secret in desk.secrets.of(name)),
            desk.gate.turned.get(name),
            tuple(one for one in standings if one.source == name),
        )
        for name in names
    ]
    others = [(name, f"/webhooks/{name}") for name in (*sorted(PARSERS), AUTO) if name not in names]
    watches = view.find(WATCHES, active).items
    return IntegrationsPage(sources, others, STANDINS, watches, tested(view, sent) if sent else None)


def what_is(name: str, mapping: SourceMapping | None) -> str:
    """Say how a source is read."""
    if mapping:
        return f"read by version {mapping.version} of its mapping"
    return KNOWN.get(name) or ("has a parser of its own" if name in PARSERS else "read as generic JSON")


def tested(view: View, delivery_id: str) -> Tested:
    """Return what became of a delivery, as far as it is known."""
    events = tuple(view.find(EVENTS, Query(where={"delivery": (delivery_id,)}, limit=5)).items)
    ids = [one.episode_id for one in events if one.episode_id]
    found = view.many(EPISODES, ids) if ids else []
    incident = view.get(INCIDENTS, found[0].incident_id) if found and found[0].incident_id else None
    return Tested(delivery_id, view.get(DELIVERIES, delivery_id), events, incident)


def curl(name: str, base_url: str, token_required: bool, now: datetime, secret: bool = False) -> str:
    """Write the command that delivers an example, with its token where one is needed."""
    needed, path = token_required or secret, f"/webhooks/{name}"
    if needed and name in IN_PATH:
        path += "/t/$TOKEN"
    lines = [f"curl {base_url.rstrip('/')}{path}", f"  -H 'Content-Type: {content_type(name)}'"]
    if needed and name not in IN_PATH:
        lines.append('  -H "Authorization: Bearer $TOKEN"')
    return " \\\n".join([*lines, f"  -d '{example_body(name, now)}'"])


def content_type(name: str) -> str:
    """Return what the example of this sender is."""
    return "text/plain" if name in ("logs", "syslog") else "application/json"


def example_body(name: str, now: datetime) -> str:
    """Return a body such as the sender would send."""
    labels = {"alertname": "TestAlert", "service": "aiops-test", "severity": "info"}
    summary = "a test alert: this integration works"
    if name == "logs":
        return "ERROR aiops-test a test line: this integration works"
    if name == "syslog":
        return f"<11>1 {aware(now).isoformat(timespec='seconds')} aiops-test aiops-test - - - a test line"
    if name == "journald":
        return json.dumps({"MESSAGE": "a test line", "PRIORITY": "3", "SYSLOG_IDENTIFIER": "aiops-test"})
    if name != "alertmanager":
        return json.dumps({"title": "TestAlert", "message": summary, "severity": "info", "service": "aiops-test"})
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": summary},
        "startsAt": aware(now).isoformat(timespec="seconds"),
    }
    return json.dumps({"version": "4", "status": "firing", "receiver": "aiops", "alerts": [alert]})


def test_delivery(name: str, now: datetime) -> Delivery:
    """Make the delivery behind the button "send a test alert"; it takes the same way as everyone's."""
    body = example_body(name, now).encode()
    return Delivery(source=name, body=body, content_type=content_type(name), headers={"user-agent": "aiops"})
