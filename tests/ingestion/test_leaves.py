"""Does the index of a leaf offer every template that is near enough, and give Drain3's own answers?"""

import random
from typing import Any

import pytest
from drain3.drain import Drain
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.settings import TemplateSettings
from ingestion import templates_leaves as leaves
from ingestion import templates_tree as module
from ingestion.templates_leaves import Leaf, least_equal
from ingestion.templates_tree import Scope

TOKENS = st.sampled_from(["a", "b", "c", "d", "<*>"])
MESSAGES = st.lists(st.tuples(st.just("x"), TOKENS, TOKENS, TOKENS), max_size=80)


@given(st.floats(0, 1), st.integers(1, 400))
def test_the_least_number_of_equal_tokens_is_the_first_whose_share_suffices(similarity: float, length: int) -> None:
    least = least_equal(similarity, length)
    assert least / length >= similarity
    assert least == 0 or (least - 1) / length < similarity


@given(st.lists(st.tuples(TOKENS, TOKENS, TOKENS), max_size=20), st.tuples(TOKENS, TOKENS, TOKENS), st.integers(1, 3))
def test_none_that_is_near_enough_is_left_out(
    templates: list[tuple[str, ...]], message: tuple[str, ...], least: int
) -> None:
    leaf = Leaf("<*>")
    for number, tokens in enumerate(templates):
        leaf.add(number, tokens)
    shared = [sum(a == b != "<*>" for a, b in zip(tokens, message, strict=True)) for tokens in templates]
    offered = leaf.near(message, least) if templates else []
    assert {number for number, equal in enumerate(shared) if equal >= least} <= set(offered)
    assert offered == sorted(offered)


@pytest.mark.parametrize(("most", "rare"), [(7, 0), (1_000, 0), (1_000, 5)])
@given(MESSAGES, st.sampled_from([0.0, 0.3, 0.4, 0.5, 0.75, 1.0]))
def test_with_an_index_in_every_leaf_the_clusters_are_drain3s_own(
    most: int, rare: int, messages: list[tuple[str, ...]], similarity: float
) -> None:
    scope = Scope("logs", TemplateSettings(similarity=similarity, max_clusters=most))
    peer = Drain(sim_th=similarity, max_clusters=most)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEW", 0)
        patch.setattr(leaves, "RARE", rare)
        for tokens in messages:
            mine, _ = scope.learn(tokens)
            scope.evict()
            theirs, _ = peer.add_log_message(" ".join(tokens))
            assert (mine.cluster_id, mine.log_template_tokens) == (theirs.cluster_id, theirs.log_template_tokens)


def test_a_leaf_of_hundreds_of_templates_is_not_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(5)
    scope = Scope("logs", TemplateSettings())
    lines = [("start", *(f"w{chance.randrange(1_000)}" for _ in range(6))) for _ in range(600)]
    for tokens in lines:
        scope.learn(tokens)
    assert len(scope.clusters) > 500
    compared = 0
    exact = module.Tree.get_seq_distance

    def count(*args: Any) -> tuple[float, int]:
        nonlocal compared
        compared += 1
        return exact(*args)

    monkeypatch.setattr(module.Tree, "get_seq_distance", count)
    for tokens in lines:
        scope.learn(tokens)
    assert compared < 20 * len(lines)


def test_forgotten_clusters_do_not_pile_up_in_a_leaf() -> None:
    scope = Scope("logs", TemplateSettings(max_clusters=10))
    for number in range(1_000):
        scope.learn(("start", f"w{number}", f"v{number}", f"u{number}"))
        scope.evict()
    (leaf,) = scope.tree.root_node.key_to_child_node["4"].key_to_child_node.values()
    assert len(leaf.cluster_ids) <= 32
