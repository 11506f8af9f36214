"""Are the formats read that are no plain JSON, and the quirks of the senders that have some?"""

from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, EventKind, Parsed, Severity
from ingestion.reading import fields, words, xml
from ingestion.reading.documents import documents, is_document
from ingestion.reading.times import moment
from ingestion.sources import cef, registry, syslog
from tests.builders import a_delivery, at


def parsed(source: str, body: Any, **changes: Any) -> Parsed:
    return registry.parse(a_delivery(body, source=source, **changes), at(0))


def the_event(source: str, body: Any, **changes: Any) -> Event:
    (event,) = parsed(source, body, **changes).events
    return event


# XML and YAML


def test_an_entity_bomb_is_refused_and_not_unfolded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
    found = parsed("junit", bomb, content_type="application/xml")
    assert not found.events
    assert "not XML" in found.problems[0].problem


def test_a_wrong_declaration_of_the_encoding_does_not_spoil_the_text() -> None:
    body = '<?xml version="1.0" encoding="ISO-8859-1"?><a>größer</a>'
    assert xml.root(body.encode()).text == "größer"
    assert xml.root(body.encode("iso-8859-1")).text == "größer"


def test_rubys_tags_make_nothing_but_plain_values() -> None:
    body = (
        "--- !ruby/object:Puppet::Transaction::Report\nhost: web1\nstatus: changed\nx: !ruby/object:File {path: /etc}\n"
    )
    event = the_event("puppet", body, content_type="application/x-yaml")
    assert (event.kind, event.title, event.facts["result"]) == (EventKind.CHANGE, "web1", "success")


@pytest.mark.parametrize("body", ["a: [", "- 1", "!!python/object/apply:os.system ['true']"])
def test_a_report_that_is_none_is_a_problem_with_its_fix(body: str) -> None:
    found = parsed("puppet", body, content_type="application/x-yaml")
    assert not found.events
    assert found.problems[0].fix


# Forms


def test_a_multipart_form_carries_the_whole_in_its_field_data() -> None:
    body = b'--XX\r\nContent-Disposition: form-data; name="data"\r\n\r\n{"a": "gr\xc3\xb6sse"}\r\n--XX--\r\n'
    assert documents(body, "multipart/form-data; boundary=XX") == [{"a": "grösse"}]


def test_a_multipart_form_without_fields_is_refused() -> None:
    with pytest.raises(BadInput):
        is_document(b"nothing of the sort", "multipart/form-data; boundary=XX")


def test_json_that_calls_itself_text_is_json_and_text_with_a_brace_is_text() -> None:
    assert documents(b'{"a": 1}', "text/plain; charset=UTF-8") == [{"a": 1}]
    assert documents(b"{a} went down", "text/plain") == ["{a} went down"]


@pytest.mark.parametrize(
    "text", ["{$ZABBIX.URL}", "{EVENT.UPDATE.ACTION}", "$SERVICE", "${name}", "{{ alert }}", "*alertDetails*"]
)
def test_a_placeholder_that_was_left_is_no_text(text: str) -> None:
    assert not fields.text_of(text)


@pytest.mark.parametrize("text", ["$5", "{a: b}", "**", "* * *", "{host}", "A$B"])
def test_what_only_resembles_a_placeholder_is_text(text: str) -> None:
    assert fields.text_of(text) == text


@pytest.mark.parametrize(
    "tags",
    [
        ["env:prod", "team=core", "loose"],
        "env:prod,team:core,loose",
        '[{"tag": "env", "value": "prod"}, {"tag": "team", "value": "core"}]',
        [["env", "prod"], ["team", "core"]],
        [{"name": "env", "value": "prod"}, {"key": "team", "value": "core"}],
    ],
)
def test_tags_are_read_in_any_notation(tags: object) -> None:
    assert fields.labels_of(fields.container(tags)) == {"env": "prod", "team": "core"}


# Times and words


@pytest.mark.parametrize(
    "text",
    [
        "Mon Mar 2 08:50:00 UTC 2026",
        "2026.03.02 08:50:00",
        "2026/03/02 08:50:00 GMT",
        "Mar 2, 2026, 8:50:00 AM",
        "3/2/2026 8:50 AM",
        "2026-03-02 08:50:00.123456789 +0000 UTC",
        "2026-03-02T08:50:00.1234567Z",
        "2026-03-02T09:50:00.000+0100",
        "2026-03-02 08:50:00 UTC",
    ],
)
def test_a_time_is_read_as_senders_write_it(text: str) -> None:
    found = moment(text, at(0))
    assert found is not None
    assert found.replace(microsecond=0) == datetime(2026, 3, 2, 8, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("SUCCESS", "success"),
        ("timed_out", "failure"),
        ("In Progress", "started"),
        ("aborted", "cancelled"),
        ("x", "x"),
    ],
)
def test_the_words_of_pipelines_have_few_meanings(word: str, result: str) -> None:
    assert words.result(word) == result


# Log protocols


def test_counted_syslog_frames_keep_their_newlines_and_bytes_count_not_characters() -> None:
    text = "<11>1 - h a - - - größe\nand more".encode()
    body = b"%d %b%d %b" % (len(text), text, len(text), text)
    assert list(syslog.frames(body)) == [text, text]


def test_a_count_that_is_too_large_takes_what_is_there() -> None:
    assert list(syslog.frames(b"999 <11>1 - h a - - - short")) == [b"<11>1 - h a - - - short"]


def test_structured_data_is_unescaped_and_the_message_follows_it() -> None:
    read = syslog.message(r'<165>1 2026-03-02T08:50:00Z h app - ID [a@1 x="q\"]\\z"][b@1] it works', at(0))
    assert read.data == {"x": 'q"]\\z'}
    assert (read.text, read.program, read.host) == ("it works", "app", "h")


def test_an_old_syslog_time_is_of_the_year_that_is_nearest() -> None:
    read = syslog.message("<13>Dec 31 23:59:59 h app: x", datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC))
    assert read.at == datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_cef_in_syslog_is_an_audit_event_of_the_host_before_it() -> None:
    event = the_event("syslog", "<113>Mar  2 08:50:00 fw CEF:0|A|B|1|7|Scan|10|src=1.2.3.4", content_type="text/plain")
    assert (event.kind, event.labels["host"], event.severity) == (EventKind.AUDIT, "fw", Severity.CRITICAL)


def test_values_of_cef_may_hold_blanks_bars_and_equals_signs() -> None:
    event = cef.event(r"CEF:0|A\|B|C|1|7|Na\\me|3|msg=a b \= c|d src=1.1.1.1", "", None, "cef", at(0))
    assert (event.labels["deviceVendor"], event.title, event.message) == ("A|B", r"Na\me", "a b = c|d")


def test_a_journal_entry_that_is_cut_short_is_refused_and_says_where() -> None:
    body = b"MESSAGE\n\xff\x00\x00\x00\x00\x00\x00\x00abc"
    found = parsed("journald", body, content_type="application/vnd.fdo.journal")
    assert found.problems[0].place == "byte 8"


def test_otlp_says_the_same_in_protobuf_and_in_json() -> None:
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "cart"
    record = resource.scope_logs.add().log_records.add(time_unix_nano=1_772_441_400_000_000_000, severity_text="ERROR")
    record.body.string_value = "payment failed"
    record.attributes.add(key="order").value.int_value = 17
    sent = Delivery(source="otlp", body=request.SerializeToString(), content_type="application/x-protobuf")
    tree = {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "cart"}}]},
                "scopeLogs": [
                    {
                        "logRecords": [
                            {
                                "timeUnixNano": "1772441400000000000",
                                "severityText": "ERROR",
                                "body": {"stringValue": "payment failed"},
                                "attributes": [{"key": "order", "value": {"intValue": "17"}}],
                            }
                        ]
                    }
                ],
            }
        ]
    }
    assert registry.parse(sent, at(0)) == parsed("otlp", tree)
    assert the_event("otlp", tree).labels == {"service": "cart", "order": "17", "level": "error"}
