"""Each finding says what it saw, and what mends it."""

import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aiops import doctor, fold
from aiops.config import Config, LearnerConfig, ServerConfig
from aiops.doctor import Finding, examine
from aiops.domain.entries import Tick
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


def test_an_engine_that_lags_is_found(lived_in: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MOST_LAG", 2)
    journal = open_journal(lived_in.data)
    journal.append([Tick()] * 3, at=NOW)
    journal.close()
    found = look(lived_in)["journal"]
    assert not found.well
    assert "3 entries behind" in found.text
    assert "aiops serve" in found.fix
    assert "its log" in look(lived_in, server="http://127.0.0.1:1")["journal"].fix


@pytest.mark.parametrize("now", [datetime(2000, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, 11, 0, tzinfo=UTC)])
def test_a_clock_that_went_back_is_found(lived_in: Config, now: datetime) -> None:
    found = look(lived_in, now)["clock"]
    assert not found.well
    assert "timedatectl" in found.fix


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
