"""How does the command line work on a folder that no server runs on? The same app and engine, in this process."""

import asyncio
import contextlib
from collections.abc import Iterator
from threading import Event, Thread

import httpx

from aiops.bootstrap import clock
from aiops.bootstrap.engine import run
from aiops.bootstrap.log import LogSetup, configure
from aiops.bootstrap.setups import ACCESS_DB, EngineSetup
from aiops.domain.channels import Paging
from aiops.domain.errors import AiopsError, Unavailable
from aiops.storage.folder import open_configured, open_journal
from api.app import create_app
from api.settings import ApiSettings
from correlation.embedding import choose_embedder

PATIENCE = 60.0  # seconds for the engine to catch up with the journal


class Bridge(httpx.BaseTransport):
    """Carries a synchronous client's requests to an ASGI app, on an event loop in a thread of its own."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="in-process-app", daemon=True)
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` and return the whole response."""
        return asyncio.run_coroutine_threadsafe(self._send(request), self._loop).result()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        inner = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        response = await self._transport.handle_async_request(inner)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        raw = b"".join([part async for part in response.stream])
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(raw))

    def close(self) -> None:
        """Stop the loop; a second call does nothing."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop.close()


@contextlib.contextmanager
def app_in_process(
    setup: EngineSetup, embedder: str = "auto", paging: Paging | None = None
) -> Iterator[httpx.BaseTransport]:
    """Yield a transport to the app over ``setup.data``, an engine at work behind it. BadConfiguration: it is taken."""
    configure(LogSetup(level="warning"), "cli")
    journal, store = open_journal(setup.data), open_configured(setup.data, setup.store, readonly=True)
    try:
        with _engine(setup):
            chosen = choose_embedder(embedder)
            settings = ApiSettings(
                embedder=chosen.name,
                embedder_why=chosen.why,
                senders_db=setup.data / ACCESS_DB,
                paging=paging or Paging(),
                suggest=setup.decisions.suggest,
            )
            bridge = Bridge(httpx.ASGITransport(create_app(journal, store, settings, clock.now)))
            with contextlib.closing(bridge):
                yield bridge
    finally:
        store.close()
        journal.close()


@contextlib.contextmanager
def _engine(setup: EngineSetup) -> Iterator[None]:
    """Let an engine fold in a thread; what it refuses is raised here."""
    stop, ready = Event(), Event()
    refused: list[AiopsError] = []

    def work() -> None:
        try:
            run(setup, stop, ready)
        except AiopsError as error:
            refused.append(error)
            ready.set()

    thread = Thread(target=work, name="in-process-engine", daemon=True)
    thread.start()
    try:
        if not ready.wait(PATIENCE):
            raise Unavailable(f"the engine did not catch up within {PATIENCE:.0f} s; run `aiops serve` and ask that")
        if refused:
            raise refused[0]
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
