"""How is a journal run again?"""

from aiops import fold
from aiops.domain.entries import Position
from aiops.engine import Engine
from aiops.ports import Readable, Store

FIRST = 1  # offset of a journal's very first entry
BATCH = 500  # entries run and saved at once; it changes nothing


def run(engine: Engine, journal: Readable, scratch: Store, end: Position) -> tuple[Engine, int]:
    """Fold up to and including ``end``, passing over what fails; return the engine and how many entries that were."""
    count, done = 0, 1
    while done:
        before = engine.position.offset if engine.position else 0
        try:
            done = fold.step(engine, journal, scratch, BATCH, end)
        except fold.Failed as failed:
            engine, _ = fold.pass_over(journal, scratch, failed)
            done = engine.position.offset - before if engine.position else 0
        count += done
    return engine, count
