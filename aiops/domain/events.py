"""What was said, at one point in time?"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from aiops.domain.base import Noun
from aiops.domain.reasons import Evidence, Reason


class EventKind(StrEnum):
    """What sort of thing an Event tells."""

    ALERT = "alert"
    LOG = "log"
    METRIC = "metric"
    TRACE = "trace"
    CHANGE = "change"
    BUILD = "build"
    TEST = "test"
    AUDIT = "audit"
    HEARTBEAT = "heartbeat"


MEASURED = frozenset((EventKind.METRIC, EventKind.TRACE))  # kinds whose ``points`` say it all


class Severity(StrEnum):
    """How bad, in our four words."""

    CRITICAL = "critical"
    HIGH = "high"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """3 for critical down to 0 for info: larger is worse."""
        return _RANK[self]


_RANK = {Severity.CRITICAL: 3, Severity.HIGH: 2, Severity.WARNING: 1, Severity.INFO: 0}


class Status(StrEnum):
    """Does the condition hold?"""

    FIRING = "firing"
    RESOLVED = "resolved"


class Event(Noun, frozen=True, kw_only=True):
    """Something an IT estate said: immutable, one point in time."""

    kind: EventKind
    source: str  # the integration it came through: "alertmanager", "detector:log_errors", ...
    received_at: datetime  # of its entry, aware
    occurred_at: datetime  # the sender's own time where it gave one, else received_at; orders states inside one Alert
    event_id: str = ""  # given by the engine: position + element index (+ detector)
    content_key: str = ""  # recognises a resend; empty: never a resend (logs, metrics, heartbeats)
    keyed: bool = False  # the content key is the sender's own: it alone decides what is a resend
    title: str  # one line a person reads first; the alert's name where there is one
    message: str = ""  # the free text that is templated; empty: the title is
    scope: str = ""  # its text was learned there already, as another event's; empty: it is to be learned
    labels: dict[str, str] = {}  # identity
    annotations: dict[str, str] = {}  # text that is not identity
    facts: dict[str, Evidence] = {}  # what this kind tells beside: actor, ref, result of a change; tests, failures
    raw: dict[str, Any] = {}  # the record itself, of logs and audits that are objects; never stored with the event
    url: str = ""  # link back to the sender
    status: Status = Status.FIRING
    severity: Severity = Severity.WARNING
    fingerprint: str = ""  # the sender's own or computable one; empty: dedup hashes source + labels
    starts_at: datetime | None = None  # the condition began, by the sender
    ends_at: datetime | None = None  # the condition ended, by the sender; a future one is a lease, see ``lease``
    lease: timedelta | None = None  # without a renewal for this long, the alert is taken as resolved
    value: float | None = None  # the measured number, where there is one
    points: tuple[tuple[float, float], ...] = ()  # of a metric or trace: (seconds since 1970, value), oldest first
    reasons: tuple[Reason, ...] = ()  # what was assumed while reading it ("severity 'P1' read as critical")

    @property
    def bare(self) -> "Event":
        """The event as it is stored and shown: without its raw record."""
        return msgspec.structs.replace(self, raw={}) if self.raw else self

    @property
    def text(self) -> str:
        """The text that is templated."""
        return self.message or self.title


class Problem(Noun, frozen=True, kw_only=True):
    """A part of a delivery that could not be used: where it stands and what would mend it."""

    place: str  # "alerts[3].startsAt", "line 17"
    problem: str
    fix: str


class Parsed(Noun, frozen=True, kw_only=True):
    """What a source made of one delivery: the good items, and the problems of the others."""

    events: tuple[Event, ...] = ()
    problems: tuple[Problem, ...] = ()  # each counts as one rejected event in the ledger
    warnings: tuple[Problem, ...] = ()  # worth telling the sender's owner, nothing was lost ("sender truncates")
