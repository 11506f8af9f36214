"""What did Prometheus measure around a new incident? It is asked when there is one; its answer is a delivery.

The engine asks nobody. This worker stands beside it, looks for new incidents in the store, asks for the services of
each and what they depend on, and journals the answer as OTLP metrics, one entry an incident and round: as if a
collector had sent it. So a replay needs no Prometheus.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import msgspec
import re2
import structlog

from aiops.config import SERVICES_ASKED_FOR
from aiops.domain.documents import ENGINE, INCIDENTS, SERVICES
from aiops.domain.entries import Delivery
from aiops.domain.errors import AiopsError, BadConfiguration, Unavailable
from aiops.domain.incidents import Incident
from aiops.domain.queries import Query
from aiops.domain.sections import PrometheusConfig
from aiops.ports import Journal, Store, View
from ingestion.listeners.standing import Standing, publish

FILE = "prometheus.json"  # in the data folder: how it stands
LOOK = 2.0  # seconds between two looks at the store; after failures up to 64 times as long
NEW = timedelta(minutes=30)  # what is measured later says nothing of how it began
AGAIN = timedelta(minutes=3)  # after it began an incident is asked about once more: it has grown
STEP = 30  # seconds between two points
TIMEOUT = 10.0  # seconds for each of: connect, send, receive a piece
LONGEST = 30.0  # seconds for a whole answer
MOST_NEW = 64  # incidents looked at, the newest
MOST_ASKED = 5  # incidents asked about at one look
MOST_SERVICES = 50  # of one incident: its own first, then what they depend on
MOST_HOPS = 2
MOST_SERIES = 500  # of one answer
LONGEST_ANSWER = 8 << 20  # bytes
WORK = "enrichment"  # what the engine calls this when it sheds load

log = structlog.get_logger()
_plain = re2.compile(r"[\w./:-]{1,200}")  # what needs no quoting in PromQL, but for its dots


class Question(NamedTuple):
    """What is asked about one incident."""

    incident_id: str
    round: int  # 0: when it is new, 1: once it has grown
    services: tuple[str, ...]
    start: datetime
    end: datetime


class Series(msgspec.Struct):
    """One series of an answer: its labels, and (seconds since 1970, value) as Prometheus writes them."""

    metric: dict[str, str]
    values: list[tuple[float, str]] = []


class _Data(msgspec.Struct):
    result: list[Series]


class _Answer(msgspec.Struct):
    data: _Data


class Prometheus:
    """Asks about each new incident, and about no more than ``MOST_ASKED`` at a time.

    ``standing`` is the file that says how it stands; ``clock`` returns the time.
    """

    def __init__(
        self, journal: Journal, store: Store, config: PrometheusConfig, standing: Path, clock: Callable[[], datetime]
    ) -> None:
        self._journal, self._store, self._config = journal, store, config
        self._file, self._clock = standing, clock
        self._client = httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        self._asked: dict[str, int] = {}  # incident -> the round that was asked last
        self.standing = Standing(name="prometheus", source="otlp", address=urlsplit(config.url).netloc)
        publish(standing, [self.standing])

    def step(self) -> int:
        """Ask about what is new, and return how many answers were journalled. Unavailable: worth another try."""
        with self._store.view() as view:
            questions = self._questions(view)
        kept = 0
        try:
            for question in questions:
                kept += self._ask(question)
                self._asked[question.incident_id] = question.round
        except AiopsError as problem:
            self.standing.trouble(str(problem), self._clock())
            raise
        finally:
            if questions:
                publish(self._file, [self.standing])
        return kept

    def _questions(self, view: View) -> list[Question]:
        engine = view.get(ENGINE, "engine")
        if engine is None or WORK in engine.shed:
            return []
        now = self._clock()
        query = Query(where={"active": (True,), "background": (False,)}, order=("-number",), limit=MOST_NEW)
        found = {one.incident_id: one for one in view.find(INCIDENTS, query).items if now - one.opened_at <= NEW}
        self._asked = {key: done for key, done in self._asked.items() if key in found}
        due = [one for one in found.values() if self._asked.get(one.incident_id, -1) < _round(one, now)]
        return [
            Question(
                incident_id=one.incident_id,
                round=_round(one, now),
                services=neighbourhood(view, one),
                start=min(one.opened_at, now) - self._config.lookback,
                end=now,
            )
            for one in due[:MOST_ASKED]
        ]

    def _ask(self, question: Question) -> int:
        """Ask all queries and journal what they answer; a query that is refused is told, and the others go on."""
        if not question.services:
            return 0
        found: dict[str, Sequence[Series]] = {}
        for name, expression in map(named, self._config.queries):
            try:
                found[name] = self._series(name, expression, question)
            except BadConfiguration as problem:
                self.standing.trouble(str(problem), self._clock())
        body, points = otlp(found, self._config.label, question.services)
        if not points:
            self.standing.trouble(f"nothing was measured of {', '.join(question.services)}", self._clock())
            return 0
        delivery = Delivery(
            source="otlp",
            body=body,
            content_type="application/json",
            query={"path": "/v1/metrics"},
            idempotency_key=f"prometheus-{question.incident_id}-{question.round}",
        )
        self._journal.append([delivery])
        self.standing.take(points, self._clock())
        return 1

    def _series(self, name: str, expression: str, question: Question) -> Sequence[Series]:
        """Ask one query. Unavailable: later, perhaps. BadConfiguration: never so."""
        parameters = {
            "query": expression.replace(SERVICES_ASKED_FOR, alternatives(question.services)),
            "start": f"{question.start.timestamp():.3f}",
            "end": f"{question.end.timestamp():.3f}",
            "step": str(STEP),
        }
        headers = {"Authorization": f"Bearer {self._config.token}"} if self._config.token else {}
        url = f"{self._config.url.rstrip('/')}/api/v1/query_range"
        try:
            with self._client.stream("POST", url, data=parameters, headers=headers) as response:
                body = _bounded(response, name)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"Prometheus is out of reach: {type(error).__name__}") from error
        if response.is_server_error or response.status_code == 429:
            raise Unavailable(f"Prometheus answered {response.status_code}")
        place = f"prometheus.queries: {name}"
        if not response.is_success:
            said = body[:200].decode(errors="replace")
            raise BadConfiguration(f"Prometheus answered {response.status_code}: {said}", place=place, fix="mend it")
        try:
            series = msgspec.json.decode(body, type=_Answer).data.result
        except msgspec.DecodeError as error:
            raise BadConfiguration(f"no matrix: {error}", place=place, fix="check prometheus.url") from error
        self.standing.dropped += max(0, len(series) - MOST_SERIES)
        return series[:MOST_SERIES]


def _round(incident: Incident, now: datetime) -> int:
    return int(now - incident.opened_at >= AGAIN)


def _bounded(response: httpx.Response, name: str) -> bytes:
    body, until = bytearray(), time.monotonic() + LONGEST
    for piece in response.iter_bytes():
        body += piece
        if time.monotonic() > until:
            raise Unavailable(f"Prometheus takes more than {LONGEST:.0f} s to answer {name}")
        if len(body) > LONGEST_ANSWER:
            place = f"prometheus.queries: {name}"
            raise BadConfiguration("the answer is too long", place=place, fix="aggregate by service")
    return bytes(body)


def named(query: str) -> tuple[str, str]:
    """Part ``name=expression``."""
    name, _, expression = query.partition("=")
    return name.strip(), expression.strip()


def neighbourhood(view: View, incident: Incident) -> tuple[str, ...]:
    """Return the services to ask about: the alerting ones, the suspects, and what they depend on, nearest first.

    A name that would need quoting in a query is left out: names come from alerts, and anybody may send these.
    """
    found = dict.fromkeys([*incident.services, *(one.entity for one in incident.candidates)])
    edge = list(found)
    for _ in range(MOST_HOPS):
        records = view.many(SERVICES, edge[:MOST_SERVICES])
        edge = [one.target for record in records for one in record.edges if one.target not in found]
        found.update(dict.fromkeys(edge))
    return tuple(name for name in found if _plain.fullmatch(name))[:MOST_SERVICES]


def alternatives(services: Iterable[str]) -> str:
    """Return a pattern of PromQL that these names match in any case, and no others; no quotes, no backslashes."""
    return f"(?i:{'|'.join(name.replace('.', '[.]') for name in services)})"


def otlp(found: Mapping[str, Sequence[Series]], label: str, services: Iterable[str]) -> tuple[bytes, int]:
    """Return the series as a request of OTLP in JSON, a resource a service, and how many points it holds.

    ``label`` names the service of a series; several series of one service and query become their mean.
    """
    resources = []
    points = 0
    for service in services:
        metrics = []
        for name, series in found.items():
            mine = [
                point
                for one in series
                if one.metric.get(label, "").lower() == service.lower()
                for point in _points(one)
            ]
            points += len(mine)
            if mine:
                metrics.append({"name": name, "gauge": {"dataPoints": mine}})
        if metrics:
            where = [{"key": "service.name", "value": {"stringValue": service}}]
            resources.append({"resource": {"attributes": where}, "scopeMetrics": [{"metrics": metrics}]})
    return msgspec.json.encode({"resourceMetrics": resources}), points


def _points(series: Series) -> Iterator[Mapping[str, object]]:
    for at, text in series.values:
        value = _number(text)
        if math.isfinite(value):
            yield {"timeUnixNano": str(round(at * 1000) * 1_000_000), "asDouble": value}


def _number(text: str) -> float:
    """Read what Prometheus writes: also NaN and +Inf; what is no number is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def run(prometheus: Prometheus, stop: Event) -> None:
    """Ask until ``stop``; after each failure the next look is twice as far off, up to 64 times."""
    failures = 0
    while not stop.wait(LOOK * 2 ** min(failures, 6)):
        began = time.monotonic()
        try:
            prometheus.step()
            failures = 0
        except Unavailable as problem:
            failures += 1
            seconds = round(time.monotonic() - began, 1)
            log.warning("Prometheus was not asked", problem=str(problem), failures=failures, seconds=seconds)
