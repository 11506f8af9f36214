"""Do bodies that count their own lengths stay readable when secrets leave them, and whole when there is none?"""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from aiops.domain.entries import Delivery
from ingestion.redact import redact
from ingestion.sources import journald
from ingestion.unspoiled import redacted
from tests.builders import T0

PROTOBUF, JOURNAL = "application/x-protobuf", "application/vnd.fdo.journal"
EXPORT = Path(__file__).parents[1] / "golden" / "journald" / "upload.export"
SECRET = "login with password=correct-horse-battery failed"  # pragma: allowlist secret
CLEAN = "login with password=[redacted] failed"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def request(*bodies: str) -> ExportLogsServiceRequest:
    made = ExportLogsServiceRequest()
    scope = made.resource_logs.add().scope_logs.add()
    for body in bodies:
        record = scope.log_records.add(trace_id=b"4111111111111111", time_unix_nano=4111111111111111)
        record.body.string_value = body
    return made


def binary(name: str, value: bytes) -> bytes:
    """One field of a journal export as it is written where the value has control characters."""
    return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


@given(st.lists(texts, max_size=4))
def test_protobuf_without_secrets_is_the_very_same_bytes(bodies: list[str]) -> None:
    body = request(*(text for text in bodies if redact(text.encode()) == text.encode())).SerializeToString()
    assert redacted(body, PROTOBUF) == body


@pytest.mark.parametrize("kind", [PROTOBUF, "Application/X-Protobuf; charset=utf-8", "application/protobuf"])
def test_a_secret_in_protobuf_leaves_its_text_and_nothing_else_changes(kind: str) -> None:
    body = request("before", SECRET, "after").SerializeToString()
    assert ExportLogsServiceRequest.FromString(redacted(body, kind)) == request("before", CLEAN, "after")


def test_fields_that_a_newer_sender_added_stay() -> None:
    newer = b"\xfa\x3f\x03new"  # field 1023, three bytes
    assert redacted(request(SECRET).SerializeToString() + newer, PROTOBUF).endswith(newer)


@pytest.mark.parametrize("body", [b"", b"\x00\x01password=correct-horse", b"\xff" * 20])
def test_protobuf_of_another_kind_is_left_alone(body: bytes) -> None:
    assert redacted(body, PROTOBUF) == body


def test_the_journals_own_export_is_the_very_same_bytes() -> None:
    body = EXPORT.read_bytes()
    assert redacted(body, JOURNAL) == body


@given(st.lists(st.one_of(st.binary(max_size=40), texts.map(str.encode)), max_size=5))
def test_binary_fields_without_secrets_are_the_very_same_bytes(values: list[bytes]) -> None:
    body = b"".join(binary("MESSAGE", value) for value in values if redact(value) == value)
    assert redacted(body, JOURNAL) == body


def test_a_secret_in_a_binary_field_leaves_and_the_length_fits() -> None:
    entry = b"__CURSOR=s=1;i=2\n" + binary("MESSAGE", SECRET.encode() + b"\nsecond line") + b"PRIORITY=3\n\n"
    clean = redacted(entry, JOURNAL)
    assert b"correct-horse" not in clean
    parsed = journald.parse(Delivery(source="journald", body=clean, content_type=JOURNAL), T0 + timedelta(seconds=1))
    assert [event.title.splitlines()[0] for event in parsed.events] == [CLEAN]
    assert clean == redacted(clean, JOURNAL)


def test_a_secret_in_a_line_of_the_journal_leaves() -> None:
    entry = f"__CURSOR=s=1\nMESSAGE={SECRET}\nPRIORITY=3\n\n".encode()
    assert redacted(entry, JOURNAL) == f"__CURSOR=s=1\nMESSAGE={CLEAN}\nPRIORITY=3\n\n".encode()


@given(st.binary(max_size=80))
def test_an_export_that_is_cut_short_is_passed_on(body: bytes) -> None:
    redacted(body, JOURNAL)
    assert redacted(b"MESSAGE\n\xff\x00\x00\x00\x00\x00\x00\x00short", JOURNAL).endswith(b"short")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
def test_all_else_is_redacted_as_text(kind: str) -> None:
    assert redacted(SECRET.encode(), kind) == CLEAN.encode()
