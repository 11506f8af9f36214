"""How does a page travel to PagerDuty? Events API v2: trigger and resolve, one dedup_key for each incident."""

import httpx
import msgspec

from aiops.domain.channels import PagerDutyChannel
from aiops.domain.events import Severity
from aiops.response.message import Message
from aiops.response.posting import a_client, post

SEVERITIES = {Severity.CRITICAL: "critical", Severity.HIGH: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
LONGEST_SUMMARY = 1_024  # characters that it takes
MOST_RESOLVED = 50  # earlier incidents whose keys are resolved with the one they were merged into


class PagerDuty:
    """Triggers and resolves; a repeat under one dedup_key is no second incident there."""

    def __init__(self, channel: PagerDutyChannel, transport: httpx.BaseTransport | None = None) -> None:
        self._channel = channel
        self._client = a_client(transport)

    def deliver(self, message: Message) -> str:
        """Send ``message``; what was triggered for incidents that are one by now is resolved with it."""
        keys = [dedup_key(message.thread)]
        if message.page.event == "resolved":
            keys += [dedup_key(earlier) for earlier in message.earlier[:MOST_RESOLVED]]
        answers = [self._send(message, key) for key in keys]
        return answers[0]

    def _send(self, message: Message, key: str) -> str:
        body = msgspec.json.encode(event(message, self._channel.routing_key, key))
        headers = {"Idempotency-Key": message.key}
        answer = post(self._client, self._channel.url, body, headers, f"the channel {self._channel.name}")
        return f"answered {answer.status_code}"


def dedup_key(incident_id: str) -> str:
    """Return by what PagerDuty knows the incident."""
    return f"aiops-{incident_id}"[:255]


def event(message: Message, routing_key: str, key: str) -> dict[str, object]:
    """Return the event that PagerDuty reads."""
    page = message.page
    if page.event == "resolved":
        return {"routing_key": routing_key, "event_action": "resolve", "dedup_key": key}
    services = message.facts["services"]
    made: dict[str, object] = {
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": key,
        "client": "AIOps",
        "payload": {
            "summary": message.subject[:LONGEST_SUMMARY],
            "source": services[0] if isinstance(services, tuple) and services else "aiops",
            "severity": SEVERITIES[page.severity],
            "timestamp": page.made_at.isoformat(),
            "custom_details": {"text": message.body, "key": message.key},
        },
    }
    link = str(message.facts["link"])
    if link.startswith("http"):
        made |= {"client_url": link, "links": [{"href": link, "text": "Open the incident"}]}
    return made
