"""Every command explains itself with examples, at once."""

import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer.main

from aiops.cli import app, main


def every_command() -> Iterator[tuple[str, ...]]:
    """Yield the words that lead to each command and group."""

    def below(command: object, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, (*words, name))

    yield from below(typer.main.get_command(app), ())


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_every_help_ends_with_examples(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    end = capsys.readouterr().out.partition("Examples:")[2]
    assert "$ aiops " in end
    assert words[0] in end if words else "$ aiops demo" in end


def test_the_promised_commands_are_there() -> None:
    there = {" ".join(words) for words in every_command()}
    promised = """demo serve ingest incidents explain rules silences patterns services ledger replay doctor config
    status incidents_list incidents_show incidents_ack incidents_watch incidents_assign incidents_comment
    incidents_resolve rules_list rules_add rules_preview rules_expire rules_test rules_lint silences_list silences_add
    silences_expire services_list services_import services_check config_show config_check patterns_list"""
    assert {name.replace("_", " ") for name in promised.split()} <= there


def test_the_exit_codes_are_documented(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "Exit codes: 0 done; 1" in capsys.readouterr().out


def test_help_costs_less_than_half_a_second_of_cpu() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "aiops.cli", "--help"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, aiops.cli; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"fastapi", "httpx", "networkx", "numpy", "pydantic", "sklearn", "torch", "uvicorn", "sqlite3"}
    assert heavy & set(run.stdout.split()) == set()
