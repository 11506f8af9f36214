"""Are tokens and people kept from the command line, with no server and no secret on it?"""

import contextlib
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from aiops.bootstrap.clock import now
from aiops.bootstrap.setups import ACCESS_DB
from api.access import Access
from tests.aiops.cli.line import Line

PASSWORD = "correct horse battery"  # pragma: allowlist secret
DATA = Path("aiops-data")


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


@contextlib.contextmanager
def access():  # type: ignore[no-untyped-def]
    with contextlib.closing(Access(DATA / ACCESS_DB)) as one:
        yield one


def test_a_token_is_made_listed_rotated_and_revoked(aiops: Line) -> None:
    first = aiops("tokens", "create", "ci", "--scope", "read", "--scope", "ingest", "--expires", "90d").strip()
    assert first not in aiops.chatter, "it is shown to whoever asks, not in the log"
    assert json.loads(aiops.chatter)["event"] == "a token was made"
    [listed] = aiops.json("tokens")
    assert (listed["name"], listed["scopes"]) == ("ci", ["ingest", "read"])
    assert first.rpartition("_")[2] not in aiops.data
    second = aiops("tokens", "rotate", listed["id"], "--overlap", "0s").strip()
    with access() as one:
        assert one.check(first, now()) is None
        assert one.check(second, now()) is not None
        assert one.check(second, now() + timedelta(days=91)) is None
        [other] = [token.id for token in one.tokens() if token.id != listed["id"]]
    aiops("tokens", "revoke", other)
    with access() as one:
        assert one.check(second, now()) is None
    assert "no token" in _refused(aiops, "tokens", "revoke", other)


def test_a_token_for_a_sender_may_only_deliver(aiops: Line) -> None:
    aiops("tokens", "create", "prometheus")
    assert [token["scopes"] for token in aiops.json("tokens", "list")] == [["ingest"]]


def _refused(aiops: Line, *words: str) -> str:
    aiops(*words, code=5)
    return aiops.chatter


def test_somebody_is_added_changed_and_removed(aiops: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, PASSWORD + "\n")
    aiops("people", "add", "ana", "--role", "noc")
    assert PASSWORD not in aiops.data + aiops.chatter
    assert '"who": "ana"' in aiops.chatter
    with access() as one:
        assert one.people.check("ana", PASSWORD, now()) is not None
    typed(monkeypatch, "another " + PASSWORD)
    aiops("people", "password", "ana")
    aiops("people", "role", "ana", "viewer")
    assert [(one["name"], one["role"]) for one in aiops.json("people")] == [("ana", "viewer")]
    with access() as one:
        assert one.people.check("ana", PASSWORD, now()) is None
        assert one.people.check("ana", "another " + PASSWORD, now()) is not None
    aiops("people", "remove", "ana")
    assert aiops.json("people", "list") == []
    assert "nobody called 'ana'" in _refused(aiops, "people", "remove", "ana")


def test_a_short_password_and_a_second_ana_are_refused(aiops: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "short\n")
    aiops("people", "add", "ana", code=2)
    assert "short" not in aiops.chatter.replace("too short", "")
    for code in (0, 5):
        typed(monkeypatch, PASSWORD)
        aiops("people", "add", "ana", code=code)


def test_a_password_is_no_argument(aiops: Line) -> None:
    aiops("people", "add", "ana", PASSWORD, code=2)
    aiops("people", "add", "ana", "--password", PASSWORD, code=2)


@pytest.mark.parametrize("words", [("tokens",), ("people",), ("tokens", "revoke", "x"), ("people", "role", "a", "noc")])
def test_a_folder_that_is_none_is_not_made_by_looking(aiops: Line, words: tuple[str, ...]) -> None:
    aiops(*words, code=3)
    assert "--data" in aiops.chatter
    assert not DATA.exists()
