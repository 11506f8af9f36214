"""Are the quirks of single senders known, and is a sender recognised by what is its own alone?"""

from typing import Any

import pytest

from aiops.domain.entries import Delivery
from aiops.domain.events import Event, EventKind, Parsed, Severity, Status
from ingestion.dedup import fingerprint_of
from ingestion.sources import detection, kubernetes, registry, signs
from tests.builders import a_delivery, at


def parsed(source: str, body: Any, **changes: Any) -> Parsed:
    return registry.parse(a_delivery(body, source=source, **changes), at(0))


def the_event(source: str, body: Any, **changes: Any) -> Event:
    (event,) = parsed(source, body, **changes).events
    return event


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
    assert {sign.source for sign in signs.SIGNS} <= set(registry.SOURCES)


def test_what_nobody_described_keeps_the_name_of_its_door() -> None:
    assert the_event("home-made", {"title": "x"}).source == "home-made"
    assert the_event(registry.AUTO, {"title": "x"}).source == "generic"


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
    assert the_event("generic", {"title": "x", "status": "open"}).severity is Severity.WARNING


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        ({"resourceSpans": [{"scopeSpans": []}]}, {}),
        ([{"traceId": "a", "id": "b", "duration": 7, "localEndpoint": {"serviceName": "cart"}}], {}),
        (b"\x0a\x02\x08\x01", {"content_type": "application/x-protobuf", "query": {"path": "/v1/traces"}}),
        (
            b'{"event_id":"a","sent_at":"x"}\n{"type":"transaction"}\n{"type":"transaction","platform":"js","event_id":"a"}',
            {},
        ),
        ({"action": "assigned", "installation": {"uuid": "u"}, "data": {"issue": {"id": "1", "title": "x"}}}, {}),
        ({"notification_configuration_id": "n", "notifications": [{"trigger": "verification"}], "run_id": None}, {}),
    ],
)
def test_what_tells_of_nothing_wrong_makes_no_alert(body: Any, changes: dict[str, Any]) -> None:
    found = parsed(registry.AUTO, body, **changes)
    assert not [event for event in found.events if event.kind is EventKind.ALERT]
    assert found.events or found.warnings


def test_a_push_to_loki_in_protobuf_is_refused_with_a_fix() -> None:
    assert "JSON" in parsed("loki", b"\x01\x02", content_type="application/x-protobuf").problems[0].fix


def test_an_event_in_binary_mode_has_its_envelope_in_the_headers() -> None:
    headers = {"ce-type": "disk.full", "ce-source": "/mon", "ce-id": "7"}
    event = the_event(registry.AUTO, {"alert": "DiskFull", "host": "db"}, headers=headers)
    assert (event.source, event.title, event.facts["event_id"]) == ("cloudevents", "DiskFull", "/mon#7")


@pytest.mark.parametrize("name", ["grafana-oncall", "GrafanaOnCall", "grafana_oncall"])
def test_a_door_is_known_by_its_name_however_it_is_written(name: str) -> None:
    assert the_event(name, {"alert_group": {"id": "1", "title": "x"}}).source == "grafana_oncall"
