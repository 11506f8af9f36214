"""Who was told, and why somebody was not: in the API and on the pages."""

from datetime import timedelta
from typing import Any

import pytest

from aiops.domain.acts import ApplySettings, Heartbeat, PageHandled
from aiops.domain.channels import PageTemplate, Paging, ShownChannel
from aiops.domain.entries import Command, Tick
from aiops.domain.incidents import PageStatus
from aiops.domain.routes import Route
from aiops.domain.settings import PagingSettings, Settings
from api.settings import ApiSettings
from tests.api.conftest import SERVICES
from tests.api.world import World
from tests.builders import at

DECISIONS = PagingSettings(
    channels=("pager", "mail"),
    routes=(Route(name="dba", match=('service="db"',), channels=("pager",)),),
    hold=timedelta(seconds=15),
)
PAGING = Paging(
    decisions=DECISIONS,
    channels=(ShownChannel(name="pager", kind="pagerduty"), ShownChannel(name="mail", kind="email", template="short")),
    templates=(PageTemplate(name="short", subject="{{ mark }}", body="{{ title }} <b>"),),
    public_url="https://aiops.example.org",
    heartbeat=True,
)


@pytest.fixture
def paged() -> World:
    """A database failure of which dba was paged, and a disk of which nobody was."""
    world = World(ApiSettings(command_wait=0.0, paging=PAGING))
    world.now = at(-1)
    settings = ApplySettings(settings=Settings(paging=DECISIONS))
    world.journal.append([Command(id="start", actor="system:start", act=settings)], at=at(-1))
    world.client.post("/api/services", content=SERVICES)
    world.alert("db", 0)
    world.alert("backup", 1, severity="warning", summary="disk 91 % full")
    world.now = at(600)
    world.journal.append([Tick()], at=at(600))
    return world


def page_id(world: World) -> str:
    (page,) = world.get("/api/pages")["items"]
    return str(page["page_id"])


def handled(world: World, status: PageStatus, detail: str = "") -> None:
    act = PageHandled(page_id=page_id(world), channel="pager", status=status, detail=detail)
    world.journal.append([Command(id=f"h-{status}", actor="system:responder", act=act)], at=at(601))


def number(world: World, service: str) -> int:
    found = world.get("/api/incidents", params={"service": service})["items"]
    return int(found[0]["number"])


def test_pages_are_listed_with_their_route_and_channels(paged: World) -> None:
    (page,) = paged.get("/api/pages")["items"]
    assert (page["route"], page["event"], page["why_route"]) == ("dba", "opened", 'route dba: service="db"')
    assert [one["channel"] for one in page["sendings"]] == ["pager"]


def test_pages_are_found_by_what_became_of_them(paged: World) -> None:
    assert paged.get("/api/pages", params={"status": "dead"})["total"] == 0
    handled(paged, PageStatus.DEAD, "answered 404")
    assert paged.get("/api/pages", params={"status": "dead"})["total"] == 1
    assert paged.get("/api/pages", params={"route": "noc"})["total"] == 0
    paged.get("/api/pages", 400, params={"status": "lost"})


def test_a_page_is_shown_with_what_it_says(paged: World) -> None:
    detail = paged.get(f"/api/pages/{page_id(paged)}")
    assert detail["subject"].startswith("CRITICAL #1 db")
    assert "https://aiops.example.org/incidents/" in detail["text"]
    paged.get("/api/pages/none", 404)


def test_what_reached_nobody_is_tried_again(paged: World) -> None:
    key = page_id(paged)
    assert "did not fail" in paged.post(f"/api/pages/{key}/retry", status=409)["detail"]
    handled(paged, PageStatus.DEAD)
    assert paged.post(f"/api/pages/{key}/retry")["applied"]
    assert paged.get(f"/api/pages/{key}")["page"]["round"] == 1
    paged.post("/api/pages/none/retry", status=404)


def test_a_test_page_goes_the_way_of_every_page(paged: World) -> None:
    outcome = paged.post("/api/paging/channels/mail/test")
    page = paged.get(f"/api/pages/{outcome['concerns']}")
    assert page["subject"] == "TEST A test of the channel mail"
    assert [(one["channel"], one["status"]) for one in page["page"]["sendings"]] == [("mail", "pending")]
    assert "pager, mail" in paged.post("/api/paging/channels/chat/test", status=409)["detail"]


def test_routes_and_channels_are_shown_without_a_secret(paged: World) -> None:
    shown = paged.get("/api/paging")
    assert [one["name"] for one in shown["decisions"]["routes"]] == ["dba"]
    assert [one["kind"] for one in shown["channels"]] == ["pagerduty", "email"]


def why(world: World, key: Any) -> str:
    return str(world.get(f"/api/paging/why/{key}")["text"])


def test_why_goes_through_all_that_decides(paged: World) -> None:
    handled(paged, PageStatus.DELIVERED, "answered 202")
    text = why(paged, number(paged, "db"))
    for words in (
        "paged about #1: dba at",
        "its severity is critical: pages are made from high on, which pages",
        "none of its alerts is known bad",
        "0 of 1 alert suppressed",
        "a first page waits 15 s",
        'dba for “opened”: route dba: service="db"',
        "one route gets 20 pages within 10 min, 6 pages about one incident within 60 min",
        "dba is paged at 09:00:15 UTC",
        "pager: delivered: answered 202",
    ):
        assert words in text, words


def test_why_nobody_was_paged_is_said_first(paged: World) -> None:
    text = why(paged, number(paged, "backup"))
    assert "In short\n  - nobody was paged: not paged: a background incident" in text
    assert "nobody was chosen" in text


def test_why_can_be_asked_of_an_alert(paged: World) -> None:
    alert = paged.get("/api/alerts", params={"entity": "db"})["items"][0]
    text = why(paged, alert["fingerprint"])
    assert "this alert is unknown" in text
    assert "it is in #1" in text
    assert "paged about #1: dba" in text
    paged.get("/api/paging/why/nothing", 404)


def test_why_says_what_keeps_it_quiet(paged: World) -> None:
    rule = {
        "verdict": "known_good",
        "matchers": [{"field": "service", "value": "db"}],
        "owner": "ana",
        "reason": "failover drill",
        "expires": "2026-03-09T00:00:00Z",
    }
    paged.post("/api/rules", rule)
    text = why(paged, number(paged, "db"))
    assert "1 of 1 alert suppressed; 0 that fire may be heard" in text
    assert "failover drill" in text, text


def test_a_text_is_tried_on_a_real_incident(paged: World) -> None:
    made = paged.post("/api/paging/preview", {"incident": "1", "subject": "{{ mark }}: {{ title }}", "body": "x"})
    assert made["subject"].startswith("CRITICAL: db")
    assert "title" in made["names"]
    named = paged.post("/api/paging/preview", {"incident": "1", "template": "short"})
    assert named["subject"] == "CRITICAL"


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"incident": "99"}, 404, "no incident 99"),
        ({"incident": "1", "body": "{{ titel }}"}, 400, "did you mean 'title'"),
        ({"incident": "1", "template": "long"}, 400, "no template 'long'"),
        (
            {"incident": "1", "body": "{% for a in title %}{% endfor %}"},
            400,
            "loop",
        ),
    ],
)
def test_a_text_that_cannot_be_used_says_where(paged: World, body: Any, status: int, problem: str) -> None:
    answer = paged.client.post("/api/paging/preview", json=body)
    assert answer.status_code == status
    assert problem in answer.text


def test_the_status_counts_pages_and_tells_of_the_heartbeat(paged: World) -> None:
    status = paged.get("/api/status")
    assert (status["pages_pending"], status["heartbeat_wanted"]) == (1, True)
    handled(paged, PageStatus.DEAD)
    told = Command(id="hb", actor="system:responder", act=Heartbeat(well=False, detail="the engine does not go on"))
    paged.journal.append([told], at=at(602))
    assert paged.get("/api/status")["pages_dead"] == 1
    metrics = paged.client.get("/metrics").text
    assert "aiops_pages_dead 1.0" in metrics
    assert "aiops_heartbeat_ok 0.0" in metrics
    shown = paged.page("/status")
    assert "the engine does not go on" in shown
    assert "pages that failed" in shown


def test_without_a_heartbeat_nothing_is_said_of_one(world: World) -> None:
    assert "heartbeat" not in world.page("/status")
    assert "aiops_heartbeat_ok" not in world.client.get("/metrics").text


def test_the_pages_page_lists_pages_routes_and_channels(paged: World) -> None:
    shown = paged.page("/pages")
    for words in ("dba", "service=&#34;db&#34;", "the owner, else on-call", "pagerduty", "Send a test page over mail"):
        assert words in shown, words
    assert "Try again" not in shown
    handled(paged, PageStatus.DEAD, "<b>answered</b> 404")
    dead = paged.page("/pages?show=dead")
    assert "Try again" in dead
    assert "&lt;b&gt;answered" in dead
    assert "No such page" in paged.page("/pages?show=unheard")


def test_an_empty_installation_says_how_to_begin(world: World) -> None:
    shown = world.page("/pages")
    assert "Nobody was paged yet" in shown
    assert "pages.channels" in shown


def test_one_page_shows_its_channels_keys_and_text(paged: World) -> None:
    shown = paged.page(f"/pages/{page_id(paged)}")
    assert f"{page_id(paged)}-pager" in shown
    assert "CRITICAL #1 db" in shown


def test_buttons_try_again_and_send_tests(paged: World) -> None:
    handled(paged, PageStatus.DEAD)
    again = paged.client.post(f"/pages/{page_id(paged)}/retry", data={"back": "/pages?show=dead"})
    assert "is tried again" in again.text
    assert "a test page goes to mail" in paged.client.post("/pages/channels/mail/test").text


def test_a_text_is_previewed_in_a_form(paged: World) -> None:
    assert "What a text can use" in paged.page("/pages/preview")
    assert "{{ title }} &lt;b&gt;" in paged.page("/pages/preview?incident=1&template=short")
    body = {"incident": "1", "subject": "{{ titel }}", "body": "x"}
    assert "did you mean" in paged.client.post("/pages/preview", data=body).text
    good = {"incident": "1", "subject": "{{ mark }}", "body": "<i>{{ title }}"}
    assert "&lt;i&gt;db" in paged.client.post("/pages/preview", data=good).text


def test_the_incident_leads_to_its_pages_and_to_why(paged: World) -> None:
    incident = paged.get("/api/incidents/1")["incident"]["incident_id"]
    shown = paged.page(f"/incidents/{incident}")
    assert f"/pages/{page_id(paged)}" in shown
    assert f"/pages/why/{incident}" in shown
    assert "which pages" in paged.page(f"/pages/why/{incident}")
