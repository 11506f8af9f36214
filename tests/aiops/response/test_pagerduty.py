"""A page as an event of PagerDuty: one dedup_key from the first trigger to the end."""

from typing import Any

import pytest

from aiops.domain.channels import PagerDutyChannel
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.events import Severity
from aiops.response.pagerduty import PagerDuty, event
from tests.aiops.response.messages import a_message
from tests.aiops.response.receivers import Receiver, http_receiver
from tests.builders import an_incident

KEY = "R0UT1NGKEY"


def delivered(receiver: Receiver, **page: Any) -> list[Any]:
    """Deliver a page; return the events that came."""
    PagerDuty(PagerDutyChannel(name="pager", routing_key=KEY, url=receiver.url)).deliver(a_message("pager", **page))
    return [one.json for one in receiver.got]


def test_an_incident_triggers_and_its_end_resolves_the_same() -> None:
    with http_receiver() as receiver:
        delivered(receiver)
        first, last = delivered(receiver, event="resolved", page_id="page-2")
    assert (first["event_action"], last["event_action"]) == ("trigger", "resolve")
    assert first["dedup_key"] == last["dedup_key"] == "aiops-incident-1"
    assert first["routing_key"] == last["routing_key"] == KEY
    assert first["payload"]["severity"] == "critical"
    assert first["payload"]["source"] == "db"
    assert first["payload"]["summary"].startswith("CRITICAL #1 db: connection refused")
    assert first["links"][0]["href"] == "https://aiops.example.org/incidents/incident-1"


def test_what_gets_worse_or_comes_back_triggers_the_same_incident() -> None:
    made = [event(a_message("pager", event=name), KEY, "k") for name in ("escalated", "grew", "reopened")]
    assert {one["event_action"] for one in made} == {"trigger"}


def test_what_was_triggered_for_incidents_that_became_one_is_resolved_with_it() -> None:
    with http_receiver() as receiver:
        merged = an_incident(merged_from=("incident-2", "incident-3"))
        got = delivered(receiver, event="resolved", incident=merged)
    assert [one["dedup_key"] for one in got] == ["aiops-incident-1", "aiops-incident-2", "aiops-incident-3"]


@pytest.mark.parametrize(("severity", "theirs"), [("critical", "critical"), ("high", "error"), ("info", "info")])
def test_severities_are_said_in_its_words(severity: str, theirs: str) -> None:
    made: Any = event(a_message("pager", severity=Severity(severity)), KEY, "k")
    assert made["payload"]["severity"] == theirs


def test_a_bare_path_is_no_link() -> None:
    assert "links" not in event(a_message("pager", public_url=""), KEY, "k")


def test_a_refusal_says_why_without_the_key() -> None:
    body = b'{"status":"invalid event","errors":["payload.severity is invalid"]}'
    with http_receiver() as receiver:
        receiver.answer = lambda _: (400, {}, body)
        with pytest.raises(BadConfiguration, match=r"payload\.severity is invalid") as refused:
            delivered(receiver)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("status", [429, 500, 502])
def test_too_many_and_trouble_there_are_worth_another_try(status: int) -> None:
    with http_receiver() as receiver:
        receiver.answer = lambda _: (status, {}, b"")
        with pytest.raises(Unavailable):
            delivered(receiver)
