"""Does a log line say of itself what its writer meant? Formats as they come from real programs."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.events import Event, EventKind, Severity
from ingestion.reading.logline import LEVELS, LONGEST_LINE, LONGEST_TITLE
from ingestion.sources import registry
from tests.builders import a_delivery, at


def the_line(text: str, **changes: Any) -> Event:
    (event,) = registry.parse(a_delivery(text, source="logs", content_type="text/plain", **changes), at(0)).events
    return event


def on(hour: int, minute: int, second: float = 0, day: int = 2) -> datetime:
    whole = int(second)
    return datetime(2026, 3, day, hour, minute, whole, round((second - whole) * 1e6), tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "ERROR cannot open /etc/x",
        "[ERROR] cannot open /etc/x",
        "[error] cannot open /etc/x",
        "ERROR: cannot open /etc/x",
        "2026-03-02 08:59:00,123 ERROR - cannot open /etc/x",
        "<11>Mar  2 08:59:00 db1 mysqld: cannot open /etc/x",
        "Mar  2 08:59:00 db1 mysqld[7]: ERROR:  cannot open /etc/x",
        '{"level": "error", "msg": "cannot open /etc/x"}',
    ],
)
def test_whoever_says_it_the_same_is_said(text: str) -> None:
    event = the_line(text)
    assert (event.title, event.severity, event.labels["level"]) == ("cannot open /etc/x", Severity.HIGH, "error")


@pytest.mark.parametrize("text", ["ERROR", "error: cannot open", "Error 7 in x", "ERROR:root:cannot open", "ALERTS 7"])
def test_a_level_that_is_all_or_a_part_of_the_prose_stays(text: str) -> None:
    event = the_line(text)
    assert event.title == text


@pytest.mark.parametrize(
    ("text", "when", "message"),
    [
        ("2026-03-02T08:59:00Z cannot open", on(8, 59), "cannot open"),
        ("2026-03-02T09:59:00.250+01:00 cannot open", on(8, 59, 0.25), "cannot open"),
        ("2026-03-02 08:59:00,123 cannot open", on(8, 59, 0.123), "cannot open"),
        ("2026/03/02 08:59:00 [error] 7#7: cannot open", on(8, 59), "7#7: cannot open"),
        ("[2026-03-02 08:59:00] cannot open", on(8, 59), "cannot open"),
        ("[Mon Mar 02 08:59:00.123456 2026] [core:error] cannot open", on(8, 59), "[core:error] cannot open"),
        ("1772441940 cannot open", on(8, 59), "cannot open"),
        ("1772441940.5 cannot open", on(8, 59, 0.5), "cannot open"),
        ("1772441940500 cannot open", on(8, 59, 0.5), "cannot open"),
        ("Mar  2 08:59:00 db1 mysqld[7]: cannot open", on(8, 59), "cannot open"),
        ("Mar  1 23:59:00 db1 mysqld: cannot open", on(23, 59, day=1), "cannot open"),
    ],
)
def test_a_leading_time_is_read_and_taken_off(text: str, when: datetime, message: str) -> None:
    event = the_line(text)
    assert (event.occurred_at, event.text) == (when, message)


@pytest.mark.parametrize(
    "text",
    ["404 not found", "12 of 30 done", "[main] started", "Marvellous day", "Mar is a month", "2026-99-99 no day", "1"],
)
def test_what_is_no_time_stays_in_the_line_as_of_receipt(text: str) -> None:
    event = the_line(text)
    assert (event.occurred_at, event.text) == (at(0), text)


def test_an_access_log_keeps_its_line_and_tells_its_time() -> None:
    text = '10.0.0.7 - ana [02/Mar/2026:08:59:00 +0000] "GET /x HTTP/1.1" 500 12'
    event = the_line(text)
    assert (event.text, event.occurred_at) == (text, on(8, 59))


def test_a_syslog_day_ahead_of_today_was_last_years() -> None:
    assert the_line("Dec 24 08:59:00 db1 cron: done").occurred_at == datetime(2025, 12, 24, 8, 59, tzinfo=UTC)


def test_a_time_a_month_ahead_is_not_believed() -> None:
    event = the_line("2026-04-02T09:00:00Z cannot open")
    assert (event.occurred_at, event.text) == (at(0), "cannot open")


def test_a_syslog_header_names_host_and_program() -> None:
    event = the_line("<27>Mar  2 08:59:00 db1 mysqld[7]: cannot open")
    assert event.labels == {"host": "db1", "app": "mysqld", "level": "error"}
    assert the_line("Mar  2 08:59:00 -- MARK --").text == "-- MARK --"


@pytest.mark.parametrize(
    ("priority", "level"), [(0, "emerg"), (8, "emerg"), (27, "error"), (36, "warning"), (191, "debug")]
)
def test_a_syslog_priority_is_the_level_modulo_eight(priority: int, level: str) -> None:
    assert the_line(f"<{priority}>1 cannot open").labels["level"] == level


@pytest.mark.parametrize("text", ["<b>bold</b>", "<> nothing", "<1234567> much", "<34>"])
def test_other_angle_brackets_are_text(text: str) -> None:
    assert the_line(text).text == text


@pytest.mark.parametrize(
    ("body", "message", "labels"),
    [
        ('{"message": "x", "level": "ERROR"}', "x", {"level": "error"}),
        ('{"msg": "x", "severity": "bogus"}', "x", {}),
        ('{"log": "x", "service": {"name": "pay"}}', "x", {"service": "pay"}),
        ('{"event": "x", "service.name": "pay", "host": "h1"}', "x", {"service": "pay", "host": "h1"}),
        ('{"msg": "x", "logger": "acme.Cart"}', "x", {"logger": "acme.Cart", "service": "acme.Cart"}),
        ('{"msg": "x", "logger": "acme.Cart", "host": "h1"}', "x", {"logger": "acme.Cart", "host": "h1"}),
        (
            '{"log": "x", "kubernetes": {"pod_name": "pay-1", "namespace_name": "shop"}}',
            "x",
            {"pod": "pay-1", "namespace": "shop"},
        ),
        ('{"msg": "x", "level": 50}', "x", {"level": "error"}),
        ('{"MESSAGE": "x", "PRIORITY": "3"}', "x", {"level": "error"}),
        ('{"no": "text in it"}', '{"no": "text in it"}', {}),
    ],
)
def test_a_json_line_says_message_level_and_where_it_is_from(body: str, message: str, labels: dict[str, str]) -> None:
    event = the_line(body)
    assert (event.text, event.labels) == (message, labels)


@pytest.mark.parametrize("text", ["{not json", '{"cut": "off', "{}{}", '{"a": 1} trailing'])
def test_a_line_that_only_looks_like_json_is_text(text: str) -> None:
    assert the_line(text).text == text


@pytest.mark.parametrize("name", ["@timestamp", "timestamp", "time", "ts"])
@pytest.mark.parametrize("value", ['"2026-03-02T08:59:00Z"', "1772441940", "1772441940000", "1772441940000000000"])
def test_a_json_line_tells_its_time_in_many_ways(name: str, value: str) -> None:
    assert the_line(f'{{"msg": "x", "{name}": {value}}}').occurred_at == on(8, 59)


def test_every_level_has_a_severity_and_none_is_information() -> None:
    assert the_line("plain words").severity is Severity.INFO
    for level in LEVELS:
        assert isinstance(the_line(f"[{level}] x").severity, Severity)
    assert the_line("[fatal] x").severity is Severity.CRITICAL


def test_a_title_is_short_and_the_message_whole() -> None:
    event = the_line("x" * 500)
    assert (len(event.title), len(event.message)) == (LONGEST_TITLE, 500)
    assert the_line("short").message == ""


@given(st.text(max_size=200))
def test_any_text_is_lines_of_which_each_is_a_log_event(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    events = registry.parse(a_delivery(body, source="logs", content_type="text/plain"), at(0)).events
    assert len(events) == sum(1 for line in body.decode("utf-8", "replace").split("\n") if line and not line.isspace())
    for event in events:
        assert event.kind is EventKind.LOG
        assert 0 < len(event.text) <= LONGEST_LINE
        assert event.content_key == ""
