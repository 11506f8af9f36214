"""Where does systemd's journal flow in? One request of ``systemd-journal-upload``, however long, becomes deliveries.

It is answered once all of it is on disk. When the connection breaks before that, its sender sends all again: what is
here already is known by its cursor.
"""

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from aiops.domain.entries import Delivery
from aiops.domain.errors import AiopsError
from api.desk import Desk, desk_of
from api.errors import refusal
from api.routes.doors import APPENDS, Door, take
from ingestion.listeners.export import Entries
from ingestion.sources.journald import EXPORT, NAME
from ingestion.unspoiled import redacted

PATH = "/upload"  # as systemd-journal-remote has it
BATCH = 512 << 10  # bytes of one delivery
LONGEST_FIELD = 64 << 10  # bytes; a longer one is left out


async def upload(request: Request) -> Response:
    """Take the stream; what does not come as the export format is one delivery like any other."""
    if request.headers.get("content-type", "") != EXPORT or "content-encoding" in request.headers:
        return await take(request, Door(NAME, lambda delivery, position: _thanks()))
    desk, entries = desk_of(request), Entries(LONGEST_FIELD)
    batch: list[bytes] = []
    try:
        async for chunk in request.stream():
            batch += entries.feed(chunk)
            if sum(map(len, batch)) >= BATCH:
                await _append(desk, batch)
                batch = []
        batch += filter(None, (entries.rest(),))
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    except AiopsError as error:
        return refusal(error)
    return await _last(desk, batch)


async def _last(desk: Desk, batch: list[bytes]) -> Response:
    try:
        await _append(desk, batch)
    except AiopsError as error:
        return refusal(error)
    return _thanks()


async def _append(desk: Desk, batch: list[bytes]) -> None:
    if not batch:
        return

    def work() -> None:
        body = redacted(b"".join(batch), EXPORT)
        desk.journal.append([Delivery(source=NAME, body=body, content_type=EXPORT, query={"path": PATH})])

    await to_thread.run_sync(work, limiter=APPENDS)


def _thanks() -> Response:
    return PlainTextResponse("OK.\n", 202)
