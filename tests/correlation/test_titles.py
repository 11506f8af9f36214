"""Is a pattern called what a person would call it?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlation.titles import LONGEST, called, plain, told_apart, words


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("high packet loss on path to <*>", "high packet loss on path"),
        ("<*>: Link is Down", "Link is Down"),
        ("disk <*> takes <*> ms per request", "disk … takes … ms per request"),
        ("firewall blocked connection from <*> to <*>", "firewall blocked connection"),
        ("<*> port is down: no carrier", "port is down: no carrier"),
        ("Started <*> (<*>) in <*> s", "Started … in … s"),
        ("EXT4-fs (<*>): read-only", "EXT4-fs: read-only"),
        ("NodeFilesystemAlmostOutOfSpace on <*>", "NodeFilesystemAlmostOutOfSpace"),
        ("<*>", "<*>"),  # nothing else is there to say
        ("", ""),
    ],
)
def test_what_varies_is_left_out(title: str, name: str) -> None:
    assert plain(title) == name


def test_a_long_title_ends_after_a_whole_word() -> None:
    name = plain("the very long story of a request that was sent to the backend and never came back")
    assert name == "very long story of a request that was sent to the backend…"


def test_the_word_that_most_members_share_is_in_the_name() -> None:
    titles = ["it broke", "backup of <*> failed", "nightly backup of <*> did not finish"]
    assert called(titles, [0.9, 0.8, 0.5]) == "backup of … failed"


def test_of_nearly_as_central_titles_the_one_with_fewest_gaps_and_words_names_all() -> None:
    titles = ["backup of <*> was <*> by <*> lost", "backup of the archive lost", "backup lost"]
    assert called(titles, [0.9, 0.88, 0.87]) == "backup lost"
    assert called(titles, [0.9, 0.88, 0.5]) == "backup of the archive lost"


def test_equal_names_get_a_number_and_stay_in_a_line() -> None:
    long = plain("connection " * 20)
    first, second, third = told_apart([long, long, long])
    assert (first, second[-4:], third[-4:]) == (long, " (2)", " (3)")
    assert max(map(len, (first, second, third))) <= LONGEST


def test_a_number_never_makes_a_name_that_is_taken() -> None:
    assert told_apart(["a (2)", "a", "a"]) == ["a (2)", "a", "a (3)"]


@given(st.lists(st.sampled_from(["disk", "<*>", "of", "lost", ":", "(<*>)", "=", "12"]), max_size=12))
def test_a_name_says_something_wherever_the_title_does(parts: list[str]) -> None:
    title = " ".join(parts)
    name = plain(title)
    if words(title.replace("<*>", "")):
        assert words(name)
        assert "<*>" not in name
        assert not name.endswith("…")
    assert len(name) <= max(LONGEST, len(title))


@given(st.lists(st.text(max_size=80).map(plain), max_size=12))
def test_names_are_told_apart_whatever_they_are(names: list[str]) -> None:
    own = told_apart(names)
    assert len(set(own)) == len(own) == len(names)
