"""Are templates of one kind one pattern? Judged by pairs of self-written templates, none of which chose a constant.

``domains`` are six trades, ``systems`` the test half (by system) of nine systems. Each template names an entity, as
real messages do; the shipped way strips it. Two templates are a pair that should be together when they were written as
one kind of thing. Hard pairs are told apart: one kind in other words, and other kinds of one system in like words.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from aiops.domain.errors import BadConfiguration
from correlation.clustering import Clustering, Member
from correlation.embedding import Embedder, Light, choose_embedder, prepare
from tests.benchmarks.quality.figures import Figure
from tests.correlation import labelled_domains, labelled_systems

Row = tuple[str, str, str]  # text with {} for the entity, "system: family", the entity
SAMPLES: Mapping[str, Sequence[Row]] = {
    "domains": labelled_domains.LABELLED,
    "systems": labelled_systems.LABELLED_TEST,
}
NAMES = frozenset(labelled_domains.NAMES + labelled_systems.NAMES)
LIKE = 0.5  # share of the words of the shorter text that the other holds too


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Score the light embedder, and the semantic one where it is installed; the samples are our own."""
    embedders: list[Embedder] = [Light()]
    with suppress(BadConfiguration):
        embedders.append(choose_embedder("minilm"))
    return [figure for one in embedders for sample, rows in SAMPLES.items() for figure in _figures(one, sample, rows)]


def _figures(embedder: Embedder, sample: str, rows: Sequence[Row]) -> list[Figure]:
    name = f"patterns/{sample}, {embedder.name.partition('@')[0].partition('+')[0]}"
    every = len(rows) * (len(rows) - 1) // 2
    note = "self-made; constants were chosen on other templates; floor: entity names left in"
    floors = judged(embedder, rows, strip=False)
    figures = [
        Figure(set=name, measure=f"{measure} of pairs", ours=value, floor=floors[measure], n=every, note=note)
        for measure, value in judged(embedder, rows).items()
    ]
    for measure, answers in hard(embedder, rows).items():
        share = sum(answers) / len(answers)
        figures.append(Figure(set=name, measure=measure, ours=share, n=len(answers), proportion=True))
    return figures


def judged(
    embedder: Embedder, rows: Sequence[Row] = labelled_domains.LABELLED, *, strip: bool = True, named: bool = True
) -> dict[str, float]:
    """Return precision, recall and F1 over all pairs; ``strip``: entity names are known, ``named``: they are there."""
    found = together(embedder, prepared(rows, strip=strip, named=named))
    labels = [label for _, label, _ in rows]
    pairs = [
        (found[one] == found[other], labels[one] == labels[other]) for one, other in combinations(range(len(rows)), 2)
    ]
    both = sum(found and true for found, true in pairs)
    precision, recall = both / sum(found for found, _ in pairs), both / sum(true for _, true in pairs)
    return {"precision": precision, "recall": recall, "F1": 2 * both / sum(found + true for found, true in pairs)}


def hard(embedder: Embedder, rows: Sequence[Row]) -> dict[str, list[bool]]:
    """Return, for each pair that words alone get wrong, whether it was got right."""
    texts = prepared(rows)
    found = together(embedder, texts)
    words = [set(text.split()) - ENGLISH_STOP_WORDS for text in texts]
    same, other = [], []
    for a, b in combinations(range(len(rows)), 2):
        shared, shorter = len(words[a] & words[b]), min(len(words[a]), len(words[b]))
        if rows[a][1] == rows[b][1] and not shared:
            same.append(found[a] == found[b])
        is_one_system = rows[a][1].partition(":")[0] == rows[b][1].partition(":")[0]
        if rows[a][1] != rows[b][1] and is_one_system and shared >= LIKE * shorter > 0:
            other.append(found[a] != found[b])
    return {"one kind in other words, together": same, "other kinds in like words, apart": other}


def prepared(rows: Sequence[Row], *, strip: bool = True, named: bool = True) -> list[str]:
    """Return what is embedded of each template."""
    known = NAMES if strip else frozenset()
    return [prepare(text.format(name if named else "<*>"), known) for text, _, name in rows]


def together(embedder: Embedder, texts: Sequence[str]) -> list[str]:
    """Return the pattern of each text."""
    members = [Member(f"t{row:03}", text) for row, text in enumerate(texts)]
    families = Clustering().families(members, embedder.embed(texts))
    of = {template_id: family.pattern_id for family in families for template_id in family.template_ids}
    return [of[member.template_id] for member in members]
