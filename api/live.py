"""How do open pages hear of changes? One watcher per process reads the engine's commits; updates are coalesced."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from aiops.domain.changes import INCIDENTS
from aiops.domain.entries import Position
from aiops.domain.incidents import Incident
from aiops.domain.queries import Query, Range
from aiops.ports import View
from api.desk import Desk
from api.health import hidden, muting

PAUSE = 0.25  # seconds between two updates of one page: the first goes at once, then at most 4 a second
LISTEN = 1.0  # seconds that one wait for a commit lasts
MOST = 200  # incidents in one update; a page that falls behind further loads itself anew


class Row(msgspec.Struct, frozen=True):
    """One incident as the list shows it."""

    id: str
    number: int
    html: str  # the cells of its line


class Update(msgspec.Struct, frozen=True):
    """What an open page is told: the newest line of every incident that changed, and the header's counts."""

    position: str
    muting: int
    hidden: int
    rows: list[Row]
    reload: bool = False  # more has changed than is worth telling one by one


@dataclass(eq=False)
class Listener:
    """One open page: what it has yet to be told, by incident, and whether there is anything."""

    rows: dict[str, Row] = field(default_factory=dict)
    latest: Update | None = None
    behind: bool = False  # more has changed than is kept here
    ring: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, update: Update) -> None:
        """Put ``update`` over what is still untold."""
        self.rows.update({row.id: row for row in update.rows})
        self.latest, self.behind = update, self.behind or update.reload or len(self.rows) > MOST
        if self.behind:
            self.rows.clear()
        self.ring.set()

    def take(self) -> Update | None:
        """Hand over what is untold."""
        self.ring.clear()
        update, rows, behind = self.latest, list(self.rows.values()), self.behind
        self.latest, self.rows, self.behind = None, {}, False
        return update and msgspec.structs.replace(update, rows=rows, reload=behind)


class Live:
    """Tells every open page; the watcher runs only while there is one."""

    def __init__(self, desk: Desk, cells: Callable[[Incident], str]) -> None:
        self._desk, self._cells = desk, cells
        self._listeners: set[Listener] = set()
        self._watcher: asyncio.Task[None] | None = None

    async def serve(self, socket: WebSocket) -> None:
        """Tell one page until it goes away."""
        await socket.accept()
        listener = Listener()
        self._listeners.add(listener)
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._watch())
        gone = asyncio.create_task(_until_gone(socket))
        try:
            await self._talk(socket, listener, gone)
        finally:
            gone.cancel()
            self._listeners.discard(listener)

    async def _talk(self, socket: WebSocket, listener: Listener, gone: "asyncio.Task[None]") -> None:
        while not gone.done():
            ring = asyncio.create_task(listener.ring.wait())
            await asyncio.wait((ring, gone), return_when=asyncio.FIRST_COMPLETED)
            ring.cancel()
            if gone.done():
                return
            if update := listener.take():
                try:
                    await socket.send_text(msgspec.json.encode(update).decode())
                except (WebSocketDisconnect, RuntimeError):  # it went away while we spoke
                    return
            await asyncio.wait((gone,), timeout=PAUSE)

    async def _watch(self) -> None:
        """Follow the store's commits while anybody listens."""
        seen = await asyncio.to_thread(self._desk.store.position)
        while self._listeners:
            wanted = Position(seen.shard, seen.offset + 1) if seen else Position(0, 0)
            if not await asyncio.to_thread(self._desk.store.wait, wanted, LISTEN):
                continue
            update, seen = await asyncio.to_thread(self._changes, seen)
            for listener in list(self._listeners):
                listener.tell(update)
            await asyncio.sleep(PAUSE)

    def _changes(self, seen: Position | None) -> tuple[Update, Position | None]:
        """Read what changed behind ``seen``; each line is rendered once, however many pages are open."""
        behind = Range(at_least=seen.offset + 1 if seen else 0)
        query = Query(ranges={"revision": behind}, order=("-revision",), limit=MOST)
        with self._desk.view() as view:
            found = view.find(INCIDENTS, query)
            return self._update(view, found.items, reload=found.total > MOST), view.position()

    def _update(self, view: View, changed: list[Incident], *, reload: bool) -> Update:
        rows = [Row(item.incident_id, item.number, self._cells(item)) for item in changed]
        return Update(
            position=str(view.position() or ""),
            muting=muting(view, self._desk),
            hidden=hidden(view),
            rows=[] if reload else rows,
            reload=reload,
        )


async def _until_gone(socket: WebSocket) -> None:
    """Return when the page has gone; what it says is not listened to."""
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, RuntimeError):
        return
