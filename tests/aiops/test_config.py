"""Every layer, every kind of mistake."""

from datetime import timedelta
from pathlib import Path

import pytest

from aiops.config import KEYS, SECRETS, VARIABLES, load, seconds
from aiops.domain.errors import BadConfiguration
from aiops.domain.events import Severity
from aiops.domain.sections import Config
from aiops.domain.settings import Settings


def a_file(folder: Path, text: str) -> Path:
    file = folder / "aiops.toml"
    file.write_text(text)
    return file


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_given_means_the_defaults() -> None:
    loaded = load(environ={})
    assert loaded.config == Config()
    assert loaded.config.decisions == Settings()
    assert {origin for _, _, origin in loaded.rows()} == {"default"}


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    a_file(tmp_path, '[server]\nport = 1\nhost = "::1"\n[log]\nformat = "json"\n')
    loaded = load({"server.port": 3, "data": None}, {"AIOPS_SERVER_PORT": "2", "AIOPS_SERVER_HOST": "localhost"})
    assert (loaded.config.server.port, loaded.origin("server.port")) == (3, "flag")
    assert (loaded.config.server.host, loaded.origin("server.host")) == ("localhost", "AIOPS_SERVER_HOST")
    assert (loaded.config.log.format, loaded.origin("log.format")) == ("json", "aiops.toml")
    assert (loaded.config.data, loaded.origin("data")) == (Path("aiops-data"), "default")


def test_plain_port_is_read_and_the_full_name_beats_it() -> None:
    assert load(environ={"PORT": "99"}).config.server.port == 99
    assert load(environ={"PORT": "99", "AIOPS_SERVER_PORT": "98"}).config.server.port == 98


def test_the_file_can_be_named_by_flag_or_variable(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('data = "there"')
    assert load(environ={}, file=other).config.data == Path("there")
    assert load(environ={"AIOPS_CONFIG": str(other)}).config.data == Path("there")


def test_decisions_become_the_engines_settings(tmp_path: Path) -> None:
    a_file(
        tmp_path,
        '[decisions.correlation]\nwindow = "10m"\nmax_open = 7\n[decisions.paging]\nleast = "critical"\nhold = "PT1M"\n'
        '[decisions.logs]\nerror_levels = ["bad"]\n[decisions.dedup]\ndefault_lease = "off"\n',
    )
    decisions = load(environ={"AIOPS_DECISIONS_DEDUP_RESEND_WINDOW": "2d"}).config.decisions
    assert decisions.correlation.window == timedelta(minutes=10)
    assert decisions.correlation.max_open == 7
    assert decisions.paging.least is Severity.CRITICAL
    assert decisions.paging.hold == timedelta(minutes=1)
    assert decisions.logs.error_levels == ("bad",)
    assert decisions.dedup.default_lease is None
    assert decisions.dedup.resend_window == timedelta(days=2)


def test_a_list_from_the_environment_is_separated_by_commas() -> None:
    hosts = load(environ={"AIOPS_SERVER_ALLOWED_HOSTS": "a.example, b.example"}).config.server.allowed_hosts
    assert hosts == ("a.example", "b.example")


def test_a_secret_may_stand_in_a_file_and_is_not_shown(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    loaded = load(environ={"AIOPS_CLIENT_TOKEN_FILE": str(secret)})
    assert loaded.config.client.token == "s3cret"
    assert ("client.token", "***", "AIOPS_CLIENT_TOKEN_FILE") in set(loaded.rows())
    assert "s3cret" not in str(list(loaded.rows()))


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ("[server]\nprot = 1", "aiops.toml", "did you mean 'server.port'?"),
        ("port = 1", "aiops.toml", "did you mean 'server.port'?"),
        ("[decisions.correlation]\nwindw = '1m'", "aiops.toml", "did you mean 'decisions.correlation.window'?"),
        ("zzz = 1", "aiops.toml", "`aiops config show` lists all keys"),
        ("[server]\nport = 'x'", "aiops.toml: server.port", "give a whole number"),
        ("[server]\nport = 70000", "aiops.toml: server.port", "give a whole number"),
        ("[log]\nformat = 'xml'", "aiops.toml: log.format", "give one of auto, console, json"),
        ("[decisions.paging]\nleast = 'loud'", "aiops.toml: decisions.paging.least", "critical, high, warning, info"),
        ("[engine]\nsnapshot_every = 'soon'", "aiops.toml: engine.snapshot_every", "a duration such as"),
        ("data = 1", "aiops.toml: data", "give a path"),
        ("server = 1", "aiops.toml", "did you mean"),
        ("= broken", "aiops.toml", "mend the line"),
    ],
)
def test_a_mistake_in_the_file_is_refused_with_its_place_and_the_fix(
    tmp_path: Path, text: str, place: str, fix: str
) -> None:
    a_file(tmp_path, text)
    with pytest.raises(BadConfiguration) as refused:
        load(environ={})
    assert refused.value.place == place
    assert fix in refused.value.fix


@pytest.mark.parametrize(
    ("variables", "place", "fix"),
    [
        ({"AIOPS_SERVR_PORT": "1"}, "AIOPS_SERVR_PORT", "did you mean 'AIOPS_SERVER_PORT'?"),
        ({"AIOPS_SERVER_PORT": "many"}, "AIOPS_SERVER_PORT", "give a whole number"),
        ({"PORT": "many"}, "PORT: server.port", "give a whole number"),
        ({"AIOPS_CLIENT_TOKEN_FILE": "/nowhere"}, "AIOPS_CLIENT_TOKEN_FILE", "name a readable file"),
        ({"AIOPS_CONFIG": "/nowhere.toml"}, "/nowhere.toml", "name another with --config"),
    ],
)
def test_a_mistake_in_the_environment_is_refused(variables: dict[str, str], place: str, fix: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        load(environ=variables)
    assert (refused.value.place, refused.value.fix) == (place, fix)


def test_a_wrong_secret_is_not_repeated_in_the_message() -> None:
    with pytest.raises(BadConfiguration) as refused:
        load({"client.token": 17.5}, {})
    assert "17.5" not in str(refused.value)


def test_variables_of_the_tests_and_the_set_up_are_not_ours() -> None:
    assert load(environ={"AIOPS_TEST_X": "1", "AIOPS_EMBEDDER_EXTRA": "light", "HOME": "/"}).origins == {}


def test_every_key_has_one_variable_and_secrets_are_keys() -> None:
    assert len(VARIABLES) == len(KEYS)
    assert set(KEYS) >= SECRETS


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("1.5s", 1.5), ("20m", 1200), ("1h30m", 5400), ("2d", 172800), ("250ms", 0.25), ("PT20M", 1200)],
)
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "m", "20 minutes", "-5m", "1h 2m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        seconds(text)
