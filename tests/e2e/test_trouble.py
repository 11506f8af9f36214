"""Does an open page say what it cannot do, and what it shows that is old?"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, WebSocketRoute, expect

from tests.e2e.conftest import Server
from tests.e2e.test_browser import status_of

pytestmark = pytest.mark.browser

MUTE = re.compile("/mute")
NOT_THROUGH = "It did not get through; nothing was changed."


@pytest.fixture
def lone(context: BrowserContext) -> Page:
    """A page that may complain: its server is taken away."""
    return context.new_page()


def alarm_of(page: Page) -> str:
    colour: str = page.evaluate("() => getComputedStyle(document.getElementById('live')).color")
    return colour


def test_a_hung_engine_is_told_on_the_open_page(lone: Page, server: Server) -> None:
    lone.goto("/")
    expect(lone.locator("#live")).to_have_text("live")
    calm = alarm_of(lone)
    server.unread("db", ago=42)
    expect(lone.locator("#live")).to_have_text(re.compile(r"^4\d s behind, data as of \d\d:\d\d UTC$"))
    expect(lone.locator("html")).to_have_attribute("data-stale", "")
    assert alarm_of(lone) != calm
    server.hangs.clear()
    expect(lone.locator("#live")).to_have_text("live")


def test_a_hung_engine_is_told_without_javascript(browser: Browser, server: Server) -> None:
    server.unread("db", ago=42)
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/wall")
    expect(page.locator("#live")).to_have_text(re.compile(r"^4\d s behind, data as of \d\d:\d\d UTC$"))
    expect(page.locator(".wall-stale")).to_be_visible()
    context.close()


def test_a_connection_that_says_nothing_for_15_seconds_is_none(lone: Page) -> None:
    lone.clock.install()
    lone.route_web_socket(re.compile("/ws$"), _silent)
    lone.goto("/")
    expect(lone.locator("#live")).to_have_text("live")
    lone.clock.run_for(14_000)
    expect(lone.locator("#live")).to_have_text("live")
    lone.clock.run_for(3_000)
    expect(lone.locator("#live")).to_have_text("not connected")


def _silent(socket: WebSocketRoute) -> None:
    """A socket that says once how the engine is, and over which nothing more comes."""
    socket.send('{"state": {"behind": 0, "as_of": "2026-03-02T09:00:00Z"}}')


def test_a_lost_server_is_told_at_once(lone: Page, server: Server) -> None:
    lone.goto("/")
    expect(lone.locator("#live")).to_have_text("live")
    server.stop()
    expect(lone.locator("#live")).to_have_text("not connected")


def test_an_act_that_does_not_get_through_is_told(lone: Page, server: Server) -> None:
    lone.goto("/")
    lone.route("**/act", lambda route: route.abort())
    lone.keyboard.press("j")
    lone.keyboard.press("a")
    expect(lone.locator("#said")).to_contain_text(NOT_THROUGH)
    assert status_of(server, 1) == "open"
    lone.unroute("**/act")
    lone.keyboard.press("a")
    expect(lone.locator("#said")).to_contain_text("acknowledged")
    assert status_of(server, 1) == "acknowledged"


def test_a_dialog_that_does_not_open_or_send_says_so(lone: Page) -> None:
    lone.goto("/incidents/2")
    expect(lone.locator("#live")).to_have_text("live")
    lone.route(MUTE, lambda route: route.abort())
    lone.keyboard.press("m")
    expect(lone.locator("#said")).to_contain_text(NOT_THROUGH)
    lone.unroute(MUTE)
    lone.keyboard.press("m")
    dialog = lone.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("typed so far")
    lone.route(MUTE, lambda route: route.abort())
    dialog.get_by_role("button", name="Mute", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text(NOT_THROUGH)
    expect(dialog.get_by_label("Reason")).to_have_value("typed so far")


@pytest.mark.parametrize(
    ("status", "kind", "body", "text"),
    [
        (
            401,
            "application/problem+json",
            '{"title": "Unauthorized", "detail": "a token is needed"}',
            "a token is needed",
        ),
        (409, "application/problem+json", '{"title": "Conflict", "detail": "it is closed"}', "it is closed"),
        (503, "text/html", '<main class="alone"><p class="code">503</p><h1>Overloaded</h1></main>', "Overloaded"),
        (502, "text/plain", "bad gateway", "the server answered 502"),
    ],
)
def test_what_was_answered_instead_of_a_page_is_shown(lone: Page, status: int, kind: str, body: str, text: str) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=status, content_type=kind, body=body)

    lone.route("**/act", refuse)  # before the page is there: set behind it, a request was once not caught
    lone.goto("/incidents/1")
    expect(lone.locator("#live")).to_have_text("live")
    lone.keyboard.press("a")
    expect(lone.get_by_role("alert")).to_contain_text(text)
    expect(lone.get_by_role("heading", name="Likely root cause")).to_be_visible()
    assert lone.locator("#said").get_by_role("link", name="Sign in").count() == (status == 401)


@pytest.fixture
def without_script(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_an_act_on_the_way_is_asked_after_with_and_without_javascript(
    lone: Page, without_script: Page, server: Server
) -> None:
    server.hangs.set()
    for page in (lone, without_script):
        page.goto("/incidents/1")
        page.get_by_label("Assign to").fill("ana")
        page.get_by_role("button", name="Assign").click()
        expect(page.locator("#said")).to_contain_text("still on the way")
    server.hangs.clear()
    for page in (lone, without_script):
        expect(page.locator("#said")).to_contain_text("ana")
        expect(page.locator("#said")).not_to_contain_text("on the way")
