"""Every command explains itself with examples, at once."""

import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest

from aiops.cli import app, main
from aiops.cli.app import COMMANDS
from aiops.cli.lazy import command

WIDE = 1_000  # columns: no help is cut
HEAVY = {"fastapi", "httpx", "networkx", "numpy", "pydantic", "rich", "sklearn", "sqlite3", "torch", "uvicorn"}


def every_command() -> Iterator[tuple[str, ...]]:
    """Yield the words that lead to each command and family."""
    yield ()
    for name in COMMANDS:
        yield (name,)
        for child in getattr(command(name), "commands", {}):
            yield (name, child)


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_every_help_ends_with_examples(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--help", "-h"):
        with pytest.raises(SystemExit) as ended:
            main([*words, option])
        assert ended.value.code == 0
        end = capsys.readouterr().out.partition("Examples:")[2]
        assert "$ aiops " in end
        assert words[0] in end if words else "$ aiops demo" in end


def test_the_promised_commands_are_there() -> None:
    there = {" ".join(words) for words in every_command()}
    promised = """demo serve ingest incidents explain rules silences patterns services ledger replay doctor config
    status incidents_list incidents_show incidents_ack incidents_watch incidents_assign incidents_comment
    incidents_resolve rules_list rules_add rules_preview rules_expire rules_test rules_lint silences_list silences_add
    silences_expire services_list services_import services_check config_show config_check patterns_list
    store_migrate"""
    assert {name.replace("_", " ") for name in promised.split()} <= there


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_each_command_what_the_command_says_of_itself(name: str) -> None:
    assert command(name).get_short_help_str(WIDE) == COMMANDS[name]


def run_apart(*words: str) -> tuple[str, set[str]]:
    """Run a command in a process of its own; return what it printed, and the names of all that it imported."""
    code = f"import sys, aiops.cli\ntry: aiops.cli.main({list(words)})\nfinally: print(*sys.modules, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return run.stdout, set(run.stderr.split())


def test_the_list_has_every_command_and_imports_none_of_them() -> None:
    out, imported = run_apart("--help")
    listed = out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed] == [*COMMANDS]
    assert imported & HEAVY == set()
    assert imported & {f"aiops.cli.{name}" for name in COMMANDS} == set()


def test_a_command_imports_no_other_and_nothing_that_it_does_not_use() -> None:
    _, imported = run_apart("config", "check")
    assert imported & {f"aiops.cli.{name}" for name in COMMANDS} == {"aiops.cli.config"}
    assert imported & HEAVY <= {"pydantic"}  # typer itself reads values with it


def test_the_exit_codes_are_documented(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "Exit codes: 0 done; 1" in capsys.readouterr().out


def test_without_a_word_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert "Commands:" in shown.out + shown.err


def test_a_mistyped_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    for words, guess in ((["incidnts"], "incidents"), (["rules", "lnt"], "lint")):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        assert f"Did you mean '{guess}'?" in capsys.readouterr().err


def test_a_usage_names_all_words_that_lead_to_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["rules", "preview", "-h"])
    assert "Usage: " in (out := capsys.readouterr().out)
    assert " rules preview [OPTIONS]" in out


def test_help_costs_less_than_half_a_second_of_cpu() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "aiops.cli", "--help"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_the_app_can_be_embedded() -> None:
    assert {one.name for one in app.registered_commands} == set(COMMANDS)
