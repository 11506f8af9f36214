"""How do programs say what holds for a source: expiry, rate, secret; and who must be heard every so often?"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from aiops.domain import acts
from aiops.domain.base import stable_hash
from aiops.domain.documents import SOURCE_SETTINGS, SOURCES, WATCHES
from aiops.domain.queries import Query
from aiops.domain.records import SourceRecord
from aiops.domain.senders import SourceSettings, Watch, source_name
from api.acting import ActingOf
from api.desk import DeskOf
from api.gate import Turned
from api.openapi import acting, body_of, described, reply
from api.reading import everything
from api.sender_schemas import (
    SecretBody,
    SecretTaken,
    Sender,
    SenderList,
    SettingsBody,
    WatchBody,
    WatchList,
    duration,
)

router = APIRouter(prefix="/api", tags=["Senders"])


def settings_of(source: str, body: SettingsBody) -> SourceSettings:
    """Return what ``body`` says of ``source``."""
    made = SourceSettings(
        source=source_name(source, "path"),
        expire_after=duration(body.expire_after, "expire_after") if body.expire_after else None,
        rate=body.rate,
        burst=body.burst,
    )
    made.check()
    return made


def watch_of(body: WatchBody) -> Watch:
    """Return the watch that ``body`` asks for."""
    about = body.source or " ".join(map(str, body.matchers))
    made = Watch(
        id=body.id or f"watch-{stable_hash(about)[:10]}",
        source=body.source.lower(),
        matchers=body.matchers,
        every=duration(body.every, "every"),
        severity=body.severity,
        owner=body.owner,
    )
    made.check()
    return made


@router.get("/sources", summary="List sources", **described(SenderList))
def list_sources(desk: DeskOf) -> Response:
    """What came, and what was set."""
    with desk.view() as view:
        records = {record.source: record for record in everything(view, SOURCES)}
        settings = {one.source: one for one in everything(view, SOURCE_SETTINGS)}
    items = [
        Sender(
            record=records.get(name, SourceRecord(source=name)),
            settings=settings.get(name),
            schemes=tuple(secret.scheme for secret in desk.secrets.of(name)),
            turned=desk.gate.turned.get(name, Turned()).count,
        )
        for name in sorted({*records, *settings})
    ]
    return reply(SenderList(items=tuple(items)))


@router.put(
    "/sources/{source}",
    summary="Set what holds for a source",
    **acting(SettingsBody, {"expire_after": "24h", "rate": 20, "burst": 200}),
)
def set_source(do: ActingOf, source: str, body: Annotated[SettingsBody, Depends(body_of(SettingsBody))]) -> Response:
    """Expiry holds for what comes from here on; the rate within a second, at every door."""
    return do.do(acts.SetSource(settings=settings_of(source, body)))


@router.post(
    "/sources/{source}/secret",
    summary="Let a secret be good",
    **described(
        SecretTaken,
        takes=SecretBody,
        example={"secret": "at least eight letters, better thirty-two"},  # pragma: allowlist secret
    ),
)
def put_secret(desk: DeskOf, source: str, body: Annotated[SecretBody, Depends(body_of(SecretBody))]) -> Response:
    """It and the newest before it; from now on nothing is taken of the source without one of them, or a token."""
    name = source_name(source, "path")
    put = desk.secrets.put(name, body.secret, body.scheme, desk.clock())
    return reply(SecretTaken(source=name, scheme=put.scheme, good=len(desk.secrets.of(name))))


@router.delete("/sources/{source}/secret", summary="Forget a source's secrets", **described(SecretTaken))
def end_secret(desk: DeskOf, source: str) -> Response:
    """Those that the operator's settings name stay."""
    name = source_name(source, "path")
    desk.secrets.clear(name)
    return reply(SecretTaken(source=name, scheme="", good=len(desk.secrets.of(name))))


@router.get("/watches", summary="List dead-man switches", **described(WatchList))
def list_watches(desk: DeskOf) -> Response:
    """With the last beat, and since when it is silent."""
    with desk.view() as view:
        found = view.find(WATCHES, Query(where={"active": (True,)}, limit=1_000))
    return reply(WatchList(items=tuple(found.items)))


@router.post(
    "/watches",
    summary="Watch that something is heard",
    **acting(WatchBody, {"matchers": [{"field": "alertname", "value": "Watchdog"}], "every": "5m", "owner": "noc"}),
)
def put_watch(do: ActingOf, body: Annotated[WatchBody, Depends(body_of(WatchBody))]) -> Response:
    """Silence raises an alert; the next beat ends it."""
    return do.do(acts.PutWatch(watch=watch_of(body)))


@router.delete("/watches/{watch_id}", summary="Watch no longer", **acting())
def end_watch(do: ActingOf, watch_id: str) -> Response:
    """An alert that it raised is over."""
    return do.do(acts.EndWatch(watch_id=watch_id))
