"""Each finding says what it saw, and what mends it."""

import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aiops import doctor, fold
from aiops.doctor import Finding, examine
from aiops.domain.entries import Tick
from aiops.domain.sections import Config, LearnerConfig, ServerConfig
from aiops.engine import Engine
from aiops.storage.folder import open_journal, open_store

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def look(config: Config, now: datetime = NOW, server: str = "") -> Mapping[str, Finding]:
    return {finding.name: finding for finding in examine(config, now, server)}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "data", server=ServerConfig(port=0), learner=LearnerConfig(embedder="light"))


@pytest.fixture
def lived_in(config: Config) -> Config:
    """A data folder with one entry, folded."""
    journal, store = open_journal(config.data), open_store(config.data)
    journal.append([Tick()], at=NOW)
    fold.step(Engine(), journal, store)
    store.close()
    journal.close()
    return config


def test_a_fresh_machine_is_well_and_nothing_is_made_by_looking(config: Config) -> None:
    found = look(config)
    assert {name: finding.text for name, finding in found.items() if not finding.well} == {}
    assert not config.data.exists()


def test_a_folder_in_use_is_well(lived_in: Config) -> None:
    found = look(lived_in)
    assert {name: finding.text for name, finding in found.items() if not finding.well} == {}
    assert set(found) == {"python", "disk", "port", "model", "store", "journal", "clock"}
    assert "as of entry 0-1" in found["store"].text


def test_a_taken_port_is_found_unless_it_is_ours(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = Config(data=config.data, server=ServerConfig(port=other.getsockname()[1]), learner=config.learner)
        assert look(taken)["port"].fix == "aiops serve --port 8081"
        assert look(taken, server="http://127.0.0.1:1")["port"].well


@pytest.mark.parametrize(
    ("waited", "well", "warning"), [(4.0, True, False), (6.0, True, True), (59.0, True, True), (61.0, False, False)]
)
def test_an_engine_is_judged_by_how_long_an_entry_has_waited_for_it(
    lived_in: Config, waited: float, well: bool, warning: bool
) -> None:
    journal = open_journal(lived_in.data)
    journal.append([Tick()] * 3, at=NOW)
    journal.close()
    found = look(lived_in, NOW + timedelta(seconds=waited), server="http://127.0.0.1:1")["journal"]
    assert (found.well, found.warning) == (well, warning)
    assert f"3 entries behind; the oldest has waited for {waited:.0f} s" in found.text
    assert ("its log" in found.fix or "engine's log" in found.fix) is (waited > 5)


def test_without_a_server_what_waits_needs_an_engine(lived_in: Config) -> None:
    journal = open_journal(lived_in.data)
    journal.append([Tick()], at=NOW)
    journal.close()
    assert "aiops serve" in look(lived_in, NOW + timedelta(minutes=5))["journal"].fix


def test_ten_thousand_entries_of_the_last_second_are_a_busy_engine_and_not_a_hung_one(lived_in: Config) -> None:
    journal = open_journal(lived_in.data)
    journal.append([Tick()] * 10_001, at=NOW)
    journal.close()
    found = look(lived_in, NOW + timedelta(seconds=1))["journal"]
    assert found.well
    assert not found.warning
    assert "10,001 entries behind" in found.text


@pytest.mark.parametrize("now", [datetime(2000, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, 11, 0, tzinfo=UTC)])
def test_a_clock_that_went_back_is_found(lived_in: Config, now: datetime) -> None:
    found = look(lived_in, now)["clock"]
    assert not found.well
    assert "timedatectl" in found.fix


def test_a_time_that_ran_ahead_and_stays_with_the_engine_is_found(lived_in: Config) -> None:
    journal, store = open_journal(lived_in.data), open_store(lived_in.data)
    journal.append([Tick()], at=NOW + timedelta(days=300))
    journal.append([Tick()], at=NOW + timedelta(seconds=5))
    fold.step(fold.recover(store), journal, store)
    store.close()
    journal.close()
    found = look(lived_in, NOW + timedelta(seconds=10))["clock"]
    assert not found.well
    assert "no timer runs until then" in found.text


def test_a_full_disk_is_found(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_DISK", 1 << 62)
    assert "free space" in look(config)["disk"].fix


def test_a_model_that_cannot_be_had_is_found(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("correlation.embedding.find_spec", lambda name: None)
    asked = Config(data=config.data, server=config.server, learner=LearnerConfig(embedder="minilm"))
    assert look(asked)["model"].fix == "set learner.embedder = auto"


def test_a_broken_store_is_a_finding_and_not_a_failure(lived_in: Config) -> None:
    (lived_in.data / "store.db").write_bytes(b"this is no database" * 100)
    for side in lived_in.data.glob("store.db-*"):
        side.unlink()
    found = look(lived_in)
    assert not found["store"].well
    assert found["store"].fix
    assert found["python"].well


def test_what_is_ill_says_what_mends_it_and_what_is_well_does_not(lived_in: Config) -> None:
    for now in (NOW, datetime(2000, 1, 1, tzinfo=UTC)):
        for finding in look(lived_in, now).values():
            assert bool(finding.fix) is not finding.well, finding
            assert finding.text


def test_an_old_python_is_found() -> None:
    assert "3.11" in doctor._python((3, 10)).fix
    assert doctor._python((3, 11)).well
    assert doctor._python((4, 0)).well


def test_the_disk_is_the_one_that_the_folder_will_lie_on(config: Config, tmp_path: Path) -> None:
    deep = Config(data=tmp_path / "a" / "b" / "c", server=config.server, learner=config.learner)
    assert look(deep)["disk"].text.endswith(f"free at {tmp_path}")


def test_a_host_that_is_none_is_found(config: Config) -> None:
    strange = Config(data=config.data, server=ServerConfig(host="no.such.host.invalid"), learner=config.learner)
    assert not look(strange)["port"].well


def test_a_wrong_clock_is_found_also_where_there_is_no_folder_yet(config: Config) -> None:
    found = look(config, datetime(2000, 1, 1, tzinfo=UTC))
    assert found["store"].well
    assert not found["clock"].well


def test_a_journal_that_cannot_be_read_is_a_finding_and_the_store_is_still_looked_at(lived_in: Config) -> None:
    (segment,) = (lived_in.data / "journal").glob("*.db")
    segment.write_bytes(b"this is no database" * 300)
    found = look(lived_in)
    assert not all(found[name].well for name in ("store", "journal", "clock") if name in found)
    assert found["python"].well


def test_looking_changes_nothing(lived_in: Config) -> None:
    def listing() -> list[tuple[str, int]]:
        return sorted((str(file), file.stat().st_size) for file in lived_in.data.rglob("*.db"))

    before = listing()
    look(lived_in)
    assert listing() == before
