"""What do programs get? Shapes of answers; what is inside them are the nouns themselves."""

from collections.abc import Mapping
from datetime import datetime

from aiops.domain.alerts import Alert, EpisodeFate, EventRecord
from aiops.domain.base import Noun
from aiops.domain.edges import EdgeRecord
from aiops.domain.entries import Delivery
from aiops.domain.graph import Edge, Topology
from aiops.domain.incidents import Page
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
from ingestion.listeners.standing import Standing

Facets = Mapping[str, Mapping[str, int]]


class Taken(Noun, frozen=True, kw_only=True):
    """A delivery is on disk."""

    delivery_id: str


class Accepted(Noun, frozen=True, kw_only=True):
    """An act is on disk, its outcome not known yet."""

    command_id: str
    outcome: str  # where to ask for it


class SimilarPattern(Noun, frozen=True, kw_only=True):
    """Another pattern, and how alike it is."""

    similarity: float  # cosine of the embeddings of their medoids
    pattern: Pattern


class SimilarPatterns(Noun, frozen=True, kw_only=True):
    """The most alike first."""

    items: tuple[SimilarPattern, ...]


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
