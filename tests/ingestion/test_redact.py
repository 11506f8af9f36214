"""Do secrets stay out, and everything else in?"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.redact import redact

SECRET = "hunter2-Zq8"  # pragma: allowlist secret


@pytest.mark.parametrize(
    "body",
    [
        f'{{"password": "{SECRET}", "n": 1}}',
        f'{{"db_password":"{SECRET}"}}',
        f'{{"msg": "login password={SECRET} failed"}}',
        f'{{"msg": "api_key: {SECRET}"}}',
        f'{{"inner": "{{\\"client_secret\\": \\"{SECRET}\\"}}"}}',
        f'{{"headers": {{"Authorization": "Bearer {SECRET}123"}}}}',
        f"token={SECRET}&user=ana",
        f'password="{SECRET}" user=ana',
        f"GET https://ana:{SECRET}@db.test/x",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET[:7]}/Zq8\n-----END RSA PRIVATE KEY-----",  # pragma: allowlist secret
        "key AKIAABCDEFGHIJKLMNOP here",  # pragma: allowlist secret
        "ghp_" + "a1B2" * 9,
        "glpat-" + "x1y2" * 6,
        "xoxb-123456789012-abcdefABCDEF",  # pragma: allowlist secret
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123456",  # pragma: allowlist secret
        '{"auth": "Basic YW5hOmh1bnRlcjI="}',
    ],
)
def test_a_well_shaped_secret_is_removed(body: str) -> None:
    got = redact(body.encode()).decode()
    assert "[redacted]" in got
    for secret in (
        SECRET,
        SECRET.replace("-", "/"),
        "AKIAABC",
        "a1B2a1B2",
        "x1y2",
        "abcdefABCDEF",
        "abcDEF123456",  # pragma: allowlist secret
        "YW5h",
    ):
        assert secret not in got


@pytest.mark.parametrize(
    "body",
    [
        "basic authentication failed for ana",
        "unexpected token: identifier",
        "the password was wrong",
        '{"max_tokens": 512, "next": "token: ", "last": "x"}',
        '{"a": "password=", "b": "c"}',
        '{"password": null, "token": true, "secret": {"name": "x"}}',
        '{"ts": 1772442000000, "us": 1772442000000000, "ratio": 0.4111111111111111}',
        "blk_4111111111111111 and 4111111111111112",
        "bearer of bad news",
    ],
)
def test_what_is_no_secret_stays(body: str) -> None:
    assert redact(body.encode()).decode() == body


def test_a_card_number_keeps_its_length_and_loses_its_digits() -> None:
    assert redact(b"card 4111 1111 1111 1111 declined") == b"card 4000 0000 0000 0000 declined"
    assert json.loads(redact(b'{"pan": 4111111111111111}')) == {"pan": 4000000000000000}


def test_the_same_secret_leaves_the_same_text() -> None:
    assert redact(b"password=abc1 on db1") == redact(b"password=xyz2 on db1")


SNIPPETS = st.sampled_from(
    [
        "password",
        "password=",
        "token: ",
        '"secret":"',
        "Bearer abcdef1234567890",
        "\\",
        '"',
        "://a:b@c",
        "4111111111111111",
        "api_key=x",
        "-----BEGIN PRIVATE KEY-----",  # pragma: allowlist secret
        "-----END",
        "{",
        "}",
        ",",
        ":",
        "é",
    ]
)
TEXTS = st.lists(SNIPPETS | st.text(max_size=4), max_size=5).map("".join)
VALUES = st.recursive(
    TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.sampled_from(["token", "pwd"]), inner, max_size=4)
    ),
)


def shape(value: Any) -> Any:
    """The types and how many of each stand where; keys may lose a secret."""
    if isinstance(value, dict):
        return [shape(item) for item in value.values()]
    return [shape(item) for item in value] if isinstance(value, list) else type(value).__name__


@given(VALUES, st.booleans())
def test_json_stays_json_of_the_same_shape(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only)
    pairs = json.loads(redact(body.encode("utf-8", "replace")), object_pairs_hook=_Pairs)
    before = json.loads(body, object_pairs_hook=_Pairs)
    assert shape(pairs) == shape(before)


class _Pairs(dict[Any, Any]):
    """An object by position: two redacted keys may be equal."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(enumerate(value for _, value in pairs))


@given(VALUES)
def test_redacting_twice_changes_nothing_more(value: Any) -> None:
    once = redact(json.dumps(value).encode())
    assert redact(once) == once
