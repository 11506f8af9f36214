"""Do all documents get from one store to another, also when interrupted, and is a loss noticed?"""

import json
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops import fold
from aiops.cli.app import app
from aiops.domain.acts import Outcome
from aiops.domain.changes import Changes
from aiops.domain.documents import ALERTS, COLLECTIONS, EVENTS, OUTCOMES, PAGES, TIMELINE
from aiops.domain.entries import Position
from aiops.domain.errors import Unavailable
from aiops.domain.queries import Query
from aiops.domain.snapshots import Snapshot
from aiops.ports import Store
from aiops.storage.folder import open_store
from aiops.storage.memory import MemoryStore
from aiops.storage.moving import Progress, compare, move, resumed
from tests.builders import T0, a_page, an_alert, at
from tests.contract.test_stores import an_item
from tests.elastic.conftest import Opener
from tests.elastic.server import PREFIX, url, wipe
from tests.elastic.test_indices import record

RELEASES = Path(__file__).parents[1] / "releases"
SNAPSHOT = Snapshot(version="1", position=Position(0, 9), taken_at=T0, parts={"p": b"x"})


def newest(store: Store) -> Snapshot | None:
    return store.snapshot("1")


def filled(store: Store) -> Store:
    for offset in (3, 9):
        made = Changes()
        made.position = Position(0, offset)
        for number in range(1_500 if offset == 3 else 20):
            made.put(ALERTS, an_alert(f"s{number:04}", count=offset))
        made.put(EVENTS, record(offset, at(offset)))
        made.put(TIMELINE, an_item(offset))
        made.put(PAGES, a_page())
        made.put(OUTCOMES, Outcome(command_id=f"c{offset}", applied=True, text="done"))
        store.save(made)
    store.keep(SNAPSHOT)
    return store


def everything(store: Store) -> list[Any]:
    with store.view() as view:
        found: list[Any] = [view.position()]
        for collection in COLLECTIONS:
            cursor = ""
            while True:
                page = view.find(collection, Query(limit=1_000, cursor=cursor))
                found += page.items
                if not (cursor := page.next):
                    break
        return found


def moved(source: Store, target: Store, note: Path) -> bool:
    said: list[Progress] = []
    compared = move(source, target, resumed(note, "a", "b"), note, said.append, newest)
    return all(one.equal for one in compared)


def test_there_and_back_everything_is_as_it_was(opened: Opener, tmp_path: Path) -> None:
    source, elastic, back = filled(open_store(tmp_path / "from")), opened(), open_store(tmp_path / "back")
    assert moved(source, elastic, tmp_path / "note")
    assert moved(elastic, back, tmp_path / "note")
    assert everything(source) == everything(elastic) == everything(back)
    assert elastic.snapshot("1") == back.snapshot("1") == SNAPSHOT
    assert not (tmp_path / "note").exists()
    source.close()
    back.close()


def test_an_interrupted_move_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target, note = filled(MemoryStore()), MemoryStore(), tmp_path / "note"
    saves = 0
    save = target.save

    def failing(changes: Changes) -> None:
        nonlocal saves
        saves += 1
        if saves == 2:
            raise Unavailable("away")
        save(changes)

    monkeypatch.setattr(target, "save", failing)
    with pytest.raises(Unavailable):
        moved(source, target, note)
    assert target.position() is None  # nobody takes it for whole
    kept = resumed(note, "a", "b")
    assert (kept.collection, kept.moved) == ("alerts", 1_000)
    assert resumed(note, "a", "other") == Progress(source="a", target="other")
    assert moved(source, target, note)
    assert everything(source) == everything(target)


def test_a_snapshot_of_an_earlier_release_is_moved_as_this_one_reads_it(tmp_path: Path) -> None:
    with tarfile.open(next(RELEASES.glob("*.tgz"))) as kept:
        kept.extractall(tmp_path / "left", filter="data")
    (folder,) = {path.parent for path in (tmp_path / "left").rglob("store.db")}
    source, target = open_store(folder), MemoryStore()
    assert source.snapshot(fold.FORMAT) is None
    note = tmp_path / "note"
    move(source, target, resumed(note, "a", "b"), note, lambda _: None, fold.newest)
    moved_one = target.snapshot(fold.FORMAT)
    assert moved_one is not None
    assert moved_one == fold.newest(source)
    source.close()


def test_a_document_that_is_missing_or_changed_is_noticed(tmp_path: Path) -> None:
    source, target = filled(MemoryStore()), MemoryStore()
    moved(source, target, tmp_path / "note")
    later = Changes()
    later.carry(ALERTS, msgspec.structs.replace(an_alert("s0001"), count=77, revision=9))
    target.save(later)
    assert [one.collection for one in compare(source, target) if not one.equal] == ["alerts"]


def test_the_command_moves_into_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wipe()
    data = tmp_path / "data"
    left = filled(open_store(data))
    left.keep(msgspec.structs.replace(SNAPSHOT, version=fold.FORMAT))
    left.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIOPS_STORE_PREFIX", PREFIX)
    cluster = url().replace("http://", "es://")
    line = ["--data", str(data), "store", "migrate", "--from", "sqlite:", "--to", cluster, "-o", "json"]
    app(line, standalone_mode=False)
    printed = capsys.readouterr()
    compared = {one["collection"]: one for one in json.loads(printed.out)}
    assert compared["alerts"] == {"collection": "alerts", "source": 1_500, "target": 1_500, "equal": True}
    assert "alerts: 1,000 moved" in printed.err
    assert f"store.url = {url()}" in printed.err


def test_searches_of_a_moved_store_do_not_lag_while_it_is_compared(opened: Opener, tmp_path: Path) -> None:
    source, target = filled(MemoryStore()), opened(refresh=timedelta(minutes=1))
    assert not moved(source, target, tmp_path / "note")  # which is why the command opens it without a lag
