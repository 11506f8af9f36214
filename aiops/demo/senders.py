"""How do the demo's senders put it? The bodies that Alertmanager, a script and a log shipper would send."""

import json
from dataclasses import dataclass
from datetime import datetime

from aiops.domain.entries import Delivery

Moment = tuple[datetime, Delivery]


@dataclass(frozen=True)
class Condition:
    """What a rule of a monitoring system watches."""

    labels: dict[str, str]
    summary: str

    def at(self, fired: datetime, over: datetime | None = None) -> dict[str, object]:
        """Return the element of a webhook body: firing since ``fired``, or over since ``over``."""
        return {
            "status": "resolved" if over else "firing",
            "labels": self.labels,
            "annotations": {"summary": self.summary},
            "startsAt": fired.isoformat(),
            "endsAt": over.isoformat() if over else "0001-01-01T00:00:00Z",
            "generatorURL": "",
        }


def condition(alertname: str, service: str, severity: str, summary: str, **labels: str) -> Condition:
    """Return a condition of the production environment."""
    named = {"alertname": alertname, "service": service, "severity": severity, "env": "prod", **labels}
    return Condition(named, summary)


def alertmanager(at: datetime, alerts: list[dict[str, object]]) -> Moment:
    """One webhook post (version 4) of Alertmanager."""
    body = {"version": "4", "receiver": "aiops", "status": alerts[0]["status"], "alerts": alerts, "truncatedAlerts": 0}
    return at, _json("alertmanager", body)


def event(source: str, at: datetime, **fields: str) -> Moment:
    """One post of a home-made script: flat JSON."""
    return at, _json(source, {**fields, "time": at.isoformat(), "status": "firing"})


def log_lines(service: str, at: datetime, lines: list[tuple[str, str]]) -> Moment:
    """One batch of a log shipper: JSON lines of (level, message)."""
    texts = [json.dumps({"time": at.isoformat(), "level": level, "message": text}) for level, text in lines]
    body = "\n".join(texts).encode()
    return at, Delivery(source="logs", body=body, content_type="application/x-ndjson", query={"service": service})


def _json(source: str, body: object) -> Delivery:
    return Delivery(source=source, body=json.dumps(body).encode(), content_type="application/json")
