"""Which families do templates form, and where do incidents lie? What the learner's child finds out.

``python -m correlation.families``: a process of its own, because what it imports takes up to 600 MB, which the next
seconds' pages need more.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from aiops.domain.entries import Learned
from aiops.domain.learned import Directions, Families, Family
from aiops.ports import Store
from correlation.clustering import Clustering, Member
from correlation.directions import directions
from correlation.embedding import Embedder, VectorCache, choose_embedder, prepare, shown
from correlation.learner import Known, Task, assign

CHUNK = 2_000  # template ids of one journal entry; families stay whole


def learn_once(store: Store, cache: VectorCache | None, embedder: Embedder) -> list[Learned]:
    """Cluster what ``store`` knows, in this process; empty when every template has its pattern by this embedder."""
    with store.view() as view:
        task = assign(view, embedder.name)
    return answer(task, cache, embedder) if task else []


def answer(task: Task, cache: VectorCache | None, embedder: Embedder) -> list[Learned]:
    """Do what ``task`` asks for: first the patterns, for incidents are placed in the space of their model."""
    results: list[Families | Directions] = [*families(task.known, cache, embedder)] if task.known else []
    places = task.unplaced
    if places.stories:
        ids = sorted(places.texts)
        rows = _vectors([prepare(places.texts[one], task.names) for one in ids], cache, embedder) if ids else ()
        placed = directions(places.stories, dict(zip(ids, rows, strict=True)), embedder.name)
        results.append(Directions(model=embedder.name, incidents=placed))
    return [Learned(based_on=task.based_on, result=result) for result in results]


def families(known: Known, cache: VectorCache | None, embedder: Embedder) -> list[Families]:
    """Embed the texts that ``cache`` does not know, cluster all, and return the result in chunks of whole families."""
    prepared = [prepare(shape.text, known.names) for shape in known.shapes]
    members = [Member(shape.template_id, shown(shape.text, known.names), shape.pattern_id) for shape in known.shapes]
    found = Clustering().families(members, _vectors(prepared, cache, embedder))
    chunks = _chunks(found)
    run = known.run(embedder.name)
    return [
        Families(model=embedder.name, run=run, chunk=index, chunks=len(chunks), families=tuple(chunk))
        for index, chunk in enumerate(chunks)
    ]


def _vectors(texts: Sequence[str], cache: VectorCache | None, embedder: Embedder) -> NDArray[np.float32]:
    """Embed each distinct text once: equal texts have equal vectors, whatever batch they are in."""
    distinct = sorted(set(texts))
    row = {text: index for index, text in enumerate(distinct)}
    vectors = cache.vectors(embedder, distinct) if cache else embedder.embed(distinct)
    return vectors[[row[text] for text in texts]]


def _chunks(found: Sequence[Family]) -> list[list[Family]]:
    chunks: list[list[Family]] = []
    room = 0
    for family in found:
        if len(family.template_ids) > room:
            chunks.append([])
            room = CHUNK
        chunks[-1].append(family)
        room -= len(family.template_ids)
    return chunks


def main() -> None:
    """Read a Task from standard input, write a list of Learned to standard output; both in msgpack."""
    os.nice(5)  # below the learner, whose own place is low already; at 19 a busy machine would never let it end
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get into the answer
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    with VectorCache(Path(task.cache)) as cache, output:
        output.write(msgspec.msgpack.encode(answer(task, cache, choose_embedder(task.embedder))))


if __name__ == "__main__":
    main()
