"""What does an Alertmanager webhook say, in our words?

The status of each alert is the only truth: the group's is never looked at, and nothing is inferred about alerts that
are not listed (``max_alerts`` cuts the list before the group's status is computed).
"""

from collections.abc import Mapping
from datetime import datetime

from aiops.domain.base import stable_hash
from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, EventKind, Parsed, Problem, Status
from ingestion.reading import fields, words
from ingestion.reading.documents import documents
from ingestion.reading.times import believed, moment

NAME = "alertmanager"

_TITLE = ("annotations.summary", "annotations.title", "annotations.message", "labels.alertname")
_MESSAGE = ("annotations.description", "annotations.message", "annotations.summary")
_SEVERITY = ("labels.severity", "labels.priority", "labels.level", "annotations.severity")


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per entry of ``alerts`` (webhook version 4; 3, which has no fingerprints, too)."""
    groups = documents(delivery.body, delivery.content_type)
    return fields.joined([_group(group, delivery.source, received_at) for group in groups])


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return the fingerprint that Alertmanager itself gives to ``labels``.

    FNV-1a, 64 bits, over sorted ``name 0xFF value 0xFF`` (prometheus/common, model/signature.go).
    """
    value = 0xCBF29CE484222325
    for name, text in sorted(labels.items()):
        for byte in b"%b\xff%b\xff" % (name.encode("utf-8", "replace"), text.encode("utf-8", "replace")):
            value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def _group(group: object, source: str, received_at: datetime) -> Parsed:
    alerts = group.get("alerts") if isinstance(group, dict) else None
    if not isinstance(alerts, list):
        fix = "send an Alertmanager webhook (version 4): a JSON object with a list 'alerts'"
        return Parsed(problems=(Problem(place="alerts", problem="no list of alerts", fix=fix),))
    base = fields.first_of(group, ("externalURL",)).rstrip("/")
    parsed = fields.each("alerts", alerts, lambda alert, place: _event(alert, place, source, base, received_at))
    cut = fields.number_of(fields.dig(group, "truncatedAlerts"))
    if cut:
        said = f"sender truncates: {cut:g} alerts of the group were not sent"
        warning = Problem(
            place="truncatedAlerts", problem=said, fix="raise max_alerts in Alertmanager's webhook_config"
        )
        parsed = Parsed(events=parsed.events, problems=parsed.problems, warnings=(*parsed.warnings, warning))
    return parsed


def _event(alert: object, place: str, source: str, base: str, received_at: datetime) -> Event:
    labels = fields.labels_of(fields.dig(alert, "labels"))
    annotations = fields.labels_of(fields.dig(alert, "annotations"))
    if not labels:
        raise BadInput("an alert without labels", place=f"{place}.labels", fix="send the alert's labels")
    starts_at = moment(fields.dig(alert, "startsAt"), received_at)
    ends_at = moment(fields.dig(alert, "endsAt"), received_at)
    status = words.status(fields.first_of(alert, ("status",))) or (
        Status.RESOLVED if ends_at and ends_at <= received_at else Status.FIRING
    )
    occurred_at = believed(ends_at if status is Status.RESOLVED else starts_at, received_at) or received_at
    identity = fields.first_of(alert, ("fingerprint",)) or fingerprint(labels)
    title = fields.first_of(alert, _TITLE) or ", ".join(f"{name}={text}" for name, text in sorted(labels.items()))
    message = fields.first_of(alert, _MESSAGE)
    severity, reasons = words.severity(fields.first_of(alert, _SEVERITY))
    return Event(
        kind=EventKind.ALERT,
        source=source,
        received_at=received_at,
        occurred_at=occurred_at,
        content_key=stable_hash(identity, starts_at.isoformat() if starts_at else "-", status, annotations.items()),
        title=title[: fields.LONGEST_TITLE],
        message="" if message == title else message,
        labels=labels,
        annotations=annotations,
        url=_url(fields.first_of(alert, ("generatorURL",)), base),
        status=status,
        severity=severity,
        fingerprint=identity,
        starts_at=starts_at,
        ends_at=ends_at if status is Status.RESOLVED else None,
        value=fields.number_of(annotations.get("value")),
        reasons=reasons,
    )


def _url(sent: str, base: str) -> str:
    """Prometheus may send a path only, when it does not know its own address."""
    return fields.web_address(sent, f"{base}{sent}" if sent.startswith("/") else "")
