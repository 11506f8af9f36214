"""Do the pages work without JavaScript, show hostile text as text, and stay small?"""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.changes import INCIDENTS
from aiops.domain.events import Severity
from aiops.domain.incidents import Candidate, Impact, IncidentStatus
from api.settings import ApiSettings
from api.ui.charts import RANGES
from api.ui.muting import safe_back
from api.ui.triage import VIEWS, ListUrl
from tests.api.world import World, an_incident
from tests.builders import at

HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>&amp;"
PATHS = [
    "/",
    "/?view=all&range=7d",
    "/incidents/1",
    "/why/1",
    "/patterns",
    "/rules",
    "/mute?incident=1",
    "/services",
    "/integrations",
    "/status",
    "/docs",
    "/keys",
    "/sign-in",
]


class Elements(HTMLParser):
    """The elements of a page: (tag, attributes)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


def paths_of(world: World) -> list[str]:
    alert = world.get("/api/alerts")["items"][0]
    label = f"/templates/{alert['template_id']}/label"
    return [*PATHS, f"/alerts/{alert['fingerprint']}", f"/why/{alert['fingerprint']}", label]


def test_every_page_answers_with_a_strict_policy(storm: World) -> None:
    for path in paths_of(storm):
        answer = storm.client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_page_needs_what_the_policy_forbids_or_asks_another_host(storm: World) -> None:
    for path in paths_of(storm):
        for tag, attributes in Elements(storm.page(path)).found:
            assert tag != "style", path
            assert not any(name == "style" or name.startswith("on") for name in attributes), (path, tag)
            assert tag != "script" or attributes["src"].startswith("/static/"), path
            fetched = attributes.get("src", "") or (attributes.get("href", "") if tag == "link" else "")
            assert not urlsplit(fetched).netloc, (path, fetched)


def test_every_page_has_a_language_a_title_one_heading_and_a_way_past_the_navigation(storm: World) -> None:
    for path in paths_of(storm):
        page = Elements(storm.page(path))
        assert page.all("html")[0]["lang"] == "en"
        assert len(page.all("h1")) == 1, path
        assert page.all("title")
        assert path == "/sign-in" or page.all("a")[0]["href"] == "#main"


def test_every_control_has_a_name(storm: World) -> None:
    for path in paths_of(storm):
        html = storm.page(path)
        labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', html))
        inside = " ".join(re.findall(r"<label.*?</label>", html, re.DOTALL))
        for tag, field in Elements(html).found:
            if tag in ("input", "select", "textarea") and field.get("type") != "hidden":
                named = "aria-label" in field or field.get("id") in labelled or f'name="{field.get("name")}"' in inside
                assert named or f'id="{field.get("id")}"' in inside, (path, field)


def test_every_id_is_there_once(storm: World) -> None:
    for path in paths_of(storm):
        ids = [attributes["id"] for _, attributes in Elements(storm.page(path)).found if attributes.get("id")]
        assert len(set(ids)) == len(ids), (path, ids)


def test_every_link_inside_leads_somewhere(storm: World) -> None:
    links = {link.get("href", "") for path in paths_of(storm) for link in Elements(storm.page(path)).all("a")}
    inside = {link.partition("#")[0] for link in links if link.startswith(("/", "?"))} - {""}
    for link in sorted(inside):
        assert storm.client.get(link if link.startswith("/") else f"/{link}").status_code == 200, link


def test_hostile_text_stays_text_everywhere(world: World) -> None:
    world.alert(f"svc{HOSTILE}", summary=HOSTILE, alertname=HOSTILE, team=HOSTILE)
    world.send("/incidents/1/act", act="comment", text=HOSTILE)
    world.send("/incidents/1/act", act="assign", assignee=HOSTILE)
    world.post("/webhooks/logs", status=202, body=None, content=f"ERROR {HOSTILE}".encode())
    for path in paths_of(world):
        page = Elements(world.page(path))
        assert not page.all("img"), path
        assert all("src" in script for script in page.all("script")), path


def test_a_senders_link_is_followed_only_to_the_web(world: World) -> None:
    body = {"title": "x", "service": "db", "url": "javascript:alert(1)"}
    world.post("/webhooks/acme", body, 202)
    alert = world.get("/api/alerts")["items"][0]["fingerprint"]
    assert not any("javascript:" in link.get("href", "") for link in Elements(world.page(f"/alerts/{alert}")).all("a"))


def test_a_full_list_stays_small(world: World) -> None:
    long = {
        "title": "orders-db: primary pg-orders-1 does not answer: connection refused (13 services)",
        "services": tuple(f"service-{n}" for n in range(11)),
        "owners": ("databases", "orders"),
        "impact": Impact(business_services=("checkout", "billing")),
        "candidates": (Candidate(entity="orders-db", probability=0.64, share=1, path=("orders-db", "web")),),
    }
    world.put(INCIDENTS, *(an_incident(n, incident_id=f"{n:016x}", **long) for n in range(1, 61)))
    for number in range(96):
        world.now = at(number * 900)
        world.alert("other", number * 900)
    answer = world.client.get("/")
    page = answer.text
    assert page.count("<tr data-id") == 50
    assert int(answer.headers["content-length"]) < 12_000
    assert len(page.encode()) < 80_000


def test_an_empty_installation_says_what_to_do(world: World) -> None:
    page = world.page("/")
    assert "All quiet" in page
    assert 'href="/integrations"' in page


def test_the_views_part_the_incidents_and_their_counts_agree(world: World) -> None:
    world.put(
        INCIDENTS,
        an_incident(1),
        an_incident(2, status=IncidentStatus.ACKNOWLEDGED),
        an_incident(3, suppressed=1),
        an_incident(4, background=True),
        an_incident(5, status=IncidentStatus.RESOLVED),
    )
    shown = {"on-call": [1, 2], "unacknowledged": [1], "muted": [3], "background": [4], "done": [5]}
    for view, expected in (*shown.items(), ("all", [1, 2, 3, 4, 5])):
        page = world.page(f"/?view={view}")
        assert sorted(int(n) for n in re.findall(r'aria-label="Select #(\d+)"', page)) == expected, view
        tab = re.search(rf'{VIEWS[view][0]} <span class="count">(\d+)', page)
        assert tab is not None
        assert int(tab[1]) == len(expected), view


def test_chips_count_what_the_filter_leaves_and_choosing_one_shows_as_many(world: World) -> None:
    kinds = [Severity.CRITICAL, Severity.CRITICAL, Severity.HIGH, Severity.INFO]
    world.put(INCIDENTS, *(an_incident(n, severity=kind, owners=("shop",)) for n, kind in enumerate(kinds, 1)))
    world.put(INCIDENTS, an_incident(9, owners=("dba",)))
    page = world.page("/?q=owner:shop")
    counts = dict(re.findall(r'</svg>(\w+)</span> <span class="count">(\d+)', page))
    assert counts == {"critical": "2", "high": "1", "warning": "0", "info": "1"}
    chosen = world.page("/?q=owner:shop&sev=critical")
    assert chosen.count("<tr data-id") == 2
    assert dict(re.findall(r'</svg>(\w+)</span> <span class="count">(\d+)', chosen)) == counts


def test_a_filter_that_is_not_understood_says_so_and_hides_nothing(world: World) -> None:
    world.put(INCIDENTS, an_incident(1))
    page = world.page("/?q=severty:high")
    assert "did you mean severity:high?" in page
    assert "<tr data-id" in page


def test_the_next_page_goes_on_and_counts_on(world: World) -> None:
    world.put(INCIDENTS, *(an_incident(n, opened_at=at(n)) for n in range(1, 61)))
    page = world.page("/")
    (link,) = [one["href"] for one in Elements(page).all("a") if one.get("rel") == "next"]
    assert "1–50 of 60" in page
    second = world.page(link)
    assert "51–60 of 60" in second
    assert second.count("<tr data-id") == 10


def test_a_bar_of_the_chart_leads_to_what_began_in_it(world: World) -> None:
    world.alert("db")
    (bar,) = [one["href"] for one in Elements(world.page("/?range=1h")).all("a") if "at=" in one.get("href", "")]
    assert world.page(bar).count("<tr data-id") == 1
    world.now = at(3_000)
    world.alert("web", 2_400)
    assert world.page(bar).count("<tr data-id") == 1
    assert world.page("/").count("<tr data-id") == 2


urls = st.builds(
    ListUrl,
    view=st.sampled_from(sorted(VIEWS)),
    q=st.text(max_size=20).map(str.strip),
    sev=st.lists(st.sampled_from([one.value for one in Severity]), unique=True).map(tuple),
    range=st.sampled_from(sorted(RANGES)),
    at=st.integers(0, 2_000_000_000),
    sort=st.sampled_from(["", "newest", "alerts"]),
)


@given(urls)
def test_a_lists_url_holds_its_whole_state(url: ListUrl) -> None:
    assert ListUrl.of(url.but()) == url


@given(st.dictionaries(st.sampled_from(["view", "q", "sev", "range", "at", "sort", "seen"]), st.text(max_size=12)))
def test_any_url_shows_some_list(parameters: dict[str, str]) -> None:
    assert ListUrl.read(parameters).view in VIEWS


@pytest.mark.parametrize(
    "url", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "evil", "/\nx"]
)
def test_the_way_back_never_leaves_the_site(url: str) -> None:
    assert safe_back(url) == "/"


def test_acting_on_one_incident_leads_back_to_it_and_says_what_was_done(storm: World) -> None:
    answer = storm.send("/incidents/1/act", act="acknowledge")
    assert answer.history[0].status_code == 303
    assert answer.url.path == "/incidents/1"
    assert 'class="said good"' in answer.text
    assert storm.get("/api/incidents/1")["incident"]["status"] == "acknowledged"


def test_what_was_refused_is_said_on_the_page(storm: World) -> None:
    storm.send("/incidents/1/act", act="resolve", text="")
    answer = storm.send("/incidents/1/act", act="resolve", text="")
    assert "Refused: " in answer.text


@pytest.mark.parametrize("fields", [{"act": "comment", "text": " "}, {"act": "explode"}, {}])
def test_a_form_that_makes_no_sense_is_answered_with_a_page(storm: World, fields: dict[str, str]) -> None:
    answer = storm.send("/incidents/1/act", **fields)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


def test_the_chosen_incidents_are_acted_on_and_the_filter_is_kept(world: World) -> None:
    for number, service in enumerate(("db", "mail", "ci")):
        world.alert(service, number)
    ids = [item["incident_id"] for item in world.get("/api/incidents?sort=number")["items"]]
    answer = world.send("/act", act="acknowledge", id=ids[:2], back="/?view=all&q=mail")
    assert dict(parse_qsl(answer.url.query.decode()))["q"] == "mail"
    assert "2 done" in answer.text
    states = [item["status"] for item in world.get("/api/incidents?sort=number")["items"]]
    assert states == ["acknowledged", "acknowledged", "open"]


def test_all_that_match_are_acted_on_also_those_on_other_pages(world: World) -> None:
    for number in range(60):
        world.alert(f"svc-{number}", number, severity="warning" if number % 2 else "critical")
    world.send("/act", act="acknowledge", all="1", back="/?sev=critical")
    assert world.get("/api/incidents?status=acknowledged")["total"] == 30
    assert world.get("/api/incidents?status=acknowledged&severity=critical")["total"] == 30


def test_nothing_chosen_does_nothing(storm: World) -> None:
    before = storm.journal.last()
    assert storm.send("/act", act="acknowledge", back="/").status_code == 200
    assert storm.journal.last() == before


def test_merging_puts_the_others_into_the_first(world: World) -> None:
    world.alert("db")
    world.alert("mail", 1)
    first, second = world.get("/api/incidents?sort=number")["items"]
    world.send("/act", act="merge", id=[first["incident_id"], second["incident_id"]], back="/")
    assert world.get("/api/incidents/2")["incident"]["merged_into"] == first["incident_id"]
    assert "Merged into" in world.page("/incidents/2")


def test_choosing_none_of_the_candidates_is_an_answer(storm: World) -> None:
    answer = storm.send("/incidents/1/act", act="cause", entity="")
    assert 'class="said good"' in answer.text


def mute(world: World, **changes: str | list[str]) -> Any:
    fields: dict[str, str | list[str]] = {
        "use": ["0"],
        "field": ["entity", ""],
        "operator": ["=", "="],
        "value": ["backup", ""],
        "until": "2h",
        "reason": "it does that every night",
        "owner": "noc",
        "back": "/?view=all",
        "do": "mute",
    }
    return world.send("/mute", **{**fields, **changes})


def test_the_mute_form_offers_shape_and_service_and_shows_what_it_hides(storm: World) -> None:
    page = storm.page("/mute?incident=2")
    values = [field.get("value") for field in Elements(page).all("input") if field.get("name") == "value"]
    assert values[:2] == ["disk <num> % full", "backup"]
    assert "hides 1 alert; 1 incident would go quiet altogether" in page


def test_muting_hides_for_a_time_and_can_be_undone_where_it_is_said(storm: World) -> None:
    answer = mute(storm)
    assert answer.url.path == "/"
    page = answer.text
    assert storm.get("/api/rules")["items"][0]["expires"] == "2026-03-02T11:10:00Z"
    assert storm.get("/api/incidents?muted=true")["total"] == 1
    (undo,) = re.findall(r'action="(/rules/[^"]+/end)"[^>]*id="undo"', page)
    storm.send(undo, back="/")
    assert storm.get("/api/incidents?muted=true")["total"] == 0


def test_previewing_changes_nothing_and_keeps_what_was_typed(storm: World) -> None:
    before = storm.journal.last()
    page = mute(storm, do="preview", reason="typed so far").text
    assert "hides 1 alert" in page
    assert 'value="typed so far"' in page
    assert storm.journal.last() == before


def test_hiding_criticals_asks_once_more(storm: World) -> None:
    page = mute(storm, value=["db", ""]).text
    assert "it hides 1 critical alerts" in page
    assert storm.get("/api/rules")["total"] == 0
    mute(storm, value=["db", ""], sure="1")
    assert storm.get("/api/rules")["total"] == 1


@pytest.mark.parametrize("changes", [{"reason": ""}, {"owner": " "}, {"use": []}, {"value": ["", ""]}])
def test_a_mute_without_reason_owner_or_matcher_makes_no_rule(
    storm: World, changes: dict[str, str | list[str]]
) -> None:
    mute(storm, **changes)
    assert storm.get("/api/rules")["total"] == 0


def test_the_header_says_how_much_is_muted(storm: World) -> None:
    mute(storm)
    assert "1 mute · 1 hidden" in storm.page("/status")


def test_a_template_is_labelled_from_its_page_and_shows_its_verdict(storm: World) -> None:
    template = next(one for one in storm.get("/api/templates")["items"] if "disk" in one["text"])
    path = f"/templates/{template['template_id']}/label"
    answer = storm.send(path, verdict="known_bad", reason="fills for good", days="7", back="/patterns")
    assert answer.url.path == "/patterns"
    assert "known bad" in answer.text


def test_a_rule_that_judges_a_shape_only_for_one_service_is_shown_as_partly(storm: World) -> None:
    rule = {
        "verdict": "known_good",
        "matchers": [{"field": "template", "value": "disk <*> % full"}, {"field": "service", "value": "backup"}],
        "owner": "noc",
        "reason": "x",
        "expires": "2026-03-03T00:00:00Z",
    }
    storm.post("/api/rules", rule)
    assert "partly known good" in storm.page("/patterns")


def test_rules_show_owner_reason_end_and_what_is_odd_about_them(storm: World) -> None:
    mute(storm)
    page = storm.page("/rules")
    assert "it does that every night" in page
    assert "expires soon" in page
    assert "no example of what it must leave alone" in page


def test_a_rule_is_ended_from_the_list(storm: World) -> None:
    mute(storm)
    rule = storm.get("/api/rules")["items"][0]["id"]
    assert storm.send(f"/rules/{rule}/end").url.path == "/rules"
    assert storm.get("/api/rules")["items"][0]["status"] == "expired"


def test_a_graph_is_imported_by_pasting(world: World) -> None:
    answer = world.send("/services/import", services="services:\n  a: {depends_on: [b]}\n  b: {}\n")
    assert answer.url.path == "/services"
    assert world.get("/api/services")["total"] == 2


def test_a_graph_that_cannot_be_read_says_where(world: World) -> None:
    assert world.send("/services/import", services="services: [").status_code == 400


@pytest.mark.parametrize("source", ["alertmanager", "generic", "acme"])
def test_the_test_alert_takes_the_same_way_as_everyones(world: World, source: str) -> None:
    answer = world.send(f"/integrations/{source}/test")
    assert "Taken as delivery" in answer.text
    assert world.get("/api/alerts")["items"][0]["labels"]["service"] == "aiops-test"


def test_what_a_sender_got_wrong_is_shown_where_it_is_connected(world: World) -> None:
    world.post("/webhooks/alertmanager", {"version": "4", "alerts": [3]}, 202)
    assert "alerts[0]" in world.page("/integrations")


def test_the_copyable_command_names_the_token_where_one_is_needed(world: World, locked: World) -> None:
    assert "Authorization" not in world.page("/integrations")
    token = locked.app.state.desk.access.create_token("ana", ["admin"])
    locked.client.headers["authorization"] = f"Bearer {token}"
    assert "Authorization: Bearer $TOKEN" in locked.page("/integrations")


def test_the_theme_is_remembered(world: World) -> None:
    assert "data-theme" not in world.page("/").partition("<body>")[0]
    world.send("/theme", theme="dark", back="/rules")
    assert 'data-theme="dark"' in world.page("/")
    world.send("/theme", theme="pink", back="/")
    assert 'data-theme="dark"' in world.page("/")


def test_a_missing_page_is_a_page_for_people_and_a_problem_for_programs(world: World) -> None:
    assert "<h1>" in world.page("/incidents/nothing", 404)
    assert world.client.get("/api/incidents/nothing").headers["content-type"] == "application/problem+json"
    assert world.client.get("/nothing").headers["content-type"] == "application/problem+json"


def test_static_files_may_be_kept_for_good_and_old_names_still_find_them(world: World) -> None:
    (script,) = [one["src"] for one in Elements(world.page("/")).all("script")]
    answer = world.client.get(script)
    assert "immutable" in answer.headers["cache-control"]
    assert world.client.get("/static/anything/main.js").content == answer.content
    assert world.client.get("/static/anything/../../app.py").status_code == 404


def test_the_environment_is_named_in_the_header() -> None:
    assert '<span class="env">demo</span>' in World(ApiSettings(environment="demo")).page("/")
