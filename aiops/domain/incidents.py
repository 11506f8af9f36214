"""What do people work on?"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from aiops.domain.base import Noun
from aiops.domain.events import Severity
from aiops.domain.impact import PER_RANK, Impact
from aiops.domain.reasons import Reason
from aiops.domain.words import percent

LEAST_SAID = 0.0005  # a probability below it is kept as 0


class IncidentStatus(StrEnum):
    """Where an incident stands: open -> acknowledged -> resolved -> closed; a resolved one may reopen."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"  # lives on in ``merged_into``


class Candidate(Noun, frozen=True, kw_only=True):
    """A root-cause candidate. "Root cause" only once a person confirms it."""

    entity: str
    probability: float  # 0..1, the first one's by the site's own history; their sum is <= 1, the rest "none of these"
    share: float  # of the incident's alerting services explained by it, 0..1
    path: tuple[str, ...] = ()  # from it to the service that hurts most
    evidence: tuple[Reason, ...] = ()  # strongest first
    confirmed: bool = False

    @property
    def likely(self) -> str:
        """Say its probability; what is rounded to nothing is not said to be impossible."""
        return percent(self.probability or LEAST_SAID)


class Division(Noun, frozen=True, kw_only=True):
    """An incident looks like two: what would leave it. A person may take it up by the act ``Split``."""

    services: tuple[str, ...]
    root: str  # of these
    text: str  # why, with its numbers


class Incident(Noun, frozen=True, kw_only=True):
    """Correlated episodes that people work on.

    Its members are the Episodes whose ``incident_id`` is this id or one of ``merged_from``: a merge rewrites none.
    What is moved or split off is rewritten, one by one.
    """

    incident_id: str  # hash of the founding episode: never changes
    number: int  # for display: #12
    title: str
    status: IncidentStatus = IncidentStatus.OPEN
    severity: Severity  # worst of the unsuppressed members (of all, when all are suppressed)
    assignee: str = ""
    opened_at: datetime  # start of the earliest member
    last_activity: datetime  # newest event of a member, or operator's act
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    services: tuple[str, ...] = ()  # alerting entities, root candidate first, at most 200
    services_total: int = 0
    owners: tuple[str, ...] = ()
    episodes: int = 0
    firing: int = 0  # episodes still open
    suppressed: int = 0  # episodes suppressed
    audible: int = 0  # episodes that fire and are not suppressed
    known_bad: int = 0  # episodes with a known_bad verdict
    flapping: int = 0  # episodes in which the alert flapped
    alerts: int = 0  # events of all members
    candidates: tuple[Candidate, ...] = ()  # most probable first, at most 5
    abstained: str = ""  # why no candidate is named, or the first one is not to be trusted
    impact: Impact = Impact()
    score: float = 0.0  # how unusual its (entity, kind) keys are together, and where it began; low: background queue
    background: bool = False  # visible, does not page
    reasons: tuple[Reason, ...] = ()  # why together, why the cause, why paged; at most 40
    weakest_link: str = ""  # what would split it
    runner_up: str = ""  # which other incident one of its members nearly joined
    founder: str  # episode_id
    merged_into: str = ""
    merged_from: tuple[str, ...] = ()  # with theirs in turn: all ids whose members are here
    split_from: str = ""  # id of the incident whose members founded it
    division: Division | None = None  # proposed, while it looks like two
    recurs: str = ""  # id of an earlier incident of the same founder alert
    paged: bool = False
    told: int = 0  # how many lines its timeline has
    revision: int = 0

    @property
    def active(self) -> bool:
        """Is there still something to do?"""
        return self.status in (IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED)

    @property
    def points(self) -> dict[str, float]:
        """What its place in the list is made of: its severity and its impact."""
        return {f"severity {self.severity}": PER_RANK * self.severity.rank, **self.impact.points}

    @property
    def weight(self) -> float:
        """Where does it stand in the list? The heaviest is worked on first."""
        return round(sum(self.points.values()), 1)

    @property
    def weighed(self) -> str:
        """Say the weight with what it is made of."""
        return f"weighs {self.weight:g}: " + ", ".join(f"{what} {points:g}" for what, points in self.points.items())


class TimelineItem(Noun, frozen=True, kw_only=True):
    """One line of an incident's story."""

    incident_id: str
    item_id: str  # incident_id + running number: sorts in the order in which it was told
    at: datetime
    kind: str  # opened, joined, merged, split, proposal, cause, severity, paged, resolved, ..., or an act of a person
    text: str
    actor: str = ""  # empty: the engine
    revision: int = 0


def tell(incident: Incident, at: datetime, kind: str, text: str, actor: str = "") -> tuple[Incident, TimelineItem]:
    """Return the incident with one more line told, and that line."""
    item_id = f"{incident.incident_id}-{incident.told:06d}"
    item = TimelineItem(incident_id=incident.incident_id, item_id=item_id, at=at, kind=kind, text=text, actor=actor)
    return msgspec.structs.replace(incident, told=incident.told + 1), item


class PageStatus(StrEnum):
    """How far a page, or one channel with it, has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    NO_CHANNEL = "no_channel"  # made, nobody configured to carry it
    DEAD = "dead"  # refused, or given up after the deadline: a person may have it tried again


class Sending(Noun, frozen=True, kw_only=True):
    """How far one channel has come with a page."""

    channel: str
    status: PageStatus = PageStatus.PENDING
    tries: int = 0
    detail: str = ""  # what the channel answered last


class Page(Noun, frozen=True, kw_only=True):
    """A record that somebody should be told; made whether or not a channel exists."""

    page_id: str  # stable key: incident + what happened; a receiver can recognise a repeat by it
    incident_id: str  # empty: a test, about no incident
    incident_number: int
    event: str  # opened, escalated, grew, resolved, reopened, test
    route: str  # who is to be told
    why_route: str = ""  # by which matchers, or why by none
    title: str
    severity: Severity
    made_at: datetime
    reason: Reason
    also: tuple[str, ...] = ()  # what was held back for this route until now, a line each, at most 20
    also_total: int = 0
    sendings: tuple[Sending, ...] = ()  # one a channel
    status: PageStatus = PageStatus.PENDING  # of all channels together: ``overall``
    detail: str = ""  # why no channel carries it
    round: int = 0  # how often a person had it tried again
    due_from: datetime | None = None  # when that was last: the deadline counts from here; None: from ``made_at``
    revision: int = 0

    def key(self, channel: str) -> str:
        """Return the idempotency key of one channel: the same however often it is tried."""
        return f"{self.page_id}-{channel}"


def overall(sendings: Sequence[Sending]) -> PageStatus:
    """Return where a page stands: pending while a channel is, dead when one of them failed."""
    states = {sending.status for sending in sendings}
    for status in (PageStatus.PENDING, PageStatus.DEAD, PageStatus.DELIVERED):
        if status in states:
            return status
    return PageStatus.NO_CHANNEL
