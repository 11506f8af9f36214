"""Can another site's page change anything here? Tried at every door that changes something."""

import re

import pytest
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from api import openapi
from api.auth import COOKIE, SAFE
from tests.api.world import BASE, World

FOREIGN = (
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:8081"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
)


def writes(world: World) -> set[tuple[str, str]]:
    """Return (method, path) of every route that is not safe, those of forms and stand-ins too."""
    found, waiting = set(), list(world.app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, Mount):
            continue
        inner = getattr(route, "original_router", None)
        waiting += getattr(inner, "routes", [])
        if isinstance(route, Route) or hasattr(route, "methods"):
            path = re.sub(r"{[^}]*}", "1", getattr(route, "path", ""))
            found |= {(method, path) for method in getattr(route, "methods", None) or () if method not in SAFE}
    return found


def signed_in(world: World) -> dict[str, str]:
    access = world.app.state.desk.access
    return {"cookie": f"{COOKIE}={access.sign_in(access.create_token('ana', ['admin'], world.now), world.now)}"}


def test_the_schema_and_the_forms_are_among_what_is_tried(locked: World) -> None:
    described = {
        (method.upper(), re.sub(r"{[^}]*}", "1", path))
        for path, methods in openapi.document(locked.app)["paths"].items()
        for method in methods
        if method.upper() not in SAFE
    }
    found = writes(locked)
    assert {pair for pair in described if pair not in found} == set()
    assert {
        ("POST", "/act"),
        ("POST", "/mute"),
        ("POST", "/sign-in"),
        ("POST", "/sign-out"),
        ("POST", "/theme"),
    } <= found


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_nothing_is_changed_by_another_sites_page(locked: World, headers: dict[str, str]) -> None:
    session = signed_in(locked)
    for method, path in sorted(writes(locked)):
        answer = locked.client.request(method, path, headers={**session, **headers}, content=b"{}")
        assert answer.status_code == 403, (method, path)
        assert "another site" in answer.text, (method, path)
    assert locked.journal.last() is None
    assert locked.client.get("/api/incidents", headers=session).status_code == 200, "nobody was signed out"


@pytest.mark.parametrize("headers", [{"origin": BASE}, {"sec-fetch-site": "same-origin"}, {}], ids=str)
def test_our_own_page_and_programs_are_let_through(locked: World, headers: dict[str, str]) -> None:
    answer = locked.client.post(
        "/theme", headers={**signed_in(locked), **headers}, data={"theme": "dark"}, follow_redirects=False
    )
    assert answer.status_code == 303


def test_no_socket_is_opened_for_another_sites_page(locked: World) -> None:
    assert any(isinstance(route, WebSocketRoute) or getattr(route, "path", "") == "/ws" for route in locked.app.routes)
    headers = {**signed_in(locked), "origin": "http://evil.example"}
    with pytest.raises(WebSocketDisconnect), locked.client.websocket_connect("ws://127.0.0.1:8080/ws", headers=headers):
        pass
