"""The signatures are those of the operator's folder: at start, and again when something in it was written."""

from pathlib import Path
from threading import Event

import pytest
import yaml

from aiops import fold
from aiops.bootstrap import engine as at_work
from aiops.bootstrap.setups import EngineSetup
from aiops.bootstrap.signing import signatures_in, signing
from aiops.domain.acts import Act, EndSignature, PutPack, PutSignatures
from aiops.domain.documents import PACKS
from aiops.domain.errors import BadConfiguration
from aiops.domain.queries import Query
from aiops.domain.rules import Pack
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import at


def a_file(folder: Path, name: str, condition: str = "selection") -> None:
    detection = {"selection": {"action": name}, "condition": condition}
    rule = {"title": name, "name": name, "logsource": {"product": "github"}, "detection": detection}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(rule))


class Desk:
    """An engine with its store, and a folder of signatures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal, self.store, self.engine = MemoryJournal(), MemoryStore(), Engine()

    def tell(self) -> list[Act]:
        """Tell the engine what the folder says, and return how."""
        commands, _ = signing(self.engine, self.store, self.folder)
        if commands:
            self.journal.append(commands, at=at(0))
        while fold.step(self.engine, self.journal, self.store):
            pass
        return [command.act for command in commands]

    def in_force(self) -> list[str]:
        return sorted(self.engine.signatures.in_force())

    def pack(self) -> Pack:
        with self.store.view() as view:
            (pack,) = view.find(PACKS, Query()).items
        return pack


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_differs_is_put_and_what_is_gone_ends(desk: Desk) -> None:
    for name in ("one", "two"):
        a_file(desk.folder, name)
    assert [type(act) for act in desk.tell()] == [PutSignatures, PutPack]
    assert desk.in_force() == ["one", "two"]
    assert desk.tell() == []

    (desk.folder / "one.yaml").unlink()
    assert [type(act) for act in desk.tell()] == [EndSignature, PutPack]
    assert desk.in_force() == ["two"]


def test_what_a_correlation_is_about_is_told_before_it(desk: Desk) -> None:
    correlation = {"type": "event_count", "rules": ["zoo"], "timespan": "1m", "condition": {"gte": 2}}
    rules = [
        {"title": "B", "name": "b", "correlation": correlation | {"rules": ["c"]}},
        {"title": "C", "name": "c", "correlation": correlation},
    ]
    (desk.folder / "a.yaml").write_text(yaml.safe_dump_all(rules))
    a_file(desk.folder, "zoo")
    put = desk.tell()[0]
    assert isinstance(put, PutSignatures)
    assert [one.id for one in put.signatures] == ["zoo", "c", "b"]


def test_while_a_rule_cannot_be_read_nothing_ends_and_the_pack_says_which(desk: Desk) -> None:
    a_file(desk.folder, "one")
    desk.tell()
    a_file(desk.folder, "one", condition="nothing")
    a_file(desk.folder, "two")
    desk.tell()
    assert desk.in_force() == ["one", "two"]
    pack = desk.pack()
    assert (pack.name, pack.rules, pack.origin) == ("files.signatures", 1, str(desk.folder))
    (problem,) = pack.problems
    assert problem.place.startswith(str(desk.folder / "one.yaml") + ":1")
    assert problem.fix


def test_a_folder_that_is_not_there_stops_the_start(desk: Desk) -> None:
    desk.folder = desk.folder / "absent"
    with pytest.raises(BadConfiguration):
        desk.tell()


def test_one_bad_rule_refuses_what_a_replay_is_to_use(desk: Desk) -> None:
    a_file(desk.folder, "one")
    assert [one.id for one in signatures_in(desk.folder)] == ["one"]
    a_file(desk.folder, "two", condition="nothing")
    with pytest.raises(BadConfiguration, match=r"two\.yaml:1"):
        signatures_in(desk.folder)


def test_a_folder_that_was_written_is_read_anew_without_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "WATCH", 0)
    journal, folder = MemoryJournal(clock=lambda: at(0)), tmp_path / "sigma"
    folder.mkdir()
    loop = at_work.Loop(journal, MemoryStore(), EngineSetup(data=tmp_path, signatures=folder), lambda: at(0))
    loop.catch_up(Event())
    a_file(folder, "one")

    class Stop(Event):
        """Set once the engine has read it, or after so many looks."""

        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return bool(loop.engine.signatures.in_force()) or self.looks > 100

    loop.run(Stop())
    assert list(loop.engine.signatures.in_force()) == ["one"]
