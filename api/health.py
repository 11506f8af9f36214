"""How is the server? For /status, /api/status and Prometheus."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector as Base

from aiops.backlog import behind
from aiops.domain.acts import SHEDDABLE
from aiops.domain.alerts import Verdict
from aiops.domain.collection import Collection, Scalar
from aiops.domain.documents import ALERTS, INCIDENTS, INHIBITIONS, PAGES, RULES, SILENCES, WINDOWS
from aiops.domain.errors import Unavailable
from aiops.domain.events import Status
from aiops.domain.incidents import PageStatus
from aiops.domain.queries import Query, Range
from aiops.domain.rules import RuleStatus
from aiops.domain.words import span
from aiops.ports import View
from api.desk import Desk
from api.reading import FATES_COUNTED, engine, lag, ledger
from api.schemas import ServerStatus
from ingestion.listeners.standing import Standing, published

T = TypeVar("T")

MOST_BEHIND = 30.0  # seconds that an entry may wait for the engine until the server no longer calls itself ready


def server_status(desk: Desk) -> ServerStatus:
    """Return how far the engine is and what is open; while the store is out of reach, what is known without it."""
    try:
        return _status(desk)
    except Unavailable as problem:
        last, committed = desk.journal.last(), desk.store.position()
        return ServerStatus(
            version=desk.settings.version,
            ready=False,
            position=str(committed or ""),
            last=str(last or ""),
            lag=lag(committed, last),
            turned_away=desk.gate.turned_away,
            behind=behind(desk.journal, committed, desk.clock()),
            store=str(problem),
            embedder=desk.settings.embedder,
            embedder_why=desk.settings.embedder_why,
            listeners=published(*desk.settings.standings),
        )


def _status(desk: Desk) -> ServerStatus:
    last = desk.journal.last()
    with desk.view() as view:
        committed, state = view.position(), engine(view)
        waited = behind(desk.journal, committed, desk.clock())
        return ServerStatus(
            version=desk.settings.version,
            ready=waited <= MOST_BEHIND,
            position=str(committed or ""),
            last=str(last or ""),
            lag=lag(committed, last),
            behind=waited,
            now=state.now,
            open_incidents=count(view, INCIDENTS, active=True),
            firing_alerts=count(view, ALERTS, status=Status.FIRING),
            suppressed_alerts=hidden(view),
            active_rules=count(view, RULES, status=RuleStatus.ACTIVE),
            shed=tuple(work for work in SHEDDABLE if work in state.shed),
            turned_away=desk.gate.turned_away,
            pages_pending=count(view, PAGES, status=PageStatus.PENDING),
            pages_dead=count(view, PAGES, status=PageStatus.DEAD),
            heartbeat=state.heartbeat if desk.settings.paging.heartbeat else None,
            heartbeat_wanted=desk.settings.paging.heartbeat,
            embedder=desk.settings.embedder or state.embedder,
            embedder_why=desk.settings.embedder_why,
            listeners=published(*desk.settings.standings),
        )


def check_ready(desk: Desk) -> None:
    """Raise Unavailable when journal or store cannot be read, or when the engine no longer folds what comes in."""
    with desk.view() as view:
        view.find(ALERTS, Query(limit=0))  # a store that answers questions, not only one that can be opened
    waited = behind(desk.journal, desk.store.position(), desk.clock())
    if waited > MOST_BEHIND:
        said = f"the engine is {span(waited)} behind: so long has the oldest entry waited that it has not read"
        raise Unavailable(f"{said}; look into its log, or restart aiops serve", retry_after=5)


def count(view: View, collection: Collection[T], **where: Scalar) -> int:
    """Return how many documents have these values."""
    return view.find(collection, Query(where={name: (value,) for name, value in where.items()}, limit=1)).total


def hidden(view: View) -> int:
    """Return how many firing alerts something keeps quiet."""
    return count(view, ALERTS, status=Status.FIRING, suppressed=True)


def muting(view: View, desk: Desk) -> int:
    """Return how many rules, silences, windows and inhibitions hide something now."""
    now = desk.clock()
    current = Query(ranges={"ends_at": Range(at_least=now), "starts_at": Range(below=now)}, limit=1)
    rules = count(view, RULES, status=RuleStatus.ACTIVE, verdict=Verdict.KNOWN_GOOD)
    opened = Query(ranges={"closes": Range(at_least=now), "opens": Range(below=now)}, limit=1)
    work = view.find(WINDOWS, msgspec.structs.replace(opened, where={"status": (RuleStatus.ACTIVE,)})).total
    return rules + view.find(SILENCES, current).total + work + count(view, INHIBITIONS, ended=False)


def listened(standings: Iterable[Standing]) -> Iterator[Metric]:
    """Yield what each listener counts since its process began."""
    for what in ("received", "dropped", "truncated", "refused"):
        text = f"What listeners {what} since they began"
        family = CounterMetricFamily(f"aiops_listener_{what}", text, labels=["listener"])
        for standing in standings:
            family.add_metric([standing.name], getattr(standing, what))
        yield family


class Collector(Base):
    """What Prometheus is told, read at scrape time from one view."""

    def __init__(self, desk: Desk, failures: int) -> None:
        self._desk, self._failures = desk, failures

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; while the store is out of reach those that are known without it."""
        status = server_status(self._desk)
        if not status.store:
            yield from self._counted(status)
        yield from listened(status.listeners)
        limited = CounterMetricFamily("aiops_deliveries_limited", "Deliveries told to come later", labels=["source"])
        for source, turned in sorted(self._desk.gate.turned.items()):
            limited.add_metric([source], turned.count)
        yield limited
        away = "Deliveries told to come later: their source is limited, or too much waits"
        yield CounterMetricFamily("aiops_deliveries_turned_away", away, value=status.turned_away)
        yield CounterMetricFamily("aiops_request_failures", "Requests that failed unforeseen", value=self._failures)
        yield from _gauges(
            {
                "aiops_store_up": ("1 while the store can be read", int(not status.store)),
                "aiops_lag_entries": ("Journal entries beyond the committed position", status.lag),
                "aiops_behind_seconds": ("Age of the oldest journal entry that is not folded yet", status.behind),
            }
        )

    def _counted(self, status: ServerStatus) -> Iterator[Metric]:
        with self._desk.view() as view:
            book = ledger(view, self._desk.journal.last())
        events = CounterMetricFamily("aiops_events", "Events by source and fate", labels=["source", "fate"])
        received = CounterMetricFamily("aiops_events_received", "Events received by source", labels=["source"])
        for line in book.sources:
            received.add_metric([line.source], line.received)
            for fate in FATES_COUNTED:
                events.add_metric([line.source, fate], getattr(line, fate))
        yield from (events, received)
        shed = GaugeMetricFamily("aiops_work_shed", "1 while this work is left undone under load", labels=["work"])
        for work in SHEDDABLE:
            shed.add_metric([work], int(work in status.shed))
        yield shed
        gauges = {
            "aiops_ledger_balances": ("1 while every event has a fate", int(book.balances)),
            "aiops_open_incidents": ("Incidents open or acknowledged", status.open_incidents),
            "aiops_firing_alerts": ("Alerts that fire", status.firing_alerts),
            "aiops_suppressed_alerts": ("Firing alerts that something keeps quiet", status.suppressed_alerts),
            "aiops_pages_pending": ("Pages under way to somebody", status.pages_pending),
            "aiops_pages_dead": ("Pages that a channel refused, or that were given up", status.pages_dead),
            "aiops_active_rules": ("Rules in force", status.active_rules),
        }
        if status.heartbeat:
            gauges["aiops_heartbeat_ok"] = ("1 while the heartbeat's address is reached", int(status.heartbeat.well))
        yield from _gauges(gauges)


def _gauges(gauges: Mapping[str, tuple[str, float]]) -> Iterator[Metric]:
    for name, (text, value) in gauges.items():
        yield GaugeMetricFamily(name, text, value=value)
