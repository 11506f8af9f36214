"""Do the pages find the right words?"""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Verdict
from aiops.domain.impact import Impact, Traffic
from aiops.domain.incidents import Candidate, IncidentStatus
from aiops.domain.matching import Matcher
from aiops.domain.rules import Rule, RuleStatus, Silence
from api import presenting
from tests.api.world import an_incident
from tests.builders import T0, at


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3_599, "59m"),
        (3_600, "1h"),
        (4_800, "1h 20m"),
        (10_800, "3h"),
        (90_000, "1d 1h"),
        (86_400 * 30, "30d"),
    ],
)
def test_a_length_of_time(seconds: float, text: str) -> None:
    assert presenting.span(seconds) == text


@given(st.floats(0, 1e9))
def test_a_length_of_time_is_always_short(seconds: float) -> None:
    assert 2 <= len(presenting.span(seconds)) <= 7


def test_the_past_and_the_future() -> None:
    assert presenting.ago(T0, at(240)) == "4m"
    assert presenting.due(at(240), T0) == "in 4m"
    assert presenting.due(T0, at(240)) == "4m ago"


@pytest.mark.parametrize(("when", "text"), [(at(5), "09:00:05"), (at(-86_400), "Mar 1 09:00")])
def test_a_clock_names_the_day_only_where_it_is_another(when: datetime, text: str) -> None:
    assert presenting.clock(when, T0) == text


def test_a_row_names_the_person_before_the_team() -> None:
    assert presenting.incident_row(an_incident(), at(240)).owner == "dba"
    assert not presenting.incident_row(an_incident(), at(240)).assigned
    assert presenting.incident_row(an_incident(assignee="ana"), at(240)).owner == "ana"


def test_a_row_without_a_cause_says_why() -> None:
    row = presenting.incident_row(an_incident(candidates=(), abstained="two services began together"), T0)
    assert (row.cause, row.probability, row.unclear) == ("", "", "two services began together")


DB = Candidate(entity="db", probability=0.9, share=1)
CONFIRMED = Candidate(entity="db", probability=1.0, share=1, confirmed=True)


@pytest.mark.parametrize(
    ("candidate", "abstained", "text"),
    [
        (DB, "", "90%"),
        (DB, "only db alerts; nothing to compare", ""),
        (CONFIRMED, "only db alerts; nothing to compare", "100%"),
    ],
)
def test_no_percentage_where_there_is_nothing_to_compare(candidate: Candidate, abstained: str, text: str) -> None:
    row = presenting.incident_row(an_incident(candidates=(candidate,), abstained=abstained), T0)
    assert (row.cause, row.probability, row.unclear) == ("db", text, abstained)


@pytest.mark.parametrize(
    ("impact", "text"),
    [
        (Impact(), ""),
        (Impact(dependents_total=4), "4 downstream"),
        (Impact(dependents_total=4, business_services=("checkout", "shop", "x")), "checkout, shop"),
        (Impact(traffic=Traffic(service="web", now=300.0, usual=1_200.0)), "1,200 req/min"),
        (Impact(dependents_total=4, traffic=Traffic(service="web", now=9.0)), "4 downstream · 9 req/min"),
    ],
)
def test_impact_names_what_customers_notice(impact: Impact, text: str) -> None:
    assert presenting.impact_in_short(an_incident(impact=impact)) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "open 4m"),
        ({"status": IncidentStatus.ACKNOWLEDGED}, "acknowledged, open 4m"),
        ({"status": IncidentStatus.RESOLVED, "resolved_at": at(60)}, "resolved after 1m"),
    ],
)
def test_facts_begin_with_how_long(changes: dict[str, Any], text: str) -> None:
    assert presenting.facts(an_incident(**changes), at(240))[0] == text


def test_what_is_left_for_none_of_these_is_never_negative() -> None:
    both = [Candidate(entity=name, probability=0.6, share=1) for name in "ab"]
    assert presenting.rest_probability(both) == 0
    assert presenting.rest_probability(both[:1]) == pytest.approx(0.4)


def a_rule(**changes: object) -> Rule:
    matchers = (Matcher(field="service", value="db"),)
    given_: dict[str, object] = {"id": "r", "verdict": Verdict.KNOWN_GOOD, "matchers": matchers, "owner": "noc"}
    return Rule(**{**given_, "reason": "x", **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (a_rule(expires=at(86_400 * 5)), "active"),
        (a_rule(expires=at(3_600)), "expires soon"),
        (a_rule(review=at(3_600)), "expires soon"),
        (a_rule(status=RuleStatus.EXPIRED), "expired"),
    ],
)
def test_where_a_rule_stands(rule: Rule, state: str) -> None:
    assert presenting.rule_state(rule, T0) == state


@pytest.mark.parametrize(
    ("starts", "ends", "state"),
    [(0, 86_400, "active"), (0, 600, "expires soon"), (600, 9_000, "to come"), (-600, 0, "ended")],
)
def test_where_a_silence_stands(starts: float, ends: float, state: str) -> None:
    silence = Silence(id="s", matchers=(), owner="noc", reason="x", starts_at=at(starts), ends_at=at(ends))
    assert presenting.silence_state(silence, T0) == state
