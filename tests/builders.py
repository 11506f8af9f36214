"""How do tests say what they mean? Nouns with sensible defaults, at seconds relative to one fixed time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from aiops.domain.alerts import Alert, Episode, Placement, Templated, Verdict
from aiops.domain.entries import Delivery, Entry, Payload, Position, Tick
from aiops.domain.events import Event, EventKind, Severity, Status
from aiops.domain.graph import Entity
from aiops.domain.incidents import Incident, Page, Sending
from aiops.domain.matching import parse_matcher
from aiops.domain.reasons import Reason
from aiops.domain.rules import Rule
from aiops.domain.runbooks import Runbook

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return T0 plus ``seconds``."""
    return T0 + timedelta(seconds=seconds)


def an_event(**changes: Any) -> Event:
    """An alert event of service db, received and occurred at T0."""
    event = Event(
        kind=EventKind.ALERT,
        source="alertmanager",
        event_id="0-1-0",
        received_at=T0,
        occurred_at=changes.get("received_at", T0),
        title="DatabaseDown",
        message="connection refused",
        labels={"alertname": "DatabaseDown", "service": "db"},
        severity=Severity.CRITICAL,
    )
    return msgspec.structs.replace(event, **changes)


def an_entity(name: str = "db", **changes: Any) -> Entity:
    """A known service."""
    return msgspec.structs.replace(Entity(name=name), **changes)


def a_placement(name: str = "db", **changes: Any) -> Placement:
    """An event found to be about a known service."""
    return msgspec.structs.replace(Placement(entity=an_entity(name)), **changes)


def a_template(**changes: Any) -> Templated:
    """The shape of "connection refused"."""
    templated = Templated(template_id="t-refused", text="connection refused", masked="connection refused")
    return msgspec.structs.replace(templated, **changes)


def an_episode(service: str = "db", **changes: Any) -> Episode:
    """An open critical episode of ``service`` that began at T0."""
    fingerprint = changes.get("fingerprint", f"fp-{service}")
    episode = Episode(
        episode_id=f"{fingerprint}-0-1-0",
        fingerprint=fingerprint,
        name=f"{service} down",
        entity=an_entity(service),
        kind_key=f"{service} down",
        template_id=f"t-{service}",
        severity=Severity.CRITICAL,
        started_at=T0,
        received_at=changes.get("started_at", T0),
        last_seen=changes.get("started_at", T0),
    )
    return msgspec.structs.replace(episode, **changes)


def an_alert(service: str = "db", **changes: Any) -> Alert:
    """A firing critical alert of ``service``, seen once, with its episode.

    ``first_seen`` moves the episode's start with it unless ``episode`` is given.
    """
    fingerprint = changes.get("fingerprint", f"fp-{service}")
    first_seen = changes.get("first_seen", T0)
    episode = an_episode(
        service,
        fingerprint=fingerprint,
        started_at=first_seen,
        severity=changes.get("severity", Severity.CRITICAL),
        template_id=changes.get("template_id", f"t-{service}"),
    )
    alert = Alert(
        fingerprint=fingerprint,
        source="alertmanager",
        title=f"{service} down",
        message=f"{service} is down",
        entity=episode.entity,
        labels={"alertname": f"{service} down", "service": service},
        status=Status.FIRING,
        severity=episode.severity,
        state_at=first_seen,
        template_id=episode.template_id,
        template=f"{service} is down",
        masked=f"{service} is down",
        episode=episode,
        first_seen=first_seen,
        last_seen=first_seen,
        event_id="0-1-0",
    )
    return msgspec.structs.replace(alert, **changes)


def a_delivery(body: bytes | str | dict[str, Any] | list[Any] = b"{}", **changes: Any) -> Delivery:
    """A JSON delivery; texts are encoded, dicts and lists written as JSON."""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = msgspec.json.encode(body)
    delivery = Delivery(source="generic", body=body, content_type="application/json")
    return msgspec.structs.replace(delivery, **changes)


def an_entry(payload: Payload | None = None, offset: int = 1, seconds: float = 0, **changes: Any) -> Entry:
    """An entry of shard 0 (a tick unless a payload is given), received ``seconds`` after T0."""
    entry = Entry(position=Position(0, offset), received_at=at(seconds), payload=payload or Tick())
    return msgspec.structs.replace(entry, **changes)


def a_page(**changes: Any) -> Page:
    """A pending page about incident 1."""
    page = Page(
        page_id="page-1",
        incident_id="incident-1",
        incident_number=1,
        event="opened",
        route="on-call",
        title="db down",
        severity=Severity.CRITICAL,
        made_at=T0,
        reason=Reason(step="page", text="critical, and nothing suppresses it"),
        sendings=(Sending(channel="pager"),),
    )
    return msgspec.structs.replace(page, **changes)


def an_incident(**changes: Any) -> Incident:
    """Incident 1: service db is critical since T0, and api with it."""
    incident = Incident(
        incident_id="incident-1",
        number=1,
        title="db: connection refused (2 services)",
        severity=Severity.CRITICAL,
        opened_at=T0,
        last_activity=T0,
        services=("db", "api"),
        services_total=2,
        owners=("dba", "shop"),
        episodes=2,
        firing=2,
        audible=2,
        alerts=12,
        founder="fp-db-0-1-0",
    )
    return msgspec.structs.replace(incident, **changes)


def a_mute(*matchers: str, **changes: Any) -> Rule:
    """A rule of noc that calls what matches (of service db unless that is said) known good, for thirty days."""
    rule = Rule(
        id="mute",
        verdict=Verdict.KNOWN_GOOD,
        matchers=tuple(parse_matcher(text, "test") for text in matchers or ("service=db",)),
        owner="noc",
        reason="noise",
        expires=T0 + timedelta(days=30),
    )
    return msgspec.structs.replace(rule, **changes)


def a_runbook(**changes: Any) -> Runbook:
    """For full disks, by noc."""
    runbook = Runbook(id="disk", name="Disk is full", owner="noc", text="Delete old files.")
    return msgspec.structs.replace(runbook, **changes)
