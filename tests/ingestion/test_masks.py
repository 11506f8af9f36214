"""Which parts of a message are placeholders?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.masks import MASKS, mask, mask_token, masked_tokens, raw_tokens


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("took 12ms of -5, 3.5% and 1,024", "took <num>ms of <num>, <num>% and <num>"),
        ("web-01 and db1 keep names", "web-<num> and db1 keep names"),
        ("10.0.0.1:8080 fe80::1 2001:db8:0:1:1:1:1:1", "<ip>:<num> <ip> <ip>"),
        ("std::bad_alloc at 09:00:00.5", "std::bad_alloc at <time>"),
        ("block blk_-16089 size 67108864 to /10.1.1.2", "block blk_<num> size <num> to /<ip>"),
        ("id=550e8400-e29b-41d4-a716-446655440000;", "id=<uuid>;"),
        ("2026-03-02T09:00:00Z 02/Mar/2026:09:00:00", "<time> <time>"),
        ("at 0x7ffe sum deadbeef01 decade facade", "at <hex> sum <hex> decade facade"),
        ("00:1a:2b:3c:4d:5e ana@shop.test", "<mac> <email>"),
        ("/var/log/app.log and /pay or read/write", "<path> and /pay or read/write"),
        ("http://web.test:80/a/b?x=1 http://10.0.0.1/a/b", "http://web.test:<num><path>?x=<num> http://<ip><path>"),
        ("  spaces\tand\nlines  ", "spaces and lines"),
        ("", ""),
    ],
)
def test_what_differs_becomes_a_placeholder(message: str, masked: str) -> None:
    assert mask(message) == masked


def test_a_long_message_is_cut() -> None:
    assert len(masked_tokens("x " * 10_000)) == 400
    assert len(mask("x" * 10_000)) == 4_096


TOKENS = st.lists(
    st.sampled_from(
        [
            "1",
            "07",
            "0x1f",
            "10.0.0.1",
            "::",
            ":",
            "-",
            "_",
            "/",
            "a",
            "deadbeef",
            "ms",
            "é",
            "@",
            ".",
            "=",
            "e5",
            "2026-03-02",
            "T09:00:00Z",
            "<*>",
            "http://",
            "٣",
        ]
    ),
    min_size=1,
    max_size=6,
).map("".join)


@given(st.lists(TOKENS, max_size=8))
def test_the_short_cuts_agree_with_masking_each_token(tokens: list[str]) -> None:
    text = " ".join(tokens)
    expected = tuple(mask_token(token) for token in text.split())
    assert masked_tokens(text) == expected
    assert masked_tokens(text) == expected  # from the kept results


@given(st.text(max_size=60))
def test_every_raw_token_has_one_masked_token(text: str) -> None:
    assert len(masked_tokens(text)) == len(raw_tokens(text))
    assert all(token and not any(char.isspace() for char in token) for token in masked_tokens(text))


@given(st.lists(st.sampled_from(list(MASKS)), max_size=5))
def test_placeholders_are_left_alone(placeholders: list[str]) -> None:
    assert mask(" ".join(placeholders)) == " ".join(placeholders)
