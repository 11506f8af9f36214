"""What is Prometheus asked about a new incident, and what becomes of its answer?"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from aiops.config import load
from aiops.domain.changes import Changes
from aiops.domain.documents import ENGINE, INCIDENTS, SERVICES
from aiops.domain.entries import Delivery
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.graph import Edge, Relation
from aiops.domain.incidents import Candidate, Incident
from aiops.domain.records import EngineRecord, ServiceRecord
from aiops.domain.sections import PrometheusConfig
from aiops.storage.memory import MemoryJournal, MemoryStore
from ingestion.listeners.standing import published
from ingestion.prometheus import Prometheus, alternatives, named
from ingestion.sources import otlp
from tests.aiops.response.receivers import Receiver, http_receiver
from tests.builders import T0, an_incident, at

QUERY = 'latency=avg by (service) (seconds{service=~"$services"})'


def answered(*series: tuple[str, list[tuple[float, str]]]) -> tuple[int, dict[str, str], bytes]:
    """A matrix, as Prometheus writes it."""
    result = [{"metric": {"service": name}, "values": values} for name, values in series]
    return 200, {}, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()


class Desk:
    """A worker, the store that it looks into, and the Prometheus that it asks."""

    def __init__(self, receiver: Receiver, folder: Path, **config: Any) -> None:
        self.receiver, self.file, self.now = receiver, folder / "prometheus.json", at(30)
        self.journal, self.store = MemoryJournal(), MemoryStore()
        config = {"url": receiver.url, "queries": (QUERY,)} | config
        self.worker = Prometheus(self.journal, self.store, PrometheusConfig(**config), self.file, self._clock)
        self.receiver.answer = lambda _: answered(("db", [(T0.timestamp(), "2.5")]))
        self._revision = 0
        self.save(engine=EngineRecord())

    def _clock(self) -> datetime:
        return self.now

    def save(self, *incidents: Incident, engine: EngineRecord | None = None, services: tuple[str, ...] = ()) -> None:
        """``services``: "web -> api" each."""
        changes = Changes()
        self._revision += 1
        if engine:
            changes.put(ENGINE, msgspec.structs.replace(engine, revision=self._revision))
        for incident in incidents:
            changes.put(INCIDENTS, msgspec.structs.replace(incident, revision=self._revision))
        for source, _, target in (text.partition(" -> ") for text in services):
            edges = (Edge(source=source, relation=Relation.DEPENDS_ON, target=target),)
            changes.put(SERVICES, ServiceRecord(name=source, edges=edges))
        self.store.save(changes)

    def asked(self) -> list[dict[str, str]]:
        forms = [parse_qs(posted.body.decode()) for posted in self.receiver.got]
        return [{name: values[0] for name, values in form.items()} for form in forms]

    def deliveries(self) -> list[Delivery]:
        payloads = [entry.payload for entry in self.journal.read(None, 100)]
        return [payload for payload in payloads if isinstance(payload, Delivery)]

    def problem(self) -> str:
        return published(self.file)[0].problem


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with http_receiver() as receiver:
        yield Desk(receiver, tmp_path)


def test_a_new_incident_is_asked_about_and_the_answer_is_a_delivery(desk: Desk) -> None:
    desk.save(an_incident())
    assert desk.worker.step() == 1
    (asked,) = desk.asked()
    assert desk.receiver.got[0].path == "/hook/api/v1/query_range"
    assert asked["query"] == 'avg by (service) (seconds{service=~"(?i:db|api)"})'
    assert (float(asked["start"]), float(asked["end"])) == (at(-3600).timestamp(), at(30).timestamp())
    (delivery,) = desk.deliveries()
    (event,) = otlp.parse(delivery, at(30)).events
    assert (event.title, event.labels["service"], event.points) == ("latency", "db", ((T0.timestamp(), 2.5),))


def test_without_an_incident_nobody_is_asked(desk: Desk) -> None:
    assert desk.worker.step() == 0
    desk.save(an_incident(background=True))
    assert desk.worker.step() == 0
    assert desk.receiver.got == []


def test_an_incident_is_asked_about_when_new_and_once_more_when_it_has_grown(desk: Desk) -> None:
    desk.save(an_incident())
    assert [desk.worker.step(), desk.worker.step()] == [1, 0]
    desk.save(an_incident(services=("db", "api", "web")))
    desk.now = at(200)
    assert [desk.worker.step(), desk.worker.step()] == [1, 0]
    assert "db|api|web" in desk.asked()[1]["query"]
    keys = [delivery.idempotency_key for delivery in desk.deliveries()]
    assert keys == ["prometheus-incident-1-0", "prometheus-incident-1-1"]


def test_what_began_long_ago_is_not_asked_about(desk: Desk) -> None:
    desk.save(an_incident())
    desk.now = at(31 * 60)
    assert desk.worker.step() == 0


def test_what_they_depend_on_and_who_is_suspected_is_asked_for_too(desk: Desk) -> None:
    suspect = Candidate(entity="cache", probability=0.3, share=0.5)
    desk.save(an_incident(services=("web",), candidates=(suspect,)), services=("web -> api", "api -> db", "db -> disk"))
    desk.worker.step()
    assert 'service=~"(?i:web|cache|api|db)"' in desk.asked()[0]["query"]  # the disk is three steps away


def test_a_name_that_would_change_the_query_is_not_put_into_it(desk: Desk) -> None:
    desk.save(an_incident(services=('x"} or vector(1) #', "a|b", "a\\", "shop.db")))
    desk.worker.step()
    assert desk.asked()[0]["query"] == 'avg by (service) (seconds{service=~"(?i:shop[.]db)"})'


_NAMES = st.from_regex(r"[ab.-]{1,3}", fullmatch=True)  # few, so that the other one is often among them


@given(st.lists(_NAMES, min_size=1, max_size=4), _NAMES)
def test_the_pattern_matches_the_names_and_no_other(names: list[str], other: str) -> None:
    pattern = re2.compile(alternatives(names))
    assert all(pattern.fullmatch(name) and pattern.fullmatch(name.upper()) for name in names)
    assert bool(pattern.fullmatch(other)) is (other in names)


def test_a_prometheus_that_is_away_is_asked_again_and_says_why(desk: Desk) -> None:
    desk.receiver.answer = lambda _: (503, {}, b"starting")
    desk.save(an_incident())
    with pytest.raises(Unavailable, match="answered 503"):
        desk.worker.step()
    assert desk.problem() == "Prometheus answered 503"
    desk.receiver.answer = lambda _: answered(("db", [(T0.timestamp(), "1")]))
    assert desk.worker.step() == 1


def test_one_query_that_is_refused_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with http_receiver() as receiver:
        desk = Desk(receiver, tmp_path, queries=("broken=(($services", QUERY))
        good = answered(("db", [(T0.timestamp(), "1")]))
        receiver.answer = lambda number: (400, {}, b"parse error") if number == 1 else good
        desk.save(an_incident())
        assert desk.worker.step() == 1
        assert "prometheus.queries: broken" in desk.problem()
        assert "parse error" in desk.problem()


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"data": {"result": [{"metric": {}, "values": [[1, "x"]]}]}}'])
def test_what_is_no_answer_is_told_and_nothing_is_journalled(desk: Desk, body: bytes) -> None:
    desk.receiver.answer = lambda _: (200, {}, body)
    desk.save(an_incident())
    assert desk.worker.step() == 0
    assert desk.deliveries() == []
    assert desk.problem()


def test_an_answer_without_end_is_cut_off(desk: Desk) -> None:
    desk.receiver.answer = lambda _: (200, {}, b" " * (9 << 20))
    desk.save(an_incident())
    assert desk.worker.step() == 0
    assert desk.worker.standing.problem.startswith("nothing was measured")


def test_no_number_and_services_nobody_asked_for_are_left_out(desk: Desk) -> None:
    values = [(1.0, "NaN"), (2.0, "+Inf"), (3.0, "4")]
    desk.receiver.answer = lambda _: answered(("db", values), ("other", values))
    desk.save(an_incident())
    desk.worker.step()
    (event,) = otlp.parse(desk.deliveries()[0], at(30)).events
    assert event.points == ((3.0, 4.0),)


def test_under_load_nobody_is_asked(desk: Desk) -> None:
    desk.save(an_incident(), engine=EngineRecord(shed=("enrichment",)))
    assert desk.worker.step() == 0


def test_a_storm_of_incidents_is_asked_about_in_turns(desk: Desk) -> None:
    desk.save(*(an_incident(incident_id=f"i{number}", number=number) for number in range(12)))
    assert [desk.worker.step() for _ in range(4)] == [5, 5, 2, 0]


def test_the_token_is_sent_and_never_shown(tmp_path: Path) -> None:
    with http_receiver() as receiver:
        desk = Desk(receiver, tmp_path, token="let-me-in")  # pragma: allowlist secret
        desk.save(an_incident())
        desk.worker.step()
        headers = {name.lower(): value for name, value in receiver.got[0].headers.items()}
    assert headers["authorization"] == "Bearer let-me-in"
    assert "let-me-in" not in desk.file.read_text() + repr(PrometheusConfig(token="let-me-in"))


@pytest.mark.parametrize(
    ("url", "queries", "place"),
    [
        ("prometheus:9090", (QUERY,), "prometheus.url"),
        ("http://me:secret@there", (QUERY,), "prometheus.url"),  # pragma: allowlist secret
        ("http://there", (), "prometheus.queries"),
        ("http://there", ("latency=up",), "prometheus.queries"),
        ("http://there", ("$services",), "prometheus.queries"),
    ],
)
def test_what_could_ask_nothing_is_refused(url: str, queries: tuple[str, ...], place: str) -> None:
    with pytest.raises(BadConfiguration, match=place):
        load({"prometheus.url": url, "prometheus.queries": list(queries)}, environ={})


def test_a_query_is_parted_at_its_first_equals_sign() -> None:
    assert named('errors = rate(x{code="5"}[1m])') == ("errors", 'rate(x{code="5"}[1m])')


def test_who_asks_looks_back_by_default_for_an_hour() -> None:
    assert load({}, environ={}).config.prometheus == PrometheusConfig(lookback=timedelta(hours=1))
