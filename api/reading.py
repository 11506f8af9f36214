"""What is there to see? Questions to one consistent view, asked alike by the API and the pages."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from aiops.domain.alerts import Alert, Episode
from aiops.domain.collection import Collection
from aiops.domain.documents import (
    ALERTS,
    DELIVERIES,
    EDGES,
    ENGINE,
    EPISODES,
    EVENTS,
    FATES,
    GRAPHS,
    INCIDENTS,
    LESSONS,
    SCOPES,
    SERVICES,
    SOURCES,
    TEMPLATES,
    TIMELINE,
)
from aiops.domain.entries import Delivery, Position
from aiops.domain.events import Status
from aiops.domain.graph import Edge, Topology
from aiops.domain.incidents import Incident, TimelineItem
from aiops.domain.pins import Lesson
from aiops.domain.queries import Facets, Found, Query, Range
from aiops.domain.records import EngineRecord, GraphRecord, ServiceRecord, SourceRecord, Unmapped
from aiops.ports import Journal, View
from api.errors import NotFound
from api.filters import AlertFilter, EdgeFilter, IncidentFilter, Paged
from api.incident_schemas import IncidentDetail, IncidentList, TemplateCount
from api.matched import asked
from api.schemas import (
    AlertDetail,
    AlertList,
    EdgeList,
    Ledger,
    LedgerEntry,
    RawPayload,
    ScopeList,
    ServiceList,
    TemplateScope,
    raw_payload,
)

T = TypeVar("T")

_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
MOST_RAW = 64 << 10  # bytes of a payload that are shown
MOST_MEMBERS = 1_000_000  # of one incident, and events of one alert, that are counted: an index tells
MOST_STORY = 200  # lines of an incident's timeline
FATES_COUNTED = ("rejected", "duplicate", "suppressed", "grouped", "standalone", "observed", "superseded")


def listed(kind: Callable[..., T], found: Found[Any], **more: object) -> T:
    """Return one page as an answer of this ``kind``; ``more``: what it has beside what every list has."""
    page = {"items": tuple(found.items), "total": found.total, "exact": found.exact, "next": found.next}
    return kind(**{**page, **more})


def incident_list(view: View, wanted: IncidentFilter) -> IncidentList:
    """Return one page of incidents with the counts asked for."""
    query = asked(view, INCIDENTS, wanted)
    found = view.find(INCIDENTS, query)
    facets = view.facets(INCIDENTS, query, wanted.facets) if wanted.facets else Facets({})
    return listed(IncidentList, found, facets=facets, sampled=facets.sampled)


def scope_list(view: View, page: Paged) -> ScopeList:
    """Return one page of scopes, those with most messages first; their samples are the learner's alone."""
    found = view.find(SCOPES, Query(order=("-count",), cursor=page.cursor, limit=page.bounded))
    items = tuple(
        TemplateScope(
            scope=one.scope,
            lines=one.lines,
            templates=one.templates,
            rare=one.rare,
            dead=one.dead,
            version=one.version,
            similarity=one.similarity,
            depth=one.depth,
            chosen_at=one.chosen_at,
            chosen_from=one.chosen_from,
            waiting=bool(one.sample),
            health=one.health,
        )
        for one in found.items
    )
    return listed(ScopeList, found, items=items)


def incident(view: View, incident_id: str) -> Incident:
    """Return an incident by its id or its number; what was merged leads to where it lives on."""
    found = view.get(INCIDENTS, incident_id) or _by_number(view, incident_id)
    if found is None:
        raise NotFound(f"no incident {incident_id}")
    return found


def _by_number(view: View, text: str) -> Incident | None:
    digits = text.removeprefix("#")
    if not digits.isdecimal() or len(digits) > 12:
        return None
    return next(iter(view.find(INCIDENTS, Query(where={"number": (int(digits),)}, limit=1)).items), None)


def member_query(incident: Incident, page: Paged) -> Query:
    """Ask for the incident's episodes, first first."""
    ids = (incident.incident_id, *incident.merged_from)
    return Query(where={"incident": ids}, order=("started_at",), cursor=page.cursor, limit=page.bounded)


def incident_detail(view: View, incident_id: str, page: Paged) -> IncidentDetail:
    """Return an incident, a page of its members, its story and its templates."""
    found = incident(view, incident_id)
    members = view.find(EPISODES, msgspec.structs.replace(member_query(found, page), most=MOST_MEMBERS))
    return IncidentDetail(
        incident=found,
        members=tuple(members.items),
        members_total=members.total,
        members_next=members.next,
        timeline=story(view, found),
        templates=template_counts(view, found),
    )


def story(view: View, incident: Incident) -> tuple[TimelineItem, ...]:
    """Return the newest lines of the incident's timeline, oldest first."""
    query = Query(where={"incident": (incident.incident_id,)}, order=("-at",), limit=MOST_STORY)
    return tuple(sorted(view.find(TIMELINE, query).items, key=lambda item: item.item_id))


def template_counts(view: View, incident: Incident) -> tuple[TemplateCount, ...]:
    """Count the members by their message's shape, most frequent first."""
    counts = view.facets(EPISODES, member_query(incident, Paged()), ("template",)).get("template", {})
    texts = {template.template_id: template.text for template in view.many(TEMPLATES, [key for key in counts if key])}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(TemplateCount(template_id=key, text=texts.get(key, key), episodes=count) for key, count in ordered)


def alert_list(view: View, wanted: AlertFilter) -> AlertList:
    """Return one page of alerts with the counts asked for."""
    query = asked(view, ALERTS, wanted)
    found = view.find(ALERTS, query)
    facets = view.facets(ALERTS, query, wanted.facets) if wanted.facets else Facets({})
    return listed(AlertList, found, facets=facets, sampled=facets.sampled)


def alert(view: View, fingerprint: str) -> Alert:
    """Return an alert by its fingerprint, or by the id of its episode."""
    found = view.get(ALERTS, fingerprint)
    if found is None and (episode := view.get(EPISODES, fingerprint)):
        found = view.get(ALERTS, episode.fingerprint)
    if found is None:
        raise NotFound(f"no alert {fingerprint}")
    return found


def alert_detail(view: View, journal: Journal, fingerprint: str) -> AlertDetail:
    """Return an alert with its newest events, its fate and the payload behind its state."""
    found = alert(view, fingerprint)
    query = Query(where={"fingerprint": (found.fingerprint,)}, order=("-received_at",), limit=20, most=MOST_MEMBERS)
    events = view.find(EVENTS, query)
    return AlertDetail(
        alert=found,
        events=tuple(events.items),
        events_total=events.total,
        fate=view.get(FATES, found.episode.episode_id),
        payload=payload(journal, found.event_id),
    )


def payload(journal: Journal, event_id: str) -> RawPayload | None:
    """Return the delivery that brought an event; None when the journal no longer has it."""
    position = Position.parse(event_id)
    entry = journal.get(position) if position else None
    if entry is None or not isinstance(entry.payload, Delivery):
        return None
    return raw_payload(str(entry.position), entry.received_at, entry.payload, MOST_RAW)


def firing(view: View, most: int = 10_000) -> Iterator[Alert]:
    """Yield the alerts that fire, the worst first, at most ``most``."""
    query = Query(where={"status": (Status.FIRING,)}, order=("-rank",), limit=1_000)
    for taken in range(0, most, query.limit):
        found = view.find(ALERTS, query)
        yield from found.items[: most - taken]
        if not found.next:
            return
        query = msgspec.structs.replace(query, cursor=found.next)


def services(view: View, page: Paged, text: str = "") -> ServiceList:
    """Return one page of nodes, those with firing alerts first, with the edges between all."""
    query = Query(text=text, order=("-rank", "-firing", "-seen"), cursor=page.cursor, limit=page.bounded)
    found: Found[ServiceRecord] = view.find(SERVICES, query)
    graph = current_graph(view)
    return listed(
        ServiceList,
        found,
        edges=graph.topology.edges if graph else (),
        graph_version=graph.version if graph else 0,
        unmapped=engine(view).unmapped,
    )


def graph_at(view: View, moment: datetime) -> GraphRecord | None:
    """Return the service graph that was in force at ``moment``; None before the first import."""
    until = Range(below=min(moment, _LATEST) + timedelta(microseconds=1))
    found = view.find(GRAPHS, Query(ranges={"valid_from": until}, order=("-version",), limit=1)).items
    return found[0] if found else None


def services_at(view: View, moment: datetime) -> ServiceList:
    """Return the graph that was in force at ``moment``, without health; empty before the first import."""
    then = graph_at(view, moment)
    topology = then.topology if then else Topology()
    edges: dict[str, list[Edge]] = {}
    for edge in topology.edges:
        edges.setdefault(edge.source, []).append(edge)
    items = tuple(
        ServiceRecord(name=one.name, service=one, edges=tuple(edges.get(one.name, ()))) for one in topology.services
    )
    return ServiceList(
        items=items,
        total=len(items),
        next="",
        edges=topology.edges,
        graph_version=then.version if then else 0,
        unmapped=Unmapped(),
    )


def edges(view: View, wanted: EdgeFilter) -> EdgeList:
    """Return one page of proposed edges, and those of the graph that are doubted."""
    found = view.find(EDGES, wanted.query())
    return listed(EdgeList, found, doubted=tuple(view.find(EDGES, wanted.query(doubted=True)).items))


def current_graph(view: View) -> GraphRecord | None:
    """Return the service graph in force; None before the first import."""
    return next(iter(view.find(GRAPHS, Query(order=("-version",), limit=1)).items), None)


def engine(view: View) -> EngineRecord:
    """Return what the engine says of itself."""
    return view.get(ENGINE, "engine") or EngineRecord()


def lessons(view: View) -> tuple[Lesson, ...]:
    """Return what people taught of what follows from what, the most frequent relation first."""
    return tuple(sorted(everything(view, LESSONS), key=lambda one: (-one.alerts, one.relation)))


def everything(view: View, collection: Collection[T], most: int = 1_000) -> list[T]:
    """Return up to ``most`` documents of a small collection."""
    return view.find(collection, Query(limit=most)).items


def ledger(view: View, last: Position | None) -> Ledger:
    """Return every sender's line, their sum, and how many entries wait beyond the committed position."""
    lines = everything(view, SOURCES)
    total = SourceRecord(source="total")
    for line in lines:
        names = ("received", "deliveries", *FATES_COUNTED)
        sums = {name: getattr(total, name) + getattr(line, name) for name in names}
        total = msgspec.structs.replace(total, **sums)
    committed = view.position()
    return Ledger(
        sources=tuple(sorted(lines, key=lambda line: line.source)),
        total=total,
        pending=lag(committed, last),
        balances=all(line.balances for line in lines),
        position=str(committed or ""),
    )


def lag(committed: Position | None, last: Position | None) -> int:
    """Return how many entries the engine has yet to fold (one shard)."""
    if last is None:
        return 0
    return max(0, last.offset - (committed.offset if committed else 0))


def ledger_entry(view: View, journal: Journal, key: str) -> LedgerEntry:
    """Return what became of a delivery ("0-17") or of one event ("0-17-3")."""
    event = view.get(EVENTS, key)
    position = Position.parse(key)
    delivery = view.get(DELIVERIES, str(position)) if position else None
    if event is None and delivery is None:
        entry = journal.get(position) if position else None
        if position is None or entry is None or not isinstance(entry.payload, Delivery):
            raise NotFound(f"no delivery or event {key}; ids look like 0-17 and 0-17-3")
        committed = view.position()
        return LedgerEntry(delivery=None, events=(), events_total=0, pending=committed is None or committed < position)
    query = Query(where={"delivery": (str(position),)}, limit=100)
    found = [event] if event else view.find(EVENTS, query).items
    total = 1 if event else view.find(EVENTS, msgspec.structs.replace(query, limit=1)).total
    fates = view.many(FATES, list(dict.fromkeys(record.episode_id for record in found if record.episode_id)))
    return LedgerEntry(delivery=delivery, events=tuple(found), events_total=total, fates=tuple(fates))


def episodes_of(view: View, incident: Incident, most: int = 300) -> Sequence[Episode]:
    """Return up to ``most`` members, first first."""
    return view.find(EPISODES, member_query(incident, Paged(limit=most))).items
