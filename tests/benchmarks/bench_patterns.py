"""What do patterns cost: embedding, clustering, memory, imports? And how good are they?"""

import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from correlation.clustering import Clustering, Member
from correlation.embedding import Embedder, MiniLM, choose_embedder, prepare
from tests.benchmarks.quality import patterns as quality
from tests.benchmarks.quality.figures import table
from tests.correlation.labelled_templates import LABELLED

SIZES = (1_300, 5_000, 20_000)
IMPORTS = ("correlation.patterns", "correlation.embedding", "correlation.learner", "correlation.families")


def texts(count: int) -> list[str]:
    """Return distinct texts, each a labelled one with some of its words replaced."""
    chance = random.Random(7)
    words = sorted({word for text, _ in LABELLED for word in prepare(text).split()})
    words += [word + ending for word in words for ending in ("ing", "er", "pool", "queue", "set")]
    found: dict[str, None] = {}
    while len(found) < count:
        parts = prepare(chance.choice(LABELLED)[0]).split()
        for _ in range(chance.randint(1, 4)):
            parts.insert(chance.randrange(len(parts) + 1), chance.choice(words))
        found[" ".join(parts)] = None
    return list(found)


def embedding(embedder: Embedder, sample: Sequence[str]) -> NDArray[np.float32]:
    """Print how many texts a CPU second embeds, after a warm-up."""
    embedder.embed(sample[:16])
    began = time.process_time()
    vectors = embedder.embed(sample)
    print(f"{embedder.name}: {len(sample) / (time.process_time() - began):.0f} templates per CPU-s")
    return vectors


def clustering(name: str, vectors: NDArray[np.float32]) -> None:
    """Print how long clustering takes over growing sizes."""
    for size in [size for size in SIZES if size <= len(vectors)]:
        members = [Member(f"{row:05}", "") for row in range(size)]
        began = time.process_time()
        families = Clustering().families(members, vectors[:size])
        seconds = time.process_time() - began
        largest = max(len(family.template_ids) for family in families)
        print(f"{name}: {size} templates -> {len(families)} families (largest {largest}) in {seconds:.2f} CPU-s")


def one_run(wanted: str) -> None:
    """Do in this process what the learner's child does for 1,300 new templates; print its peak memory."""
    members = [Member(f"{row:05}", "") for row in range(1_300)]
    Clustering().families(members, choose_embedder(wanted).embed(texts(1_300)))
    print(f"child with {wanted}, 1300 new templates: {peak()} MB, {time.process_time():.1f} CPU-s from start to end")


def peak() -> int:
    """Return the most memory (MB, Linux) that this process had; ru_maxrss would count what it was forked from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) // 1_024


def main() -> None:
    """Print all figures."""
    for module in IMPORTS:
        code = (
            f"import psutil, {module}; me = psutil.Process(); print(me.memory_info().rss // 10**6, me.cpu_times().user)"
        )
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        print(f"import {module}: {said[0]} MB, {float(said[1]):.2f} CPU-s (with interpreter and psutil)")
    print(table(quality.run(Path(), None)))
    light, semantic = choose_embedder("light"), choose_embedder("auto")
    sample = texts(SIZES[-1])
    clustering(light.name, embedding(light, sample))
    if isinstance(semantic, MiniLM):
        clustering(semantic.name, embedding(semantic, sample[: SIZES[1]]))
    else:
        print(semantic.why)
    for wanted in ("light", *(["minilm"] if isinstance(semantic, MiniLM) else [])):
        code = f"from tests.benchmarks.bench_patterns import one_run; one_run({wanted!r})"
        subprocess.run([sys.executable, "-c", code], check=True)


if __name__ == "__main__":
    main()
