"""Which kinds of documents are there?"""

from collections.abc import Mapping
from typing import Any

from aiops.domain.acts import Outcome
from aiops.domain.alerts import Alert, Episode, EpisodeFate, EventRecord
from aiops.domain.collection import Collection, Scalar
from aiops.domain.edges import EdgeRecord
from aiops.domain.entries import delivery_of
from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, Page, TimelineItem
from aiops.domain.learned import Direction
from aiops.domain.pins import Lesson, Pin
from aiops.domain.records import (
    DeliveryRecord,
    EngineRecord,
    GraphRecord,
    Pattern,
    Rollup,
    ScopeRecord,
    ServiceRecord,
    SourceRecord,
    Template,
)
from aiops.domain.rules import Inhibition, Pack, Rule, RuleChange, Silence, Window
from aiops.domain.runbooks import Runbook
from aiops.domain.senders import SourceMapping, SourceSettings, Watch
from aiops.domain.signatures import Correlated, Signature


def _labels(labels: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in labels.items())


def _quiet(alert: Alert) -> tuple[str, ...]:
    """Return what keeps an alert quiet, by kind; a flapping one is named even while it is heard."""
    kinds = (*(one.kind for one in alert.suppressed_by), *(("flapping",) if alert.flapping else ()))
    return tuple(dict.fromkeys(kinds))


ALERTS = Collection(
    "alerts",
    Alert,
    key=lambda alert: alert.fingerprint,
    fields={
        "status": lambda alert: alert.status,
        "severity": lambda alert: alert.severity,
        "rank": lambda alert: alert.severity.rank,
        "verdict": lambda alert: alert.verdict,
        "suppressed": lambda alert: alert.suppressed,
        "entity": lambda alert: alert.entity.name,
        "owner": lambda alert: alert.owner,
        "source": lambda alert: alert.source,
        "template": lambda alert: alert.template_id,
        "pattern": lambda alert: alert.pattern_id,
        "incident": lambda alert: alert.episode.incident_id,
        "first_seen": lambda alert: alert.first_seen,
        "last_seen": lambda alert: alert.last_seen,
        "count": lambda alert: alert.count,
        "revision": lambda alert: alert.revision,
    },
    tags={"label": lambda alert: _labels(alert.labels), "quiet": lambda alert: _quiet(alert)},
    text=lambda alert: f"{alert.title} {alert.message} {alert.entity.name}",
    counted=("status", "severity", "suppressed", "verdict", "entity", "owner", "source", "template", "pattern"),
    crossed=("status", "severity", "suppressed", "verdict"),
    sorted_by=(("rank", "last_seen"),),
)
EPISODES = Collection(
    "episodes",
    Episode,
    key=lambda episode: episode.episode_id,
    fields={
        "fingerprint": lambda episode: episode.fingerprint,
        "incident": lambda episode: episode.incident_id,
        "entity": lambda episode: episode.entity.name,
        "template": lambda episode: episode.template_id,
        "open": lambda episode: episode.open,
        "rank": lambda episode: episode.severity.rank,
        "started_at": lambda episode: episode.started_at,
    },
)
EVENTS = Collection(
    "events",
    EventRecord,
    key=lambda record: record.event.event_id,
    fields={
        "fingerprint": lambda record: record.fingerprint,
        "episode": lambda record: record.episode_id,
        "source": lambda record: record.event.source,
        "fate": lambda record: record.fate,
        "received_at": lambda record: record.event.received_at,
        "delivery": lambda record: delivery_of(record.event.event_id),
    },
    dated="received_at",
)
FATES = Collection("fates", EpisodeFate, key=lambda fate: fate.episode_id)
INCIDENTS = Collection(
    "incidents",
    Incident,
    key=lambda incident: incident.incident_id,
    fields={
        "number": lambda incident: incident.number,
        "status": lambda incident: incident.status,
        "active": lambda incident: incident.active,
        "confirmed": lambda incident: any(candidate.confirmed for candidate in incident.candidates),
        "severity": lambda incident: incident.severity,
        "rank": lambda incident: incident.severity.rank,
        "background": lambda incident: incident.background,
        "muted": lambda incident: incident.episodes > 0 and incident.suppressed == incident.episodes,
        "assignee": lambda incident: incident.assignee,
        "cause": lambda incident: incident.candidates[0].entity if incident.candidates else "",
        "weight": lambda incident: incident.weight,
        "score": lambda incident: incident.score,
        "alerts": lambda incident: incident.alerts,
        "opened_at": lambda incident: incident.opened_at,
        "last_activity": lambda incident: incident.last_activity,
        "revision": lambda incident: incident.revision,
    },
    tags={
        "service": lambda incident: incident.services,
        "owner": lambda incident: incident.owners,
        "business": lambda incident: incident.impact.business_services,
    },
    text=lambda incident: f"{incident.title} {' '.join(incident.services)}",
    counted=("status", "severity", "active", "background", "muted", "assignee", "service", "owner", "business"),
    crossed=("status", "severity", "active"),
    sorted_by=(("weight", "opened_at"), ("rank", "opened_at")),
)
TIMELINE = Collection(
    "timeline",
    TimelineItem,
    key=lambda item: item.item_id,
    fields={"incident": lambda item: item.incident_id, "at": lambda item: item.at, "kind": lambda item: item.kind},
    dated="at",
)
PINS = Collection(
    "pins",
    Pin,
    key=lambda pin: pin.pin_id,
    fields={
        "number": lambda pin: pin.number,
        "status": lambda pin: pin.status,
        "actor": lambda pin: pin.actor,
        "made_at": lambda pin: pin.made_at,
        "hits": lambda pin: pin.hits,
    },
    tags={"incident": lambda pin: tuple(map(str, pin.incidents))},
)
LESSONS = Collection("lessons", Lesson, key=lambda lesson: lesson.relation)
PAGES = Collection(
    "pages",
    Page,
    key=lambda page: page.page_id,
    fields={
        "status": lambda page: page.status,
        "incident": lambda page: page.incident_id,
        "route": lambda page: page.route,
        "made_at": lambda page: page.made_at,
    },
)
RULES = Collection(
    "rules",
    Rule,
    key=lambda rule: rule.id,
    fields={
        "status": lambda rule: rule.status,
        "verdict": lambda rule: rule.verdict,
        "owner": lambda rule: rule.owner,
        "pack": lambda rule: rule.pack,
        "expires": lambda rule: rule.expires,
        "hits": lambda rule: rule.hits,
        "last_hit": lambda rule: rule.last_hit,
        "created_at": lambda rule: rule.created_at,
    },
    tags={"offered_for": lambda rule: rule.offered_for},
)
SIGNATURES = Collection(
    "signatures",
    Signature,
    key=lambda signature: signature.id,
    fields={
        "severity": lambda signature: signature.severity,
        "logsource": lambda signature: str(signature.logsource),
        "pack": lambda signature: signature.pack,
        "name": lambda signature: signature.name,
        "together": lambda signature: isinstance(signature.condition, Correlated),
        "ended": lambda signature: signature.ended_at is not None,
        "hits": lambda signature: signature.hits,
        "last_hit": lambda signature: signature.last_hit,
    },
    text=lambda signature: f"{signature.title} {signature.description} {' '.join(signature.tags)}",
)
RUNBOOKS = Collection(
    "runbooks",
    Runbook,
    key=lambda runbook: runbook.id,
    fields={
        "owner": lambda runbook: runbook.owner,
        "pack": lambda runbook: runbook.pack,
        "ended": lambda runbook: runbook.ended_at is not None,
        "name": lambda runbook: runbook.name,
        "revision": lambda runbook: runbook.revision,
    },
    text=lambda runbook: f"{runbook.name} {' '.join(runbook.alerts)} {runbook.text}",
)
SILENCES = Collection(
    "silences",
    Silence,
    key=lambda silence: silence.id,
    fields={
        "owner": lambda silence: silence.owner,
        "starts_at": lambda silence: silence.starts_at,
        "ends_at": lambda silence: silence.ends_at,
        "hits": lambda silence: silence.hits,
    },
)
WINDOWS = Collection(
    "windows",
    Window,
    key=lambda window: window.id,
    fields={
        "owner": lambda window: window.owner,
        "status": lambda window: window.status,
        "ticket": lambda window: window.ticket,
        "opens": lambda window: window.opens,
        "closes": lambda window: window.closes,
        "hits": lambda window: window.hits,
    },
)
INHIBITIONS = Collection(
    "inhibitions",
    Inhibition,
    key=lambda inhibition: inhibition.id,
    fields={
        "owner": lambda inhibition: inhibition.owner,
        "ended": lambda inhibition: inhibition.ended,
        "expires": lambda inhibition: inhibition.expires,
        "hits": lambda inhibition: inhibition.hits,
    },
)
PACKS = Collection("packs", Pack, key=lambda pack: pack.name)
RULE_CHANGES = Collection(
    "rule_changes",
    RuleChange,
    key=lambda change: change.change_id,
    fields={
        "at": lambda change: change.at,
        "change": lambda change: change.change_id,
        "actor": lambda change: change.actor,
        "kind": lambda change: change.kind,
        "concerns": lambda change: change.concerns,
    },
)
TEMPLATES = Collection(
    "templates",
    Template,
    key=lambda template: template.template_id,
    fields={
        "scope": lambda template: template.scope,
        "pattern": lambda template: template.pattern_id,
        "count": lambda template: template.count,
        "first_seen": lambda template: template.first_seen,
        "last_seen": lambda template: template.last_seen,
        "retired": lambda template: bool(template.successor),
        "revision": lambda template: template.revision,
    },
    text=lambda template: template.text,
)
IN_USE: Mapping[str, tuple[Scalar, ...]] = {"retired": (False,)}  # where: templates that have no successor
SCOPES = Collection(
    "scopes",
    ScopeRecord,
    key=lambda record: record.scope,
    fields={
        "waiting": lambda record: bool(record.sample),
        "count": lambda record: record.lines,
        "sick": lambda record: bool(record.health),
    },
    text=lambda record: record.scope,
)
PATTERNS = Collection(
    "patterns",
    Pattern,
    key=lambda pattern: pattern.pattern_id,
    fields={
        "retired": lambda pattern: pattern.retired,
        "count": lambda pattern: pattern.count,
        "templates": lambda pattern: pattern.templates_total,
    },
    text=lambda pattern: pattern.name,
)
PATTERN_VECTORS, INCIDENT_VECTORS = (
    Collection(
        name,
        Direction,
        key=lambda direction: direction.key,
        fields={"model": lambda direction: direction.model, "revision": lambda direction: direction.revision},
        vector=lambda direction: direction.vector,
    )
    for name in ("pattern_vectors", "incident_vectors")
)
ROLLUPS = Collection(
    "rollups",
    Rollup,
    key=lambda rollup: rollup.rollup_id,
    fields={"name": lambda rollup: rollup.name, "bin": lambda rollup: rollup.bin, "key": lambda rollup: rollup.key},
    dated="bin",
)
DELIVERIES = Collection(
    "deliveries",
    DeliveryRecord,
    key=lambda record: record.delivery_id,
    fields={
        "source": lambda record: record.source,
        "received_at": lambda record: record.received_at,
        "rejected": lambda record: record.rejected,
    },
    dated="received_at",
)
SOURCES = Collection("sources", SourceRecord, key=lambda record: record.source)
MAPPINGS = Collection(
    "mappings",
    SourceMapping,
    key=lambda mapping: mapping.key,
    fields={
        "source": lambda mapping: mapping.source,
        "version": lambda mapping: mapping.version,
        "active": lambda mapping: mapping.ended_at is None,
    },
)
SOURCE_SETTINGS = Collection("source_settings", SourceSettings, key=lambda settings: settings.source)
WATCHES = Collection(
    "watches", Watch, key=lambda watch: watch.id, fields={"active": lambda watch: watch.ended_at is None}
)
GRAPHS = Collection(
    "graphs",
    GraphRecord,
    key=lambda record: record.graph_id,
    fields={"version": lambda record: record.version, "valid_from": lambda record: record.valid_from},
)
EDGES = Collection(
    "edges",
    EdgeRecord,
    key=lambda record: record.edge_id,
    fields={
        "status": lambda record: record.status,
        "stale": lambda record: bool(record.stale),
        "indirect": lambda record: bool(record.through),
        "confidence": lambda record: record.edge.confidence,
    },
    text=lambda record: f"{record.edge.source} {record.edge.target}",
)
SERVICES = Collection(
    "services",
    ServiceRecord,
    key=lambda record: record.name,
    fields={
        "known": lambda record: record.service is not None,
        "firing": lambda record: record.firing,
        "rank": lambda record: Severity(record.worst).rank if record.worst else -1,
        "seen": lambda record: record.seen,
        "owner": lambda record: record.service.owner if record.service else "",
    },
    text=lambda record: record.name,
)
OUTCOMES = Collection("outcomes", Outcome, key=lambda outcome: outcome.command_id)
ENGINE = Collection("engine", EngineRecord, key=lambda record: record.name)

COLLECTIONS: tuple[Collection[Any], ...] = (
    ALERTS,
    EPISODES,
    EVENTS,
    FATES,
    INCIDENTS,
    TIMELINE,
    PINS,
    LESSONS,
    PAGES,
    RULES,
    SIGNATURES,
    RUNBOOKS,
    SILENCES,
    WINDOWS,
    INHIBITIONS,
    PACKS,
    RULE_CHANGES,
    TEMPLATES,
    SCOPES,
    PATTERNS,
    PATTERN_VECTORS,
    INCIDENT_VECTORS,
    ROLLUPS,
    DELIVERIES,
    SOURCES,
    MAPPINGS,
    SOURCE_SETTINGS,
    WATCHES,
    GRAPHS,
    EDGES,
    SERVICES,
    OUTCOMES,
    ENGINE,
)
