"""Are the formats read that are no plain JSON, and the quirks of the senders that have some?"""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, EventKind, Parsed, Severity, Status
from ingestion import sources
from ingestion.dedup import fingerprint_of
from ingestion.reading import fields, words, xml
from ingestion.reading.documents import documents, is_document
from ingestion.reading.times import moment
from ingestion.sources import cef, detection, kubernetes, syslog
from tests.builders import a_delivery, at


def parsed(source: str, body: Any, **changes: Any) -> Parsed:
    return sources.parse(a_delivery(body, source=source, **changes), at(0))


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
    assert sources.parse(sent, at(0)) == parsed("otlp", tree)
    assert the_event("otlp", tree).labels == {"service": "cart", "order": "17", "level": "error"}


# Senders with quirks of their own


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("cart-7c9d8f6b5d-x2x4z", "cart"),
        ("cart-api-7c9d8f6b5d-x2x4z", "cart-api"),
        ("mysql-0", "mysql"),
        ("agent-x2x4z", "agent"),
        ("node-exporter", "node-exporter"),
        ("cart", "cart"),
    ],
)
def test_a_pods_workload_is_its_name_without_what_controllers_add(pod: str, workload: str) -> None:
    assert kubernetes.workload(pod) == workload


def test_opsgenies_api_names_the_alert_in_the_path() -> None:
    made = the_event("opsgenie", {"message": "CPU", "alias": "h1-cpu", "priority": "P1"}, query={"path": "/v2/alerts"})
    over = the_event("opsgenie", {"user": "ana"}, query={"path": "/v2/alerts/h1-cpu/close"})
    assert (made.status, over.status) == (Status.FIRING, Status.RESOLVED)
    assert fingerprint_of(made) == fingerprint_of(over)


def test_an_acknowledgement_keeps_the_alert_firing() -> None:
    event = the_event("pagerduty", {"event_action": "acknowledge", "dedup_key": "k", "routing_key": "R"})
    assert (event.status, event.facts["status"]) == (Status.FIRING, "acknowledged")


def test_githubs_header_decides_where_bodies_are_alike() -> None:
    body = {"action": "created", "sha": "a", "state": "failure", "context": "ci", "repository": {"full_name": "a/b"}}
    assert the_event("github", body, headers={"x-github-event": "status"}).facts["result"] == "failure"


def test_a_run_and_a_job_of_the_same_number_are_two() -> None:
    about = {"repository": {"full_name": "a/b"}, "sender": {"login": "ana"}, "action": "completed"}
    run = the_event("github", {**about, "workflow_run": {"id": 7, "name": "ci"}})
    job = the_event("github", {**about, "workflow_job": {"id": 7, "name": "ci"}})
    assert fingerprint_of(run) != fingerprint_of(job)


def test_a_subscription_is_shown_and_makes_no_event() -> None:
    found = parsed(
        "cloudwatch", {"Type": "SubscriptionConfirmation", "TopicArn": "arn:x", "SubscribeURL": "http://evil"}
    )
    assert not found.events
    assert "arn:x" in found.warnings[0].problem


def test_a_relative_address_is_kept_and_is_no_link() -> None:
    event = the_event("checkmk", {"summary": "x", "host": "h", "status": "DOWN", "url": "/check_mk/x"})
    assert (event.url, event.facts["path"]) == ("", "/check_mk/x")


def test_a_rule_id_of_zero_is_an_identity() -> None:
    def rule(number: int, name: str) -> Event:
        return the_event("grafana", {"ruleId": number, "ruleName": name, "state": "alerting", "orgId": 1})

    assert fingerprint_of(rule(0, "a")) == fingerprint_of(rule(0, "renamed"))
    assert fingerprint_of(rule(0, "a")) != fingerprint_of(rule(1, "a"))


def test_a_lease_of_alertmanagers_api_is_until_its_end_and_never_negative() -> None:
    alert = {"labels": {"alertname": "A"}, "startsAt": "2026-03-02T08:50:00Z", "endsAt": "2026-03-02T09:04:00Z"}
    firing = the_event("alertmanager_api", [alert])
    assert firing.lease is not None
    assert (firing.status, firing.lease.total_seconds()) == (Status.FIRING, 240)
    assert the_event("alertmanager_api", [{**alert, "endsAt": "2026-03-02T08:59:00Z"}]).status is Status.RESOLVED


def test_bad_alerts_of_a_batch_do_not_shift_the_leases_of_the_good_ones() -> None:
    good = {"labels": {"alertname": "A"}, "startsAt": "2026-03-02T08:50:00Z", "endsAt": "2026-03-02T09:04:00Z"}
    found = parsed("alertmanager_api", [{"labels": {}}, 7, good])
    assert len(found.problems) == 2
    assert found.events[0].lease is not None
    assert found.events[0].lease.total_seconds() == 240


# Recognising


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"7", b'"text"', b"plain text", b'{"title": "x"}', b'{"alerts": 7}', b"", b"{not json"]
)
def test_what_could_be_anybodys_is_nobodys(body: bytes) -> None:
    assert not detection.recognised(Delivery(source="auto", body=body, content_type="application/json"))


@pytest.mark.parametrize(
    ("header", "source"),
    [
        ("x-gitlab-event", "gitlab"),
        ("sentry-hook-resource", "sentry"),
        ("x-tfe-notification-signature", "terraform_cloud"),
    ],
)
def test_a_header_that_names_its_sender_is_enough(header: str, source: str) -> None:
    delivery = Delivery(source="auto", body=b"{}", content_type="application/json", headers={header: "x"})
    assert detection.recognised(delivery) == source


def test_every_row_leads_to_a_source_that_is_there() -> None:
    assert {sign.source for sign in detection.SIGNS} <= set(sources.SOURCES)


def test_what_nobody_described_keeps_the_name_of_its_door() -> None:
    assert the_event("home-made", {"title": "x"}).source == "home-made"
    assert the_event(sources.AUTO, {"title": "x"}).source == "generic"


def test_a_known_source_that_gets_something_else_still_tells_of_it() -> None:
    event = the_event("pingdom", {"title": "not what Pingdom sends", "status": "down"})
    assert event.title == "not what Pingdom sends"
    assert parsed("pingdom", "7").problems


def test_generic_names_are_found_in_any_case() -> None:
    body = {"AlertName": "Node down", "NODE_NAME": "sw1", "Severity": "Critical", "AlertURL": "https://x.test/1"}
    event = the_event("generic", body)
    assert (event.title, event.labels["host"], event.severity) == ("Node down", "sw1", Severity.CRITICAL)
    assert event.url == "https://x.test/1"


def test_a_status_that_is_a_severity_counts_as_one_where_none_is_given() -> None:
    assert the_event("generic", {"title": "x", "status": "critical"}).severity is Severity.CRITICAL
    assert msgspec.json.encode(the_event("generic", {"title": "x", "status": "open"}).severity) == b'"warning"'
