"""To whom a command talks: the server that is named, the folder's own if it lives, else nobody but itself."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aiops.cli.errors import EXIT_CODES, code_of
from aiops.cli.session import server_of
from aiops.client import Missing, NotAllowed
from aiops.domain.errors import AiopsError, BadConfiguration, BadInput, Conflict, Overloaded, Unavailable
from aiops.domain.sections import Config
from tests.aiops.cli.line import Line


class Ear(BaseHTTPRequestHandler):
    """Answers as the first lines of our API would, and remembers who asked."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        body = b'{"ok": true}' if self.path == "/healthz" else b'{"items": [], "total": 0, "facets": {}, "next": ""}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Somebody:
    """A server that listens."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        handler = type("Ear", (Ear,), {"asked": self.asked})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def paths(self) -> list[str]:
        return [path.partition("?")[0] for path, _ in self.asked]


@pytest.fixture
def somebody() -> Iterator[Somebody]:
    with contextlib.closing(Somebody()) as one:
        yield one


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """Whoever would start an engine here fails; returned: for which configurations."""
    tried: list[Config] = []

    def refuse(config: Config, **_: object) -> None:
        tried.append(config)
        raise Unavailable("an engine was to be started here")

    monkeypatch.setattr("aiops.cli.session._in_process", refuse)
    return tried


@pytest.mark.usefixtures("alone")
def test_the_server_that_is_named_is_asked_and_no_other(aiops: Line, somebody: Somebody) -> None:
    aiops("--url", somebody.url, "rules")
    assert somebody.paths == ["/api/rules"]


@pytest.mark.usefixtures("alone")
def test_the_server_can_be_named_in_the_environment_with_a_token(
    aiops: Line, somebody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIOPS_CLIENT_URL", somebody.url)
    monkeypatch.setenv("AIOPS_CLIENT_TOKEN", "t0ken")
    aiops("silences")
    assert [token for _, token in somebody.asked] == ["Bearer t0ken"]


@pytest.mark.usefixtures("alone")
def test_what_is_said_now_comes_before_what_the_environment_says(
    aiops: Line, somebody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIOPS_CLIENT_URL", "http://127.0.0.1:9")
    aiops("--url", somebody.url, "patterns")
    assert somebody.paths == ["/api/patterns"]


@pytest.mark.usefixtures("alone")
def test_the_server_of_the_folder_is_asked_once_it_has_answered(
    aiops: Line, somebody: Somebody, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "address").write_text(somebody.url + "\n")
    aiops("--data", "there", "rules")
    assert somebody.paths == ["/healthz", "/api/rules"]


def test_an_address_that_nobody_answers_at_is_an_old_one(aiops: Line, alone: list[Config], tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "address").write_text("http://127.0.0.1:9")
    aiops("--data", "there", "rules", code=4)
    assert [config.data for config in alone] == [Path("there")]


def test_without_any_server_the_folder_itself_is_worked_on(aiops: Line, alone: list[Config]) -> None:
    aiops("--data", "elsewhere", "rules", code=4)
    assert [config.data for config in alone] == [Path("elsewhere")]


@pytest.mark.usefixtures("alone")
def test_a_named_server_that_is_gone_is_not_replaced_by_the_folder(aiops: Line) -> None:
    aiops("--url", "http://127.0.0.1:9", "rules", code=4)
    assert "http://127.0.0.1:9 does not answer" in aiops.chatter


def test_a_folder_without_an_address_has_no_server(tmp_path: Path) -> None:
    assert server_of(Config(data=tmp_path)) == ""
    assert server_of(Config(data=tmp_path / "missing")) == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInput("x", place="p", fix="f"), 2),
        (BadConfiguration("x", place="p", fix="f"), 3),
        (Unavailable("x"), 4),
        (Overloaded("x"), 4),
        (Conflict("x"), 5),
        (Missing("x"), 5),
        (NotAllowed("x"), 5),
        (AiopsError("x"), 5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_ends_with_its_code_and_the_code_is_documented(error: AiopsError, code: int) -> None:
    assert code_of(error) == code
    assert f"{code} " in EXIT_CODES
