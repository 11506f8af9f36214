"""Which differences between masked tokens make no other kind of message?"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aiops.domain.masking import mask
from ingestion.templates_fold import fold, loosen


def folded(text: str) -> str:
    return fold(map(loosen, mask(text).split()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("took 5 ms", "took 5 min"),
        ("size 3 KB, done", "size 9 MB, done"),
        ("ready=true, set", "ready=false, set"),
        ("at Mon noon", "at Fri noon"),
        ("from 10.0.0.1 in", "from 10.0.0.1,10.0.0.2 in"),
        ("to mail.example.org:25 now", "to 10.0.0.1:25 now"),
        ("delete blk_1 now", "delete blk_1 blk_2 blk_3 now"),
        ("2048 bytes (2 KB) sent", "17 bytes sent"),
        ("lasted <1 sec", "lasted 00:12"),
        ("sent 5 (2 KB) (3 KB) 7 now", "sent 5 now"),
    ],
)
def test_values_of_another_form_are_the_same_message(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("door opened", "door closed"),
        ("x=3 ready", "y=3 ready"),
        ("session of ana", "session of bob"),
        ("truely 5", "falsely 5"),
        ("Monitor 5 up", "Friend 5 up"),
        ("size of bytes", "size of things"),
        ("user=7 ok", "port=7 ok"),
    ],
)
def test_words_tell_messages_apart(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@example(["<num>", "(<num>", "KB)", "(<num>", "KB)", "<num>"])
@given(st.lists(st.sampled_from(["<num>", "<ip>,<ip>", "word", "KB)", "(<num>", "x=<hex>,", "Mon"]), max_size=8))
def test_folding_twice_changes_nothing(tokens: list[str]) -> None:
    once = fold(map(loosen, tokens))
    assert fold(map(loosen, once.split())) == fold(map(loosen, fold(map(loosen, once.split())).split()))
