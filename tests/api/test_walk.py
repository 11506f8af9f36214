"""Does each number lead to its rows, and does each page say what a stranger would ask?"""

import re
from datetime import timedelta

import pytest

from aiops.domain.acts import Resolve
from aiops.domain.documents import PATTERNS, TEMPLATES
from aiops.domain.entries import Command
from aiops.domain.records import Pattern, Template
from aiops.domain.settings import Settings
from tests.api.elements import Elements
from tests.api.test_forms import mute
from tests.api.world import World, alertmanager
from tests.builders import at

TURNED = "pay\u202enoitceje\u202c\u2067\u200bment"


def numbers(page: str) -> list[str]:
    return re.findall(r'<td class="r"[^>]*>([\d,]+)</td>', page)


def test_the_header_leads_to_as_many_hidden_alerts_as_it_counts(storm: World) -> None:
    for name in ("one", "two"):
        storm.alert("backup", 60, summary="disk 92 % full", severity="warning", alertname=name)
    mute(storm)
    page = Elements(storm.page("/status"))
    assert "1 mute · 3 hidden" in storm.page("/status")
    links = [link["href"] for link in page.all("a") if "suppressed" in link.get("href", "")]
    assert links == ["/alerts?suppressed=true"] * 2
    hidden = storm.page(links[0])
    assert hidden.count("<tr>\n    <td>") == 3
    assert 'Hidden <span class="count">3</span>' in hidden
    assert "1–3 of 3" in hidden


def test_a_hidden_alert_names_the_mutes_owner_rule_and_end(storm: World) -> None:
    mute(storm)
    rule = storm.get("/api/rules")["items"][0]["id"]
    page = storm.page("/alerts?suppressed=true")
    assert f'href="/rules#{rule}"' in page
    assert "<div>noc</div>" in page
    assert "in 2h" in page
    assert "it does that every night" in page
    assert rule in {attributes.get("id") for _, attributes in Elements(storm.page("/rules")).found}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", 4),
        ("q=service:db", 1),
        ("q=svc:db,api", 2),
        ("q=severity:warning", 1),
        ("q=disk", 1),
        ("q=owner:dba", 1),
        ("q=verdict:unknown+down", 3),
        ("status=resolved", 0),
        ("status=all", 4),
        ("status=nonsense", 4),
        ("suppressed=true", 0),
    ],
)
def test_alerts_are_filtered_by_their_url(storm: World, query: str, shown: int) -> None:
    assert storm.page(f"/alerts?{query}").count("<tr>\n    <td>") == shown


def test_a_filter_of_alerts_that_is_not_understood_hides_nothing(storm: World) -> None:
    page = storm.page("/alerts?q=severity:awful")
    assert "severities are critical, high, warning, info" in page
    assert page.count("<tr>\n    <td>") == 4


def test_the_next_page_of_alerts_goes_on(world: World) -> None:
    for number in range(60):
        world.alert(f"svc-{number}", number)
    page = world.page("/alerts?q=down")
    (link,) = [one["href"] for one in Elements(page).all("a") if one.get("rel") == "next"]
    assert "1–50 of 60" in page
    assert "51–60 of 60" in world.page(link)


def test_the_alerts_of_an_incident_are_counted_by_episode_and_by_template(world: World) -> None:
    for seconds in (0, 10, 20):
        world.journal.append([alertmanager("db", 0, alertname="slow", summary="db is slow", n=str(seconds))])
    for seconds in (100, 200):
        world.journal.append([alertmanager("db", 0, alertname="slow", summary="db is slow", n="0")], at=at(seconds))
    page = world.page("/incidents/1")
    incident = world.get("/api/incidents/1")["incident"]
    assert f"{incident['alerts']} alerts in {incident['episodes']} episode" in page
    table = page[page.index("Alerts and episodes by the shape") :]
    counted = re.findall(r'data-unit="alerts?">([\d,]+)<', table[: table.index("</table>")])
    assert sum(int(number) for number in counted) == incident["alerts"]
    members = page[page.index('id="members"') :]
    assert sum(int(n) for n in re.findall(r'data-unit="alerts?">([\d,]+)<', members)) == incident["alerts"]


def test_a_template_shows_what_its_alerts_got_by_whatever_rule(storm: World) -> None:
    rule = {"verdict": "known_good", "owner": "noc", "reason": "x", "expires": "2026-03-03T00:00:00Z"}
    storm.post("/api/rules", {**rule, "matchers": [{"field": "alertname", "value": "backup down"}]})
    page = storm.page("/patterns")
    (link,) = [one["href"] for one in Elements(page).all("a") if "verdict:known_good" in one.get("href", "")]
    assert "1 alert known good" in page
    assert storm.page(link).count("<tr>\n    <td>") == 1


def test_a_pattern_leads_to_its_templates(world: World) -> None:
    kinds = {"a": "disk full", "b": "disk almost full", "c": "other"}
    for key, text in kinds.items():
        pattern = "disks" if key != "c" else ""
        template = Template(
            template_id=key, scope="x", text=text, first_seen=at(0), last_seen=at(0), pattern_id=pattern
        )
        world.put(TEMPLATES, template)
    world.put(PATTERNS, Pattern(pattern_id="disks", name="disk <*>", template_ids=("a", "b"), templates_total=2))
    links = {one["href"] for one in Elements(world.page("/patterns")).all("a") if "pattern=" in one.get("href", "")}
    assert links == {"/patterns?pattern=disks"}
    page = world.page("/patterns?pattern=disks")
    assert 'id="templates">Templates <span class="count">2</span>' in page
    assert ">other<" not in page


def test_a_lone_incident_says_why_it_stayed_outside(storm: World) -> None:
    for text in (storm.page("/incidents/2"), storm.get("/api/explain/2")["text"], storm.page("/why/2")):
        assert "opened #2" in text
        assert "had begun" in text
        assert "no edge of the service graph joins backup to its 3 services" in text
    assert "no edge of the service graph" not in storm.page("/incidents/1")


def test_a_lone_incident_is_explained_by_the_graph_of_its_time(storm: World) -> None:
    services = (
        "services:\n  web: {depends_on: [api]}\n  api: {depends_on: [db]}\n  db: {}\n  backup: {depends_on: [db]}\n"
    )
    assert storm.client.post("/api/services", content=services).status_code < 300
    assert "backup" in {edge["source"] for edge in storm.get("/api/services")["edges"]}
    assert "no edge of the service graph joins backup to its 3 services" in storm.get("/api/explain/2")["text"]


def test_what_stands_next_to_an_open_incident_says_so(storm: World) -> None:
    storm.alert("db", 590, alertname="other", severity="info", summary="a certificate of db ends soon")
    lone = [item for item in storm.get("/api/incidents?sort=number")["items"] if item["episodes"] == 1]
    text = storm.get(f"/api/explain/{lone[-1]['number']}")["text"]
    assert "was open:" in text


def test_an_alert_of_a_lone_incident_says_why_too(storm: World) -> None:
    (key,) = [item["fingerprint"] for item in storm.get("/api/alerts?entity=backup")["items"]]
    assert "no edge of the service graph joins backup" in storm.page(f"/alerts/{key}")


def test_every_service_and_any_other_node_can_be_named_as_the_cause(world: World) -> None:
    services = "services:\n  switch: {}\n" + "".join(f"  s{n}: {{depends_on: [switch]}}\n" for n in range(20))
    world.client.post("/api/services", content=services)
    for number in range(20):
        world.alert(f"s{number}", number)
    detail = world.get("/api/incidents/1")["incident"]
    page = Elements(world.page("/incidents/1"))
    offered = {button.get("value") for button in page.all("button") if button.get("name") == "entity"}
    assert {*detail["services"], ""} <= offered
    assert any(field.get("name") == "entity" and "required" in field for field in page.all("input"))
    world.send("/incidents/1/act", act="cause", entity="switch")
    first = world.get("/api/incidents/1")["incident"]["candidates"][0]
    assert (first["entity"], first["confirmed"]) == ("switch", True)


@pytest.mark.parametrize(
    ("act", "chosen", "text"),
    [
        ("acknowledge", 0, "Nothing was selected: tick at least one incident first."),
        ("mute", 0, "Nothing was selected: tick at least one incident first."),
        ("merge", 1, "Nothing was merged: tick at least two incidents."),
    ],
)
def test_an_act_on_too_few_says_so(storm: World, act: str, chosen: int, text: str) -> None:
    ids = [item["incident_id"] for item in storm.get("/api/incidents")["items"]][:chosen]
    before = storm.journal.last()
    answer = storm.send("/act", act=act, id=ids, back="/?view=all")
    assert text in answer.text
    assert 'class="said bad"' in answer.text
    assert storm.journal.last() == before


def test_an_empty_list_offers_nothing_to_press(storm: World) -> None:
    empty, full = Elements(storm.page("/?q=nothing-like-it")), Elements(storm.page("/"))
    for page, off in ((empty, True), (full, False)):
        buttons = [button for button in page.all("button") if button.get("name") == "act"]
        assert len(buttons) == 5
        assert all(("disabled" in button) is off for button in buttons)


def test_a_graph_that_cannot_be_read_comes_back_with_its_problems(world: World) -> None:
    pasted = "services:\n  web: {depends_on: [api], colour: <red>}\n"
    answer = world.send("/services/import", services=pasted)
    assert answer.status_code == 400
    assert "colour: &lt;red&gt;}" in answer.text
    assert 'role="alert"' in answer.text
    assert "colour" in answer.text.partition("Nothing was imported")[2].partition("</ul>")[0]
    assert world.get("/api/services")["total"] == 0


def test_text_that_turns_what_stands_around_it_is_shown_straight(world: World) -> None:
    world.alert(TURNED, summary=f"{TURNED} fails", alertname=TURNED, team=TURNED)
    key = world.get("/api/alerts")["items"][0]["fingerprint"]
    for path in ("/", "/incidents/1", f"/alerts/{key}", "/alerts", "/patterns", "/services", "/why/1", "/wall"):
        page = re.sub(r' value="[^"]*"', "", world.page(path))  # what a form sends back must stay as it is
        assert not set(page) & set("\u202e\u202c\u2067\u200b"), path
        assert "paynoitcejement" in page, path
    assert "\\u202e" in world.page(f"/alerts/{key}").partition('class="raw"')[2]


def test_a_mute_of_such_a_text_still_matches_it(world: World) -> None:
    world.post("/webhooks/acme", {"title": TURNED, "severity": "warning"}, 202)
    world.now = at(601)
    fields = {
        field["name"]: field.get("value", "")
        for field in Elements(world.page("/mute?incident=1")).all("input")
        if field.get("name") == "value" and TURNED in field.get("value", "")
    }
    assert fields == {"value": TURNED}
    assert "hides 1 alert" in world.page("/mute?incident=1")


def test_emoji_and_scripts_that_need_joiners_keep_them(world: World) -> None:
    world.alert("db", summary="👩‍🚒 می‌خواهم")
    assert "👩‍🚒 می‌خواهم" in world.page("/")


def test_a_hung_engine_is_told_on_every_page(storm: World) -> None:
    assert "as of 09:10:00 UTC" in storm.page("/")
    storm.engine_runs = False
    storm.journal.append([alertmanager("db", 560)], at=at(560))
    page = storm.page("/rules")
    assert "40 s behind, data as of 09:09 UTC" in page
    assert 'class="live stale"' in page
    assert 'class="wall stale"' in storm.page("/wall")


def test_an_act_on_the_way_is_asked_after_until_it_is_known(storm: World) -> None:
    storm.engine_runs = False
    answer = storm.send("/incidents/1/act", act="acknowledge")
    assert "It is still on the way" in answer.text
    assert '<meta http-equiv="refresh" content="2">' in answer.text
    storm.engine_runs = True
    storm.pump()
    later = storm.page(f"{answer.url.path}?{answer.url.query.decode()}")
    assert "acknowledged" in later
    assert "http-equiv" not in later


def test_an_act_that_nobody_knows_is_not_asked_after_for_ever(storm: World) -> None:
    page = storm.page("/?did=made-up")
    assert "Nothing is known of that act." in page
    assert "http-equiv" not in page


def test_a_silence_is_made_and_undone_from_the_page_of_rules(storm: World) -> None:
    assert 'href="/mute?kind=silence&amp;back=/rules"' in storm.page("/rules")
    assert "Silence for a time" in storm.page("/mute?kind=silence&incident=2")
    page = mute(storm, kind="silence", back="/rules").text
    assert storm.get("/api/rules")["total"] == 0
    (silence,) = storm.get("/api/silences")["items"]
    assert silence["ends_at"] == "2026-03-02T11:10:00Z"
    storm.now += timedelta(seconds=1)
    assert "1 mute · 1 hidden" in storm.page("/rules")
    (undo,) = re.findall(r'action="(/silences/[^"]+/end)"[^>]*id="undo"', page)
    storm.send(undo, back="/")
    storm.now += timedelta(seconds=1)
    assert "0 mutes · 0 hidden" in storm.page("/")


@pytest.mark.parametrize("asked", ["incident=2", "alert"])
def test_the_shape_at_hand_is_labelled_with_the_verdict_asked_for(storm: World, asked: str) -> None:
    if asked == "alert":
        asked = f"alert={storm.get('/api/alerts?entity=backup')['items'][0]['fingerprint']}"
    page = storm.page(f"/label?{asked}&verdict=known_bad&back=/status")
    (checked,) = [one["value"] for one in Elements(page).all("input") if "checked" in one and one["type"] == "radio"]
    assert checked == "known_bad"
    assert "disk &lt;num&gt; % full" in page
    assert 'href="/status"' in page


def test_the_wall_counts_what_is_on_call(storm: World) -> None:
    page = storm.page("/wall")
    assert re.search(r"<h1>2 incidents", page)
    incident = storm.get("/api/incidents/1")["incident"]["incident_id"]
    storm.journal.append([Command(id="over", actor="ana", act=Resolve(incident_id=incident))])
    assert re.search(r"<h1>1 incident ", storm.page("/wall"))


def test_a_bar_of_the_chart_names_its_severities(storm: World) -> None:
    assert "4 alerts: 3 critical, 1 warning</title>" in storm.page("/")


def test_a_mild_lone_alert_is_in_the_background_and_the_quiet_list_says_where(world: World) -> None:
    world.engine.configure(Settings())
    world.alert("backup", severity="warning", summary="disk 91 % full")
    page = world.client.get("/").text
    assert "All quiet: nothing needs you now." in page
    assert "1 mild incident in the background" in page
    assert "backup: disk 91 % full" in world.client.get("/?view=background").text
