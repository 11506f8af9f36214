"""Is everything well, and what mends it? Each finding comes with the line that fixes it."""

import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from aiops.backlog import behind
from aiops.domain.base import Noun
from aiops.domain.documents import ENGINE
from aiops.domain.errors import AiopsError
from aiops.domain.sections import Config
from aiops.domain.words import clock, span
from aiops.ports import Journal, Store
from aiops.storage.folder import CLUSTER, in_use, open_configured, open_journal
from correlation.embedding import choose_embedder

LEAST_PYTHON = (3, 11)
LEAST_DISK = 1 << 30  # bytes free on the data folder's disk
LATE, TOO_LATE = 5.0, 60.0  # seconds that an entry may wait for the engine: a warning beyond, and a problem
NO_ENGINE = "aiops serve: no engine is running"
SANE_SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # an earlier clock is wrong: the program is younger
MOST_AHEAD = timedelta(minutes=5)  # that the newest entry may be ahead of the clock


class Finding(Noun, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    well: bool
    text: str
    fix: str = ""  # what mends it; empty where all is well

    @property
    def warning(self) -> bool:
        """Is it well for now, and yet worth a look?"""
        return self.well and bool(self.fix)


def examine(config: Config, now: datetime, server: str) -> Iterator[Finding]:
    """Look at everything; ``server`` is the URL that answers for the data folder, empty when none does."""
    yield _python(sys.version_info[:2])
    yield _disk(config)
    yield _port(config, server)
    yield _embedder(config)
    yield from _cluster(config)
    yield from _folder(config, now, server)


def _python(version: tuple[int, int]) -> Finding:
    text = f"Python {version[0]}.{version[1]}"
    return _finding("python", version >= LEAST_PYTHON, text, "install Python 3.11 or newer and run `make setup` again")


def _disk(config: Config) -> Finding:
    place = next(folder for folder in (config.data.absolute(), *config.data.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    fix = f"free space on the disk of {place}, or choose another folder: aiops serve --data FOLDER"
    return _finding("disk", free >= LEAST_DISK, f"{free / 1e9:.1f} GB free at {place}", fix)


def _port(config: Config, server: str) -> Finding:
    host, port = config.server.host, config.server.port
    if server:
        return _finding("port", True, f"our server answers at {server}")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        return _finding("port", False, f"{host}:{port}: {error.strerror}", "aiops serve --port 8081")
    return _finding("port", True, f"{host}:{port} is free")


def _embedder(config: Config) -> Finding:
    try:
        return _finding("model", True, choose_embedder(config.learner.embedder).why)
    except AiopsError as error:
        return _finding("model", False, str(error), "set learner.embedder = auto")


def _cluster(config: Config) -> Iterator[Finding]:
    """Look at the Elasticsearch that keeps the documents, where one does."""
    if config.store.url:
        # The client takes half a second of CPU to import: who has no cluster is spared it.
        from aiops.storage.elastic_health import look  # noqa: PLC0415

        try:
            for one in look(config.store, config.data / CLUSTER):
                yield _finding(one.name, one.well, one.text, one.fix)
        except AiopsError as error:
            yield _finding("elasticsearch", False, str(error), "mend the settings under [store]")


def _folder(config: Config, now: datetime, server: str) -> Iterator[Finding]:
    """Look into the data folder, where there is one."""
    if not in_use(config.data):
        yield _finding("store", True, f"there is no data folder {config.data} yet: `aiops serve` makes it")
        yield _finding(
            "clock", now >= SANE_SINCE, f"it is {now:%Y-%m-%d %H:%M} UTC", "set the clock: timedatectl set-ntp true"
        )
        return
    try:
        journal, store = open_journal(config.data), open_configured(config.data, config.store, readonly=True)
    except AiopsError as error:
        yield _finding("store", False, str(error), f"check who owns {config.data}: ls -l {config.data}")
        return
    try:
        for look in (_store, _lag, _clock):
            yield _guarded(look, journal, store, now, server)
    finally:
        store.close()
        journal.close()


def _guarded(
    look: Callable[[Journal, Store, datetime, str], Finding], journal: Journal, store: Store, now: datetime, server: str
) -> Finding:
    """A part that cannot be looked at is a finding, not a failure."""
    try:
        return look(journal, store, now, server)
    except AiopsError as error:
        name = look.__name__.strip("_")
        return _finding(name, False, str(error), "aiops serve, then aiops doctor again; restore a backup if it stays")


def _store(journal: Journal, store: Store, now: datetime, server: str) -> Finding:
    position = store.position()
    with store.view() as view:
        view.position()
    return _finding("store", True, f"readable, as of entry {position or 'none'}")


def _lag(journal: Journal, store: Store, now: datetime, server: str) -> Finding:
    last, done = journal.last(), store.position()
    lag = max(0, (last.offset if last else 0) - (done.offset if done else 0))
    waited = behind(journal, done, now)
    text = f"the engine is {lag:,} entries behind"
    if waited:
        text += f"; the oldest has waited for {span(waited)}"
    fix = "look into the engine's log; if it stands still, restart aiops serve" if server else NO_ENGINE
    return Finding(name="journal", well=waited <= TOO_LATE, text=text, fix=fix if waited > LATE else "")


def _clock(journal: Journal, store: Store, now: datetime, server: str) -> Finding:
    """A clock that once ran ahead leaves its time behind: the engine's never goes back, so until then no timer runs."""
    last = journal.last()
    entry = journal.get(last) if last else None
    with store.view() as view:
        engine = view.get(ENGINE, "engine")
    text, fix = f"it is {now:%Y-%m-%d %H:%M} UTC", "set the clock: timedatectl set-ntp true"
    if entry is not None and entry.received_at > now + MOST_AHEAD:
        return _finding("clock", False, f"{text}, but the newest entry is of {clock(entry.received_at)}", fix)
    if engine is not None and engine.now is not None and engine.now > now + MOST_AHEAD:
        text += f", but the engine's time is {clock(engine.now)}: a clock ran ahead, and no timer runs until then"
        fix = "wait for it; or restore a backup of before, and send again what came since"
        return _finding("clock", False, text, fix)
    return _finding("clock", now >= SANE_SINCE, text, fix)


def _finding(name: str, well: bool, text: str, fix: str = "") -> Finding:
    return Finding(name=name, well=well, text=text, fix="" if well else fix)
