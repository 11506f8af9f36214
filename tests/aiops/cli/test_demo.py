"""The demo tells its story, and empties no folder but its own."""

from pathlib import Path

import pytest

from aiops.cli import main
from aiops.replay.verify import verify
from aiops.storage.folder import open_journal, open_store


def demo(*options: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--once", "--embedder", "light", "--data", "day", *options])
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORT", raising=False)


def test_the_day_is_told_and_the_failover_is_one_incident_by_its_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo() == 0
    table, chatter = capsys.readouterr()
    failovers = [line for line in table.splitlines() if "pg-orders-1" in line]
    assert len(failovers) == 1
    assert "orders-db" in failovers[0].partition("services)")[2]
    assert "light embedder" in chatter
    assert "first incident after" in chatter
    assert " alerts -> " in chatter
    assert "mild: on the page in the background), noise muted " in chatter


def test_the_day_replays_byte_equal(tmp_path: Path) -> None:
    demo()
    journal, store = open_journal(tmp_path / "day"), open_store(tmp_path / "day", readonly=True)
    found = verify(journal, store)
    store.close()
    journal.close()
    assert found.equal, found.differences
    assert found.documents > 1_000


def test_keep_goes_on_with_the_same_day_and_without_it_a_new_one_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo()
    first = capsys.readouterr().out
    access = tmp_path / "day" / "remembered"
    access.touch()
    assert demo("--keep") == 0
    assert capsys.readouterr().out == first
    assert access.exists()
    demo()
    assert not access.exists()


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "precious").write_text("x")
    assert demo() == 3
    assert (tmp_path / "day" / "precious").exists()


def test_a_demo_that_was_cut_short_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "demo").touch()
    (tmp_path / "day" / "store.db").write_text("half")
    assert demo("--keep") == 0
