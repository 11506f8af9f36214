"""Which processes are there, and who starts them again? One command, one log, no orphan."""

import contextlib
import ipaddress
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from threading import Event

import msgspec
import structlog

from aiops.bootstrap import clock, process
from aiops.bootstrap.address import announced
from aiops.bootstrap.log import LogSetup, configure
from aiops.bootstrap.setups import (
    ACCESS_DB,
    ApiSetup,
    LearnerSetup,
    ListenerSetup,
    engine_setup,
    paging_of,
    responder_setup,
)
from aiops.bootstrap.sockets import bound, listening
from aiops.domain.sections import Config
from aiops.response.texts import check as check_texts
from aiops.storage.filelock import EngineLock
from api.access import Access
from api.grants import Scope
from api.oidc import Provider
from api.vouched import Proxy
from ingestion.listeners.standing import FILE as LISTENERS
from ingestion.prometheus import FILE as PROMETHEUS

LOOK = 0.1  # seconds between two looks at the children
LONGEST_PAUSE = 30.0  # before a child that keeps dying is started again
SETTLED = 60.0  # seconds of life after which earlier deaths are forgotten
TAKERS_GRACE = 4.0  # seconds for API and listeners each to take what is under way
GRACE = 9.0  # seconds for all children to end

log = structlog.get_logger()


class Child:
    """One process, started again whenever it ends by itself."""

    def __init__(self, role: str, orders: bytes, descriptors: Sequence[int] = (), program: Sequence[str] = ()) -> None:
        self.role, self._orders, self._descriptors = role, orders, tuple(descriptors)
        self._program = tuple(program) or (sys.executable, "-m", f"aiops.bootstrap.{role}")
        self._deaths = 0
        self._next: float | None = None  # when a dead one is started again
        self._start(time.monotonic())

    def look(self, now: float) -> int | None:
        """Start it again if it ended and its pause is over; return the exit code of one that must not be.

        ``now`` is monotonic, in seconds.
        """
        code = self.process.poll()
        if code is None:
            if now - self._started > SETTLED:
                self._deaths = 0
        elif code == process.DO_NOT_RESTART:
            return code
        elif self._next is None:
            pause = min(LONGEST_PAUSE, 0.2 * 2**self._deaths)
            self._deaths, self._next = self._deaths + 1, now + pause
            log.error("a process ended by itself; it will be started again", child=self.role, code=code, seconds=pause)
        elif now >= self._next:
            self._start(now)
        return None

    def end(self) -> None:
        """Ask it to end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Wait so long for its end, then force it."""
        try:
            self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            log.error("a process did not end in time; it was killed", child=self.role)
            self.process.kill()
            self.process.wait()
        self._hang_up()

    def _start(self, now: float) -> None:
        if self._next is not None:
            self._hang_up()
        self._started, self._next = now, None
        self.process = subprocess.Popen(
            self._program,
            stdin=subprocess.PIPE,
            pass_fds=self._descriptors,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends the others in order
        )
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once: seen at the next look
            self.process.stdin.write(self._orders)
            self.process.stdin.flush()

    def _hang_up(self) -> None:
        """Let go of the pipe to a process that ended."""
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()


def serve(config: Config) -> int:
    """Run until SIGTERM or SIGINT and return the exit code. BadConfiguration: nothing was started."""
    log_setup = LogSetup(format=config.log.format, level=config.log.level)
    configure(log_setup, "supervisor")
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    check_texts(config.pages.templates)
    EngineLock(config.data).release()  # the engine takes it for good; here a second server is refused at once
    for file in (LISTENERS, PROMETHEUS):
        (config.data / file).unlink(missing_ok=True)  # of those that ran before
    with (
        listening(config.server) as listener,
        bound(config.listeners) as sockets,
        announced(config.data, listener) as url,
    ):
        children = [
            Child(role, process.orders(role, log_setup, setup), descriptors)
            for role, setup, descriptors in _roles(config, listener, sockets)
        ]
        log.info("serving", url=url, data=str(config.data))
        try:
            return _watch(children, stop)
        finally:
            _end(children)


def is_public(host: str) -> bool:
    """Can other machines reach a server bound to ``host``?"""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def token_required(config: Config) -> bool:
    """Is a sign-in asked for? At the first public start an admin token is made and shown, this once.

    BadConfiguration: what is said of a reverse proxy or an OpenID provider is not whole.
    """
    Proxy(config.access), Provider(config.access)
    settings, database, token = config.access, config.data / ACCESS_DB, ""
    if settings.tokens or settings.proxy_header or settings.oidc_issuer:
        return True
    public = is_public(config.server.host)
    if not public and not database.exists():
        return False
    with contextlib.closing(Access(database)) as access:
        if access.anybody():
            return True
        if public:
            token = access.create_token("admin", [Scope.ADMIN], clock.now())
    if token:
        said = "Other machines can reach this server, so it asks for a token. The admin token, shown this once:"
        sys.stderr.write(f"{said}\n{token}\n")  # to whoever starts it, not to the log, which is collected and kept
        sys.stderr.flush()
    return public


def _roles(
    config: Config, listener: socket.socket, sockets: Mapping[str, socket.socket]
) -> Iterator[tuple[str, msgspec.Struct, tuple[int, ...]]]:
    """Yield (role, its settings, descriptors it inherits); started in this order, ended in the reverse."""
    host, port = listener.getsockname()[:2]
    api = ApiSetup(
        data=config.data,
        store=config.store,
        socket=listener.fileno(),
        host=host,
        port=port,
        token_required=token_required(config),
        allowed_hosts=(*config.server.allowed_hosts, config.server.host),
        access=config.access,
        embedder=config.learner.embedder,
        environment=config.server.environment,
        most_behind=config.server.most_behind,
        most_behind_bytes=config.server.most_behind_bytes,
        paging=paging_of(config),
        suggest=config.decisions.suggest,
    )
    yield "engine", engine_setup(config), ()
    yield "responder", responder_setup(config), ()
    learner = LearnerSetup(data=config.data, store=config.store, embedder=config.learner.embedder)
    yield "learner", learner, ()
    if sockets or config.listeners.files:
        descriptors = {name: sock.fileno() for name, sock in sockets.items()}
        setup = ListenerSetup(
            data=config.data,
            store=config.store,
            listeners=config.listeners,
            sockets=descriptors,
            most_behind=config.server.most_behind,
            most_behind_bytes=config.server.most_behind_bytes,
        )
        yield "listener", setup, tuple(descriptors.values())
    yield "api", api, (listener.fileno(),)


def _watch(children: Sequence[Child], stop: Event) -> int:
    while not stop.wait(LOOK):
        for child in children:
            code = child.look(time.monotonic())
            if code is not None:
                log.error("nothing runs without this process; the reason is above", child=child.role)
                return code
    return 0


def _end(children: Sequence[Child]) -> None:
    """Who takes deliveries first: what they accepted meanwhile, the engine still reads; the engine last."""
    until = time.monotonic() + GRACE
    for child in reversed(children):
        child.end()
        if child.role in ("api", "listener"):
            child.wait(TAKERS_GRACE)
    for child in reversed(children):
        child.wait(until - time.monotonic())
    log.info("stopped")
