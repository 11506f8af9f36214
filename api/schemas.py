"""What do programs get? Shapes of answers; what is inside them are the nouns themselves."""

from collections.abc import Mapping
from datetime import datetime

from aiops.domain.alerts import Alert, Episode, EpisodeFate, EventRecord
from aiops.domain.base import Noun
from aiops.domain.edges import EdgeRecord
from aiops.domain.entries import Delivery
from aiops.domain.events import Severity
from aiops.domain.graph import Edge, Topology
from aiops.domain.incidents import Incident, Page, TimelineItem
from aiops.domain.pins import Pin
from aiops.domain.reasons import Reason
from aiops.domain.records import (
    DeliveryRecord,
    HeartbeatRecord,
    Pattern,
    Rollup,
    ServiceRecord,
    SourceRecord,
    Template,
    Unmapped,
)
from aiops.domain.rules import Inhibition, Pack, Rule, RuleChange, Silence, Window
from aiops.domain.runbooks import Runbook
from ingestion.listeners.standing import Standing

Facets = Mapping[str, Mapping[str, int]]


class Taken(Noun, frozen=True, kw_only=True):
    """A delivery is on disk."""

    delivery_id: str


class Accepted(Noun, frozen=True, kw_only=True):
    """An act is on disk, its outcome not known yet."""

    command_id: str
    outcome: str  # where to ask for it


class IncidentList(Noun, frozen=True, kw_only=True):
    """One page; total, items and facets come from one read."""

    items: tuple[Incident, ...]
    total: int
    next: str  # cursor of the next page; empty: this was the last
    facets: Facets = {}
    exact: bool = True  # False: there are more than ``total``
    sampled: Mapping[str, int] = {}  # facets that were counted over only so many, the last made


class IncidentDetail(Noun, frozen=True, kw_only=True):
    """One incident with a page of its members and its story."""

    incident: Incident
    members: tuple[Episode, ...]
    members_total: int
    members_next: str
    timeline: tuple[TimelineItem, ...]
    templates: tuple["TemplateCount", ...] = ()  # of all members, or the last 10,000, most frequent first


class Remedy(Noun, frozen=True, kw_only=True):
    """What people did about an incident, as far as they said."""

    cause: str = ""  # that a person confirmed
    resolved_by: str = ""  # empty: it resolved by itself, or is not resolved
    resolved: str = ""  # what was said then
    seconds: float | None = None  # from its beginning until it was resolved; None: it is not
    comments: tuple[TimelineItem, ...] = ()  # the newest five


class SimilarIncident(Noun, frozen=True, kw_only=True):
    """Another incident, and how alike it is."""

    similarity: float  # cosine of the mean embeddings of their members' templates; 1: the same mix of templates
    incident: Incident
    score: float = 0.0  # 0..1: how much of what fires where they have in common; the order goes by it
    why: str = ""
    done: Remedy = Remedy()


class SimilarIncidents(Noun, frozen=True, kw_only=True):
    """The most alike first."""

    items: tuple[SimilarIncident, ...]
    placed: bool  # False: the learner has not looked at this incident yet, so nothing can be said
    cause: str = ""  # confirmed of the most alike; empty: nobody confirmed one, or nothing is similar enough
    verdict: str = ""  # from how much on incidents are similar here, and why none is


class RunbookList(Noun, frozen=True, kw_only=True):
    """One page of runbooks, each without its text."""

    items: tuple[Runbook, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class Advice(Noun, frozen=True, kw_only=True):
    """One runbook for an incident, or a link to one."""

    title: str
    why: str
    url: str = ""  # where it is written; empty: ``text`` says it
    runbook_id: str = ""  # empty: it is only a link that an alert or a service bears
    text: str = ""  # Markdown
    by_text: bool = False  # found by what it says, where none is for its alerts


class AdviceList(Noun, frozen=True, kw_only=True):
    """What there is to do: links that alerts and services bear, then runbooks by name, then by text."""

    items: tuple[Advice, ...]


class SimilarPattern(Noun, frozen=True, kw_only=True):
    """Another pattern, and how alike it is."""

    similarity: float  # cosine of the embeddings of their medoids
    pattern: Pattern


class SimilarPatterns(Noun, frozen=True, kw_only=True):
    """The most alike first."""

    items: tuple[SimilarPattern, ...]


class TemplateCount(Noun, frozen=True, kw_only=True):
    """How many members have this shape."""

    template_id: str
    text: str
    episodes: int


class AlertList(Noun, frozen=True, kw_only=True):
    """One page of alerts."""

    items: tuple[Alert, ...]
    total: int
    next: str
    facets: Facets = {}
    exact: bool = True  # False: there are more than ``total``
    sampled: Mapping[str, int] = {}  # facets that were counted over only so many, the last made


class RawPayload(Noun, frozen=True, kw_only=True):
    """The delivery behind an event, after redaction."""

    delivery_id: str
    received_at: datetime
    source: str
    content_type: str
    headers: dict[str, str]
    body: str  # as text; bytes that are none are replaced
    truncated: bool = False


class AlertDetail(Noun, frozen=True, kw_only=True):
    """One alert, its newest events, their present fate and the raw payload behind its state."""

    alert: Alert
    events: tuple[EventRecord, ...]
    events_total: int
    fate: EpisodeFate | None = None
    payload: RawPayload | None = None  # None: the journal no longer has it


class RuleList(Noun, frozen=True, kw_only=True):
    """One page of rules."""

    items: tuple[Rule, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class SilenceList(Noun, frozen=True, kw_only=True):
    """One page of silences."""

    items: tuple[Silence, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class Example(Noun, frozen=True, kw_only=True):
    """One alert that a rule would hide."""

    fingerprint: str
    title: str
    entity: str
    severity: str


class Preview(Noun, frozen=True, kw_only=True):
    """What matchers hit among the alerts that fire now."""

    alerts: int
    incidents: int  # whose firing alerts would all be hidden; at least so many where not ``complete``
    critical: int  # of the alerts; likewise
    worst: Severity | None = None  # of all that match, those that are hidden already too; None: nothing matches
    looked_at: int  # firing alerts that were tried
    complete: bool  # False: there are more firing alerts than are tried
    examples: tuple[Example, ...] = ()
    past: "Past | None" = None  # where it was asked for


class HiddenIncident(Noun, frozen=True, kw_only=True):
    """An incident whose cause a person confirmed, and of which something would have been hidden."""

    incident_id: str
    number: int
    title: str
    cause: str  # the confirmed root cause
    root: bool  # an alert of the cause itself would have been hidden
    whole: bool  # all of it would have been hidden
    hidden: int  # episodes
    episodes: int


class Past(Noun, frozen=True, kw_only=True):
    """What matchers would have hidden in the past days."""

    days: int
    alerts: int  # conditions; told from the sample that was looked at where not ``complete``
    alerts_between: tuple[int, int]  # with 95 % certainty; both the same: it was counted
    critical: int  # of these; told from a sample of its own
    critical_between: tuple[int, int]
    looked_at: int  # the sample
    candidates: int  # alerts that may match, by what is indexed
    complete: bool  # all candidates were looked at, so the counts are exact
    known_bad: int  # of these: such a rule hides none of them, known bad beats known good. From no sample
    known_bad_left: int = 0  # known bad alerts that there was no time to try: whether they match is not known
    incidents: tuple[HiddenIncident, ...] = ()  # confirmed ones that it touches. From no sample
    incidents_left: int = 0  # confirmed ones that there was no time to look through: whether it touches them is unknown
    examples: tuple[Example, ...] = ()


class WindowList(Noun, frozen=True, kw_only=True):
    """One page of maintenance windows."""

    items: tuple[Window, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class PinList(Noun, frozen=True, kw_only=True):
    """One page of pins."""

    items: tuple[Pin, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class InhibitionList(Noun, frozen=True, kw_only=True):
    """One page of inhibitions."""

    items: tuple[Inhibition, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class PackList(Noun, frozen=True, kw_only=True):
    """Packs as they were last read."""

    items: tuple[Pack, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class RuleChangeList(Noun, frozen=True, kw_only=True):
    """One page of the audit log, newest first."""

    items: tuple[RuleChange, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class PatternList(Noun, frozen=True, kw_only=True):
    """One page of patterns."""

    items: tuple[Pattern, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class TemplateList(Noun, frozen=True, kw_only=True):
    """One page of templates."""

    items: tuple[Template, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class TemplateScope(Noun, frozen=True, kw_only=True):
    """How the templates of one scope are: reported after every thousand messages."""

    scope: str
    lines: int  # messages so far
    templates: int
    rare: int  # templates seen once
    dead: int  # templates not seen for a week
    version: int  # of its own settings; 0: it goes by those of all
    similarity: float
    depth: int
    chosen_at: datetime | None
    chosen_from: int  # messages
    waiting: bool  # enough was seen, the choice is being made
    health: tuple[str, ...]  # what is wrong with them, in words


class ScopeList(Noun, frozen=True, kw_only=True):
    """One page of scopes."""

    items: tuple[TemplateScope, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class ServiceList(Noun, frozen=True, kw_only=True):
    """One page of nodes, the edges that leave them, and how well alerts find their node."""

    items: tuple[ServiceRecord, ...]
    total: int
    next: str
    edges: tuple[Edge, ...]
    graph_version: int
    unmapped: Unmapped
    exact: bool = True  # False: there are more than ``total``


class EdgeList(Noun, frozen=True, kw_only=True):
    """Edges that the engine would add, and those of the graph that it doubts."""

    items: tuple[EdgeRecord, ...]
    total: int
    next: str
    doubted: tuple[EdgeRecord, ...] = ()  # in the graph, and never or no longer seen
    exact: bool = True  # False: there are more than ``total``


class TopologyCheck(Noun, frozen=True, kw_only=True):
    """What a topology document says; nothing is changed by asking."""

    services: int
    edges: int
    topology: Topology


class Ledger(Noun, frozen=True, kw_only=True):
    """received = pending + rejected + duplicate + suppressed + grouped + standalone + observed."""

    sources: tuple[SourceRecord, ...]
    total: SourceRecord
    pending: int  # entries of the journal beyond the committed position
    balances: bool
    position: str


class LedgerEntry(Noun, frozen=True, kw_only=True):
    """What became of one delivery or event."""

    delivery: DeliveryRecord | None
    events: tuple[EventRecord, ...]
    events_total: int
    fates: tuple[EpisodeFate, ...] = ()  # the present ones, where they hang on an episode
    pending: bool = False  # taken, not yet folded
    text: str = ""


class Step(Noun, frozen=True, kw_only=True):
    """One Reason in an explanation, under its heading."""

    heading: str
    reason: Reason
    under: int = 0  # 1: evidence for the step before it


class Explanation(Noun, frozen=True, kw_only=True):
    """The trail of Reasons of an alert or incident; ``text`` says all of it."""

    id: str
    kind: str  # alert, incident
    title: str
    steps: tuple[Step, ...]
    text: str


class PageList(Noun, frozen=True, kw_only=True):
    """One page of pages."""

    items: tuple[Page, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class PageDetail(Noun, frozen=True, kw_only=True):
    """One page, and what it says as things stand now."""

    page: Page
    subject: str
    text: str


class PageText(Noun, frozen=True, kw_only=True):
    """What a page about an incident would say."""

    subject: str
    text: str
    names: Mapping[str, str]  # what a text can use -> what that holds


class RollupList(Noun, frozen=True, kw_only=True):
    """Counts per five minutes."""

    items: tuple[Rollup, ...]
    total: int
    exact: bool = True  # False: there are more than ``total``


class ServerStatus(Noun, frozen=True, kw_only=True):
    """How is the server?"""

    version: str
    ready: bool
    position: str  # committed by the engine
    last: str  # newest entry of the journal
    lag: int  # entries between the two
    behind: float  # seconds that the oldest of them has waited; 0: the engine has caught up
    store: str = ""  # why it cannot be read; empty: it can. What follows is as if it held nothing then
    now: datetime | None = None  # the engine's
    open_incidents: int = 0
    firing_alerts: int = 0
    suppressed_alerts: int = 0
    active_rules: int = 0
    shed: tuple[str, ...] = ()  # left undone under load, in the order in which it was given up
    turned_away: int = 0  # deliveries told to come later, since this server process began
    embedder: str = ""
    embedder_why: str = ""
    listeners: tuple[Standing, ...] = ()
    pages_pending: int = 0  # under way to somebody
    pages_dead: int = 0  # a channel refused them, or was given up
    heartbeat: HeartbeatRecord | None = None  # None: none is configured, or nothing was heard of it yet
    heartbeat_wanted: bool = False


def raw_payload(delivery_id: str, received_at: datetime, delivery: Delivery, most: int) -> RawPayload:
    """Show at most ``most`` bytes of a delivery."""
    return RawPayload(
        delivery_id=delivery_id,
        received_at=received_at,
        source=delivery.source,
        content_type=delivery.content_type,
        headers=delivery.headers,
        body=delivery.body[:most].decode(errors="replace"),
        truncated=len(delivery.body) > most,
    )
