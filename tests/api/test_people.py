"""Who signs in with a name and a password, and what becomes of their sessions?"""

import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from aiops.domain.errors import BadConfiguration, BadInput, Conflict
from api.access import Access
from api.access_db import STEPS, AccessDb
from api.auth import COOKIE
from api.grants import SCOPES, Grant, Role, Scope, highest
from api.people import LOCKED, TRIES, People
from tests.api.world import World
from tests.builders import T0

PASSWORD = "correct horse battery"  # pragma: allowlist secret
WRONG = "wrong wrong wrong"


@pytest.fixture
def people() -> People:
    one = People(AccessDb(None))
    one.add("ana", PASSWORD, "on-call", T0)
    return one


@pytest.fixture
def staffed(locked: World) -> World:
    """An installation that ana, on call, may sign in to."""
    access: Access = locked.app.state.desk.access
    access.people.add("ana", PASSWORD, "on-call", locked.now)
    return locked


def test_the_right_password_grants_the_role_and_no_other_one_does(people: People) -> None:
    assert people.check("ana", PASSWORD, T0) == Grant("ana", frozenset((Scope.TRIAGE,)))
    for name, password in (("ana", PASSWORD + "x"), ("ana", ""), ("bo", PASSWORD), ("", ""), ("ana\x00", PASSWORD)):
        assert people.check(name, password, T0) is None


def test_after_five_wrong_ones_even_the_right_one_waits_a_minute(people: People) -> None:
    for _ in range(TRIES):
        assert people.check("ana", "wrong wrong wrong", T0) is None
    assert people.list(T0)[0].locked
    assert people.check("ana", PASSWORD, T0 + LOCKED / 2) is None
    assert people.check("ana", PASSWORD, T0 + LOCKED) is not None
    assert not people.list(T0 + LOCKED)[0].locked


def test_a_right_one_forgets_the_wrong_ones_before(people: People) -> None:
    for _ in range(3):
        for _ in range(TRIES - 1):
            people.check("ana", "wrong wrong wrong", T0)
        assert people.check("ana", PASSWORD, T0) is not None


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 1_001])
def test_a_password_too_short_or_too_long_is_refused(people: People, password: str) -> None:
    with pytest.raises(BadInput, match="12 to 1000"):
        people.add("bo", password, "viewer", T0)


def test_what_hangs_behind_the_longest_password_counts(people: People) -> None:
    people.add("bo", "x" * 1_000, "viewer", T0)
    assert people.check("bo", "x" * 1_000, T0) is not None
    assert people.check("bo", "x" * 1_001, T0) is None


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101, "a\u202eb"])
def test_a_name_that_would_mislead_is_refused(people: People, name: str) -> None:
    with pytest.raises(BadInput, match="name"):
        people.add(name, PASSWORD, "viewer", T0)


def test_names_are_given_once_and_roles_are_those_of_people(people: People) -> None:
    with pytest.raises(Conflict, match="ana"):
        people.add("ana", PASSWORD, "viewer", T0)
    for role in ("integration", "king"):
        with pytest.raises(BadInput, match="viewer"):
            people.add("bo", PASSWORD, role, T0)
    with pytest.raises(Conflict, match="bo"):
        people.set_role("bo", "admin")
    with pytest.raises(Conflict, match="bo"):
        people.remove("bo")


def test_the_highest_of_several_roles_holds() -> None:
    assert highest([Role.VIEWER, Role.ADMIN, Role.NOC]) is Role.ADMIN
    assert highest([]) is None
    assert set(SCOPES) == set(Role)


def test_only_hashes_are_kept_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "access.db"
    with contextlib.closing(Access(file)) as access:
        access.people.add("ana", PASSWORD, "admin", T0)
        session = access.welcome("ana", PASSWORD, T0)
        assert session is not None
    kept = file.read_bytes()
    assert PASSWORD.encode() not in kept
    assert session.encode() not in kept
    assert b"$argon2id$" in kept
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_of_the_release_before_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "access.db"
    with contextlib.closing(sqlite3.connect(file)) as old, old:
        for statement in STEPS[0]:
            old.execute(statement)
    with contextlib.closing(Access(file)) as access:
        token = access.create_token("ana", ["admin"], T0)
        hashed = access._hash_of(token)
    with contextlib.closing(sqlite3.connect(file)) as old, old:
        old.execute("UPDATE tokens SET created = 0")
    with contextlib.closing(Access(file)) as access:
        assert access.check(token, T0) is not None
        assert access.tokens()[0].created_at is None
        assert access._hash_of(token) == hashed


def test_a_file_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "access.db"
    with contextlib.closing(sqlite3.connect(file)) as new:
        new.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    with pytest.raises(BadConfiguration, match="newer release"):
        Access(file)


def test_a_token_ends_when_it_says_and_notes_its_last_use() -> None:
    access = Access(None)
    token = access.create_token("ci", ["read"], T0, T0 + timedelta(days=1))
    assert access.tokens()[0].used_at is None
    assert access.check(token, T0 + timedelta(hours=23)) is not None
    assert access.tokens()[0].used_at == T0 + timedelta(hours=23)
    assert access.check(token, T0 + timedelta(days=1)) is None


def test_a_rotated_token_is_good_beside_the_new_one_for_a_while() -> None:
    access = Access(None)
    old = access.create_token("ci", ["read"], T0, T0 + timedelta(days=30))
    new = access.rotate(access.tokens()[0].id, T0, timedelta(hours=2))
    for moment, good in ((timedelta(hours=1), (True, True)), (timedelta(hours=2), (False, True))):
        assert tuple(access.check(one, T0 + moment) is not None for one in (old, new)) == good
    assert access.check(new, T0 + timedelta(days=30)) is None, "it ends when the old one would have"
    with pytest.raises(Conflict, match="nope"):
        access.rotate("nope", T0)


def come(world: World, password: str = PASSWORD) -> str:
    answer = world.send("/sign-in", name="ana", password=password)
    assert answer.status_code == 200, answer.text
    return str(world.client.cookies[COOKIE])


def test_the_form_asks_for_a_name_once_there_is_somebody(locked: World, staffed: World) -> None:
    assert 'name="password"' in staffed.page("/sign-in")
    assert 'name="password"' not in World(locked.settings).page("/sign-in")


def test_somebody_acts_under_their_own_name(staffed: World) -> None:
    staffed.alert("db")
    come(staffed)
    number = staffed.first_incident()["number"]
    staffed.post(f"/api/incidents/{number}/comment", {"text": "hello"}, headers={"x-aiops-actor": "somebody-else"})
    assert staffed.get(f"/api/incidents/{number}")["timeline"][-1]["actor"] == "ana"


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(staffed: World) -> None:
    answers = [staffed.send("/sign-in", name=name, password=WRONG) for name in ("ana", "nobody")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text == answers[1].text
    assert "set-cookie" not in answers[0].headers


def test_a_session_ends_when_somebody_is_removed_or_has_another_password(staffed: World) -> None:
    people: People = staffed.app.state.desk.access.people
    come(staffed)
    people.set_password("ana", "another " + PASSWORD)
    assert staffed.client.get("/api/incidents").status_code == 401
    come(staffed, "another " + PASSWORD)
    people.remove("ana")
    assert staffed.client.get("/api/incidents").status_code == 401
    people.add("ana", PASSWORD, "admin", staffed.now)
    assert staffed.client.get("/api/incidents").status_code == 401, "a namesake is another"


def test_another_role_holds_at_once(staffed: World) -> None:
    people: People = staffed.app.state.desk.access.people
    come(staffed)
    people.set_role("ana", "viewer")
    assert staffed.client.get("/api/incidents").status_code == 200
    assert staffed.client.post("/api/incidents/1/acknowledge").status_code == 403


def test_an_open_page_hears_no_more_once_its_session_is_over(staffed: World) -> None:
    headers = {"cookie": f"{COOKIE}={come(staffed)}"}
    with staffed.client.websocket_connect("ws://127.0.0.1:8080/ws", headers=headers) as socket:
        socket.receive_json()
        staffed.app.state.desk.access.people.remove("ana")
        staffed.alert("db")
        with pytest.raises(WebSocketDisconnect, check=lambda gone: gone.code == 4403):
            hear_all(socket)


def hear_all(socket: WebSocketTestSession) -> None:
    for _ in range(20):
        socket.receive_json()
