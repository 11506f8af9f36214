"""Do lists say the truth, and do acts do what they say?"""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.documents import INCIDENTS
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.impact import Impact
from aiops.domain.incidents import Incident, IncidentStatus
from api.filters import IncidentFilter, narrowed, parse_box
from api.settings import ApiSettings
from tests.api.world import World, an_incident
from tests.builders import at


def numbers(world: World, query: str) -> list[int]:
    return [item["number"] for item in world.get(f"/api/incidents?{query}")["items"]]


@pytest.fixture
def shelf(world: World) -> World:
    """Incidents 1 to 6 of all kinds."""
    changes: list[dict[str, object]] = [
        {"severity": Severity.WARNING},
        {"severity": Severity.CRITICAL, "services": ("db", "web"), "owners": ("shop",)},
        {"status": IncidentStatus.ACKNOWLEDGED, "assignee": "ana"},
        {"status": IncidentStatus.RESOLVED, "severity": Severity.INFO},
        {"suppressed": 1},
        {"background": True, "title": "disk of store-7 is nearly full"},
    ]
    made = [an_incident(n, opened_at=at(n), **change) for n, change in enumerate(changes, 1)]
    world.put(INCIDENTS, *made)
    return world


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=number", [1, 2, 3, 4, 5, 6]),
        ("sort=-number&limit=2", [6, 5]),
        ("sort=severity&active=true&background=false&muted=false", [3, 2, 1]),
        ("active=true&background=false&muted=false", [3, 2, 1]),
        ("sort=number&status=open&status=acknowledged", [1, 2, 3, 5, 6]),
        ("sort=number&status=open,acknowledged", [1, 2, 3, 5, 6]),
        ("severity=warning", [1]),
        ("owner=shop", [2]),
        ("service=web", [2]),
        ("assignee=ana", [3]),
        ("muted=true", [5]),
        ("background=true", [6]),
        ("text=store nearly", [6]),
        ("number=4", [4]),
        ("sort=number&since=2026-03-02T09:00:05Z", [5, 6]),
        ("sort=number&until=2026-03-02T09:00:03Z", [1, 2]),
    ],
)
def test_filters_find_what_they_name(shelf: World, query: str, expected: list[int]) -> None:
    assert numbers(shelf, query) == expected


@pytest.mark.parametrize(
    ("query", "place"),
    [("statuss=open", "statuss"), ("status=opened", "status"), ("sort=colour", "sort"), ("limit=many", "limit")],
)
def test_what_is_not_understood_is_refused_by_its_place(shelf: World, query: str, place: str) -> None:
    problem = shelf.get(f"/api/incidents?{query}", 400)
    assert problem["place"].startswith(place)
    assert problem["fix"]


def test_a_misspelt_parameter_is_answered_with_the_right_one(shelf: World) -> None:
    assert "'severity'" in shelf.get("/api/incidents?severty=high", 400)["fix"]


def test_a_time_without_a_zone_is_refused(shelf: World) -> None:
    assert "time zone" in shelf.get("/api/incidents?since=2026-03-02T09:00:00", 400)["detail"]


def test_pages_hold_everything_once(shelf: World) -> None:
    seen, cursor = [], ""
    while True:
        found = shelf.get(f"/api/incidents?sort=severity&limit=2&cursor={cursor}")
        assert found["total"] == 6
        seen += [item["number"] for item in found["items"]]
        cursor = found["next"]
        if not cursor:
            break
    assert sorted(seen) == [1, 2, 3, 4, 5, 6]


def test_facets_add_up_to_the_total(shelf: World) -> None:
    found = shelf.get("/api/incidents?facets=severity,status")
    assert sum(found["facets"]["severity"].values()) == found["total"]
    assert found["facets"]["status"] == {"open": 4, "acknowledged": 1, "resolved": 1}


def test_every_field_is_there_also_where_it_has_its_default(shelf: World) -> None:
    assert set(shelf.first_incident()) == set(Incident.__struct_fields__)


def test_the_filter_box_reads_keys_words_and_quotes() -> None:
    assert parse_box('status:open team:payments "disk full" sev:high,critical muted:true') == {
        "status": ["open"],
        "owner": ["payments"],
        "severity": ["high", "critical"],
        "muted": "true",
        "text": "disk full",
    }


def test_an_unknown_key_in_the_filter_box_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="did you mean status:open"):
        parse_box("stauts:open")


def test_a_typed_status_replaces_what_the_view_asks_for() -> None:
    base = IncidentFilter(active=True, muted=False)
    wanted = narrowed(base, "status:resolved")
    assert (wanted.active, wanted.status, wanted.muted) == (None, (IncidentStatus.RESOLVED,), False)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused_politely(typed: str) -> None:
    with suppress(BadInput):
        assert narrowed(IncidentFilter(), typed).query().limit == 50


def test_an_incident_is_found_by_id_and_by_number(storm: World) -> None:
    listed = storm.first_incident()
    assert storm.get(f"/api/incidents/{listed['number']}")["incident"] == listed
    assert storm.get(f"/api/incidents/{listed['incident_id']}")["incident"] == listed


def test_an_incident_comes_with_its_members_story_and_templates(storm: World) -> None:
    detail = storm.get(f"/api/incidents/{storm.first_incident()['number']}")
    assert {member["entity"]["name"] for member in detail["members"]} == {"db", "api", "web"}
    assert detail["members_total"] == 3
    assert detail["timeline"][0]["kind"] == "opened"
    assert sum(template["episodes"] for template in detail["templates"]) == 3
    assert detail["incident"]["candidates"][0]["entity"] == "db"


def test_members_come_in_pages(storm: World) -> None:
    number = storm.first_incident()["number"]
    first = storm.get(f"/api/incidents/{number}?limit=2")
    second = storm.get(f"/api/incidents/{number}?limit=2&cursor={first['members_next']}")
    assert [member["entity"]["name"] for member in first["members"] + second["members"]] == ["db", "api", "web"]


@pytest.mark.parametrize("key", ["nothing", "99", "%2399", "9" * 40, "%F0%9F%92%A5"])
def test_what_is_not_there_is_a_404(storm: World, key: str) -> None:
    assert storm.get(f"/api/incidents/{key}", 404)["status"] == 404


ACTS = [
    ("acknowledge", None, "status", "acknowledged"),
    ("assign", {"assignee": "ana"}, "assignee", "ana"),
    ("resolve", {"text": "restarted"}, "status", "resolved"),
    ("close", None, "status", "closed"),
]


@pytest.mark.parametrize(("act", "body", "field", "value"), ACTS)
def test_an_act_is_done_when_it_is_answered(storm: World, act: str, body: object, field: str, value: str) -> None:
    number = storm.first_incident()["number"]
    if act == "close":
        storm.post(f"/api/incidents/{number}/resolve", {})
    outcome = storm.post(f"/api/incidents/{number}/{act}", body)
    assert outcome["applied"] is True
    assert storm.get(f"/api/incidents/{number}")["incident"][field] == value


def test_a_resolved_incident_reopens(storm: World) -> None:
    number = storm.first_incident()["number"]
    storm.post(f"/api/incidents/{number}/resolve", {})
    storm.post(f"/api/incidents/{number}/reopen")
    assert storm.get(f"/api/incidents/{number}")["incident"]["status"] == "open"


def test_a_comment_stands_in_the_story_with_its_author(storm: World) -> None:
    number = storm.first_incident()["number"]
    storm.post(f"/api/incidents/{number}/comment", {"text": "looking"}, headers={"x-aiops-actor": "ana"})
    line = storm.get(f"/api/incidents/{number}")["timeline"][-1]
    assert (line["text"], line["actor"]) == ("looking", "ana")


def test_an_empty_comment_is_refused(storm: World) -> None:
    assert storm.post("/api/incidents/1/comment", {"text": "  "}, 400)["place"] == "text"


def test_a_person_confirms_the_cause(storm: World) -> None:
    number = storm.first_incident()["number"]
    storm.post(f"/api/incidents/{number}/cause", {"entity": "db"})
    assert storm.get(f"/api/incidents/{number}")["incident"]["candidates"][0]["confirmed"] is True


def test_two_incidents_become_one(storm: World) -> None:
    first, second = storm.get("/api/incidents?sort=number")["items"]
    storm.post(f"/api/incidents/{first['number']}/merge", {"other_id": second["incident_id"]})
    assert storm.get(f"/api/incidents/{second['number']}")["incident"]["merged_into"] == first["incident_id"]


def test_what_does_not_fit_the_present_state_is_a_409_that_says_why(storm: World) -> None:
    number = storm.first_incident()["number"]
    storm.post(f"/api/incidents/{number}/resolve", {})
    problem = storm.post(f"/api/incidents/{number}/resolve", {}, 409)
    assert problem["detail"]


@pytest.mark.parametrize("body", [{}, {"assignee": 3}, {"assignee": "ana", "extra": 1}, [], "ana"])
def test_a_body_of_another_shape_is_refused(storm: World, body: object) -> None:
    assert storm.post("/api/incidents/1/assign", body, 400)["detail"]


def test_repeating_an_act_under_its_key_changes_nothing(storm: World) -> None:
    number = storm.first_incident()["number"]
    key = {"idempotency-key": "one"}
    first = storm.post(f"/api/incidents/{number}/comment", {"text": "once"}, headers=key)
    second = storm.post(f"/api/incidents/{number}/comment", {"text": "once"}, headers=key)
    assert first == second
    story = storm.get(f"/api/incidents/{number}")["timeline"]
    assert [line["text"] for line in story].count("once") == 1


def test_an_act_that_is_not_applied_in_time_is_answered_with_where_to_ask(storm: World) -> None:
    number = storm.first_incident()["number"]
    storm.engine_runs = False
    answer = storm.client.post(f"/api/incidents/{number}/acknowledge", headers={"idempotency-key": "later"})
    assert answer.status_code == 202
    assert answer.headers["location"] == answer.json()["outcome"] == "/api/commands/later"
    assert storm.client.get("/api/commands/later").status_code == 404
    storm.engine_runs = True
    storm.pump()
    assert storm.get("/api/commands/later")["applied"] is True


def test_the_wait_for_an_outcome_is_the_operators_to_set() -> None:
    assert ApiSettings().command_wait == 2.0


@pytest.mark.parametrize("when", ["9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00%2B23:00"])
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_time_beyond_all_times_is_refused_by_its_parameter(shelf: World, name: str, when: str) -> None:
    for path in ("/api/incidents", "/api/rollups"):
        assert shelf.get(f"{path}?{name}={when}", 400)["place"] == name


@pytest.mark.parametrize("other", ["2", "#2"])
def test_the_one_to_merge_may_be_named_by_its_number(storm: World, other: str) -> None:
    gone = storm.get("/api/incidents/2")["incident"]["incident_id"]
    storm.post("/api/incidents/1/merge", {"other_id": other})
    assert gone in storm.get("/api/incidents/1")["incident"]["merged_from"]


def test_merging_what_is_not_there_is_a_404(storm: World) -> None:
    storm.post("/api/incidents/1/merge", {"other_id": "99"}, 404)


def test_the_list_is_ordered_by_who_is_hurt_and_says_so(world: World) -> None:
    tiers = [Impact(tier=tier, text=f"the most critical is s{tier}, tier {tier}") for tier in (3, 1, 4)]
    made = [
        an_incident(number, opened_at=at(number), severity=severity, impact=impact)
        for number, (impact, severity) in enumerate(
            zip(tiers, (Severity.CRITICAL, Severity.HIGH, Severity.CRITICAL), strict=True), 1
        )
    ]
    world.put(INCIDENTS, *made)
    assert numbers(world, "") == numbers(world, "sort=impact") == [2, 1, 3]
    assert numbers(world, "sort=severity") == [3, 1, 2]
    first = world.page("/incidents/incident-2")
    assert "the most critical is s1, tier 1" in first
    assert "In the list it weighs 35: severity high 20, tier 1 15" in first
    listed = world.page("/")
    assert listed.index('href="/incidents/incident-2"') < listed.index('href="/incidents/incident-1"')
