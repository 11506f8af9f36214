"""What does the demo do before it serves? It plays a day into a fresh folder and tells what came of it."""

import shutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import groupby
from pathlib import Path

from aiops.bootstrap import clock
from aiops.bootstrap.engine import Loop
from aiops.bootstrap.setups import engine_setup
from aiops.cli.chatter import say
from aiops.cli.incidents import columns
from aiops.cli.output import Format, show
from aiops.demo import storm
from aiops.domain.documents import INCIDENTS, SOURCES
from aiops.domain.entries import Payload
from aiops.domain.errors import BadConfiguration
from aiops.domain.incidents import IncidentStatus
from aiops.domain.queries import Query
from aiops.domain.sections import Config
from aiops.ports import Journal, Store
from aiops.storage.filelock import EngineLock
from aiops.storage.folder import open_configured, open_journal
from correlation.embedding import choose_embedder

MARK = "demo"  # a file of this name says that the folder is a demo's and may be emptied
PLAYED = "played"  # what it says once the whole day is in the journal
SHOWN = Query(where={"active": (True,), "muted": (False,)}, order=("-weight", "-opened_at"), limit=50)

Moment = tuple[datetime, Payload]


def fill(config: Config, *, fresh: bool) -> None:
    """Play the demo's day into ``config.data`` (once), fold it, and print the incidents with their causes."""
    started = time.monotonic()
    say(choose_embedder(config.learner.embedder).why)
    played = _prepare(config.data, fresh=fresh)
    with EngineLock(config.data):
        journal, store = open_journal(config.data), open_configured(config.data, config.store)
        try:
            loop = Loop(journal, store, engine_setup(config), clock.now)
            _play([] if played else list(storm(clock.now())), loop, journal, store)
            (config.data / MARK).write_text(PLAYED)
            loop.keep()
            say(f"the day took {time.monotonic() - started:.1f} s")
            _tell(store)
        finally:
            store.close()
            journal.close()


def _prepare(folder: Path, *, fresh: bool) -> bool:
    """Make the folder ready and say whether a day was played into it already; only a demo's own is ever emptied."""
    mark = folder / MARK
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        fix = "choose another with --data, or remove it yourself"
        raise BadConfiguration("the folder holds something that no demo made", place=str(folder), fix=fix)
    if mark.exists() and not fresh and mark.read_text() == PLAYED:
        return True
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    mark.touch()
    return False


def _play(moments: Sequence[Moment], loop: Loop, journal: Journal, store: Store) -> None:
    """Append the day as fast as the disk takes it, and let the engine follow."""
    started, seen = time.monotonic(), False
    with ThreadPoolExecutor(1) as pool:
        feeding = pool.submit(_append, journal, moments)
        fed = False
        while loop.fold() or not fed:
            fed = feeding.done()  # asked before the next fold, which therefore finds the last of it
            journal.wait(loop.engine.position, 0.02)
            if not seen and _shown(store):
                seen = True
                say(f"first incident after {time.monotonic() - started:.1f} s")
            if sys.stderr.isatty() and moments and loop.engine.position:
                print(f"\r{loop.engine.position.offset / len(moments):4.0%} of the day", end="\r", file=sys.stderr)
    feeding.result()


def _append(journal: Journal, moments: Sequence[Moment]) -> None:
    """Append every payload at its own time; what came at one time is one write."""
    for at, group in groupby(moments, key=lambda moment: moment[0]):
        journal.append([payload for _, payload in group], at=at)


def _shown(store: Store) -> int:
    with store.view() as view:
        return view.find(INCIDENTS, SHOWN).total


def _tell(store: Store) -> None:
    """Print the incidents, and the numbers of alerts and incidents."""
    with store.view() as view:
        shown = view.find(INCIDENTS, SHOWN)
        merged = Query(unless={"status": (IncidentStatus.MERGED,)}, limit=1)
        incidents = view.find(INCIDENTS, merged).total
        lines = view.find(SOURCES, Query(limit=1_000)).items
    alerts = sum(line.suppressed + line.grouped + line.standalone for line in lines)
    muted = sum(line.suppressed for line in lines)
    show(shown.items, columns(), Format.TABLE)
    mild = sum(one.background for one in shown.items)
    say(
        f"{alerts} alerts -> {incidents} incidents ({shown.total} shown, {mild} of them mild: on the page in the"
        f" background), noise muted {muted}"
    )
