"""Do the pages work without JavaScript, show hostile text as text, and stay small?"""

import re
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.documents import INCIDENTS
from aiops.domain.events import Severity
from aiops.domain.impact import Impact
from aiops.domain.incidents import Candidate, IncidentStatus
from api.settings import ApiSettings
from api.ui.charts import RANGES
from api.ui.triage import VIEWS, ListUrl
from tests.api.elements import Elements
from tests.api.world import World, an_incident
from tests.builders import at

HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>&amp;"
PATHS = [
    "/",
    "/wall",
    "/alerts",
    "/alerts?suppressed=true",
    "/alerts?status=all&q=down",
    "/?view=all&range=7d",
    "/incidents/1",
    "/why/1",
    "/patterns",
    "/rules",
    "/mute?incident=1",
    "/pages",
    "/pages/why/1",
    "/pages/preview?incident=1",
    "/services",
    "/integrations",
    "/status",
    "/docs",
    "/keys",
    "/sign-in",
]


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


def test_an_incident_of_one_alert_shows_its_service_without_a_percentage(world: World) -> None:
    abstained = "only db alerts; nothing to compare"
    world.put(INCIDENTS, an_incident(1, abstained=abstained))
    listed, page = world.page("/"), world.page("/incidents/1")
    assert ">db</span>" in listed
    assert f'title="{abstained}"' in listed
    assert '<td class="c-prob r"></td>' in listed
    assert abstained in page
    assert "Root cause not known" in page
    assert [word for word in ("90%", "explains", "likely cause") if word in page] == []


def test_two_candidates_too_close_to_call_keep_their_percentages(world: World) -> None:
    pair = tuple(Candidate(entity=name, probability=0.4, share=1.0) for name in ("db", "api"))
    world.put(INCIDENTS, an_incident(1, candidates=pair, abstained="db (40%) and api (40%) are too close to call"))
    page = world.page("/incidents/1")
    assert page.count(">40%</span>") == 2
    assert "likely cause" not in page


def test_an_empty_installation_says_how_something_comes_to_it(world: World) -> None:
    page = world.page("/")
    assert "Nothing has come yet: point a sender here" in page
    assert "curl http://127.0.0.1:8080/webhooks/generic" in page
    assert "All quiet" not in page
    assert 'href="/integrations"' in page


def test_where_something_has_come_and_is_over_all_is_quiet(world: World) -> None:
    world.alert("db")
    world.alert("db", 10, status="resolved")
    world.send("/incidents/1/act", act="resolve")
    page = world.page("/")
    assert "All quiet" in page
    assert "point a sender here" not in page


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
