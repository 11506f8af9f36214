"""Who gets in?"""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.errors import BadConfiguration
from api.access import Access, Grant, Scope
from api.auth import host_name, wanted_scope
from api.settings import ApiSettings
from tests.api.world import BASE, World


def grant(world: World, *scopes: str) -> str:
    access: Access = world.app.state.desk.access
    return access.create_token("ana", scopes)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_token_grants_its_scopes_and_what_was_changed_grants_nothing() -> None:
    access = Access(None)
    token = access.create_token("ana", ["read", "ingest"])
    assert access.check(token) == Grant("ana", frozenset((Scope.READ, Scope.INGEST)))
    assert access.check(token + "x") is None
    assert access.check("") is None


@given(st.text())
def test_no_text_is_a_token_by_chance(text: str) -> None:
    access = Access(None)
    access.create_token("ana", ["admin"])
    assert access.check(text) is None
    access.close()


def test_tokens_outlive_the_process_and_only_their_hashes_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "access.db"
    first = Access(file)
    token = first.create_token("ana", ["admin"])
    first.close()
    assert Access(file).check(token) is not None
    assert token.rpartition("_")[2].encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_a_revoked_token_is_good_for_nothing() -> None:
    access = Access(None)
    token = access.create_token("ana", ["admin"])
    access.revoke(token)
    assert access.check(token) is None


def test_an_unknown_scope_is_refused_by_name() -> None:
    with pytest.raises(BadConfiguration, match="root"):
        Access(None).create_token("ana", ["root"])


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/webhooks/alertmanager", Scope.INGEST),
        ("GET", "/api/incidents", Scope.READ),
        ("WEBSOCKET", "/ws", Scope.READ),
        ("POST", "/api/incidents/1/acknowledge", Scope.TRIAGE),
        ("DELETE", "/api/rules/1", Scope.TRIAGE),
    ],
)
def test_what_a_request_needs(method: str, path: str, scope: Scope) -> None:
    assert wanted_scope(method, path) is scope


def test_whoever_may_triage_may_read_and_an_admin_may_all() -> None:
    assert Grant("a", frozenset((Scope.TRIAGE,))).allows(Scope.READ)
    assert not Grant("a", frozenset((Scope.READ,))).allows(Scope.TRIAGE)
    assert all(Grant("a", frozenset((Scope.ADMIN,))).allows(scope) for scope in Scope)


@pytest.mark.parametrize(
    ("header", "name"),
    [("LOCALHOST:80", "localhost"), ("[::1]:8080", "::1"), ("::1", "::1"), ("a.example", "a.example"), ("", "")],
)
def test_the_name_in_a_host_header(header: str, name: str) -> None:
    assert host_name(header) == name


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
def test_another_name_of_the_host_is_refused(world: World, host: str) -> None:
    assert world.client.get("/api/status", headers={"host": host}).status_code == 403


def test_the_operator_can_allow_a_name() -> None:
    world = World(ApiSettings(allowed_hosts=("aiops.example",)))
    assert world.client.get("/api/status", headers={"host": "aiops.example"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_a_write_from_another_sites_page_is_refused(world: World, headers: dict[str, str]) -> None:
    assert world.client.post("/webhooks/acme", json={"a": 1}, headers=headers).status_code == 403
    assert world.journal.last() is None


def test_a_write_from_our_own_page_is_taken(world: World) -> None:
    assert world.client.post("/webhooks/acme", json={"a": 1}, headers={"origin": BASE}).status_code == 202


def test_without_a_token_programs_get_401_and_people_the_sign_in_page(locked: World) -> None:
    answer = locked.client.get("/api/incidents")
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]
    page = locked.client.get("/", headers={"accept": "text/html"}, follow_redirects=False)
    assert page.headers["location"] == "/sign-in"


def test_health_is_told_to_everyone(locked: World) -> None:
    assert locked.client.get("/healthz").status_code == 200
    assert locked.client.get("/readyz").status_code == 200


def test_a_token_in_the_url_opens_nothing(locked: World) -> None:
    token = grant(locked, "admin")
    assert locked.client.get(f"/api/incidents?token={token}").status_code == 401


def test_bearer_and_basic_open_what_their_scope_allows(locked: World) -> None:
    sender = grant(locked, "ingest")
    basic = base64.b64encode(f"prometheus:{sender}".encode()).decode()
    for header in (bearer(sender), {"authorization": f"Basic {basic}"}):
        assert locked.client.post("/webhooks/acme", json={"a": 1}, headers=header).status_code == 202
        assert locked.client.get("/api/incidents", headers=header).status_code == 403


def test_a_reader_cannot_act(locked: World) -> None:
    header = bearer(grant(locked, "read"))
    assert locked.client.get("/api/incidents", headers=header).status_code == 200
    assert locked.client.post("/api/incidents/1/acknowledge", headers=header).status_code == 403


def test_signing_in_keeps_the_token_where_no_script_can_read_it(locked: World) -> None:
    token = grant(locked, "triage")
    answer = locked.client.post("/sign-in", data={"token": token}, follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert locked.client.get("/api/incidents").status_code == 200


def test_a_wrong_token_signs_nobody_in(locked: World) -> None:
    answer = locked.send("/sign-in", token="aiops_wrong")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_an_act_carries_the_tokens_name_whatever_the_client_says(locked: World) -> None:
    locked.alert("db")
    header = {**bearer(grant(locked, "triage")), "x-aiops-actor": "somebody-else"}
    number = locked.get("/api/incidents", headers=header)["items"][0]["number"]
    locked.post(f"/api/incidents/{number}/comment", {"text": "hello"}, headers=header)
    story = locked.get(f"/api/incidents/{number}", headers=header)["timeline"]
    assert story[-1]["actor"] == "ana"
