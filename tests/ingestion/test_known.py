"""Which of several patterns that fit has a message?"""

import re2
from hypothesis import given
from hypothesis import strategies as st

from ingestion.templates_known import Known
from ingestion.templates_tree import Cluster


def known(*patterns: str) -> Known:
    found = Known()
    clusters = [Cluster(tuple(pattern.split()), 0) for pattern in patterns]
    for cluster in clusters:
        cluster.template_id = " ".join(cluster.log_template_tokens)
    found.add(clusters)
    return found


def found(patterns: Known, message: str) -> str:
    cluster = patterns.find(tuple(message.split()))
    return cluster.template_id if cluster else ""


def test_the_narrowest_pattern_wins() -> None:
    patterns = known("door <*> by <*>", "door opened by <*>", "door <*> by ana")
    assert found(patterns, "door opened by bob") == "door opened by <*>"
    assert found(patterns, "door opened by ana") == "door opened by <*>"  # its constants stand further left
    assert found(patterns, "door closed by ana") == "door <*> by ana"
    assert found(patterns, "door closed by bob") == "door <*> by <*>"


def test_a_value_of_another_kind_fits_too() -> None:
    patterns = known("sent <num> KB to <ip>", "ready is true", "door <*>")
    assert found(patterns, "sent <num> MB to <ip>,<ip>") == "sent <num> KB to <ip>"
    assert found(patterns, "ready is false") == "ready is true"
    assert found(patterns, "ready is maybe") == ""
    assert found(patterns, "door <num>") == "door <*>"


def test_what_fits_none_is_not_found() -> None:
    patterns = known("door <*> by <*>")
    for message in ("", "door", "gate opened by ana", "door opened by ana twice"):
        assert found(patterns, message) == ""


def test_of_equal_patterns_the_first_counts() -> None:
    assert len(known("door <*>", "door <*>", "gate <*>")) == 2


WORDS = st.sampled_from(["a", "b", "<*>"])
PATTERNS = st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join).filter(lambda one: set(one) - set("<*> ")))


@given(PATTERNS, st.lists(st.sampled_from("abc"), max_size=3).map(" ".join))
def test_it_finds_what_a_search_through_all_would(patterns: list[str], message: str) -> None:
    fitting = [one for one in patterns if re2.fullmatch(one.replace("<*>", "[abc]"), message)]
    got = found(known(*patterns), message)
    assert bool(got) is bool(fitting)
    if fitting:
        assert got.split().count("<*>") == min(one.split().count("<*>") for one in fitting)
