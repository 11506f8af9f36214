"""Does a person at a real browser get from the list to an acknowledged incident, and is the page safe to read?"""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import HOSTILE, Server, Watched

pytestmark = pytest.mark.browser

PATHS = (
    "/",
    "/wall",
    "/alerts",
    "/incidents/1",
    "/patterns",
    "/rules",
    "/signatures",
    "/pages",
    "/pages/why/1",
    "/pages/preview?incident=1",
    "/services",
    "/integrations",
    "/mappings?source=alertmanager",
    "/status",
    "/docs",
    "/mute?incident=1",
)

# WCAG contrast of every text against the nearest painted background, and every control's accessible name.
FAINT = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const part = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.body.querySelectorAll("*:not(svg *)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest(":disabled, .unseen")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.49) faint.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent.slice(0, 30)}`);
  }
  return faint;
}"""


def status_of(server: Server, number: int) -> str:
    from aiops.domain.documents import INCIDENTS
    from aiops.domain.queries import Query

    with server.store.view() as view:
        (found,) = view.find(INCIDENTS, Query(where={"number": (number,)})).items
    return found.status.value


def test_from_the_list_to_an_acknowledged_incident_by_click(page: Page, server: Server) -> None:
    page.goto("/")
    page.get_by_role("link", name=re.compile("^db: ")).click()
    expect(page.get_by_role("heading", name="Likely root cause")).to_be_visible()
    expect(page.locator(".candidates .first .name")).to_have_text("db")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#said")).to_contain_text("acknowledged")
    expect(page.locator(".facts")).to_contain_text("acknowledged, open")
    assert status_of(server, 1) == "acknowledged"


def test_the_same_by_keyboard_alone(page: Page, server: Server) -> None:
    page.goto("/")
    page.keyboard.press("j")
    expect(page.locator("#rows tr.at .c-title a")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/*")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("acknowledged")
    page.keyboard.press("u")
    page.wait_for_url(f"{server.url}/")
    expect(page.locator("#rows")).to_contain_text("acknowledged")
    assert status_of(server, 1) == "acknowledged"


def test_without_javascript_everything_can_be_read_and_done(browser: Browser, server: Server) -> None:
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.locator('input[name="id"]').first.check()
    page.get_by_role("button", name="Ack", exact=True).click()
    expect(page.locator("#said")).to_contain_text("acknowledged")
    page.get_by_role("link", name=re.compile("^backup: ")).click()
    page.get_by_role("link", name="Mute…").first.click()
    page.get_by_label("Reason").fill("it does that every night")
    page.get_by_role("button", name="Mute", exact=True).click()
    expect(page.locator("#muted")).to_have_text("1 mute · 1 hidden")
    assert status_of(server, 1) == "acknowledged"
    context.close()


def test_several_are_chosen_with_the_keyboard_and_stay_chosen_after_the_act(page: Page, server: Server) -> None:
    page.goto("/")
    for key in ("j", "x", "j", "x", "a"):
        page.keyboard.press(key)
    expect(page.locator("#said")).to_contain_text("2 done")
    expect(page.locator("#selected")).to_have_text("2 selected")
    assert [status_of(server, number) for number in (1, 2, 3)] == ["acknowledged", "open", "acknowledged"]


def test_a_key_acts_on_the_row_at_hand_without_selecting_it(page: Page, server: Server) -> None:
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("acknowledged")
    assert [status_of(server, number) for number in (1, 2, 3)] == ["acknowledged", "open", "open"]
    expect(page.locator("#selected")).to_have_text("Select incidents to act on")


def test_after_an_act_the_row_has_the_focus_still_and_enter_opens_it(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("j")
    link = page.locator("#rows tr.at .c-title a")
    where = link.get_attribute("href")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("acknowledged")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{where}")


def test_a_row_that_an_act_takes_away_leaves_no_other_at_hand(page: Page, server: Server) -> None:
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    page.keyboard.press("r")
    page.keyboard.press("j")
    expect(page.locator("#rows tbody tr").first.locator(".c-title a")).to_be_focused()
    assert [status_of(server, number) for number in (1, 2, 3)].count("resolved") == 1


def test_after_a_live_update_enter_opens_the_focused_row_still(page: Page, server: Server) -> None:
    page.goto("/")
    expect(page.locator("#live")).to_have_text("live")
    page.keyboard.press("j")
    first = page.locator("#rows tbody tr").first
    before = first.locator(".c-alerts").inner_text()
    server.alert("db", severity="critical", summary="db is down again", alertname="another")
    expect(first.locator(".c-alerts")).not_to_have_text(before)
    expect(first.locator(".c-title a")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/*")


def test_a_verdict_by_two_keys_on_the_list_and_on_an_alert(page: Page) -> None:
    page.goto("/?q=backup")
    for key in ("j", "l", "b"):
        page.keyboard.press(key)
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".quote")).to_have_text("disk <num> % full")
    expect(dialog.get_by_label("known bad")).to_be_checked()
    page.keyboard.press("Escape")
    page.goto("/alerts?q=backup")
    page.locator("#alert-rows .grow a").click()
    page.wait_for_url("**/alerts/*")
    expect(page.locator("#live")).to_have_text("live")
    page.keyboard.press("l")
    page.keyboard.press("g")
    expect(dialog.get_by_label("known good")).to_be_checked()
    dialog.get_by_label("Reason").fill("every night")
    dialog.get_by_role("button", name="Label", exact=True).click()
    expect(page.locator("#said")).to_contain_text("known good by rule")


def test_the_wall_shows_what_is_new_by_itself(page: Page, server: Server) -> None:
    page.goto("/wall")
    expect(page.locator("#live")).to_have_text("live")
    server.alert("search", severity="critical", summary="search is slow")
    expect(page.locator(".wall tbody")).to_contain_text("search")


def test_on_a_phone_why_a_member_is_here_stands_below_it_and_the_graph_shows_the_cause(
    browser: Browser, server: Server
) -> None:
    context = browser.new_context(base_url=server.url, viewport={"width": 360, "height": 700})
    page = context.new_page()
    page.goto("/incidents/1")
    row = page.locator(".members tbody tr", has_text="joined because").first
    why, alert = row.locator(".why").bounding_box(), row.locator("a").first.bounding_box()
    assert why
    assert alert
    assert why["y"] > alert["y"]
    assert why["x"] + why["width"] <= 360
    cause = page.locator(".graph .cause rect").bounding_box()
    assert cause
    assert 0 <= cause["x"] <= 360 - cause["width"]
    context.close()


def test_muting_in_a_dialog_shows_first_what_it_hides_and_is_undone_by_a_key(page: Page) -> None:
    page.goto("/?q=backup")
    page.keyboard.press("j")
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("hides 1 alert")
    dialog.get_by_label("Use matcher 1", exact=True).uncheck()
    dialog.get_by_label("Value 2").fill("nothing-like-it")
    dialog.get_by_label("Value 2").press("Tab")
    expect(dialog).to_contain_text("hides 0 alerts")
    dialog.get_by_label("Value 2").fill("backup")
    dialog.get_by_label("Value 2").press("Tab")
    expect(dialog).to_contain_text("hides 1 alert;")
    dialog.get_by_label("Reason").fill("it does that every night")
    dialog.get_by_role("button", name="Mute", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#rows")).to_be_hidden()
    expect(page.locator("#muted")).to_have_text("1 mute · 1 hidden")
    page.keyboard.press("z")
    expect(page.locator("#rows")).to_contain_text("backup")


def test_the_back_button_keeps_the_filter(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("owner:dba")
    page.keyboard.press("Enter")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    page.locator("#rows .c-title a").click()
    page.wait_for_url("**/incidents/*")
    page.go_back()
    expect(page.get_by_label("Filter")).to_have_value("owner:dba")
    expect(page.locator("#rows tbody tr")).to_have_count(1)


def test_an_open_list_changes_in_place_and_what_is_new_waits(page: Page, server: Server) -> None:
    page.goto("/")
    expect(page.locator("#live")).to_have_text("live")
    rows = page.locator("#rows tbody tr")
    expect(rows).to_have_count(3)
    server.alert("search", severity="critical", summary="search is slow")
    expect(page.locator("#apply")).to_have_text("1 new (press .)")
    expect(rows).to_have_count(3)
    page.keyboard.press(".")
    expect(rows).to_have_count(4)
    expect(page.locator("#apply")).to_be_hidden()


def test_a_line_is_updated_without_losing_the_selection(page: Page, server: Server) -> None:
    page.goto("/")
    expect(page.locator("#live")).to_have_text("live")
    first = page.locator("#rows tbody tr").first
    first.get_by_role("checkbox").check()
    before = first.locator(".c-alerts").inner_text()
    server.alert("db", severity="critical", summary="db is down again", alertname="another")
    expect(first.locator(".c-alerts")).not_to_have_text(before)
    expect(first.get_by_role("checkbox")).to_be_checked()


def test_a_paused_list_does_not_change(page: Page, server: Server, context: BrowserContext) -> None:
    other = context.new_page()
    for one in (page, other):
        one.goto("/")
        expect(one.locator("#live")).to_have_text("live")
    page.keyboard.press("p")
    expect(page.locator("#live")).to_have_text("paused")
    server.alert("search", severity="critical", summary="search is slow")
    expect(other.locator("#apply")).to_have_text("1 new (press .)")
    expect(page.locator("#apply")).to_be_hidden()
    page.keyboard.press("p")
    expect(page.locator("#apply")).to_have_text("1 new (press .)")


def test_another_persons_act_is_offered_on_the_open_incident(page: Page, context: BrowserContext) -> None:
    page.goto("/incidents/1")
    expect(page.locator("#live")).to_have_text("live")
    page.get_by_label("Comment").fill("half a thought")
    other = context.new_page()
    other.goto("/incidents/1")
    other.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".facts")).to_contain_text("acknowledged, open")
    page.get_by_role("button", name="updated (press .)").click()
    expect(page.get_by_role("button", name="Acknowledge")).to_be_hidden()
    expect(page.get_by_label("Comment")).to_have_value("half a thought")


def test_hostile_text_does_not_run_anywhere(page: Page, server: Server) -> None:
    for path in ("/", "/incidents/3", "/patterns", "/rules", "/services", "/status", "/why/3", "/mute?incident=3"):
        page.goto(path)
        assert page.evaluate("() => window.pwned") is None, path
    page.goto("/incidents/3")
    page.get_by_role("link", name=re.compile("odd text")).first.click()
    expect(page.locator(".message")).to_contain_text(HOSTILE)
    assert page.evaluate("() => window.pwned") is None


def test_what_people_and_senders_write_runs_on_no_page(page: Page, server: Server) -> None:
    """A hostile sender's name, body and labels; a hostile reason, owner and matcher; looked at wherever they show."""
    post = page.request.post
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    matcher = {"field": "service", "value": HOSTILE}
    silence = {"matchers": [matcher], "owner": HOSTILE, "reason": HOSTILE, "ends_at": soon}
    assert post("/api/silences", data=silence).ok
    rule = {"verdict": "known_good", "matchers": [matcher], "owner": HOSTILE, "reason": HOSTILE, "expires": soon}
    assert post("/api/rules", data=rule).ok
    assert post("/webhooks/odd", data={"title": HOSTILE, "service": HOSTILE, "url": "javascript:window.pwned=3"}).ok
    assert post("/webhooks/odd", data={HOSTILE: [HOSTILE], "severity": HOSTILE}).ok
    page.request.post("/api/incidents/1/comment", data={"text": HOSTILE})
    detection = {"selection": {"a": HOSTILE}, "condition": "selection"}
    sigma = {"title": HOSTILE, "name": HOSTILE, "owner": HOSTILE, "tags": [f"x.{HOSTILE}"], "detection": detection}
    sigma |= {"logsource": {"product": HOSTILE}, "description": HOSTILE, "falsepositives": [HOSTILE]}
    assert post("/api/signatures", data={"files": [{"text": json.dumps(sigma), "name": HOSTILE}]}).ok
    shown = (
        *PATHS,
        "/windows",
        "/rules/changes",
        "/mappings?source=odd",
        "/integrations?source=odd",
        "/alerts?status=all",
    )
    for path in (*shown, "/incidents/4", "/pages?show=dead", "/mute?incident=4"):
        page.goto(path)
        assert page.evaluate("() => window.pwned") is None, path
        assert not page.locator('a[href^="javascript:"]').count(), path


def test_hostile_text_does_not_run_in_a_live_update(page: Page, server: Server) -> None:
    page.goto("/")
    expect(page.locator("#live")).to_have_text("live")
    server.alert("billing", severity="critical", summary=f"worse {HOSTILE}", alertname="x")
    expect(page.locator("#rows tbody tr", has_text="billing").first.locator(".c-alerts")).to_have_text("2")
    assert page.evaluate("() => window.pwned") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_is_readable_in_both_themes(browser: Browser, server: Server, theme: str) -> None:
    scheme: dict[str, object] = {"color_scheme": theme}
    context = browser.new_context(base_url=server.url, **scheme)  # type: ignore[arg-type]
    page = context.new_page()
    for path in PATHS:
        page.goto(path)
        assert page.evaluate(FAINT) == [], path
    context.close()


def test_nothing_is_wider_than_a_small_phone(browser: Browser, server: Server) -> None:
    context = browser.new_context(base_url=server.url, viewport={"width": 360, "height": 700})
    page = context.new_page()
    for path in PATHS:
        page.goto(path)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360, path
    page.goto("/")
    page.locator("#rows .c-title a").first.click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#said")).to_contain_text("acknowledged")
    context.close()


def test_the_list_is_small_and_asks_for_little(watched: Watched) -> None:
    sizes: list[int] = []
    watched.page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))
    watched.page.goto("/")
    expect(watched.page.locator("#live")).to_have_text("live")
    assert len(watched.requests) <= 8
    assert 10_000 < sum(sizes) <= 50_000


def test_the_theme_is_chosen_by_a_key_and_stays(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("d")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("d")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_keys_are_listed_and_can_be_switched_off(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("acknowledge")
    dialog.get_by_label("keys act on this device").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator("#rows tr.at")).to_have_count(0)


def test_going_from_page_to_page_by_keys(page: Page) -> None:
    page.goto("/")
    for key, path in (("p", "/patterns"), ("r", "/rules"), ("s", "/services"), ("n", "/integrations"), ("i", "/")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"**{path}")
        expect(page.locator("#live")).to_have_text("live")


def test_a_test_alert_from_the_page_becomes_an_incident(page: Page) -> None:
    page.goto("/integrations")
    page.get_by_role("button", name="Send a test alert").first.click()
    expect(page.locator(".notice")).to_contain_text("Taken as delivery")
    page.goto("/")
    expect(page.locator("#rows")).to_contain_text("aiops-test")
