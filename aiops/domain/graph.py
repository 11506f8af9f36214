"""Which things are there, and which depends on which?"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from aiops.domain.base import Noun


class EntityKind(StrEnum):
    """What sort of node of the service graph."""

    SERVICE = "service"
    INSTANCE = "instance"
    HOST = "host"
    CLUSTER = "cluster"
    SITE = "site"


class Relation(StrEnum):
    """What an edge of the service graph says, read from its source to its target."""

    DEPENDS_ON = "depends_on"
    RUNS_ON = "runs_on"
    PART_OF = "part_of"


class Entity(Noun, frozen=True, kw_only=True):
    """What an event is about, as a node of the graph."""

    name: str  # unique in the graph, lower case: "payments", "db1"
    kind: EntityKind = EntityKind.SERVICE
    known: bool = True  # False: named by an event, not (yet) in the graph: shown as unmapped, never guessed


class Service(Noun, frozen=True, kw_only=True):
    """What is known of one node."""

    name: str
    kind: EntityKind = EntityKind.SERVICE
    owner: str = ""  # team or person; routes pages
    tier: int = 3  # 1 business-critical .. 4 nobody minds
    business_service: str = ""  # what customers would call it: "checkout"
    aliases: tuple[str, ...] = ()
    runbook: str = ""


class Edge(Noun, frozen=True, kw_only=True):
    """One directed edge, with where it is known from."""

    source: str
    relation: Relation
    target: str
    provenance: str = "declared"  # "declared", "trace", "learned"
    confidence: float = 1.0
    seen_at: datetime | None = None  # last evidence; None: declared, does not age


class LookUp(Noun, frozen=True, kw_only=True):
    """A table (CSV or YAML) that maps one label's value to facts: the service, and maybe owner and severity."""

    label: str  # whose value is looked up
    rows: dict[str, dict[str, str]]  # value -> {"service": .., "owner": .., "severity": ..}; other keys are refused


class EntityMapping(Noun, frozen=True, kw_only=True):
    """How an event's labels name a node: first hit wins; every step leaves a Reason."""

    labels: tuple[str, ...] = (
        "service",
        "service_name",
        "app",
        "application",
        "component",
        "deployment",
        "pod",
        "job",
        "instance",
        "host",
        "hostname",
        "node",
    )
    strip_port: bool = True  # "db1:9100" -> "db1"
    strip_domain: bool = True  # "db1.example.org" -> "db1" (never for an IP address)
    pod_to_workload: bool = True  # "payments-7d9f8b6c5d-x2x7k" -> "payments"
    look_ups: tuple[LookUp, ...] = ()


class Topology(Noun, frozen=True, kw_only=True):
    """A whole service graph as a person or a tool states it; the document behind ``services.yaml``."""

    services: tuple[Service, ...] = ()
    edges: tuple[Edge, ...] = ()
    mapping: EntityMapping = EntityMapping()


class Near(Noun, frozen=True, kw_only=True):
    """How one node stands to another, as seen from the node asked about."""

    relation: str  # self, callee, caller, callee2, caller2, sibling, host, guest, host_mate, part_of, contains
    hops: int
    fan: int  # how many nodes stand in this relation to the node asked about (N_rel)


class GraphView(Noun, frozen=True, kw_only=True):
    """What siblings may ask of the graph of one version: plain look-ups, no library behind it."""

    version: int
    services: Mapping[str, Service]
    depends_on: Mapping[str, tuple[str, ...]]  # direct callees, hosts and parents
    dependents: Mapping[str, tuple[str, ...]]  # direct callers, guests and children
    runs_on: Mapping[str, tuple[str, ...]] = {}  # direct hosts
    part_of: Mapping[str, tuple[str, ...]] = {}  # what contains it

    def service(self, name: str) -> Service | None:
        """What is known of ``name``; None outside the graph."""
        return self.services.get(name)
