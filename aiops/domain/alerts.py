"""Which conditions hold, and since when?"""

from datetime import datetime
from enum import StrEnum

from aiops.domain.base import Noun
from aiops.domain.events import Event, Severity, Status
from aiops.domain.graph import Entity
from aiops.domain.reasons import Reason


class Verdict(StrEnum):
    """What is already known of an alert, always by a Rule."""

    KNOWN_GOOD = "known_good"
    KNOWN_BAD = "known_bad"
    UNKNOWN = "unknown"


class Suppression(Noun, frozen=True, kw_only=True):
    """One thing that keeps an alert from paging; orthogonal to its status."""

    kind: str  # rule, silence, shelved, maintenance, inhibition, flapping, held
    id: str  # of the rule or silence
    text: str  # "muted by ana until 2026-12-01 03:00 UTC: nightly backup"
    until: datetime | None = None


class Templated(Noun, frozen=True, kw_only=True):
    """A message's shape as the engine saw it at that moment."""

    template_id: str
    text: str  # the Drain3 template: "connection refused <*>"
    scope: str = ""  # within which it was learned
    masked: str  # the message with masks applied, what rules match token patterns against
    parameters: tuple[str, ...] = ()
    first: bool = False  # this message created the template
    version: int = 1


class Sample(Noun, frozen=True, kw_only=True):
    """One point of an alert's value history."""

    at: datetime
    status: Status
    severity: Severity
    value: float | None = None


class Link(Noun, frozen=True, kw_only=True):
    """Why an episode joined its incident: the receipt for one member."""

    parent: str  # episode_id of the member that explains it best; empty: the founder
    parent_entity: str
    relation: str  # as in graph.Near: callee, caller, self, host_mate, ...
    seconds: float  # this episode's start minus the parent's
    ratio: float  # how many times more likely than chance
    text: str  # "api joined because db, which it calls, alerted 42 s earlier; 35 times more likely than chance (...)"


class Episode(Noun, frozen=True, kw_only=True):
    """One firing of an Alert, from first firing to resolve. Incidents hold episodes."""

    episode_id: str  # fingerprint + founding event id
    fingerprint: str
    name: str  # the alert's title
    entity: Entity
    kind_key: str  # what sort of alert: alert name, else template id; (entity, kind_key) is what ranking counts
    template_id: str
    severity: Severity  # worst during the episode
    started_at: datetime  # by the sender where it said so, else first received
    received_at: datetime  # first received
    last_seen: datetime
    ended_at: datetime | None = None
    end_reason: str = ""  # sender, lease, expiry, operator, superseded
    events: int = 1  # how many events it took (resends not counted)
    incident_id: str = ""
    link: Link | None = None
    suppressed: bool = False
    revision: int = 0

    @property
    def open(self) -> bool:
        """Does it still fire?"""
        return self.ended_at is None


class Moved(Noun, frozen=True, kw_only=True):
    """An episode that is of another incident from now on, or alone in its own: what its documents are to say."""

    episode_id: str
    fingerprint: str
    incident_id: str
    link: Link | None  # None: it is the founder, or alone
    reason: Reason
    past: Episode | None = None  # itself, where its alert stands on a later one


BY_SIGNATURE = "detector:known_bad"  # source of what signatures raise


class Alert(Noun, frozen=True, kw_only=True):
    """A stateful condition on one entity, over all its episodes."""

    fingerprint: str
    source: str
    title: str
    message: str = ""
    entity: Entity
    owner: str = ""  # of the entity, or by look-up
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    url: str = ""
    status: Status
    severity: Severity
    value: float | None = None
    state_at: datetime  # event time of the state above: older states change counts, never the status
    lease_until: datetime | None = None
    template_id: str = ""
    template: str = ""
    masked: str = ""
    parameters: tuple[str, ...] = ()
    pattern_id: str = ""
    episode: Episode  # the current or last one
    episodes: int = 1  # how many there were
    first_seen: datetime
    last_seen: datetime
    count: int = 1  # events that said it, resends not counted
    resends: int = 0
    history: tuple[Sample, ...] = ()  # the newest 50
    verdict: Verdict = Verdict.UNKNOWN
    verdict_rule: str = ""  # id of the rule that set it; empty only while unknown
    suppressed_by: tuple[Suppression, ...] = ()
    flapping: int = 0  # changes of its state since it began to flap; 0: it does not
    acknowledged: bool = False  # somebody has taken it at its sender's, who said so; it still fires
    lifted: Suppression | None = None  # what hid it last, once nothing does any more
    event_id: str  # the event behind the state above; its position leads to the raw payload
    reasons: tuple[Reason, ...] = ()  # of the current episode, in the order of the steps; at most 40
    revision: int = 0

    @property
    def suppressed(self) -> bool:
        """Does something keep it from paging?"""
        return bool(self.suppressed_by)

    @property
    def pressing(self) -> bool:
        """Is it known bad, so that it pages however mild it is? Not what a signature finds that is mild by itself."""
        mild = self.source == BY_SIGNATURE and self.severity is Severity.INFO
        return self.verdict is Verdict.KNOWN_BAD and not mild


class Placement(Noun, frozen=True, kw_only=True):
    """Which node an event is about, and what else look-ups say of it."""

    entity: Entity  # name "" where the labels name no node at all
    owner: str = ""
    severity: Severity | None = None  # by look-up, in place of the sender's
    reasons: tuple[Reason, ...] = ()


class Fate(StrEnum):
    """What became of an Event, in the order of precedence of the ledger."""

    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    GROUPED = "grouped"
    STANDALONE = "standalone"
    OBSERVED = "observed"
    SUPERSEDED = "superseded"  # its delivery was read anew, by an act


class EventRecord(Noun, frozen=True, kw_only=True):
    """One stored Event with its fate. Where the fate hangs on an episode, the episode's is the one that counts."""

    event: Event
    fingerprint: str = ""  # of the Alert it concerned, as dedup settled it
    fate: Fate  # when it was taken in
    episode_id: str = ""
    reasons: tuple[Reason, ...] = ()
    revision: int = 0


class EpisodeFate(Noun, frozen=True, kw_only=True):
    """The present fate of the events of one episode, and by what it last changed."""

    episode_id: str
    fate: Fate
    events: dict[str, int] = {}  # line of the ledger (source) -> how many of its events share this fate
    reasons: tuple[Reason, ...] = ()  # one per change, newest last, at most 20
    revision: int = 0
