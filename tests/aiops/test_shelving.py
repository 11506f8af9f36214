"""At start the engine is told what differs between its runbooks and those of the operator's folder."""

from pathlib import Path

import pytest

from aiops.bootstrap.runbooks import ACTOR, shelving
from aiops.domain.acts import EndRunbook, PutRunbook
from aiops.domain.entries import Command
from aiops.domain.errors import BadConfiguration
from aiops.engine import Engine
from tests.builders import a_runbook, an_entry


def told(engine: Engine, commands: list[Command]) -> None:
    before = engine.position.offset if engine.position else 0
    engine.run(an_entry(command, before + number) for number, command in enumerate(commands, 1))


def test_what_differs_is_put_and_what_is_gone_ends_but_not_what_people_put(tmp_path: Path) -> None:
    engine = Engine()
    told(engine, [Command(id="hand", actor="ana", act=PutRunbook(runbook=a_runbook(id="by-hand")))])
    for name in ("One", "Two"):
        (tmp_path / f"{name}.md").write_text(f"# {name}\nDo it.\n")
    commands, problems = shelving(engine, tmp_path)
    told(engine, commands)
    assert problems == ()
    assert sorted(engine.runbooks.in_force()) == ["One", "Two", "by-hand"]
    assert engine.runbooks.in_force()["One"].put_by == ACTOR
    assert shelving(engine, tmp_path) == ([], ())

    for file in tmp_path.iterdir():
        file.unlink()
    commands, _ = shelving(engine, tmp_path)
    assert {type(command.act) for command in commands} == {EndRunbook}
    told(engine, commands)
    assert sorted(engine.runbooks.in_force()) == ["by-hand"]


def test_while_a_file_cannot_be_read_nothing_ends(tmp_path: Path) -> None:
    engine = Engine()
    (tmp_path / "One.md").write_text("Do it.")
    told(engine, shelving(engine, tmp_path)[0])
    (tmp_path / "One.md").write_bytes(b"\xff\xfe")
    (tmp_path / "Two.md").write_text("Do that.")
    (command,), problems = shelving(engine, tmp_path)
    assert isinstance(command.act, PutRunbook)
    assert len(problems) == 1


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration):
        shelving(Engine(), tmp_path / "absent")


def test_a_snapshot_carries_runbooks_over() -> None:
    engine, other = Engine(), Engine()
    told(engine, [Command(id="hand", actor="ana", act=PutRunbook(runbook=a_runbook()))])
    other.load(engine.dump())
    assert other.runbooks.in_force() == engine.runbooks.in_force()
