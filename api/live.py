"""How do open pages hear of changes? One watcher per process reads the engine's commits; updates are coalesced.

A page says with ``/ws?since=0-17`` up to which position it knows what changed, and is told what lies behind it. It is
sent two kinds of messages, in any order:

- an update, ``{"position": "0-17", "muting": 1, "hidden": 4, "rows": [...], "reload": false}``: what changed;
- a heartbeat, ``{"state": {"behind": 0.0, "as_of": "2026-06-01T12:00:00.000000Z"}}``: ``behind`` is for how many
  seconds the oldest entry has waited that the engine has not folded (0: it has caught up); what came in before
  ``as_of`` is on the page. It comes when a page connects, when ``behind`` changes, and at least every 5 s. A page that
  hears none for longer, or is told of a ``behind`` that is not small, shows something old and must say so.

When the changes can no longer be read, the socket is closed (1011) and the page should connect again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from aiops.backlog import behind
from aiops.domain.documents import INCIDENTS
from aiops.domain.entries import Position
from aiops.domain.incidents import Incident
from aiops.domain.queries import Query, Range
from aiops.ports import View
from api.desk import Desk
from api.health import hidden, muting

log = structlog.get_logger()

PAUSE = 0.25  # seconds between two updates of one page: the first goes at once, then at most 4 a second
LISTEN = 1.0  # seconds that one wait for a commit lasts, and so between two looks at the engine's backlog
BEAT = 4.0  # seconds after which a heartbeat is due though nothing changed; with LISTEN: at least one every 5 s
RETRIES = (0.25, 1.0, 4.0)  # seconds before reading is tried again; then the pages are let go
GONE_WRONG = 1011  # the WebSocket code for an error at our end
NOT_ANY_MORE = 4403  # our own code: signed out, or no longer allowed
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


class State(msgspec.Struct, frozen=True):
    """How old is what pages show?"""

    behind: float  # seconds that the oldest unfolded entry has waited; 0: none waits
    as_of: datetime  # what came in before is shown


class Heartbeat(msgspec.Struct, frozen=True):
    """The message that carries the state."""

    state: State


@dataclass(eq=False)
class Listener:
    """One open page: what it has yet to be told, by incident, and whether there is anything."""

    rows: dict[str, Row] = field(default_factory=dict)
    latest: Update | None = None
    behind: bool = False  # more has changed than is kept here
    state: State | None = None  # untold
    over: bool = False  # nothing more will be told
    ring: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, update: Update) -> None:
        """Put ``update`` over what is still untold."""
        self.rows.update({row.id: row for row in update.rows})
        self.latest, self.behind = update, self.behind or update.reload or len(self.rows) > MOST
        if self.behind:
            self.rows.clear()
        self.ring.set()

    def beat(self, state: State) -> None:
        """Tell the newest state."""
        self.state = state
        self.ring.set()

    def end(self) -> None:
        """Tell that nothing more comes."""
        self.over = True
        self.ring.set()

    def messages(self) -> list[Update | Heartbeat]:
        """Hand over all that is untold."""
        self.ring.clear()
        state, self.state = self.state, None
        update = self.take()
        return [*([update] if update else []), *([Heartbeat(state)] if state else [])]

    def take(self) -> Update | None:
        """Hand over what changed."""
        update, rows, behind = self.latest, list(self.rows.values()), self.behind
        self.latest, self.rows, self.behind = None, {}, False
        return update and msgspec.structs.replace(update, rows=rows, reload=behind)


class Live:
    """Tells every open page; the watcher runs only while there is one."""

    def __init__(self, desk: Desk, cells: Callable[[Incident], str]) -> None:
        self._desk, self._cells = desk, cells
        self._listeners: set[Listener] = set()
        self._state: State | None = None  # that pages were told last
        self._told = 0.0  # when, by the loop's clock
        self._watcher: asyncio.Task[None] | None = None

    async def serve(self, socket: WebSocket, since: str = "") -> None:
        """Tell one page until it goes away; ``since``: the position it was rendered at, or last told of."""
        await socket.accept()
        listener = Listener()
        self._listeners.add(listener)
        if self._watcher is None or self._watcher.done():
            self._watcher, self._state = asyncio.create_task(self._watch()), None
        elif self._state:
            listener.beat(self._state)
        gone = asyncio.create_task(_until_gone(socket))
        try:
            if seen := Position.parse(since):
                await self._catch_up(listener, seen)
            await self._talk(socket, listener, gone)
        finally:
            gone.cancel()
            self._listeners.discard(listener)

    async def _catch_up(self, listener: Listener, seen: Position) -> None:
        """Tell what changed between the page's rendering and now; what changes from now on, the watcher tells."""
        try:
            update = await asyncio.to_thread(Reader(self._desk, self._cells).behind, seen)
        except Exception:  # wall: as for the watcher, and the page then loads itself anew
            log.exception("what a page missed cannot be read")
            listener.end()
            return
        newer = listener.take()  # by the watcher, meanwhile
        for told in filter(None, (update, newer)):
            listener.tell(told)

    async def _talk(self, socket: WebSocket, listener: Listener, gone: "asyncio.Task[None]") -> None:
        while not gone.done():
            ring = asyncio.create_task(listener.ring.wait())
            await asyncio.wait((ring, gone), return_when=asyncio.FIRST_COMPLETED)
            ring.cancel()
            if gone.done():
                return
            try:
                if not socket.state.still():
                    await socket.close(NOT_ANY_MORE)
                    return
                for message in listener.messages():
                    await socket.send_text(msgspec.json.encode(message).decode())
                if listener.over:
                    await socket.close(GONE_WRONG)
                    return
            except (WebSocketDisconnect, RuntimeError):  # it went away while we spoke
                return
            await asyncio.wait((gone,), timeout=PAUSE)

    async def _watch(self) -> None:
        """Follow the store's commits while anybody listens; when that fails for good, let the pages go."""
        reader = Reader(self._desk, self._cells)
        failures = 0
        while self._listeners:
            try:
                update, state = await asyncio.to_thread(reader.next)
            except Exception:  # wall: one failed read must not leave every page without news for good
                if failures == len(RETRIES):
                    log.exception("changes cannot be read; the open pages are let go")
                    break
                log.exception("changes could not be read; trying again", seconds=RETRIES[failures])
                await asyncio.sleep(RETRIES[failures])
                failures += 1
                continue
            failures = 0
            self._tell(update, state)
            await asyncio.sleep(PAUSE)
        for listener in self._listeners:
            listener.end()
        self._listeners.clear()

    def _tell(self, update: Update | None, state: State) -> None:
        now = asyncio.get_running_loop().time()
        due = self._state is None or state.behind != self._state.behind or now - self._told >= BEAT
        if due:
            self._state, self._told = state, now
        for listener in self._listeners:
            if update:
                listener.tell(update)
            if due:
                listener.beat(state)


class Reader:
    """Reads one change after the other; everything here blocks."""

    def __init__(self, desk: Desk, cells: Callable[[Incident], str]) -> None:
        self._desk, self._cells = desk, cells
        self._seen: Position | None = None
        self._started = False

    def next(self) -> tuple[Update | None, State]:
        """Wait up to ``LISTEN`` seconds for a commit; return what it changed, and how far the engine is now."""
        if not self._started:
            self._seen, self._started = self._desk.store.position(), True
            return None, self._state()
        seen = self._seen
        wanted = Position(seen.shard, seen.offset + 1) if seen else Position(0, 0)
        if not self._desk.store.wait(wanted, LISTEN):
            return None, self._state()
        update, self._seen = self._changes(seen)
        return update, self._state()

    def behind(self, seen: Position) -> Update | None:
        """Return what changed behind ``seen``; None: nothing was folded since."""
        return None if self._desk.store.position() == seen else self._changes(seen)[0]

    def _state(self) -> State:
        now = self._desk.clock()
        waited = round(behind(self._desk.journal, self._desk.store.position(), now), 1)
        return State(behind=waited, as_of=now - timedelta(seconds=waited))

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
