"""What do the other hooks of GitLab and Sentry say? Each of its own kind, and what is one thing keeps one identity."""

from typing import Any

import pytest

from aiops.domain.events import Event, EventKind, Severity, Status
from ingestion.dedup import fingerprint_of
from ingestion.sources import registry
from tests.builders import a_delivery, at

PROJECT = {"project": {"path_with_namespace": "shop/cart"}}


def told(source: str, body: dict[str, Any], **changes: Any) -> list[Event]:
    return list(registry.parse(a_delivery(body, source=source, **changes), at(0)).events)


def the_event(source: str, body: dict[str, Any], **changes: Any) -> Event:
    (event,) = told(source, body, **changes)
    return event


# GitLab


@pytest.mark.parametrize(
    ("hook", "kind", "what"),
    [
        ({"object_kind": "pipeline", "object_attributes": {"id": 7, "status": "failed"}}, EventKind.BUILD, "pipeline"),
        ({"object_kind": "build", "build_id": 7, "build_name": "test"}, EventKind.BUILD, "job"),
        ({"object_kind": "job", "build_id": 7, "build_name": "test"}, EventKind.BUILD, "job"),
        ({"object_kind": "push", "after": "abc", "ref": "refs/heads/main"}, EventKind.CHANGE, "push"),
        ({"object_kind": "tag_push", "after": "abc", "ref": "refs/tags/1.0"}, EventKind.CHANGE, "push"),
        ({"object_kind": "deployment", "deployment_id": 7, "status": "success"}, EventKind.CHANGE, "deployment"),
        ({"object_kind": "merge_request", "object_attributes": {"id": 7}}, EventKind.CHANGE, "merge_request"),
        ({"object_kind": "release", "id": 7, "name": "1.0"}, EventKind.CHANGE, "release"),
        ({"object_kind": "issue", "object_attributes": {"id": 7}}, EventKind.CHANGE, "ticket"),
        ({"object_kind": "note", "object_attributes": {"id": 7, "note": "why?"}}, EventKind.CHANGE, "note"),
    ],
)
def test_each_hook_of_gitlab_is_of_its_kind_and_of_its_project(
    hook: dict[str, Any], kind: EventKind, what: str
) -> None:
    event = the_event("gitlab", {**PROJECT, **hook})
    assert (event.kind, event.labels["service"]) == (kind, "shop/cart")
    assert event.facts["what"] == what


def test_a_system_hook_of_gitlab_that_is_none_of_these_is_an_act_of_somebody() -> None:
    event = the_event("gitlab", {"event_name": "user_add_to_team", "user_username": "ana", **PROJECT})
    assert (event.kind, event.facts["action"], event.facts["actor"]) == (EventKind.AUDIT, "user_add_to_team", "ana")


def test_a_push_is_called_as_its_last_commit_and_one_of_none_by_its_branch() -> None:
    commits = [{"title": "first"}, {"title": "second", "url": "https://gitlab.example.org/c/2"}]
    push = {"object_kind": "push", "after": "abc", "ref": "refs/heads/main", **PROJECT}
    assert the_event("gitlab", {**push, "commits": commits}).title.startswith("second")
    assert the_event("gitlab", {**push, "commits": []}).title == "push to refs/heads/main"


def test_a_pipeline_says_who_ran_what_and_how_it_ended() -> None:
    attributes = {"id": 7, "status": "failed", "ref": "main", "sha": "abc", "duration": 63}
    hook = {"object_kind": "pipeline", "object_attributes": attributes, "user": {"username": "ana"}, **PROJECT}
    facts = the_event("gitlab", hook).facts
    assert {name: facts[name] for name in ("result", "actor", "ref", "sha", "duration_s")} == {
        "result": "failure",  # the one word for it, whoever says it
        "actor": "ana",
        "ref": "main",
        "sha": "abc",
        "duration_s": "63",
    }


def test_an_incident_of_gitlab_opens_and_closes_as_one() -> None:
    about = {"object_kind": "incident", **PROJECT}
    opened = the_event("gitlab", {**about, "object_attributes": {"iid": 3, "title": "checkout", "state": "opened"}})
    closed = the_event("gitlab", {**about, "object_attributes": {"iid": 3, "title": "checkout", "state": "closed"}})
    assert (opened.kind, opened.status, closed.status) == (EventKind.ALERT, Status.FIRING, Status.RESOLVED)
    assert fingerprint_of(opened) == fingerprint_of(closed)


# Sentry


def issue(action: str, **changes: Any) -> dict[str, Any]:
    said = {"id": "12", "title": "KeyError: cart", "level": "error", "project": {"slug": "shop"}, **changes}
    return {"action": action, "data": {"issue": said}}


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("created", Status.FIRING),
        ("unresolved", Status.FIRING),
        ("resolved", Status.RESOLVED),
        ("archived", Status.RESOLVED),
        ("ignored", Status.RESOLVED),
    ],
)
def test_the_state_of_an_issue_is_what_was_done_to_it(action: str, status: Status) -> None:
    event = the_event("sentry", issue(action))
    assert (event.kind, event.status, event.labels["service"]) == (EventKind.ALERT, status, "shop")
    assert fingerprint_of(event) == fingerprint_of(the_event("sentry", issue("created")))


def test_what_changes_no_state_of_an_issue_is_a_note() -> None:
    event = the_event("sentry", issue("assigned"))
    assert (event.kind, event.facts["action"]) == (EventKind.CHANGE, "assigned")


def test_alerts_on_events_of_one_issue_are_one() -> None:
    def alert(number: int) -> Event:
        found = {
            "event_id": f"e{number}",
            "issue_id": "12",
            "title": "KeyError",
            "level": "fatal",
            "tags": [["a", "b"]],
        }
        return the_event("sentry", {"action": "triggered", "data": {"event": found}})

    one, two = alert(1), alert(2)
    assert fingerprint_of(one) == fingerprint_of(two)
    assert (one.severity, one.labels["a"]) == (Severity.CRITICAL, "b")


def test_the_server_of_an_event_is_found_among_its_tags() -> None:
    found = {"issue_id": "12", "title": "KeyError", "tags": [["server_name", "web-1"]]}
    event = the_event("sentry", {"action": "triggered", "data": {"event": found}})
    assert event.labels["host"] == "web-1"
    named = the_event("sentry", {"action": "triggered", "data": {"event": {**found, "server_name": "web-2"}}})
    assert named.labels["host"] == "web-2"


@pytest.mark.parametrize(
    ("action", "status", "severity"),
    [
        ("critical", Status.FIRING, Severity.CRITICAL),
        ("warning", Status.FIRING, Severity.WARNING),
        ("resolved", Status.RESOLVED, None),
    ],
)
def test_a_metric_alert_is_as_bad_as_its_threshold(action: str, status: Status, severity: Severity | None) -> None:
    metric = {"id": "5", "title": "latency", "projects": ["shop"]}
    data = {"metric_alert": metric, "description_title": "latency is high"}
    event = the_event("sentry", {"action": action, "data": data})
    assert (event.status, event.title) == (status, "latency is high")
    assert severity is None or event.severity is severity


def test_an_error_that_a_library_sends_is_known_by_what_raised_it_and_where() -> None:
    def raised(line: int, function: str) -> Event:
        frames = [
            {"module": "app", "function": "main", "lineno": 1},
            {"module": "cart", "function": function, "lineno": line},
        ]
        values = [
            {"type": "OSError", "value": "x"},
            {"type": "KeyError", "value": f"'{line}'", "stacktrace": {"frames": frames}},
        ]
        body = {"event_id": f"{line:032x}", "platform": "python", "exception": {"values": values}}
        return the_event("sentry", body)

    one, again, elsewhere = raised(1, "total"), raised(2, "total"), raised(3, "items")
    assert one.title.startswith("KeyError")
    assert fingerprint_of(one) == fingerprint_of(again) != fingerprint_of(elsewhere)


@pytest.mark.parametrize("body", [{"type": "transaction", "event_id": "e", "platform": "python"}, {"sent_at": "now"}])
def test_what_tells_of_no_error_makes_no_event(body: dict[str, Any]) -> None:
    assert told("sentry", body) == []
