"""What are people shown of a storm? Gates on small storms made here; how good it is on larger ones: docs/quality.md."""

from datetime import timedelta
from itertools import pairwise

from aiops.domain.events import Severity
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.incidents import Incident
from correlation.topology import ServiceGraph
from tests.builders import T0
from tests.correlation.rig import Rig

DAY = 86_400.0
HOUR = 3_600.0
CHAINS, LENGTH = 8, 4  # of services, each calls the next
TROUBLES = (2, 6)  # chains in which all services alert, in several ways
CHANCE = ((0, "disk"), (1, "cpu"))  # elsewhere two neighbours happen to alert, once each


def estate(name: str) -> Topology:
    """Return chains of services that know nothing of each other."""
    chains = [[f"{name}-{chain}-{place}" for place in range(LENGTH)] for chain in range(CHAINS)]
    calls = [pair for chain in chains for pair in pairwise(chain)]
    return Topology(
        services=tuple(Service(name=one) for chain in chains for one in chain),
        edges=tuple(Edge(source=caller, relation=Relation.DEPENDS_ON, target=callee) for caller, callee in calls),
    )


def storm(rig: Rig, name: str, start: float) -> None:
    """Play half a day: one thing an hour, some of it trouble, most of it chance."""
    for hour in range(CHAINS):
        at = start + hour * HOUR
        trouble = hour in TROUBLES
        told = [(place, kind) for place in range(LENGTH) for kind in ("slow", "errors")] if trouble else CHANCE
        for seconds, (place, kind) in enumerate(told):
            mild(rig, at + 20 * seconds, f"{name}-{hour}-{LENGTH - 1 - place}", kind)
        for seconds, (place, kind) in enumerate(told):
            rig.resolve(at + 900 + seconds, f"{name}-{hour}-{LENGTH - 1 - place}", kind)


def mild(rig: Rig, seconds: float, service: str, kind: str) -> None:
    rig.fire(seconds, service, kind, severity=Severity.WARNING)


def groups(rig: Rig, name: str) -> list[Incident]:
    """Return the incidents of an estate that hold more than one episode."""
    return [one for one in rig.living() if one.episodes > 1 and one.services[0].startswith(f"{name}-")]


def shown(rig: Rig, name: str) -> list[Incident]:
    return [one for one in groups(rig, name) if not one.background]


def a_rig(*names: str) -> Rig:
    graph = ServiceGraph()
    parts = [estate(name) for name in names]
    services = tuple(service for part in parts for service in part.services)
    edges = tuple(edge for part in parts for edge in part.edges)
    graph.replace(Topology(services=services, edges=edges), T0)
    return Rig(graph)


def test_of_a_storm_the_troubles_are_shown_and_what_is_chance_waits() -> None:
    rig = a_rig("old")
    storm(rig, "old", 0)
    assert len(groups(rig, "old")) == CHAINS
    assert len(shown(rig, "old")) <= 1.3 * len(TROUBLES)
    assert {one.services[0].split("-")[1] for one in shown(rig, "old")} == {str(chain) for chain in TROUBLES}


def test_services_that_came_today_are_not_news_because_others_were_watched_for_days() -> None:
    """They alert for the first time, as everything did on the first day; or each pair would be an incident."""
    rig = a_rig("old")
    for day in range(3):
        storm(rig, "old", day * DAY)
    rig.graph.replace(estate("new"), T0 + timedelta(days=3))
    storm(rig, "new", 3 * DAY)
    assert len(groups(rig, "new")) == CHAINS
    assert len(shown(rig, "new")) <= 1.3 * len(TROUBLES)
    assert {one.services[0].split("-")[1] for one in shown(rig, "new")} == {str(chain) for chain in TROUBLES}


def test_what_was_there_and_silent_for_days_is_news() -> None:
    rig = a_rig("old", "silent")
    for day in range(3):
        storm(rig, "old", day * DAY)
    storm(rig, "silent", 3 * DAY)
    assert len(shown(rig, "silent")) == CHAINS
