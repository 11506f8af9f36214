"""How well is a sender read that nobody described to us? By its own words, in whatever places they stand."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.events import Event, EventKind, Severity, Status
from ingestion.dedup import fingerprint_of
from ingestion.reading.look import said
from ingestion.sources import registry
from tests.builders import a_delivery, at

GOLDEN = Path(__file__).parents[2] / "golden"


def the_event(body: Any, **changes: Any) -> Event:
    (event,) = registry.parse(a_delivery(body, source="auto", **changes), at(0)).events
    return event


def recorded(name: str) -> Event:
    return the_event((GOLDEN / "generic" / f"{name}.json").read_bytes())


@pytest.mark.parametrize(
    ("fires", "ends"),
    [
        ("site24x7_down", "site24x7_up"),
        ("betterstack_started", "betterstack_resolved"),
        ("prtg", "prtg_up"),
        ("cronitor_alert", "cronitor_recovery"),
        ("hetrixtools_offline", "hetrixtools_online"),
        ("mackerel", "mackerel_ok"),
        ("rootly", "rootly_res"),
        ("logicmonitor", "logicmonitor_clear"),
        ("cloudflare_health", "cloudflare_health_end"),
        ("zenduty", "zenduty_res"),
    ],
)
def test_a_firing_and_its_end_are_one_alert(fires: str, ends: str) -> None:
    states = [recorded(fires), recorded(ends)]
    assert [state.status for state in states] == [Status.FIRING, Status.RESOLVED]
    assert fingerprint_of(states[0]) == fingerprint_of(states[1])


@pytest.mark.parametrize(
    ("name", "severity", "service", "host", "environment"),
    [
        ("site24x7_down", "critical", "", "shop.example.com", "prod"),
        ("prtg", "critical", "", "10.1.0.2", ""),
        ("solarwinds", "critical", "", "db-core-1", ""),
        ("mackerel", "critical", "", "app01", ""),
        ("opsramp", "critical", "", "app-3", ""),
        ("rootly", "critical", "checkout", "", "prod"),
        ("squadcast", "high", "billing", "b1", "staging"),
        ("nobl9", "high", "checkout", "", ""),
        ("zenduty", "critical", "payments", "pay-1", "prod"),
        ("gcp_error_reporting", "warning", "cart", "", ""),
        ("logicmonitor", "critical", "", "sql01", ""),
        ("prowler_asff", "critical", "", "", ""),
    ],
)
def test_what_is_concerned_is_found(name: str, severity: str, service: str, host: str, environment: str) -> None:
    event = recorded(name)
    found = tuple(event.labels.get(label, "") for label in ("service", "host", "environment"))
    assert (event.severity, *found) == (severity, service, host, environment)


def test_a_link_leads_to_the_alert_and_not_to_a_picture_or_what_is_watched() -> None:
    urls = {
        "image_url": "https://x.example.com/i.png",
        "monitorURL": "https://shop.example.com",
        "docs_link": "https://x.example.com/docs",
        "alertDetailsUrl": "https://x.example.com/alerts/7",
    }
    assert the_event({"title": "down", **urls}).url == "https://x.example.com/alerts/7"
    assert the_event({"title": "down", "link_to_upstream": "https://x.example.com/7"}).url == "https://x.example.com/7"
    assert the_event({"title": "down", "image_url": "https://x.example.com/i.png"}).url == ""


def test_an_earlier_state_is_not_the_present_one() -> None:
    assert the_event({"name": "ping", "laststatus": "Up", "check_status": "Down"}).status is Status.FIRING
    assert the_event({"name": "ping", "previous_state": "down", "check_state": "ok"}).status is Status.RESOLVED


@pytest.mark.parametrize(
    ("title", "status", "severity"),
    [
        ("[RESOLVED] disk full on db1", Status.RESOLVED, Severity.WARNING),
        ("[FIRING:2] disk full on db1", Status.FIRING, Severity.WARNING),
        ("CRITICAL: disk full on db1", Status.FIRING, Severity.CRITICAL),
        ("OK: disk full on db1", Status.RESOLVED, Severity.WARNING),
        ("db1: disk full", Status.FIRING, Severity.WARNING),
        ("Error: no word for a state", Status.FIRING, Severity.WARNING),
    ],
)
def test_a_title_may_begin_with_the_state(title: str, status: Status, severity: Severity) -> None:
    event = the_event(title, content_type="text/plain")
    assert (event.title, event.status, event.severity) == (title, status, severity)


def test_titles_that_differ_in_the_state_alone_are_one_alert() -> None:
    texts = ("CRITICAL: disk full on db1", "OK: disk full on db1", "[RESOLVED] disk full on db1", "disk full on db1")
    assert len({fingerprint_of(the_event(text, content_type="text/plain")) for text in texts}) == 1
    other = the_event("OK: disk full on db2", content_type="text/plain")
    assert fingerprint_of(other) != fingerprint_of(the_event(texts[0], content_type="text/plain"))


def test_a_word_that_is_no_severity_gives_way_to_one_that_is() -> None:
    event = the_event({"title": "ping", "priority": "*****", "status": "Down"})
    assert event.severity is Severity.CRITICAL
    assert the_event({"title": "ping", "severity": {"data": {"name": "SEV1"}}}).severity is Severity.CRITICAL


def test_times_are_known_by_the_end_of_their_names() -> None:
    event = the_event({"title": "x", "AlertRaisedAt": "2026-03-02 08:50:00", "RecoveryTime": "2026-03-02T08:55:00Z"})
    assert (event.starts_at, event.ends_at) == (at(-600), at(-300))
    assert the_event({"title": "x", "reported_on": "3/2/2026 8:59:00 AM (UTC)"}).occurred_at == at(-60)


def test_a_list_of_log_lines_is_no_list_of_alerts() -> None:
    lines = [{"date": 1772441940.5, "log": "ERROR boom", "kubernetes": {"pod_name": "p", "labels": {"app": "pay"}}}]
    event = the_event(lines)
    assert (event.kind, event.labels["service"], event.labels["pod"]) == (EventKind.LOG, "pay", "p")
    text = registry.parse(a_delivery("[main] started\nnext", source="logs", content_type="text/plain"), at(0))
    assert [line.title for line in text.events] == ["[main] started", "next"]


DEEP = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "label", "x"]), inner, max_size=2)
    ),
)


@given(DEEP)
def test_what_stands_for_a_text_is_found_or_nothing_is(value: Any) -> None:
    assert isinstance(said(value), str)
