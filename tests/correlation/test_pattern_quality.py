"""How good are patterns on templates of other trades, and can a person read their names? Gates and golden names."""

from pathlib import Path

import pytest

from correlation.clustering import Clustering, Member
from correlation.embedding import Light, choose_embedder, prepare, shown
from correlation.families import families
from correlation.learner import Known, Shape
from tests.benchmarks.quality.patterns import judged, run
from tests.correlation.labelled_domains import LABELLED, NAMES

GOLDEN = Path(__file__).parent / "pattern_names.txt"
KNOWN = frozenset(NAMES)


def test_spelling_alone_finds_a_third() -> None:
    assert judged(Light())["F1"] >= 0.31  # measured .330


@pytest.mark.semantic
def test_meaning_finds_two_thirds() -> None:
    pytest.importorskip("sentence_transformers", reason="the semantic extra is not installed")
    found = judged(choose_embedder("minilm"))
    assert found["F1"] >= 0.66  # measured .694
    assert found["precision"] >= 0.61  # measured .649


def test_entity_names_in_the_texts_change_nothing_once_they_are_known_and_all_when_they_are_not() -> None:
    assert judged(Light()) == judged(Light(), named=False)
    assert judged(Light(), strip=False)["F1"] < judged(Light())["F1"] / 2


def test_the_learner_strips_the_names_that_it_knows() -> None:
    shapes = tuple(
        Shape(template_id=f"t{row:03}", text=text.format(name), version=1, pattern_id="")
        for row, (text, _, name) in enumerate(LABELLED)
    )
    known = Known(based_on=None, shapes=shapes, names=KNOWN)  # type: ignore[arg-type]  # not looked at
    (chunk,) = families(known, None, Light())
    assert not [name for family in chunk.families for name in NAMES if name in family.name.lower().split()]
    texts = [prepare(text, KNOWN) for text, _, _ in LABELLED]
    members = [Member(shape.template_id, "") for shape in shapes]
    direct = Clustering().families(members, Light().embed(texts))
    assert {family.template_ids for family in chunk.families} == {family.template_ids for family in direct}


def test_names_are_read_as_a_person_would_say_it() -> None:
    """The name of each labelled family; a change of names is reviewed as a change of the golden file."""
    by_label: dict[str, list[tuple[str, str]]] = {}
    for row, (text, label, name) in enumerate(LABELLED):
        by_label.setdefault(label, []).append((f"t{row:03}", text.format(name)))
    lines = []
    for label, rows in by_label.items():
        members = [Member(template_id, shown(text, KNOWN)) for template_id, text in rows]
        vectors = Light().embed([prepare(text, KNOWN) for _, text in rows])
        together = Clustering(near=-1.0, alike=-1.0).families(members, vectors)
        lines.append(f"{label} | {' / '.join(family.name for family in together)}")
    assert "\n".join(lines) + "\n" == GOLDEN.read_text(encoding="utf-8")


def test_the_benchmark_prints_what_is_gated() -> None:
    figures = {(one.set, one.measure): one for one in run(Path(), None)}
    light = figures["patterns/light-pieces-v1", "F1 of pairs"]
    assert light.ours == judged(Light())["F1"]
    assert light.floor == judged(Light(), strip=False)["F1"]
