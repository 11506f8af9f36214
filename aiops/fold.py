"""How far has the fold come? Read, run, save, snapshot, recover: the same for live work and replay."""

import gc

from aiops.domain.snapshots import Snapshot
from aiops.engine import Engine
from aiops.ports import Journal, Store

FORMAT = "1"  # raised when a part's dump changes in a way that its load cannot read


def recover(store: Store) -> Engine:
    """Return an engine as of the newest snapshot (or the very beginning); ``step`` folds on from there.

    Entries between the snapshot and the store's position are run again: saving them twice is harmless.
    """
    engine = Engine()
    if snapshot := store.snapshot(FORMAT):
        gc.disable()  # a million new objects, none of them garbage: looking for it would take five times as long
        try:
            engine.load(snapshot.parts)
        finally:
            gc.enable()
    return engine


def step(engine: Engine, journal: Journal, store: Store, limit: int = 500) -> int:
    """Fold up to ``limit`` entries and save what follows; return how many there were."""
    entries = journal.read(engine.position, limit)
    if entries:
        store.save(engine.run(entries))
    return len(entries)


def snapshot(engine: Engine, store: Store) -> None:
    """Keep all that the engine knows, at its position."""
    if engine.position is not None:
        store.keep(Snapshot(version=FORMAT, position=engine.position, taken_at=engine.now, parts=engine.dump()))
