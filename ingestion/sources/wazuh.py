"""What does Wazuh (or OSSEC) say, in our words? Its alerts.json, or what an integration script made of it; no end."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity
from ingestion.reading import fields
from ingestion.reading.shape import DAY, Item, Shape, tell

NAME = "wazuh"


def _scale() -> dict[str, Severity]:
    """Rule levels: 0-6 low, 7-11 medium, 12-14 high, 15 critical (Wazuh's own classes)."""
    bounds = ((7, Severity.INFO), (12, Severity.WARNING), (15, Severity.HIGH), (17, Severity.CRITICAL))
    return {str(level): next(severity for bound, severity in bounds if level < bound) for level in range(17)}


_ALERT = Shape(
    title="rule.description",
    message="full_log",
    severity="rule.level",
    host="agent.name predecoder.hostname manager.name",
    service="predecoder.program_name",
    time="timestamp @timestamp",
    identity="agent.id rule.id data.srcip data.win.eventdata.ipAddress",
    named={"srcip": "data.srcip", "rule": "rule.id", "decoder": "decoder.name", "location": "location"},
    facts={"actor": "data.dstuser data.srcuser data.win.eventdata.targetUserName"},
    severities=_scale(),
    lease=DAY,
)
_SCRIPT = Shape(
    title="message title",
    message="description",
    severity="severity",
    host="Agent_Name",
    time="created_at timestamp",
    identity="Agent_ID Rule_ID message",
    named={"rule": "Rule_ID", "agent": "Agent_ID"},
    lease=DAY,
)
_LINES = ("Rule ID", "Agent ID", "Agent Name")


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per alert; rule, agent and source address are its identity."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    wrapped = document.get("all_fields", document)
    if isinstance(wrapped, Mapping) and isinstance(wrapped.get("rule"), Mapping):
        yield _ALERT, wrapped
    else:
        yield _SCRIPT, {**document, **_described(fields.first_of(document, ("description",)))}


def _described(description: str) -> dict[str, object]:
    """``Agent Name web01`` on a line of its own."""
    found: dict[str, object] = {}
    for line in description.splitlines():
        for name in _LINES:
            if line.startswith(f"{name} "):
                found[name.replace(" ", "_")] = line[len(name) :].strip()
    return found
