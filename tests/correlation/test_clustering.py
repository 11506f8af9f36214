"""Are templates of one kind one family, is none left out, and do families keep their ids?"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aiops.domain.learned import Family
from correlation.clustering import Clustering, Member
from correlation.embedding import Light, choose_embedder, prepare
from tests.correlation.labelled_templates import LABELLED

TEXTS = [prepare(text) for text, _ in LABELLED]


def members(count: int) -> list[Member]:
    return [Member(f"t{row:03}", f"text {row}") for row in range(count)]


def around(*directions: tuple[int, int]) -> NDArray[np.float32]:
    """Return (direction, how many) as unit vectors close to that axis of 64, and to no other."""
    rng = np.random.default_rng(3)
    rows = [np.eye(64)[axis] + rng.normal(scale=0.02, size=64) for axis, count in directions for _ in range(count)]
    vectors = np.array(rows, dtype=np.float32)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def sets(families: Sequence[Family]) -> set[frozenset[str]]:
    return {frozenset(family.template_ids) for family in families}


def pairwise(families: Sequence[Family]) -> tuple[float, float, float]:
    """Return F1, precision and recall over the pairs of templates that share a family."""
    of = {template_id: family.pattern_id for family in families for template_id in family.template_ids}
    labels = {f"t{row:03}": label for row, (_, label) in enumerate(LABELLED)}
    together = {(a, b) for a, b in combinations(labels, 2) if of[a] == of[b]}
    truth = {(a, b) for a, b in combinations(labels, 2) if labels[a] == labels[b]}
    precision, recall = len(together & truth) / len(together), len(together & truth) / len(truth)
    return 2 * precision * recall / (precision + recall), precision, recall


def test_spelling_and_vocabulary_find_families() -> None:
    f1, precision, _ = pairwise(Clustering().families(members(len(TEXTS)), Light().embed(TEXTS)))
    assert f1 >= 0.87  # measured .912
    assert precision >= 0.95  # measured 1.0


@pytest.mark.semantic
def test_meaning_finds_families_of_other_words_too() -> None:
    pytest.importorskip("sentence_transformers", reason="the semantic extra is not installed")
    vectors = choose_embedder("minilm").embed(TEXTS)
    f1, precision, recall = pairwise(Clustering().families(members(len(TEXTS)), vectors))
    assert f1 >= 0.78  # measured .818
    assert precision >= 0.73  # measured .771
    assert recall >= 0.83  # measured .871


def test_dense_groups_are_families_and_lone_templates_their_own() -> None:
    vectors = around((0, 8), (1, 5), (2, 3), (3, 1), (4, 1))
    families = Clustering().families(members(18), vectors)
    assert sorted(len(family.template_ids) for family in families) == [1, 1, 3, 5, 8]
    largest = max(families, key=lambda family: len(family.template_ids))
    assert largest.medoid in largest.template_ids
    assert largest.name in {f"text {int(template_id[1:])}" for template_id in largest.template_ids}
    assert 0.9 < largest.cohesion < 1


def test_a_family_is_called_by_the_plainest_of_its_central_titles() -> None:
    titles = ("<*> of <*> lost <*>", "backup of <*> was lost", "backup of <*> lost", "spare")
    everyone = [Member(f"t{row}", title) for row, title in enumerate(titles)]
    vectors = around((0, 3), (1, 1))
    names = {family.name for family in Clustering().families(everyone, vectors)}
    assert names == {"backup of … was lost", "spare"}  # of five words one varies, not of four


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_handful_is_enough(count: int) -> None:
    same = Clustering().families(members(count), around((0, count)))
    assert sets(same) == {frozenset(f"t{row:03}" for row in range(count))}
    apart = Clustering().families(members(count), around(*((axis, 1) for axis in range(count))))
    assert len(apart) == count


def test_nothing_gives_nothing() -> None:
    assert Clustering().families([], np.zeros((0, 8), dtype=np.float32)) == []


def test_equal_texts_are_one_family_and_do_not_pass_for_density() -> None:
    vectors = np.concatenate([np.repeat(around((0, 1)), 40, axis=0), around((1, 3), (2, 9))])
    families = Clustering().families(members(52), vectors)
    assert sorted(len(family.template_ids) for family in families) == [3, 9, 40]


def test_texts_without_words_are_one_family() -> None:
    vectors = np.concatenate([np.zeros((2, 64), dtype=np.float32), around((1, 2))])
    assert sets(Clustering().families(members(4), vectors)) == {
        frozenset({"t000", "t001"}),
        frozenset({"t002", "t003"}),
    }


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6)), min_size=1, max_size=12), st.randoms())
def test_every_template_has_one_family_whatever_the_order(directions: list[tuple[int, int]], chance: object) -> None:
    vectors = around(*directions)
    everyone = members(len(vectors))
    families = Clustering().families(everyone, vectors)
    assert sorted(one for family in families for one in family.template_ids) == [one.template_id for one in everyone]
    assert len({family.pattern_id for family in families}) == len(families)
    order = list(range(len(vectors)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    assert Clustering().families([everyone[row] for row in order], vectors[order]) == families


def learned_before(families: Sequence[Family], everyone: Sequence[Member]) -> list[Member]:
    of = {template_id: family.pattern_id for family in families for template_id in family.template_ids}
    return [member._replace(previous=of.get(member.template_id, "")) for member in everyone]


def test_a_family_keeps_its_id_when_it_grows() -> None:
    vectors = around((0, 6), (1, 6), (0, 4), (2, 5))
    before = Clustering().families(members(12), vectors[:12])
    after = Clustering().families(learned_before(before, members(21)), vectors)
    ids = {family.pattern_id for family in before}
    assert len(after) == 3
    assert ids < {family.pattern_id for family in after}
    for family in after:
        kept = [old for old in before if old.pattern_id == family.pattern_id]
        assert all(set(old.template_ids) <= set(family.template_ids) for old in kept)


def test_when_a_family_splits_the_larger_half_keeps_the_id() -> None:
    everyone = [member._replace(previous="one") for member in members(11)]
    after = Clustering().families(everyone, around((0, 4), (1, 7)))
    assert {len(family.template_ids): family.pattern_id == "one" for family in after} == {4: False, 7: True}


def test_when_families_merge_the_id_of_the_larger_stays() -> None:
    everyone = [
        member._replace(previous="small" if row < 4 else "large" if row < 11 else "")
        for row, member in enumerate(members(13))
    ]
    after = Clustering().families(everyone, around((0, 11), (1, 2)))
    assert {len(family.template_ids): family.pattern_id for family in after}[11] == "large"


def test_a_new_family_does_not_take_an_id_that_its_medoid_once_gave() -> None:
    """The family founded by t000 lost it to a family of its own."""
    old = Clustering().families(members(1), around((0, 1)))[0].pattern_id
    everyone = [member._replace(previous=old) for member in members(9)]
    after = Clustering().families(everyone, around((0, 1), (1, 8)))
    assert {len(family.template_ids): family.pattern_id == old for family in after} == {1: False, 8: True}
    assert len({family.pattern_id for family in after}) == 2
