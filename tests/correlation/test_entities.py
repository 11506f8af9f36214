"""Which node do labels name, and what is kept of each node?"""

from typing import Any

import msgspec
import pytest

from aiops.domain.alerts import Alert, Placement
from aiops.domain.documents import SERVICES
from aiops.domain.events import Severity, Status
from aiops.domain.graph import EntityKind, EntityMapping, GraphView, Topology
from aiops.domain.records import ServiceRecord
from correlation import entities as module
from correlation.entities import Entities
from correlation.topology import ServiceGraph, parse_topology
from tests.builders import T0, an_alert, an_entity, an_event, at

SHOP = """
services:
  payments: {owner: pay, aliases: [pay-svc]}
  web: {}
hosts: {db1: {owner: dba}, 10.0.0.5: {}}
mapping:
  look_ups: [{label: device, rows: {sw-7: {service: payments, severity: critical}, sw-8: {owner: net}}}]
"""


class Mapper:
    """Entities with the graph they place by."""

    def __init__(self, text: str = SHOP) -> None:
        self.topology: Topology = parse_topology(text, "services.yaml")
        graph = ServiceGraph()
        graph.replace(self.topology, T0)
        self.view: GraphView = graph.view()
        self.entities = Entities()
        self.entities.configure(self.topology)
        self.entities.drain()

    def place(self, **labels: str) -> Placement:
        return self.entities.place(an_event(labels=labels), self.view)

    def count(self, alert: Alert) -> dict[str, ServiceRecord]:
        self.entities.count(alert)
        return {document.name: document for collection, document in self.entities.drain() if collection is SERVICES}


@pytest.fixture
def mapper() -> Mapper:
    return Mapper()


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"service": "payments"}, "payments"),
        ({"service": " Payments "}, "payments"),
        ({"service": "pay-svc"}, "payments"),
        ({"pod": "payments-7d9f8b6c5d-x2x7k"}, "payments"),
        ({"pod": "payments-0"}, "payments"),
        ({"pod": "payments-x2x7k"}, "payments"),
        ({"instance": "db1.example.org:9100"}, "db1"),
        ({"instance": "https://web.example.org:8443/health?a=b"}, "web"),
        ({"instance": "10.0.0.5:9100"}, "10.0.0.5"),
        ({"job": "node-exporter", "instance": "db1:9100"}, "db1"),
        ({"service": "unknown", "host": "db1"}, "db1"),
        ({"app": "nobody", "deployment": "web"}, "web"),
        ({"service": "payments.shop.svc.cluster.local"}, "payments"),
    ],
)
def test_labels_name_a_known_node(mapper: Mapper, labels: dict[str, str], name: str) -> None:
    placement = mapper.place(**labels)
    assert placement.entity.name == name
    assert placement.entity.known
    assert [reason.step for reason in placement.reasons] == ["entity"]


@pytest.mark.parametrize(
    ("labels", "name", "kind"),
    [
        ({"service": "newcomer"}, "newcomer", EntityKind.SERVICE),
        ({"service": "newcomer", "host": "db1"}, "newcomer", EntityKind.SERVICE),  # the host is only where it runs
        ({"service": "com.acme.pay"}, "com.acme.pay", EntityKind.SERVICE),  # not "com"
        ({"host": "edge7.example.org"}, "edge7", EntityKind.HOST),
        ({"job": "node", "instance": "edge7:9100"}, "edge7", EntityKind.INSTANCE),
        ({"job": "node"}, "node", EntityKind.SERVICE),
        ({"instance": "192.168.1.9:9100"}, "192.168.1.9", EntityKind.INSTANCE),
        ({"instance": "[2001:db8::1]:9100"}, "2001:db8::1", EntityKind.INSTANCE),
        ({"app": "worker-1"}, "worker-1", EntityKind.SERVICE),  # no pod label: no ordinal
    ],
)
def test_an_unknown_node_is_shown_as_what_it_is(
    mapper: Mapper, labels: dict[str, str], name: str, kind: EntityKind
) -> None:
    entity = mapper.place(**labels).entity
    assert (entity.name, entity.kind, entity.known) == (name, kind, False)


@pytest.mark.parametrize("labels", [{}, {"severity": "high"}, {"service": "none", "host": "localhost"}])
def test_labels_that_name_nothing_make_no_common_bucket(mapper: Mapper, labels: dict[str, str]) -> None:
    placement = mapper.place(**labels)
    assert (placement.entity.name, placement.entity.known) == ("", False)
    assert "no label names a node" in placement.reasons[0].text


def test_a_look_up_comes_first_and_may_set_severity_and_owner(mapper: Mapper) -> None:
    placement = mapper.place(device="sw-7", service="web")
    assert (placement.entity.name, placement.severity, placement.owner) == ("payments", Severity.CRITICAL, "pay")
    placement = mapper.place(device="sw-8", service="payments")
    assert (placement.entity.name, placement.owner) == ("payments", "net")
    assert [reason.text for reason in placement.reasons] == [
        "the look-up of device 'sw-8' says owner net",
        "label service names payments",
    ]


def test_every_step_is_said(mapper: Mapper) -> None:
    (reason,) = mapper.place(app="nobody", instance="db1.example.org:9100", job="node").reasons
    assert reason.text == "label app names nobody, which the service graph does not have: shown as unmapped"
    (reason,) = mapper.place(job="node", instance="db1.example.org:9100").reasons
    assert reason.text == (
        "label instance names db1 ('db1.example.org:9100', port and domain taken off); "
        "job 'node' is not in the service graph"
    )


def test_stripping_can_be_switched_off() -> None:
    mapper = Mapper("mapping: {strip_port: false, strip_domain: false, pod_to_workload: false}")
    assert mapper.place(instance="db1.example.org:9100").entity.name == "db1.example.org:9100"
    assert mapper.place(pod="payments-7d9f8b6c5d-x2x7k").entity.name == "payments-7d9f8b6c5d-x2x7k"


def test_a_new_graph_places_anew(mapper: Mapper) -> None:
    assert not mapper.place(service="newcomer").entity.known
    other = Mapper("services: {newcomer: {}}")
    mapper.entities.configure(other.topology)
    assert mapper.entities.place(an_event(labels={"service": "newcomer"}), other.view).entity.known


def test_an_event_counts_once_however_often_it_is_considered(mapper: Mapper) -> None:
    alert = an_alert("payments", severity=Severity.HIGH)
    mapper.count(alert)
    record = mapper.count(alert)["payments"]
    assert (record.seen, record.firing, record.worst) == (1, 1, "high")
    record = mapper.count(msgspec.structs.replace(alert, count=3, severity=Severity.CRITICAL))["payments"]
    assert (record.seen, record.firing, record.worst) == (3, 1, "critical")
    record = mapper.count(msgspec.structs.replace(alert, count=4, status=Status.RESOLVED))["payments"]
    assert (record.seen, record.firing, record.worst) == (4, 0, "")
    assert record.service is not None


def test_an_alert_that_moves_to_another_node_stops_firing_on_the_old_one(mapper: Mapper) -> None:
    alert = an_alert("payments")
    mapper.count(alert)
    shown = mapper.count(msgspec.structs.replace(alert, entity=an_entity("web")))
    assert (shown["payments"].firing, shown["web"].firing) == (0, 1)


def test_the_unmapped_are_counted_with_their_labels(mapper: Mapper) -> None:
    mapper.count(an_alert("payments"))
    mapper.count(an_alert("x", entity=an_entity("x", known=False), labels={"service": "x", "dc": "eu"}))
    mapper.count(an_alert("y", entity=an_entity("", known=False), labels={"dc": "eu"}))
    unmapped = mapper.entities.unmapped()
    assert (unmapped.mapped, unmapped.unmapped, unmapped.unplaced) == (1, 1, 1)
    assert unmapped.labels == {"dc=eu": 2, "service=x": 1}


def test_a_new_topology_shows_its_nodes_and_those_that_left(mapper: Mapper) -> None:
    mapper.entities.configure(parse_topology("services: {fresh: {depends_on: [web]}, web: {}}", "x"))
    shown = {document.name: document for _, document in mapper.entities.drain()}
    assert shown["payments"].service is None
    assert shown["fresh"].edges[0].target == "web"


def test_counts_survive_a_dump(mapper: Mapper) -> None:
    alert = an_alert("x", entity=an_entity("x", known=False))
    mapper.count(alert)
    other = Mapper("")
    other.entities.load(mapper.entities.dump())
    assert other.entities.unmapped() == mapper.entities.unmapped()
    assert other.count(alert) == mapper.count(alert)


def test_state_stays_bounded(mapper: Mapper, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: dict[str, Any] = {"MOST_UNKNOWN": 20, "MOST_RESOLVED": 10, "MOST_LABELS": 10, "MOST_PLACEMENTS": 5}
    for name, most in limits.items():
        monkeypatch.setattr(module, name, most)
    for number in range(100):
        name = f"x{number}"
        mapper.place(service=name)
        mapper.count(
            an_alert(name, entity=an_entity(name, known=False), labels={"service": name}, status=Status.RESOLVED)
        )
    assert len(mapper.entities._health) <= 25
    assert len(mapper.entities._alerts) == 10
    assert len(mapper.entities._labels) <= 10
    assert len(mapper.entities._placements) <= 5
    assert mapper.entities.unmapped().unmapped == 100


def test_the_default_mapping_is_the_documented_one() -> None:
    assert Mapper("").topology.mapping == EntityMapping()
    assert at(0) == T0


def test_a_firing_alert_is_placed_anew_by_a_new_graph(mapper: Mapper) -> None:
    entity = an_entity("fresh", known=False)
    alert = an_alert("fresh", entity=entity, labels={"service": "fresh"})
    assert mapper.entities.replaced(alert, mapper.view) is None
    grown = Mapper("services: {fresh: {owner: new-team}}")
    placed = grown.entities.replaced(alert, grown.view)
    assert placed is not None
    assert placed.entity == placed.episode.entity == an_entity("fresh")
    assert placed.owner == "new-team"
    assert (
        placed.reasons[-1].text == "placed anew by service graph version 1: fresh, of new-team; before: fresh, unmapped"
    )
    assert grown.entities.replaced(placed, grown.view) is None


def test_alerts_that_never_resolve_are_bounded_too(mapper: Mapper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ALERTS", 10)
    for number in range(30):
        shown = mapper.count(an_alert("web", fingerprint=f"fp{number}"))
    assert len(mapper.entities._alerts) == 10
    assert shown["web"].firing == 10
