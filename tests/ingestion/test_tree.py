"""Does a scope's tree remember, forget and restart as it should?"""

import msgspec
import pytest

from aiops.domain.settings import TemplateSettings
from ingestion.templates_tree import Scope, ScopeState


def scope_of(*lines: str, **changes: object) -> Scope:
    scope = Scope("logs", msgspec.structs.replace(TemplateSettings(), **changes))
    for line in lines:
        scope.learn(tuple(line.split()))
    return scope


def known(scope: Scope) -> list[str]:
    return [cluster.get_template() for cluster in scope.clusters.values()]


def reloaded(scope: Scope, settings: TemplateSettings | None = None) -> Scope:
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(scope.dump()), type=ScopeState)
    return Scope.load(state, settings or TemplateSettings())


def test_what_was_learned_is_said() -> None:
    scope = scope_of()
    changes = [scope.learn(tuple(line.split()))[1] for line in ("a b c d", "a b c d", "a b c x", "z y x w")]
    assert changes == ["created", "", "changed", "created"]


def test_messages_of_other_lengths_share_nothing() -> None:
    assert known(scope_of("a b c", "a b c d", "a b")) == ["a b c", "a b c d", "a b"]


def test_an_empty_message_has_one_cluster_that_comes_back_after_it_was_forgotten() -> None:
    scope = scope_of("", "", "a b", max_clusters=1)
    assert scope.evict() == [""]
    assert scope.learn(())[1] == "created"
    assert scope.learn(())[1] == ""


@pytest.mark.parametrize(("similarity", "templates"), [(0.2, 1), (0.7, 2), (1.0, 2)])
def test_a_higher_similarity_makes_narrower_templates(similarity: float, templates: int) -> None:
    assert len(known(scope_of("a b c d", "a b x y", similarity=similarity))) == templates


def test_beyond_max_children_leading_tokens_share_a_branch() -> None:
    lines = [f"{letter} failed" for letter in "abcdefgh"]
    assert "<*> failed" in known(scope_of(*lines, max_children=3))
    assert "<*> failed" not in known(scope_of(*lines))


def test_a_touched_cluster_is_forgotten_last() -> None:
    scope = scope_of("a b", "c d", "e f", max_clusters=2)
    scope.touch(scope.clusters[1])
    scope.evict()
    assert known(scope) == ["e f", "a b"]


def test_a_change_is_counted_for_messages_of_its_length_alone() -> None:
    scope = scope_of("a b c")
    before = dict(scope.generation)
    scope.learn(("a", "b", "x"))
    assert scope.generation[3] == before[3] + 1
    scope.learn(("a", "b", "y"))  # found, and nothing to generalise
    assert scope.generation[3] == before[3] + 1
    assert scope.generation[2] == 0


def test_a_reloaded_scope_finds_the_same_clusters_and_numbers_new_ones_on() -> None:
    scope = scope_of("user ana in", "user bob in", "disk full now")
    again = reloaded(scope)
    assert known(again) == known(scope)
    for line in ("user eve in", "disk full now", "net is down"):
        one, change = scope.learn(tuple(line.split()))
        other, same = again.learn(tuple(line.split()))
        assert (one.cluster_id, one.get_template(), change) == (other.cluster_id, other.get_template(), same)


def test_a_reloaded_scope_with_less_room_forgets_the_oldest() -> None:
    again = reloaded(scope_of("a b", "c d", "e f"), TemplateSettings(max_clusters=2))
    again.evict()
    assert known(again) == ["c d", "e f"]


def test_other_settings_keep_the_clusters_and_their_order_of_use() -> None:
    scope = scope_of("a b c d", "e f g h", "i j k l")
    scope.touch(scope.clusters[1])
    assert scope.rebuild(TemplateSettings(depth=5, max_clusters=2)) == [""]  # no id was given to it yet
    assert known(scope) == ["i j k l", "a b c d"]
    assert scope.learn(("a", "b", "c", "d"))[1] == ""
