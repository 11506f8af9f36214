"""How far has the fold come? Read, run, save, snapshot, recover, and pass over what fails: in live work and replay."""

import gc
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from aiops import upgrades
from aiops.domain.changes import Changes
from aiops.domain.entries import Command, Delivery, Entry, Position, Tick
from aiops.domain.errors import AiopsError, BadConfiguration
from aiops.domain.events import Parsed, Problem
from aiops.domain.snapshots import Snapshot
from aiops.domain.timers import Timer
from aiops.engine import Engine
from aiops.ports import Readable, Store

FORMAT = str(upgrades.FORMAT)


class Failed(AiopsError):
    """The engine failed at the entry behind ``last``; what it knows is half done: ``pass_over`` makes another."""

    def __init__(self, last: Position | None, error: Exception) -> None:
        super().__init__(f"the engine failed at the entry behind {last or 'the beginning'}: {error!r}")
        self.last = last
        self.kind = type(error).__name__


def recover(store: Store) -> Engine:
    """Return an engine as of the newest snapshot (or the very beginning); ``step`` folds on from there.

    Entries between the snapshot and the store's position are run again: saving them twice is harmless.
    """
    engine = Engine()
    if snapshot := newest(store):
        gc.disable()  # a million new objects, none of them garbage: looking for it would take five times as long
        try:
            engine.load(snapshot.parts)
        finally:
            gc.enable()
    return engine


def newest(store: Store, until: Position | None = None) -> Snapshot | None:
    """Return the newest snapshot, none behind ``until``; where there is only one of an earlier release, upgraded."""
    for version in range(upgrades.FORMAT, 0, -1):
        if snapshot := store.snapshot(str(version), until):
            return _upgraded(snapshot, version)
    return None


def oldest(store: Store, first: Position) -> Snapshot | None:
    """Return the oldest snapshot from which a journal that begins with the entry ``first`` goes on.

    Only that one is read, and before it those that turn out to be damaged.
    """
    kept = [(one, version) for version in range(1, upgrades.FORMAT + 1) for one in store.snapshots(str(version))]
    for position, version in sorted(kept):
        if position.offset + 1 >= first.offset:
            snapshot = store.snapshot(str(version), position)
            if snapshot and snapshot.position == position:
                return _upgraded(snapshot, version)
    return None


def _upgraded(snapshot: Snapshot, version: int) -> Snapshot:
    return msgspec.structs.replace(snapshot, version=FORMAT, parts=upgrades.upgraded(snapshot.parts, version))


def step(engine: Engine, journal: Readable, store: Store, limit: int = 500, until: Position | None = None) -> int:
    """Fold up to ``limit`` entries, none behind ``until``, and save what follows; return how many there were.

    BadConfiguration: the journal no longer holds what comes next, so whatever followed would be made up. Failed.
    """
    entries = [entry for entry in journal.read(engine.position, limit) if until is None or entry.position <= until]
    if entries:
        _follows(engine.position, entries[0].position)
        store.save(_run(engine, entries))
    return len(entries)


def _follows(last: Position | None, first: Position) -> None:
    wanted = last.offset + 1 if last else 1
    if first.offset != wanted:
        raise BadConfiguration(
            f"entries {wanted} to {first.offset - 1} are gone, and no snapshot that can be read stands behind them",
            place="journal",
            fix="restore a backup of the data folder, or start with an empty one",
        )


def snapshot(engine: Engine, store: Store, history: timedelta = timedelta(0)) -> list[Position]:
    """Keep all that the engine knows, at its position; return where the snapshots of ``history`` stand, newest first.

    Of these the oldest says how far back the journal is needed, once there are two.
    """
    if engine.position is None:
        return []
    known = Snapshot(version=FORMAT, position=engine.position, taken_at=engine.now, parts=engine.dump())
    return store.keep(known, history)


def pass_over(
    journal: Readable, store: Store, failed: Failed, history: timedelta = timedelta(0)
) -> tuple[Engine, list[str]]:
    """Return an engine that is past the entry at which one ``failed``, and what it left out, in words.

    Left out is what fails at the very same state once more: the entry, or a timer that is due before it. So a replay
    leaves out the same. A delivery counts as rejected, a command as refused; they say so, and stay in the journal.
    A snapshot is kept, so that no later engine begins before it.
    """
    (entry,) = journal.read(failed.last, 1)
    time_only = msgspec.structs.replace(entry, payload=Tick())
    left_out: dict[Timer | None, str] = {}  # None: the entry
    while True:
        engine = recover(store)
        while engine.position != failed.last and step(engine, journal, store, until=failed.last):
            pass
        engine.timers.skipped = {timer for timer in left_out if timer is not None}
        if None in left_out:
            _put_down(engine, entry, left_out[None])
        try:
            changes = _run(engine, [time_only, time_only if None in left_out else entry])
        except Failed as again:
            culprit = None if engine.position == entry.position else engine.timers.popped
            if culprit in left_out:
                raise
            left_out[culprit] = again.kind
            continue
        engine.timers.skipped = set()
        store.save(changes)
        snapshot(engine, store, history)
        return engine, [f"{timer or f'entry {entry.position}'}: {kind}" for timer, kind in left_out.items()]


def _run(engine: Engine, entries: Sequence[Entry]) -> Changes:
    try:
        return engine.run(entries)
    except MemoryError:
        raise  # the machine's fault, not the entry's
    except Exception as error:  # the wall of the fold: a fault of ours at one entry must not end it
        raise Failed(engine.position, error) from error


def _put_down(engine: Engine, entry: Entry, kind: str) -> None:
    """Let it be known of ``entry`` that the engine failed on it; nothing else follows from it."""
    problem = f"the engine failed on it ({kind})"
    match entry.payload:
        case Delivery() as delivery:
            fix = f"report it with the engine's log; entry {entry.position} keeps what was sent"
            engine.ledger.receive(
                entry, delivery, Parsed(problems=(Problem(place="delivery", problem=problem, fix=fix),))
            )
        case Command() as command:
            engine.outcomes.record(entry, command, problem, "", applied=False)
        case _:
            pass
