"""Is it alive, is it ready, and what does it count?"""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import PlainTextResponse, Response

from api.desk import DeskOf
from api.health import Collector, check_ready, server_status
from api.openapi import described, reply
from api.schemas import ServerStatus

router = APIRouter(tags=["Status"])


@router.get("/healthz", summary="Alive?", response_class=PlainTextResponse)
async def healthz() -> Response:
    """The process answers; whether it is of use, /readyz says."""
    return PlainTextResponse("ok\n")


@router.get("/readyz", summary="Ready?", response_class=PlainTextResponse)
def readyz(desk: DeskOf) -> Response:
    """Journal and store can be read, and the engine keeps up: no entry has waited for more than 30 s. Else 503."""
    check_ready(desk)
    return PlainTextResponse("ready\n")


@router.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
def metrics(desk: DeskOf, request: Request) -> Response:
    """The ledger by source, the lag, and what is open."""
    registry = CollectorRegistry()
    registry.register(Collector(desk, request.app.state.failures.count))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/status", summary="How is the server?", **described(ServerStatus))
def show_status(desk: DeskOf) -> Response:
    """Lag, what is open, which embedder, what is shed."""
    return reply(server_status(desk))
