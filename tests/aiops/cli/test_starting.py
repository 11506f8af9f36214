"""`serve` and `demo` hand on what was said, and nothing else."""

import sys
from pathlib import Path

import pytest

from aiops.domain.sections import Config
from tests.aiops.cli.line import Line


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """Return with which configurations a server would have been started; it "ends" with 0."""
    configs: list[Config] = []

    def serve(config: Config) -> int:
        configs.append(config)
        return 0

    monkeypatch.setattr("aiops.bootstrap.supervisor.serve", serve)
    return configs


def test_every_flag_of_serve_reaches_its_setting(aiops: Line, served: list[Config]) -> None:
    flags = "--host 127.0.0.2 --port 9 --data there --services s.yaml --rules packs --embedder light"
    aiops("serve", *flags.split(), "--log-format", "json", "--environment", "staging")
    (config,) = served
    assert (config.server.host, config.server.port, config.server.environment) == ("127.0.0.2", 9, "staging")
    assert (config.data, config.files.services, config.files.rules) == (Path("there"), Path("s.yaml"), Path("packs"))
    assert (config.learner.embedder, config.log.format) == ("light", "json")


def test_what_is_not_said_has_its_default(aiops: Line, served: list[Config], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIOPS_LEARNER_EMBEDDER")
    aiops("serve")
    assert served == [Config()]


def test_the_data_folder_may_be_named_before_or_after_the_command(aiops: Line, served: list[Config]) -> None:
    aiops("--data", "first", "serve")
    aiops("--data", "first", "serve", "--data", "second")
    assert [config.data for config in served] == [Path("first"), Path("second")]


def test_the_port_comes_from_the_environment_unless_it_is_said(
    aiops: Line, served: list[Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "9001")
    aiops("serve")
    aiops("serve", "--port", "9002")
    assert [config.server.port for config in served] == [9001, 9002]


def test_a_server_that_refuses_ends_the_command_alike(aiops: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops.bootstrap.supervisor.serve", lambda config: 78)
    aiops("serve", code=78)


@pytest.mark.parametrize(
    "words",
    [("--port", "70000"), ("--port", "http"), ("--log-format", "xml"), ("--embedder",)],
    ids=" ".join,
)
def test_a_flag_that_cannot_be_is_refused_before_anything_starts(
    aiops: Line, served: list[Config], words: tuple[str, ...]
) -> None:
    with pytest.raises(AssertionError):
        aiops("serve", *words)
    assert served == []


class Played:
    """What a demo did, without doing it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.filled: list[tuple[Config, bool]] = []
        self.became: list[list[str]] = []
        monkeypatch.setattr("aiops.cli.demonstration.fill", lambda config, fresh: self.filled.append((config, fresh)))
        monkeypatch.setattr("os.execv", lambda program, command: self.became.append(command))


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    return Played(monkeypatch)


def test_a_demo_becomes_the_server_of_its_folder(aiops: Line, played: Played) -> None:
    aiops("demo", "--port", "9003", "--data", "day", "--embedder", "light")
    ((config, fresh),) = played.filled
    assert (config.data, fresh) == (Path("day"), True)
    (command,) = played.became
    assert command[:4] == [sys.executable, "-m", "aiops.cli", "serve"]
    assert set(command[4:]) == {
        "--port=9003",
        "--data=day",
        "--embedder=light",
        "--log-format=console",
        "--environment=demo",
    }
    assert "http://127.0.0.1:9003" in aiops.chatter


def test_a_demo_once_serves_nothing(aiops: Line, played: Played) -> None:
    aiops("demo", "--once", "--keep")
    ((config, fresh),) = played.filled
    assert (config.data, fresh) == (Path("aiops-demo"), False)
    assert played.became == []


def test_what_a_demo_becomes_is_a_command_that_serve_understands(
    aiops: Line, played: Played, served: list[Config]
) -> None:
    aiops("demo", "--port", "9004", "--data", "my day")
    aiops(*played.became[0][3:])
    (config,) = served
    assert (config.server.port, config.data, config.server.environment) == (9004, Path("my day"), "demo")
