"""How do programs see the service graph, and replace it?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.errors import BadInput
from aiops.domain.graph import Topology
from api.acting import ActingOf
from api.bodies import aside, read_body
from api.desk import DeskOf, desk_of
from api.errors import TooLarge
from api.filters import EdgeFilter, ServiceFilter, zoned
from api.openapi import Spec, acting, described, query_of, reply
from api.reading import edges, services, services_at
from api.schemas import EdgeList, ServiceList, TopologyCheck
from correlation.topology import parse_topology

router = APIRouter(prefix="/api/services", tags=["Services"])

MOST_YAML = 1_000_000  # bytes of a graph: more services than anybody has, and still read within seconds

_YAML = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {
                "schema": {"type": "string"},
                "example": "services:\n  web: {owner: shop, tier: 1, depends_on: [db]}\n  db: {owner: dba}\n",
            }
        },
    }
}


async def topology_of(request: Request) -> Topology:
    """Read the service graph from a YAML body; BadInput names the line."""
    body = await read_body(request, min(MOST_YAML, desk_of(request).settings.max_body_bytes))
    return await aside(lambda: read_topology(body, "body"), body)


def read_topology(written: bytes, place: str) -> Topology:
    """Read YAML; BadInput names the line in ``place``. Large ones take seconds: call it from a thread."""
    if len(written) > MOST_YAML:
        raise TooLarge(f"the graph has {len(written)} bytes; at most {MOST_YAML} are taken")
    try:
        text = written.decode()
    except UnicodeDecodeError as error:
        raise BadInput("not UTF-8", place=f"byte {error.start}", fix="send YAML as UTF-8") from error
    return parse_topology(text, place)


TopologyOf = Annotated[Topology, Depends(topology_of)]


@router.get("", summary="List services and edges", **described(ServiceList, query=ServiceFilter))
def list_services(desk: DeskOf, page: Annotated[ServiceFilter, Depends(query_of(ServiceFilter))]) -> Response:
    """Those with firing alerts first, also those that the graph does not know; with ``at`` the graph as of then."""
    with desk.view() as view:
        return reply(services_at(view, zoned(page.at, "at")) if page.at else services(view, page))


@router.get("/proposals", summary="List proposed edges", **described(EdgeList, query=EdgeFilter))
def list_edges(desk: DeskOf, wanted: Annotated[EdgeFilter, Depends(query_of(EdgeFilter))]) -> Response:
    """What alerts and spans say that the graph lacks, each with its numbers; and edges of it that are never seen."""
    with desk.view() as view:
        return reply(edges(view, wanted))


@router.post("/proposals/{edge_id}/accept", summary="Accept a proposed edge", **acting())
def accept_edge(do: ActingOf, edge_id: str) -> Response:
    """It is part of the graph from now on, whatever is imported, until it is rejected."""
    return do.do(acts.AcceptEdge(edge_id=edge_id))


@router.post("/proposals/{edge_id}/reject", summary="Reject an edge", **acting())
def reject_edge(do: ActingOf, edge_id: str) -> Response:
    """It is not proposed again; one that had been accepted is taken out of the graph."""
    return do.do(acts.RejectEdge(edge_id=edge_id))


def _yaml(spec: Spec) -> Spec:
    return {**spec, "openapi_extra": {**spec["openapi_extra"], **_YAML}}


@router.post("", summary="Import the service graph", **_yaml(acting()))
def import_services(do: ActingOf, topology: TopologyOf) -> Response:
    """It is this from now on; the earlier versions stay known with their validity."""
    return do.do(acts.ImportTopology(topology=topology))


@router.post("/check", summary="Check a service graph", **_yaml(described(TopologyCheck)))
def check_services(topology: TopologyOf) -> Response:
    """Says what it reads. Changes nothing."""
    return reply(TopologyCheck(services=len(topology.services), edges=len(topology.edges), topology=topology))
