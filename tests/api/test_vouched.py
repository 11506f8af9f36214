"""When does a header say who asks?"""

from typing import Any

import pytest
from starlette.testclient import TestClient

from aiops.domain.errors import BadConfiguration
from aiops.domain.sections import AccessConfig
from api.settings import ApiSettings
from api.vouched import Proxy
from tests.api.world import BASE, World

PROXY = "10.0.0.7"


def behind(**changes: Any) -> World:
    given = {"proxy_header": "X-User", "proxy_from": (PROXY, "fd00::/8"), "role": "viewer", **changes}
    return World(ApiSettings(command_wait=0.0, token_required=True, access=AccessConfig(**given)))


def ask(world: World, peer: str, headers: Any, method: str = "GET", path: str = "/api/incidents") -> int:
    client = TestClient(world.app, base_url=BASE, client=(peer, 4711))
    return client.request(method, path, headers=headers).status_code


@pytest.mark.parametrize(
    ("peer", "status"),
    [
        (PROXY, 200),
        ("::ffff:10.0.0.7", 200),
        ("fd00::1", 200),
        ("10.0.0.8", 401),
        ("127.0.0.1", 401),
        ("testclient", 401),
    ],
)
def test_only_the_proxys_word_counts(peer: str, status: int) -> None:
    assert ask(behind(), peer, {"x-user": "ana"}) == status


def test_who_comes_past_the_proxy_cannot_say_that_they_came_by_it() -> None:
    headers = {"x-user": "ana", "x-forwarded-for": PROXY, "forwarded": f"for={PROXY}", "x-real-ip": PROXY}
    assert ask(behind(), "10.0.0.8", headers) == 401


def test_without_the_header_the_proxy_is_like_anybody() -> None:
    assert ask(behind(), PROXY, {}) == 401
    assert ask(behind(), PROXY, {"x-user": ""}) == 401


@pytest.mark.parametrize("said", [[("x-user", "ana"), ("x-user", "root")], [("x-user", "x" * 101)]])
def test_a_header_that_names_nobody_is_refused(said: list[tuple[str, str]]) -> None:
    assert ask(behind(), PROXY, said) == 403


@pytest.mark.parametrize(
    ("groups", "status"), [("sre", 200), ("tea, sre", 200), ("tea", 403), ("", 403), ("sre=on-call", 403)]
)
def test_groups_give_the_role_and_who_has_none_may_nothing(groups: str, status: int) -> None:
    world = behind(role="", proxy_groups="x-groups", roles=("sre=on-call",))
    assert ask(world, PROXY, {"x-user": "ana", "x-groups": groups}) == status


def test_the_role_bounds_what_one_may() -> None:
    assert ask(behind(), PROXY, {"x-user": "ana"}, "POST", "/api/incidents/1/acknowledge") == 403


def test_what_one_does_bears_the_name_that_the_proxy_says() -> None:
    world = behind(role="on-call")
    world.alert("db")
    client = TestClient(world.app, base_url=BASE, client=(PROXY, 1), headers={"x-user": "ana", "x-aiops-actor": "bo"})
    client.post("/api/incidents/1/comment", json={"text": "hello"})
    assert client.get("/api/incidents/1").json()["timeline"][-1]["actor"] == "ana"


def test_another_sites_page_cannot_act_through_the_proxy() -> None:
    headers = {"x-user": "ana", "origin": "http://evil.example"}
    assert ask(behind(role="admin"), PROXY, headers, "POST", "/theme") == 403


@pytest.mark.parametrize(("peer", "secure"), [(PROXY, True), ("127.0.0.1", True), ("10.0.0.8", False)])
def test_cookies_are_secure_where_the_browser_speaks_https(peer: str, secure: bool) -> None:
    world = behind()
    token = world.app.state.desk.access.create_token("ana", ["read"], world.now)
    client = TestClient(world.app, base_url=BASE, client=(peer, 1), headers={"x-forwarded-proto": "https"})
    answer = client.post("/sign-in", data={"token": token}, follow_redirects=False)
    assert ("secure" in answer.headers["set-cookie"].lower()) is secure


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"proxy_from": ()}, "access.proxy_from"),
        ({"proxy_from": ("everywhere",)}, "access.proxy_from"),
        ({"role": ""}, "access.roles"),
        ({"role": "king"}, "access.role"),
    ],
)
def test_a_header_that_anybody_might_send_is_refused_at_the_start(changes: dict[str, Any], place: str) -> None:
    given = {"proxy_header": "X-User", "proxy_from": (PROXY,), "role": "viewer", **changes}
    with pytest.raises(BadConfiguration, match=place):
        Proxy(AccessConfig(**given))
