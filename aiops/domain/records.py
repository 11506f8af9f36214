"""What else is kept, beside alerts and incidents? Templates, patterns, counts, deliveries, graph versions."""

from datetime import datetime

from aiops.domain.base import Noun
from aiops.domain.events import Problem
from aiops.domain.graph import Edge, Service, Topology


class Template(Noun, frozen=True, kw_only=True):
    """The Drain3 shape of a family of messages. ``template_id`` = hash of scope + first-seen tokens, never reused."""

    template_id: str
    scope: str  # within which Drain learns: the source, and for logs the service
    text: str  # "connection to <*> refused"
    version: int = 1  # raised when generalising changes the text
    first_seen: datetime
    last_seen: datetime
    count: int = 1
    example: str = ""  # first message, masked
    pattern_id: str = ""  # by the last clustering; empty: not clustered yet
    origin: str = ""  # the template that its messages belonged to before the scope's settings changed; empty: none
    successor: str = ""  # since they changed, the template that most of its messages belong to; empty: it is in use
    revision: int = 0


class SampledLine(Noun, frozen=True, kw_only=True):
    """A masked message of a scope's sample."""

    masked: str
    count: int
    template_id: str  # the template that it belonged to when the sample was complete


class ScopeRecord(Noun, frozen=True, kw_only=True):
    """One scope of templates: by which settings it goes, and how healthy its templates are."""

    scope: str
    lines: int  # messages so far
    templates: int = 0
    rare: int = 0  # templates seen once
    dead: int = 0  # templates not seen for a week
    version: int = 0  # of its own settings; 0: it goes by those of all
    similarity: float
    depth: int
    chosen_at: datetime | None = None
    chosen_from: int = 0  # messages that its settings were chosen from
    sample: tuple[SampledLine, ...] = ()  # waits for a choice; empty: none is to be made
    revision: int = 0

    @property
    def health(self) -> tuple[str, ...]:
        """Return a sentence for everything that is wrong with its templates; none: nothing is."""
        return tuple(
            text
            for wrong, text in (
                (
                    self.templates > 100 and self.templates * 20 > self.lines,
                    f"too many: {self.templates:,} templates for {self.lines:,} messages",
                ),
                (
                    self.rare > 50 and self.rare * 2 > self.templates,
                    f"too rare: {self.rare:,} of {self.templates:,} templates were seen once",
                ),
                (
                    self.dead > 50 and self.dead * 2 > self.templates,
                    f"dead: {self.dead:,} of {self.templates:,} templates were not seen for a week",
                ),
            )
            if wrong
        )


class Pattern(Noun, frozen=True, kw_only=True):
    """A family of templates: an HDBSCAN cluster of their embeddings, or a template that stands alone."""

    pattern_id: str
    name: str
    template_ids: tuple[str, ...]  # at most 200
    templates_total: int
    count: int = 0  # messages of all its templates when it was clustered
    medoid: str = ""
    cohesion: float = 1.0
    model: str = ""
    retired: bool = False  # a later clustering no longer has it
    revision: int = 0


class Rollup(Noun, frozen=True, kw_only=True):
    """A count kept at write: what charts and rates are drawn from."""

    rollup_id: str  # name | bin | key
    name: str  # alerts (key: severity), logs (key: service|template_id)
    bin: datetime  # start of its five minutes
    key: str
    count: int
    revision: int = 0


class DeliveryRecord(Noun, frozen=True, kw_only=True):
    """What became of one delivery."""

    delivery_id: str  # its position, written out
    source: str
    received_at: datetime
    events: int  # how many it held, problems included
    rejected: int = 0
    observed: int = 0
    problems: tuple[Problem, ...] = ()  # at most 20
    warnings: tuple[Problem, ...] = ()
    revision: int = 0


class SourceRecord(Noun, frozen=True, kw_only=True):
    """One sender's line of the ledger, and when it was last heard."""

    source: str
    received: int = 0
    rejected: int = 0
    duplicate: int = 0
    suppressed: int = 0
    grouped: int = 0
    standalone: int = 0
    observed: int = 0
    superseded: int = 0  # read anew since: what that made is counted as received once more
    deliveries: int = 0
    warned: int = 0  # deliveries that something was told about, though nothing was lost
    first_received: datetime | None = None
    last_received: datetime | None = None
    last_problem: Problem | None = None
    last_problem_at: datetime | None = None
    last_warning: Problem | None = None  # "sender truncates: ..."
    last_warning_at: datetime | None = None
    revision: int = 0

    @property
    def balances(self) -> bool:
        """Is every received event accounted for?"""
        fates = self.rejected + self.duplicate + self.suppressed + self.grouped + self.standalone + self.observed
        return self.received == fates + self.superseded


class GraphRecord(Noun, frozen=True, kw_only=True):
    """One version of the service graph with its validity."""

    graph_id: str  # "graph-0000000007": sorts by version
    version: int
    topology: Topology
    valid_from: datetime
    valid_until: datetime | None = None
    newcomers: dict[str, datetime] = {}  # nodes that a later version than the first brought in, and when
    revision: int = 0


class ServiceRecord(Noun, frozen=True, kw_only=True):
    """One node as ``/services`` shows it: what is known, and how it is."""

    name: str
    service: Service | None = None  # None: seen in events, not in the graph
    edges: tuple[Edge, ...] = ()  # those that leave it
    seen: int = 0  # alerts mapped to it so far
    firing: int = 0
    worst: str = ""  # severity of the worst firing alert; empty: none
    example_labels: dict[str, str] = {}  # of the last alert that named it, where it is unmapped
    revision: int = 0


class Unmapped(Noun, frozen=True, kw_only=True):
    """How well alerts find their node in the graph."""

    mapped: int = 0  # alerts whose node is in the graph
    unmapped: int = 0  # alerts that name a node outside the graph
    unplaced: int = 0  # alerts whose labels name no node at all
    labels: dict[str, int] = {}  # "label=value" of those two, the 20 most frequent


class EngineRecord(Noun, frozen=True, kw_only=True):
    """The engine's own state that people ask for: one document."""

    name: str = "engine"
    now: datetime | None = None  # largest received_at so far
    shed: tuple[str, ...] = ()  # kinds of work left undone under load
    embedder: str = ""  # model of the last clustering
    unmapped: Unmapped = Unmapped()
    heartbeat: "HeartbeatRecord | None" = None  # None: nothing was heard of it, as where none is configured
    revision: int = 0


class HeartbeatRecord(Noun, frozen=True, kw_only=True):
    """Is whoever watches us told that the engine goes on? As of the last change."""

    well: bool
    detail: str
    since: datetime
