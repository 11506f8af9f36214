"""What is a document, and what is none?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.errors import BadInput
from ingestion.reading.documents import documents, is_document

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"a": 1}', JSON, [{"a": 1}]),
        (b'[{"a": 1}, {"a": 2}]', JSON, [[{"a": 1}, {"a": 2}]]),
        (b"[]", JSON, [[]]),
        (b'\xef\xbb\xbf{"a": 1}', JSON, [{"a": 1}]),
        (b'{"a": 1}{"b": 2}', JSON, [{"a": 1}, {"b": 2}]),
        (b'{"a": 1}\n{"b": 2}\n', "application/x-ndjson", [{"a": 1}, {"b": 2}]),
        (b'{"a": NaN, "b": Infinity, "c": 1}', JSON, [{"a": None, "b": None, "c": 1}]),
        (b'{"a": "\\ud800x"}', JSON, [{"a": "\ufffdx"}]),
        (b'{"a": "caf\xe9"}', JSON, [{"a": "caf\ufffd"}]),
        (b'{"a": 1}', FORM, [{"a": 1}]),
        (b'{"a": 1}', "", [{"a": 1}]),
        (b"title=disk+full&host=db1&title=second", FORM, [{"title": "disk full", "host": "db1"}]),
        (b"payload=%7B%22a%22%3A1%7D", FORM, [{"a": 1}]),
        (b"disk full on db1\n", "text/plain", ["disk full on db1"]),
        (b"[2026-03-02] disk full", "", ["[2026-03-02] disk full"]),
        (b'{"a": 1, }', "text/plain", ['{"a": 1, }']),
    ],
)
def test_what_senders_call_a_document_is_one(body: bytes, content_type: str, expected: list[object]) -> None:
    assert documents(body, content_type) == expected


@pytest.mark.parametrize(
    ("body", "content_type", "place"),
    [
        (b"", JSON, "body"),
        (b" \r\n ", "text/plain", "body"),
        (b'{"alert": "x", }', JSON, "body line 1 column 16"),
        (b'{"alert":\n "x"', "", "body line 2 column 5"),
        (b"1 2 3", JSON, "body"),
        (b"[" * 100_000, JSON, "body"),
        (b"\x0a\x00\x12binary", "application/octet-stream", "body"),
        (b"&".join(b"a%d=1" % number for number in range(2_000)), FORM, "body"),
        (b'{"a": ' + b"9" * 5_000 + b"}", JSON, "body"),
    ],
)
def test_what_is_no_document_is_refused_with_its_place_and_a_fix(body: bytes, content_type: str, place: str) -> None:
    with pytest.raises(BadInput) as refused:
        is_document(body, content_type)
    assert refused.value.place == place
    assert refused.value.fix


@given(st.binary(max_size=200), st.sampled_from([JSON, FORM, "text/plain", ""]))
def test_any_bytes_are_a_document_or_bad_input_and_nothing_else(body: bytes, content_type: str) -> None:
    try:
        found = documents(body, content_type)
    except BadInput:
        return
    assert isinstance(found, list)
