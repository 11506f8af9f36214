"""What do the browser's tests share? A real server over the memory stores, and chromium."""

import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from aiops import fold
from aiops.domain.acts import ImportTopology
from aiops.domain.entries import Command, Payload
from aiops.domain.settings import CorrelationSettings, Settings
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from api.app import create_app
from api.settings import ApiSettings
from correlation.topology import parse_topology
from tests.api.world import alertmanager
from tests.builders import T0

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SERVICES = """
services:
  web: {owner: shop, tier: 1, business_service: checkout, depends_on: [api]}
  api: {owner: shop, depends_on: [db]}
  db: {owner: dba}
"""
QUEUELESS = Settings(correlation=CorrelationSettings(background_score=0))  # every incident is on the list
HOSTILE = "<img src=x onerror=window.pwned=1><script>window.pwned=2</script>"


class Server:
    """A running product: its engine folds in a thread, uvicorn serves in another."""

    def __init__(self) -> None:
        self.journal, self.store, self._engine = MemoryJournal(), MemoryStore(), Engine()
        self._engine.configure(QUEUELESS)
        self._stop = threading.Event()
        self.hangs = threading.Event()  # while set, the engine folds nothing
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        app = create_app(self.journal, self.store, ApiSettings(environment="test"), lambda: datetime.now(UTC))
        self._uvicorn = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        self._threads = [
            threading.Thread(target=self._fold, daemon=True),
            threading.Thread(target=self._uvicorn.run, kwargs={"sockets": [self._socket]}, daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._uvicorn.should_exit = True
        self._stop.set()
        for thread in self._threads:
            thread.join(10)

    def append(self, *payloads: Payload) -> None:
        """Let it come in, and wait until the engine has folded it."""
        last = self.journal.append(payloads)[-1]
        assert self.store.wait(last, 10)

    def alert(self, service: str, ago: float = 0, **changes: str) -> None:
        """Let an alert come in that began ``ago`` seconds before now."""
        self.append(alertmanager(service, _seconds(ago), **changes))

    def unread(self, service: str, ago: float) -> None:
        """Let an alert come in ``ago`` seconds before now, which the engine hangs over."""
        self.hangs.set()
        self.journal.append([alertmanager(service, _seconds(ago))], at=datetime.now(UTC) - timedelta(seconds=ago))

    def _fold(self) -> None:
        while not self._stop.is_set():
            self.journal.wait(self._engine.position, 0.05)
            if not self.hangs.is_set():
                fold.step(self._engine, self.journal, self.store)


def _seconds(ago: float) -> float:
    return (datetime.now(UTC) - timedelta(seconds=ago) - T0).total_seconds()


@pytest.fixture
def server() -> Iterator[Server]:
    """A database failure that api and web follow, and two alerts that have nothing to do with it."""
    server = Server()
    server.start()
    topology = parse_topology(SERVICES, "test")
    server.append(Command(id="graph", actor="test", act=ImportTopology(topology=topology)))
    for service, ago in (("db", 90), ("api", 70), ("web", 50)):
        server.alert(service, ago)
    server.alert("backup", 40, severity="warning", summary="disk 91 % full")
    server.alert("billing", 30, severity="high", summary=f"odd text {HOSTILE}", team=HOSTILE)
    yield server
    server.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One chromium for all; it ends with the package: while it runs, there can be no other loop in its thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """A page that remembers what it asked for, and what it complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self._complain(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A fresh profile, pointed at the server."""
    context = browser.new_context(base_url=server.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def watched(context: BrowserContext, server: Server) -> Iterator[Watched]:
    """A page; at the end it must have complained of nothing and asked no other host."""
    watched = Watched(context.new_page())
    yield watched
    assert watched.complaints == []
    assert [url for url in watched.requests if not url.startswith((server.url, server.url.replace("http", "ws")))] == []


@pytest.fixture
def page(watched: Watched) -> Page:
    """The page itself."""
    return watched.page
