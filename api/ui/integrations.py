"""How does each sender deliver to us, and what has come from it so far?"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiops.domain.base import aware
from aiops.domain.entries import Delivery
from aiops.domain.records import SourceRecord
from ingestion.listeners.standing import Standing

KNOWN: Mapping[str, str] = {
    "alertmanager": "Prometheus Alertmanager, webhook version 4",
    "generic": "any tool that can post JSON",
    "logs": "log lines, as text or JSON lines",
    "syslog": "syslog, RFC 3164 or 5424; also over UDP, TCP, TLS and RELP",
    "journald": "systemd's journal: systemd-journal-upload, or its export format",
}
DETECTOR = "detector:"


@dataclass(frozen=True)
class Integration:
    """One sender."""

    name: str
    what: str
    curl: str
    record: SourceRecord | None  # None: nothing came yet
    listeners: tuple[Standing, ...] = ()  # that deliver under its name


def integrations(
    records: Iterable[SourceRecord],
    standings: Sequence[Standing],
    base_url: str,
    token_required: bool,
    now: datetime,
) -> list[Integration]:
    """Return the known senders and every other name that something came under; detectors deliver nothing."""
    came = {record.source: record for record in records if not record.source.startswith(DETECTOR)}
    names = [*KNOWN, *sorted(set(came) - set(KNOWN))]
    return [
        Integration(
            name,
            KNOWN.get(name, "read as generic JSON"),
            curl(name, base_url, token_required, now),
            came.get(name),
            tuple(one for one in standings if one.source == name),
        )
        for name in names
    ]


def curl(name: str, base_url: str, token_required: bool, now: datetime) -> str:
    """Write the command that delivers an example."""
    lines = [f"curl {base_url.rstrip('/')}/webhooks/{name}", f"  -H 'Content-Type: {content_type(name)}'"]
    if token_required:
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
