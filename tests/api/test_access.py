"""Who gets in?"""

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.errors import BadConfiguration
from api.access import Access
from api.auth import COOKIE, host_name, wanted_scope
from api.grants import Grant, Scope
from api.settings import ApiSettings
from tests.api.world import BASE, World
from tests.builders import T0


def grant(world: World, *scopes: str) -> str:
    access: Access = world.app.state.desk.access
    return access.create_token("ana", scopes, world.now)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_token_grants_its_scopes_and_what_was_changed_grants_nothing() -> None:
    access = Access(None)
    token = access.create_token("ana", ["read", "ingest"], T0)
    assert access.check(token, T0) == Grant("ana", frozenset((Scope.READ, Scope.INGEST)))
    assert access.check(token + "x", T0) is None
    assert access.check("", T0) is None


@given(st.text())
def test_no_text_is_a_token_by_chance(text: str) -> None:
    access = Access(None)
    access.create_token("ana", ["admin"], T0)
    assert access.check(text, T0) is None
    access.close()


def test_tokens_outlive_the_process_and_only_their_hashes_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "access.db"
    first = Access(file)
    token = first.create_token("ana", ["admin"], T0)
    first.close()
    assert Access(file).check(token, T0) is not None
    assert token.rpartition("_")[2].encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_a_revoked_token_is_good_for_nothing() -> None:
    access = Access(None)
    token = access.create_token("ana", ["admin"], T0)
    access.revoke(access.tokens()[0].id)
    assert access.check(token, T0) is None


def test_an_unknown_scope_is_refused_by_name() -> None:
    with pytest.raises(BadConfiguration, match="root"):
        Access(None).create_token("ana", ["root"], T0)


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
    [
        ("LOCALHOST:80", "localhost"),
        ("[::1]:8080", "::1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("a.example", "a.example"),
        ("", ""),
        ("localhost:x", ""),
        ("localhost:80@evil.example", ""),
        ("localhost:8080/static/", ""),
        ("localhost/static/?", ""),
        ("user@localhost", ""),
        ("[::1]evil.example", ""),
        ("[::1", ""),
    ],
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


def signed_in(world: World, token: str) -> str:
    """Sign in as a browser does, and return the cookie's value."""
    answer = world.client.post("/sign-in", data={"token": token}, follow_redirects=False)
    assert answer.status_code == 303
    return answer.cookies[COOKIE]


def test_signing_in_keeps_a_session_where_no_script_can_read_it(locked: World) -> None:
    token = grant(locked, "triage")
    answer = locked.client.post("/sign-in", data={"token": token}, follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert f"max-age={30 * 86_400}" in cookie
    assert locked.client.get("/api/incidents").status_code == 200


def test_the_cookie_does_not_give_the_token_away(locked: World) -> None:
    token = grant(locked, "triage")
    session = signed_in(locked, token)
    assert token.rpartition("_")[2] not in session
    locked.client.cookies.clear()
    assert locked.client.get("/api/incidents", headers=bearer(session)).status_code == 401
    assert locked.client.get("/api/incidents", headers={"cookie": f"{COOKIE}={token}"}).status_code == 401


@pytest.mark.parametrize("scope", ["admin", "triage", "read", "ingest"])
def test_signing_out_ends_the_session_also_for_who_copied_the_cookie(locked: World, scope: str) -> None:
    session = signed_in(locked, grant(locked, scope))
    assert locked.client.post("/sign-out").status_code == 200
    assert locked.client.get("/api/incidents", headers={"cookie": f"{COOKIE}={session}"}).status_code == 401


def test_a_session_ends_after_thirty_days(locked: World) -> None:
    signed_in(locked, grant(locked, "read"))
    locked.now += timedelta(days=29, hours=23)
    assert locked.client.get("/api/incidents").status_code == 200
    locked.now += timedelta(hours=1)
    assert locked.client.get("/api/incidents").status_code == 401


def test_a_session_ends_with_its_token(locked: World) -> None:
    token = grant(locked, "read")
    signed_in(locked, token)
    access: Access = locked.app.state.desk.access
    access.revoke(access.tokens()[0].id)
    assert locked.client.get("/api/incidents").status_code == 401


def test_a_session_outlives_the_process_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    file, fixed = tmp_path / "access.db", "t" * 40
    first = Access(file, [fixed])
    session = first.sign_in(fixed, T0)
    assert session is not None
    first.close()
    assert session.encode() not in file.read_bytes()
    assert fixed.encode() not in file.read_bytes()
    assert Access(file, [fixed]).session(session, T0) == Grant("configured", frozenset((Scope.ADMIN,)))
    assert Access(file, ["another" * 9]).session(session, T0) is None, "the operator took the token back"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:80/static/", "a.example/healthz?", "a.example:80@evil.example", "127.0.0.1:x", "a/static/#"]
)
def test_a_host_header_cannot_make_a_path_look_open(host: str) -> None:
    anywhere = World(ApiSettings(command_wait=0.0, token_required=True, allowed_hosts=("*",)))
    assert anywhere.client.get("/api/incidents", headers={"host": host}).status_code == 403
    assert anywhere.client.get("/api/incidents", headers={"host": "a.example"}).status_code == 401


@pytest.mark.parametrize("origin", ["http://[x", "null", "", "//", "http://"])
def test_an_origin_that_is_none_is_refused_and_no_failure(world: World, origin: str) -> None:
    assert world.client.post("/theme", headers={"origin": origin}).status_code == 403


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
