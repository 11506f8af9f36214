"""How is the server? For /status, /api/status and Prometheus."""

from collections.abc import Iterator
from typing import TypeVar

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector as Base

from aiops.domain.alerts import Verdict
from aiops.domain.changes import ALERTS, INCIDENTS, RULES, SILENCES, Collection, Scalar
from aiops.domain.events import Status
from aiops.domain.queries import Query, Range
from aiops.domain.rules import RuleStatus
from aiops.ports import View
from api.desk import Desk
from api.reading import FATES_COUNTED, engine, lag, ledger
from api.schemas import ServerStatus

T = TypeVar("T")


def server_status(desk: Desk) -> ServerStatus:
    """Return how far the engine is and what is open."""
    last = desk.journal.last()
    with desk.view() as view:
        committed, state = view.position(), engine(view)
        return ServerStatus(
            version=desk.settings.version,
            ready=True,
            position=str(committed or ""),
            last=str(last or ""),
            lag=lag(committed, last),
            now=state.now,
            open_incidents=count(view, INCIDENTS, active=True),
            firing_alerts=count(view, ALERTS, status=Status.FIRING),
            suppressed_alerts=hidden(view),
            active_rules=count(view, RULES, status=RuleStatus.ACTIVE),
            shed=state.shed,
            embedder=desk.settings.embedder or state.embedder,
            embedder_why=desk.settings.embedder_why,
        )


def count(view: View, collection: Collection[T], **where: Scalar) -> int:
    """Return how many documents have these values."""
    return view.find(collection, Query(where={name: (value,) for name, value in where.items()}, limit=1)).total


def hidden(view: View) -> int:
    """Return how many firing alerts something keeps quiet."""
    return count(view, ALERTS, status=Status.FIRING, suppressed=True)


def muting(view: View, desk: Desk) -> int:
    """Return how many rules and silences hide something now."""
    now = desk.clock()
    current = Query(ranges={"ends_at": Range(at_least=now), "starts_at": Range(below=now)}, limit=1)
    rules = count(view, RULES, status=RuleStatus.ACTIVE, verdict=Verdict.KNOWN_GOOD)
    return rules + view.find(SILENCES, current).total


class Collector(Base):
    """What Prometheus is told, read at scrape time from one view."""

    def __init__(self, desk: Desk, failures: int) -> None:
        self._desk, self._failures = desk, failures

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        status = server_status(self._desk)
        with self._desk.view() as view:
            book = ledger(view, self._desk.journal.last())
        events = CounterMetricFamily("aiops_events", "Events by source and fate", labels=["source", "fate"])
        received = CounterMetricFamily("aiops_events_received", "Events received by source", labels=["source"])
        for line in book.sources:
            received.add_metric([line.source], line.received)
            for fate in FATES_COUNTED:
                events.add_metric([line.source, fate], getattr(line, fate))
        yield from (events, received)
        yield CounterMetricFamily("aiops_request_failures", "Requests that failed unforeseen", value=self._failures)
        gauges = {
            "aiops_ledger_balances": ("1 while every event has a fate", int(book.balances)),
            "aiops_lag_entries": ("Journal entries beyond the committed position", status.lag),
            "aiops_open_incidents": ("Incidents open or acknowledged", status.open_incidents),
            "aiops_firing_alerts": ("Alerts that fire", status.firing_alerts),
            "aiops_suppressed_alerts": ("Firing alerts that something keeps quiet", status.suppressed_alerts),
            "aiops_active_rules": ("Rules in force", status.active_rules),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(name, text, value=value)
