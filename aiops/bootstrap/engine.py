"""How does the engine's process go? Lock, recover, tell it what the files say, then fold for as long as it runs."""

import bisect
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import structlog

from aiops import fold
from aiops.bootstrap import clock, process
from aiops.bootstrap.opening import opening, reading
from aiops.bootstrap.runbooks import shelving
from aiops.bootstrap.setups import EngineSetup
from aiops.bootstrap.shedding import Shedding, Waiting
from aiops.bootstrap.signing import signing
from aiops.bootstrap.watched import Watched
from aiops.domain.entries import Command, Position, Tick
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.snapshots import NEWEST
from aiops.engine import Engine
from aiops.fold import Failed
from aiops.ports import Journal, Store
from aiops.storage.filelock import EngineLock
from aiops.storage.folder import open_configured, open_journal
from rules.files import files_of

BATCH = 500  # entries read and saved at once, at most
FIRST_BATCH = 50
LONG = 0.5  # seconds: an end, and whoever waits for an act, wait for a whole batch
WATCH = 2.0  # seconds between two looks at the folders of rule packs and signatures
PATIENCE = 0.1  # seconds to wait for an entry before looking at timers and signals again

log = structlog.get_logger()


class Loop:
    """One engine at work on a journal and a store."""

    def __init__(self, journal: Journal, store: Store, setup: EngineSetup, now: Callable[[], datetime]) -> None:
        self._journal, self._store, self._setup, self._now = journal, store, setup, now
        self.engine: Engine
        self._since = 0  # entries since the last snapshot
        self._kept_at = time.monotonic()
        self._ticked = self._weighed = 0.0  # monotonic
        self._batch = min(FIRST_BATCH, BATCH)
        self._waiting, self._shedding = Waiting(), Shedding()
        self._packs = Watched(setup.rules, files_of) if setup.rules else None
        self._signatures = Watched(setup.signatures, files_of) if setup.signatures else None
        self._looked = time.monotonic()
        self._unbalanced = False
        self.left_out = 0  # entries and timers that the engine failed on
        self._recover()

    def catch_up(self, stop: Event) -> int:
        """Fold all there is, then append and fold what the operator's files say anew; return how many entries.

        A store that is out of reach is waited for: a process that ended would only be started again.
        """
        while not stop.is_set():
            try:
                return self._caught_up(stop)
            except Unavailable as problem:
                self._wait(stop, problem)
        return 0

    def _caught_up(self, stop: Event) -> int:
        count = self._fold_all(stop)
        setup = self._setup
        if commands := opening(self.engine, self._store, setup.decisions, setup.services, setup.rules):
            self._journal.append(commands)
        if setup.signatures is not None:
            self._sign(setup.signatures)
        if setup.runbooks is not None:
            self._shelve(setup.runbooks)
        return count + self._fold_all(stop)

    def _sign(self, folder: Path) -> int:
        """Let the signatures be those of the folder; say what of it cannot be read. Return how many commands."""
        commands, problems = signing(self.engine, self._store, folder)
        for problem in problems:
            log.warning("a signature is left out", place=problem.place, problem=problem.problem, fix=problem.fix)
        if commands:
            self._journal.append(commands)
        return len(commands)

    def _shelve(self, folder: Path) -> None:
        commands, problems = shelving(self.engine, folder)
        for problem in problems:
            log.warning("a runbook is left out", place=problem.place, problem=problem.problem, fix=problem.fix)
        if commands:
            self._journal.append(commands)

    def run(self, stop: Event) -> None:
        """Fold until ``stop``, then keep a snapshot.

        A store that is out of reach is waited for; what it did not take, an engine recovered anew folds again.
        """
        while not stop.is_set():
            try:
                self._watch()
                if not self.fold() and not self._journal.wait(self.engine.position, self._pause()):
                    self._tick()
            except Unavailable as problem:
                self._wait(stop, problem)
        self.keep()

    def fold(self) -> int:
        """Fold what has come, and keep a snapshot when it is time; return how many entries there were."""
        began = time.monotonic()
        try:
            count = fold.step(self.engine, self._journal, self._store, self._batch)
        except Failed as failed:
            count = self._pass_over(failed)
        self._pace(count, time.monotonic() - began)
        self._since += count
        self._weigh_ledger()
        self._relieve()
        if self._since >= self._setup.snapshot_entries or self._elapsed() >= self._setup.snapshot_every:
            self.keep()
        return count

    def _pace(self, count: int, seconds: float) -> None:
        """Take fewer entries at once where these took long, and more again where a whole batch is done soon."""
        if seconds > LONG:
            self._batch = max(1, self._batch // 2)
        elif count >= self._batch and seconds < LONG / 4:
            self._batch = min(BATCH, 2 * self._batch)

    def _watch(self) -> None:
        """Read rule packs and signatures anew when one was written; what is wrong is said, and stops nothing."""
        if time.monotonic() - self._looked < WATCH:
            return
        self._looked = time.monotonic()
        try:
            if self._packs and self._packs.written():
                if commands := reading(self.engine, self._store, self._packs.folder):
                    self._journal.append(commands)
                log.info("the rule packs were read anew", commands=len(commands))
            if self._signatures and self._signatures.written():
                log.info("the signatures were read anew", commands=self._sign(self._signatures.folder))
        except BadConfiguration as error:
            log.warning("rule packs or signatures cannot be read", problem=str(error))

    def keep(self) -> None:
        """Keep what the engine knows, and forget entries that neither a snapshot nor the retention needs."""
        self._kept_at = time.monotonic()
        position = self.engine.position
        if position is None or self._since == 0:
            return
        stay = fold.snapshot(self.engine, self._store, self._setup.journal_kept)
        self._since = 0
        if len(stay) >= NEWEST:
            self._journal.drop_before(min(stay[-1], self._aged(position)))

    def _weigh_ledger(self) -> None:
        """Look whether every event has a fate, at each commit; what does not balance is said once."""
        findings = self.engine.ledger.check()
        if findings and not self._unbalanced:
            log.error("the ledger does not balance", findings=findings, fix="aiops ledger check, and report it")
        self._unbalanced = bool(findings)

    def _relieve(self) -> None:
        """Once a second: leave work undone while entries wait for too long, and take it up again."""
        if time.monotonic() - self._weighed < 1:
            return
        self._weighed = time.monotonic()
        last, done = self._journal.last(), self.engine.position
        waited = self._waiting.seconds(last.offset if last else 0, done.offset if done else 0, self._weighed)
        for act in self._shedding.decide(waited, self.engine.shed, self._weighed):
            log.warning("work is left undone" if act.on else "work is taken up again", work=act.work, why=act.text)
            name = f"shed-{act.work}-{act.on}-{self.engine.position}"
            self._journal.append([Command(id=name, actor="system:engine", act=act)])

    def _pass_over(self, failed: Failed) -> int:
        """Go on behind an entry that the engine fails on: without it, nothing after it would ever be folded."""
        self.engine, left_out = fold.pass_over(self._journal, self._store, failed, self._setup.journal_kept)
        self.left_out += len(left_out)
        log.error("the engine failed on an entry and goes on", left_out=left_out, so_far=self.left_out, exc_info=failed)
        return 1

    def _wait(self, stop: Event, problem: Unavailable) -> None:
        """Wait for a store that is out of reach; what it may not have taken, an engine recovered anew folds again."""
        log.warning("the engine waits", problem=str(problem))
        stop.wait(problem.retry_after)
        self._recover()

    def _recover(self) -> None:
        self.engine = fold.recover(self._store)
        self._since = 0

    def _fold_all(self, stop: Event) -> int:
        total = 0
        while not stop.is_set() and (count := self.fold()):
            total += count
        return total

    def _pause(self) -> float:
        due = self.engine.timers.next_due()
        return PATIENCE if due is None else min(PATIENCE, max(0.01, (due - self._now()).total_seconds()))

    def _tick(self) -> None:
        """Append a tick when a timer is due and nothing else brought the time; at most one a second."""
        due = self.engine.timers.next_due()
        if due is not None and due <= self._now() and time.monotonic() - self._ticked >= 1:
            self._ticked = time.monotonic()
            self._journal.append([Tick()])

    def _elapsed(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self._kept_at)

    def _aged(self, position: Position) -> Position:
        """Return the first position younger than the retention (by bisection: what is gone counts as old)."""
        limit = self._now() - self._setup.journal_kept

        def is_young(offset: int) -> bool:
            entry = self._journal.get(Position(position.shard, offset))
            return entry is not None and entry.received_at >= limit

        return Position(position.shard, bisect.bisect_left(range(position.offset), True, key=is_young))


def main() -> None:
    """Run as a child of the supervisor."""
    setup = process.begin(EngineSetup)
    stop = process.stop_on_signal()
    try:
        run(setup, stop)
    except BadConfiguration as error:
        process.refuse(error)


def run(setup: EngineSetup, stop: Event, ready: Event | None = None) -> None:
    """Hold the folder's lock and fold until ``stop``; set ``ready`` once caught up. BadConfiguration: one is here."""
    started = time.monotonic()
    with EngineLock(setup.data):
        journal, store = open_journal(setup.data), open_configured(setup.data, setup.store)
        try:
            loop = Loop(journal, store, setup, clock.now)
            count = loop.catch_up(stop)
            log.info("the engine is ready", caught_up=count, seconds=round(time.monotonic() - started, 2))
            if ready is not None:
                ready.set()
            loop.run(stop)
        finally:
            store.close()
            journal.close()


if __name__ == "__main__":
    main()
