"""Masks: what varies goes, what a person needs to tell two messages apart stays."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aiops.domain import masking
from aiops.domain.masking import LONGEST_TEXT, MASKS, MOST_TOKENS, mask, masked_tokens, raw_tokens

PIECES = st.sampled_from(
    [
        *MASKS,
        "<*>",
        "db1",
        "10.0.0.1",
        "::1",
        "fe80::1",
        "-5",
        "3.5",
        "1e-5",
        "0x1f",
        "2026-01-02",
        "03:04:05",
        "/var/log",
        "C:\\x",
        "a/b/c",
        "a@b.org",
        "https://h:1/p?q",
        "7d9f8b6c5d",  # pragma: allowlist secret
        "00:1a:2b:3c:4d:5e",
        "550e8400-e29b-41d4-a716-446655440000",
        "ms",
        "é",
        "٣",
        *"=:,;_-+/<>()[]{}|\"'.@ \t",
    ]
)
MESSAGES = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join))


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("high disk io on sda", "high disk io on sda"),
        ("connection refused 10.0.0.1:8080", "connection refused <ip>:<num>"),
        ("peer 2001:db8::1 and fe80:0:0:0:1:2:3:4 left", "peer <ip> and <ip> left"),
        ("took=35ms, retry in 1.5 s (3 of 10)", "took=<num>ms, retry in <num> s (<num> of <num>)"),
        ("disk 91% full on /var/lib/pg.", "disk <num>% full on <path>"),
        ("2026-01-02 03:04:05,123 started", "<time> <time> started"),
        ("at 2026-01-02T03:04:05.6Z, again at 03:04:05", "at <time>, again at <time>"),
        ("session 550e8400-e29b-41d4-a716-446655440000 over", "session <uuid> over"),
        ("from 00:1a:2b:3c:4d:5e", "from <mac>"),
        ("mail to bob.x@example.org bounced", "mail to <email> bounced"),
        ("commit 7d9f8b6c5d at 0x7fFF", "commit <hex> at <hex>"),
        ("GET https://api.example.org:8080/v1/x?y=3", "GET https://api.example.org:<num><path>"),
        ("blk_-160899 and blk_160899", "blk_<num> and blk_<num>"),
        ("reading C:\\Users\\bob and src/main/X.java", "reading <path> and <path>"),
        ("  spaces\tare \n one ", "spaces are one"),
        ("", ""),
    ],
)
def test_what_varies_is_masked(message: str, masked: str) -> None:
    assert mask(message) == masked


@pytest.mark.parametrize("word", ["db1", "sda", "3rd", "5xx", "and/or", "deadbeef", "std::abc", "1x4a", "facade"])
def test_names_that_hold_digits_or_slashes_are_left_alone(word: str) -> None:
    assert mask(f"on {word} now") == f"on {word} now"


def test_the_sign_of_a_number_is_no_part_of_the_shape_but_a_hyphen_in_a_name_is() -> None:
    assert mask("x=-7 -5 db-1") == "x=<num> <num> db-<num>"


def test_text_that_is_no_unicode_harms_nothing() -> None:
    assert mask("half \ud800 of 5") == "half ? of <num>"


@given(MESSAGES)
@example("1.2.3.4.5 12:00:00/x a--5 /a/<*>/b")
def test_masking_twice_changes_nothing_more(message: str) -> None:
    assert mask(mask(message)) == mask(message)


@given(MESSAGES)
def test_each_token_is_masked_on_its_own(message: str) -> None:
    tokens = masked_tokens(message)
    assert tokens == tuple(mask(token) for token in raw_tokens(message))
    assert " ".join(tokens).split() == list(tokens)


def test_only_the_beginning_of_a_very_long_message_is_looked_at() -> None:
    assert len(mask("a " * 5_000).split()) == MOST_TOKENS
    assert len(mask("a" * 50_000)) == LONGEST_TEXT


@given(MESSAGES, MESSAGES)
def test_what_was_masked_before_has_no_influence(message: str, other: str) -> None:
    alone = mask(message)
    mask(other)
    assert mask(message) == alone


@given(st.integers(1, 9), st.sampled_from(["took {}ms", "worker-{} gone", "at {}{}:00:00", "{}.{}.0.1 down"]))
def test_other_digits_give_the_same_shape(digit: int, message: str) -> None:
    assert mask(message.replace("{}", str(digit))) == mask(message.replace("{}", "1"))


def test_a_long_token_is_masked_piece_by_piece() -> None:
    blob = '{"id":17,"blob":"7d9f8b6c5d"},'  # pragma: allowlist secret
    assert mask("[" + blob * 20) == "[" + '{"id":<num>,"blob":"<hex>"},' * 20


@pytest.mark.parametrize("unit", ["1.", "a-", "::", "/a", "0:", "a@", "f" * 8 + "-", "1 ", "https://", "1;"])
def test_masking_is_linear_in_the_message(unit: str) -> None:
    def seconds(size: int) -> float:
        start = time.perf_counter()
        masking._by_text(unit * (size // len(unit)))
        return time.perf_counter() - start

    seconds(1_000)
    assert seconds(200_000) < 2.0  # a quadratic one takes 10 s
