"""Does the page of an incident that looks like two say so, and let a person split it?"""

import re
from html import unescape

import pytest

from aiops.domain.acts import Acknowledge, ImportTopology
from aiops.domain.documents import INCIDENTS
from aiops.domain.entries import Command
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.incidents import Division, IncidentStatus
from tests.api.world import World, an_incident
from tests.builders import at

FRONTS = ("web", "mobile", "partner", "kiosk")
CALLS = (("pay", "pay-db"), ("search", "index"), ("suggest", "index"))


@pytest.fixture
def proposed(world: World) -> World:
    """An incident that is proposed to be split."""
    return looks_like_two(world)


def looks_like_two(world: World) -> World:
    """Two failures at once; somebody took the incident before its second root was heard."""
    pairs = [*((front, called) for front in FRONTS for called in ("pay", "search", "suggest")), *CALLS]
    edges = tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in pairs)
    names = dict.fromkeys(name for pair in pairs for name in pair)
    graph = Topology(services=tuple(Service(name=name) for name in names), edges=edges)
    world.journal.append([Command(id="graph", actor="ana", act=ImportTopology(topology=graph))], at=at(0))
    for second, front in enumerate(FRONTS):
        world.alert(front, second)
        world.alert(front, second, alertname="slow")
    for second, service in ((6, "pay"), (10, "pay-db"), (12, "search"), (14, "suggest")):
        world.alert(service, second)
    act = Acknowledge(incident_id=world.first_incident()["incident_id"])
    world.journal.append([Command(id="ack", actor="ana", act=act)], at=at(15))
    world.alert("index", 20)
    return world


def said(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", page))


def test_the_page_says_what_looks_like_two_and_a_click_splits_it(proposed: World) -> None:
    page = proposed.page("/incidents/1")
    text = said(page)
    assert "This looks like two: index explains 3 of its 9 services, pay-db 2 others; nothing is known on which" in text
    assert "Split off pay, pay-db" in text
    form = page.split('<form class="notice"')[1].split("</form>")[0]
    fields = {name: unescape(value) for name, value in re.findall(r'name="(text|act)" value="([^"]+)"', form)}
    services = re.findall(r'name="service" value="([^"]+)"', form)
    answer = proposed.send("/incidents/1/members", service=services, **fields)
    assert "split 2 alerts off #1 into #2" in said(answer.text)
    assert "looks like two" not in said(proposed.page("/incidents/1")).split("Activity")[0].split("Why grouped")[0]
    new = proposed.get("/api/incidents/2")["incident"]
    assert sorted(new["services"]) == ["pay", "pay-db"]


def test_services_are_split_off_over_the_api_and_the_page_takes_that_back(proposed: World) -> None:
    outcome = proposed.post("/api/incidents/1/split", {"services": ["pay", "pay-db"]})
    assert outcome["text"].startswith("split 2 alerts off #1 into #2; ")
    proposed.send(f"/moves/{outcome['command_id']}/undo", back="/incidents/1")
    assert proposed.get("/api/incidents/1")["incident"]["episodes"] == 13
    assert proposed.get("/api/incidents/1")["incident"]["division"] is None  # it would be against the newest pin


@pytest.mark.parametrize(
    ("services", "said"),
    [(["pay", "mail"], "#1 has no alert of 'mail'; name services that it lists"), ([], "no alert is chosen")],
)
def test_services_that_it_does_not_have_are_refused(proposed: World, services: list[str], said: str) -> None:
    assert said in proposed.post("/api/incidents/1/split", {"services": services}, status=409)["detail"]
    assert len(proposed.get("/api/incidents?sort=number")["items"]) == 1


def test_a_program_reads_the_proposal(proposed: World) -> None:
    division = proposed.get("/api/incidents/1")["incident"]["division"]
    assert (division["root"], division["services"]) == ("pay-db", ["pay", "pay-db"])
    assert division["text"].startswith("this looks like two: ")


def test_what_a_proposal_names_is_shown_as_text(world: World) -> None:
    names = ("<b>a</b>", "b", "c", "d", "e", 'f"')
    division = Division(services=names, root="b", text="this looks like two: <script>alert(1)</script>")
    world.put(INCIDENTS, an_incident(division=division))
    page = world.page("/incidents/1")
    assert "<script>alert(1)" not in page
    assert "Split off <b>a</b>, b, c, d and 2 more" in unescape(page)
    assert 'value="f&#34;"' in page
    world.put(INCIDENTS, an_incident(division=division, status=IncidentStatus.CLOSED))
    assert "looks like two" not in world.page("/incidents/1")
