"""What does every line of a log become, whatever carried it?"""

from collections.abc import Mapping
from datetime import datetime

from aiops.domain.base import stable_hash
from aiops.domain.events import Event, EventKind, Severity
from ingestion.reading import fields, words
from ingestion.reading.times import believed

LEVELS = frozenset(
    fields.names(
        "trace debug info information notice warn warning error err critical crit fatal alert emerg emergency "
        "panic severe"
    )
)
SYSLOG = ("emerg", "alert", "crit", "error", "warning", "notice", "info", "debug")  # by number, RFC 5424
LONGEST_LINE = 65_536  # characters; the rest is cut
LONGEST_TITLE = 200
EMPTY = "(an empty line)"  # what a record without a text is called
_PINO = {10: "trace", 20: "debug", 30: "info", 40: "warning", 50: "error", 60: "fatal"}
_SEVERITY: dict[str, Severity] = {level: words.severity(level)[0] for level in LEVELS}


def level_of(word: str) -> str:
    """Return a level's name, empty for what is none; numbers are syslog's (0 to 7) or pino's (10 to 60)."""
    if word.isdecimal() and len(word) < 3:
        number = int(word)
        return SYSLOG[number] if number < len(SYSLOG) else _PINO.get(number // 10 * 10, "")
    name = word.lower()
    return name if name in LEVELS else ""


def line(
    source: str,
    received_at: datetime,
    message: str,
    *,
    level: str = "",
    at: datetime | None = None,
    labels: Mapping[str, str],
    key: str = "",
) -> Event:
    """Return one log Event; ``key`` is the sender's own name of the line (a cursor), which makes resends known."""
    message = message[:LONGEST_LINE].strip() or EMPTY
    title = message[:LONGEST_TITLE]
    return Event(
        kind=EventKind.LOG,
        source=source,
        received_at=received_at,
        occurred_at=believed(at, received_at) or received_at,
        content_key=stable_hash(source, key) if key else "",
        title=title,
        message=message if len(message) > LONGEST_TITLE else "",
        labels={name: value for name, value in labels.items() if value} | ({"level": level} if level else {}),
        severity=_SEVERITY.get(level, Severity.INFO),
    )
