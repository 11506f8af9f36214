"""Are templates of one kind one pattern? Judged by pairs of self-written templates of six domains.

Each template names an entity, as real messages do; the shipped way strips it. Two templates are a pair that should be
together when they were written as one kind of thing. The clustering's constants were chosen on another sample.
"""

from contextlib import suppress
from itertools import combinations
from pathlib import Path

from aiops.domain.errors import BadConfiguration
from correlation.clustering import Clustering, Member
from correlation.embedding import Embedder, Light, choose_embedder, prepare
from tests.benchmarks.quality.figures import Figure
from tests.correlation.labelled_domains import LABELLED, NAMES


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Score the light embedder, and the semantic one where it is installed; the sample is our own."""
    embedders: list[Embedder] = [Light()]
    with suppress(BadConfiguration):
        embedders.append(choose_embedder("minilm"))
    return [
        Figure(
            set=f"patterns/{one.name.partition('@')[0]}",
            measure=f"{measure} of pairs",
            ours=value,
            floor=floor,
            n=len(LABELLED) * (len(LABELLED) - 1) // 2,
            note="self-made sample, not the one the constants were chosen on; floor: entity names left in",
        )
        for one in embedders
        for (measure, value), floor in zip(judged(one).items(), judged(one, strip=False).values(), strict=True)
    ]


def judged(embedder: Embedder, *, strip: bool = True, named: bool = True) -> dict[str, float]:
    """Return precision, recall and F1 over all pairs; ``strip``: entity names are known, ``named``: they are there."""
    known = frozenset(NAMES) if strip else frozenset()
    texts = [prepare(text.format(name if named else "<*>"), known) for text, _, name in LABELLED]
    members = [Member(f"t{row:03}", text) for row, text in enumerate(texts)]
    families = Clustering().families(members, embedder.embed(texts))
    of = {template_id: family.pattern_id for family in families for template_id in family.template_ids}
    rows = [(of[member.template_id], label) for member, (_, label, _) in zip(members, LABELLED, strict=True)]
    pairs = [(one[0] == other[0], one[1] == other[1]) for one, other in combinations(rows, 2)]
    both = sum(found and true for found, true in pairs)
    precision, recall = both / sum(found for found, _ in pairs), both / sum(true for _, true in pairs)
    return {"precision": precision, "recall": recall, "F1": 2 * both / sum(found + true for found, true in pairs)}
