"""Commands that need no server."""

from pathlib import Path

import pytest

from aiops.cli import main

GOOD = """
- id: nightly-backup-io
  verdict: known_good
  owner: noc
  reason: the backup reads every disk
  expires: 2099-03-31
  match: {service: backup, template: "high disk io on <*>"}
  cases:
    match: [{service: backup, message: "high disk io on sda"}]
    no_match: [{service: db, message: "high disk io on sda"}]
"""
SERVICES = "services:\n  web: {owner: shop, depends_on: [db]}\n  db: {owner: dba}\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORT", raising=False)


def run(*words: str) -> int:
    """Run a command and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    code = ended.value.code
    return code if isinstance(code, int) else 0


def test_config_show_lists_every_key_with_its_origin(capsys: pytest.CaptureFixture[str]) -> None:
    Path("aiops.toml").write_text("[server]\nport = 9\n")
    assert run("config", "show", "--origin") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "server.port = 9  # aiops.toml" in lines
    assert "server.host = 127.0.0.1  # default" in lines


def test_config_check_says_how_many_keys_are_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("config", "check") == 0
    assert "0 keys are set" in capsys.readouterr().out


def test_a_wrong_key_ends_every_command_alike(capsys: pytest.CaptureFixture[str]) -> None:
    Path("aiops.toml").write_text("[server]\nprot = 9\n")
    assert run("config", "check") == 3
    assert run("serve") == 3
    assert "did you mean 'server.port'?" in capsys.readouterr().err


def test_another_settings_file_is_named_before_the_command() -> None:
    Path("other.toml").write_text("port = 9\n")
    assert run("--config", "other.toml", "config", "check") == 3
    assert run("--config", "none.toml", "config", "check") == 3


def test_a_sound_pack_passes(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pack.yaml").write_text(GOOD)
    assert run("rules", "lint", "pack.yaml") == 0
    assert "sound" in capsys.readouterr().err


def test_a_rule_that_fails_its_own_case_is_named_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pack.yaml").write_text(GOOD.replace("no_match: [{service: db", "no_match: [{service: backup"))
    assert run("rules", "lint", "pack.yaml") == 1
    assert "pack.yaml:2" in capsys.readouterr().out


def test_a_pack_can_be_tried_on_an_alert(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pack.yaml").write_text(GOOD)
    alert = ("rules", "test", "pack.yaml", "--message", "high disk io on sdb", "--label")
    assert run(*alert, "service=backup") == 0
    assert "nightly-backup-io" in capsys.readouterr().out
    assert run(*alert, "service=db") == 1


def test_the_cases_of_a_folder_of_packs_are_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("packs").mkdir()
    Path("packs/good.yaml").write_text(GOOD)
    assert run("rules", "test", "packs") == 0
    wrong = GOOD.replace("nightly-backup-io", "other").replace("no_match: [{service: db", "no_match: [{service: backup")
    Path("packs/wrong.yaml").write_text(wrong)
    assert run("rules", "test", "packs") == 1
    assert "packs/wrong.yaml:2: rule other, cases.no_match[0]" in capsys.readouterr().out
    assert run("rules", "test", "packs/good.yaml") == 0


def test_a_service_graph_is_checked_and_every_problem_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("services.yaml").write_text(SERVICES)
    assert run("services", "check", "services.yaml") == 0
    assert "2 nodes, 1 edges" in capsys.readouterr().out
    Path("services.yaml").write_text(SERVICES.replace("[db]", "[dbx]").replace("owner: dba", "ownr: dba"))
    assert run("services", "check", "services.yaml") == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    "words",
    [
        ("services", "check", "none.yaml"),
        ("ingest", "none.log"),
        ("rules", "add"),
        ("rules", "add", "-m", "service=x", "--verdict", "fine"),
        ("rules", "add", "-m", "service=x", "--for", "soon", "--owner", "o", "--reason", "r"),
        ("patterns", "label", "t1", "fine", "--reason", "r"),
        ("nonsense",),
        ("incidents", "list", "-o", "xml"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two(words: tuple[str, ...]) -> None:
    assert run(*words) == 2


def test_a_server_that_is_not_there_ends_with_four(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--url", "http://127.0.0.1:9", "status") == 4
    assert "does not answer" in capsys.readouterr().err


def test_a_replay_needs_a_folder_and_makes_none() -> None:
    assert run("replay") == 2
    assert not Path("aiops-data").exists()
