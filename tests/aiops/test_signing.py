from pathlib import Path

import pytest
import yaml

from aiops.bootstrap.signing import signing
from aiops.domain.acts import EndSignature, PutSignatures
from aiops.domain.entries import Command, Entry, Position
from aiops.domain.errors import BadConfiguration
from aiops.engine import Engine
from tests.builders import at


def a_file(folder: Path, name: str, condition: str = "selection") -> None:
    detection = {"selection": {"action": name}, "condition": condition}
    rule = {"title": name, "name": name, "logsource": {"product": "github"}, "detection": detection}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(rule))


def told(engine: Engine, commands: list[Command]) -> None:
    offset = engine.position.offset if engine.position else 0
    engine.run(
        Entry(position=Position(shard=0, offset=offset + number), received_at=at(number), payload=command)
        for number, command in enumerate(commands, 1)
    )


def test_what_differs_is_put_and_what_is_gone_ends(tmp_path: Path) -> None:
    engine = Engine()
    for name in ("one", "two"):
        a_file(tmp_path, name)
    commands, problems = signing(engine, tmp_path)
    told(engine, commands)
    assert problems == []
    assert sorted(engine.signatures.in_force()) == ["one", "two"]
    assert signing(engine, tmp_path) == ([], [])

    (tmp_path / "one.yaml").unlink()
    (command,) = signing(engine, tmp_path)[0]
    assert isinstance(command.act, EndSignature)
    told(engine, [command])
    assert sorted(engine.signatures.in_force()) == ["two"]


def test_what_a_correlation_is_about_is_told_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops.bootstrap.signing.CHUNK", 1)
    correlation = {"type": "event_count", "rules": ["zoo"], "timespan": "1m", "condition": {"gte": 2}}
    rules = [
        {"title": "B", "name": "b", "correlation": correlation | {"rules": ["c"]}},
        {"title": "C", "name": "c", "correlation": correlation},
    ]
    (tmp_path / "a.yaml").write_text(yaml.safe_dump_all(rules))
    a_file(tmp_path, "zoo")
    engine = Engine()
    told(engine, signing(engine, tmp_path)[0])
    assert sorted(engine.signatures.in_force()) == ["b", "c", "zoo"]


def test_while_a_rule_cannot_be_read_nothing_ends(tmp_path: Path) -> None:
    engine = Engine()
    a_file(tmp_path, "one")
    told(engine, signing(engine, tmp_path)[0])
    a_file(tmp_path, "one", condition="nothing")
    a_file(tmp_path, "two")
    (command,), problems = signing(engine, tmp_path)
    assert isinstance(command.act, PutSignatures)
    assert len(problems) == 1


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration):
        signing(Engine(), tmp_path / "absent")
