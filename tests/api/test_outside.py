"""Why does an incident of one alert stand alone? By what people did, by the graph of its time, by what was open."""

from typing import Any

import msgspec
import pytest

from aiops.domain.alerts import Episode
from aiops.domain.documents import ALERTS, EPISODES, GRAPHS, INCIDENTS, PINS
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.incidents import Incident, IncidentStatus
from aiops.domain.pins import Pin, Sort
from aiops.domain.reasons import Reason
from aiops.domain.records import GraphRecord
from api.outside import MOST, why_outside
from tests.api.world import World, an_incident
from tests.builders import an_alert, an_entity, an_episode, at

HOUR = 3_600


def lone(service: str = "mail", seconds: float = 600, **changes: Any) -> tuple[Incident, Episode]:
    """Incident 9, of one alert."""
    incident = an_incident(9, opened_at=at(seconds), services=(service,), **changes)
    member = an_episode(service, incident_id="incident-9", started_at=at(seconds), kind_key="full")
    return incident, member


def open_beside(number: int = 1, seconds: float = 0, **changes: Any) -> Incident:
    said = {"opened_at": at(seconds), "services": ("db",), "episodes": 4, "title": f"trouble {number}", **changes}
    return an_incident(number, **said)


def a_pin(number: int = 4, **changes: Any) -> Pin:
    """mail was kept apart from db by ana."""
    pin = Pin(
        pin_id=str(number),
        number=number,
        together=False,
        these=(Sort(node="mail", kind="full", name="full"),),
        those=(Sort(node="db", kind="slow", name="slow"),),
        deed="split off",
        actor="ana",
        made_at=at(0),
    )
    return msgspec.structs.replace(pin, **changes)


def told(world: World, incident: Incident, member: Episode | None, *others: Incident) -> list[str]:
    world.put(INCIDENTS, incident, *others)
    if member is not None:
        world.put(EPISODES, member)
    with world.store.view() as view:
        return [reason.text for reason in why_outside(view, incident)]


def imported(world: World, *edges: tuple[str, str], seconds: float = -HOUR, version: int = 1) -> None:
    names = sorted({name for edge in edges for name in edge} | {"db", "mail"})
    topology = Topology(
        services=tuple(Service(name=name) for name in names),
        edges=tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in edges),
    )
    graph = GraphRecord(graph_id=f"graph-{version:010}", version=version, topology=topology, valid_from=at(seconds))
    world.put(GRAPHS, graph)


def test_an_incident_with_company_needs_no_reason(world: World) -> None:
    incident, member = lone(episodes=2)
    assert told(world, incident, member, open_beside()) == []


def test_one_whose_alert_is_forgotten_says_nothing(world: World) -> None:
    assert told(world, lone()[0], None, open_beside()) == []


def test_what_was_open_is_named_with_how_long_and_that_no_edge_joins_the_two(world: World) -> None:
    imported(world, ("web", "db"))
    assert told(world, *lone(), open_beside()) == [
        "#1 trouble 1 had begun 10 min before and was open: no edge of the service graph joins mail to its 1 service"
    ]


@pytest.mark.parametrize("edge", [("mail", "db"), ("db", "mail")])
def test_a_neighbour_is_named_whichever_calls_the_other(world: World, edge: tuple[str, str]) -> None:
    imported(world, edge)
    (text,) = told(world, *lone(), open_beside())
    assert text.endswith("was open: mail stands next to db, but that alone did not make it likely enough")


def test_the_graph_is_that_of_its_time(world: World) -> None:
    imported(world, ("web", "db"))
    imported(world, ("mail", "db"), seconds=700, version=2)
    (text,) = told(world, *lone(), open_beside())
    assert "no edge of the service graph joins mail" in text


def test_one_of_the_same_services_is_said_to_be_so(world: World) -> None:
    (text,) = told(world, *lone(), open_beside(services=("db", "mail")))
    assert text.endswith("mail is one of its services, but that alone did not make it likely enough")


def test_an_alert_without_a_service_says_that(world: World) -> None:
    incident, member = lone()
    (text,) = told(world, incident, msgspec.structs.replace(member, entity=an_entity("")), open_beside())
    assert text.endswith("this alert names no service, so nothing in the service graph joins the two")


@pytest.mark.parametrize(
    "other",
    [
        open_beside(seconds=600 - HOUR - 1),
        open_beside(seconds=600),
        open_beside(resolved_at=at(599), status=IncidentStatus.RESOLVED),
        open_beside(merged_into="incident-2", status=IncidentStatus.MERGED),
    ],
    ids=["began long before", "began with it", "was over", "is part of another"],
)
def test_what_was_not_open_beside_it_is_not_compared(world: World, other: Incident) -> None:
    assert told(world, *lone(), other) == []


@pytest.mark.parametrize("seconds", [600 - HOUR, 599])
def test_what_began_within_the_hour_is(world: World, seconds: float) -> None:
    assert len(told(world, *lone(), open_beside(seconds=seconds))) == 1


def test_what_was_over_only_afterwards_is(world: World) -> None:
    other = open_beside(resolved_at=at(600), status=IncidentStatus.RESOLVED)
    assert len(told(world, *lone(), other)) == 1


def test_of_many_the_worst_are_compared_the_newest_first(world: World) -> None:
    many = [open_beside(number, seconds=number) for number in range(1, MOST + 3)]
    found = told(world, *lone(), *many)
    assert [text.split()[0] for text in found] == [f"#{number}" for number in range(MOST + 2, 2, -1)]


def test_what_the_engine_said_comes_first_while_its_alert_still_says_it(world: World) -> None:
    incident, member = lone()
    reasons = (Reason(step="dedup", text="first seen"), Reason(step="group", text="nothing could explain it"))
    world.put(ALERTS, an_alert("mail", episode=member, reasons=reasons))
    assert told(world, incident, member, open_beside())[0] == "nothing could explain it"
    another = msgspec.structs.replace(member, episode_id="another")
    world.put(ALERTS, an_alert("mail", episode=another, reasons=reasons, revision=9))
    assert not any("nothing could" in text for text in told(world, incident, member, open_beside()))


# by hand


def test_what_was_split_off_says_so(world: World) -> None:
    (text,) = told(world, *lone(split_from="incident-1"), open_beside())
    assert text.endswith("was open: this was split off #1")


@pytest.mark.parametrize("turned", [False, True])
def test_a_pin_that_keeps_the_two_apart_is_named_whichever_side_it_calls_which(world: World, turned: bool) -> None:
    pin = a_pin()
    world.put(PINS, msgspec.structs.replace(pin, these=pin.those, those=pin.these) if turned else pin)
    (text,) = told(world, *lone(), open_beside())
    assert text.endswith("was open: pin #4 of ana keeps the two apart")


def test_the_newest_pin_is_named(world: World) -> None:
    world.put(PINS, a_pin(), a_pin(5, actor="bob"))
    assert told(world, *lone(), open_beside())[0].endswith("pin #5 of bob keeps the two apart")


@pytest.mark.parametrize(
    "changes",
    [
        {"together": True},
        {"made_at": at(600)},
        {"ended_at": at(100)},
        {"overridden_by": 9},
        {"these": (Sort(node="mail", kind="slow", name="slow"),)},
        {"these": (Sort(node="web", kind="full", name="full"),)},
        {"those": (Sort(node="web", kind="slow", name="slow"),)},
    ],
    ids=["together", "made later", "ended", "overridden", "of another kind", "of another node", "from another"],
)
def test_a_pin_that_did_not_decide_is_not_named(world: World, changes: dict[str, Any]) -> None:
    world.put(PINS, a_pin(**changes))
    (text,) = told(world, *lone(), open_beside())
    assert "keeps the two apart" not in text
