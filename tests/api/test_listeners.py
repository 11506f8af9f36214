"""Is it seen how the listeners stand, and what they could not take?"""

from pathlib import Path

import msgspec
import pytest

from api.settings import ApiSettings
from ingestion.listeners.standing import Standing, publish
from tests.api.world import World
from tests.builders import at

UDP = Standing(name="syslog_udp", source="syslog", address="0.0.0.0:514", received=1_200, last_received=at(590))
FILES = Standing(name="files", source="logs", address="shop=/var/log/<shop>/*.log")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "listeners.json"


@pytest.fixture
def world(file: Path) -> World:
    return World(ApiSettings(command_wait=0.0, standings=(file,)))


def test_without_listeners_there_is_no_word_of_them(world: World) -> None:
    assert world.get("/api/status").get("listeners", []) == []
    assert "Listeners" not in world.page("/status")


def test_what_was_dropped_is_told_wherever_one_looks(world: World, file: Path) -> None:
    troubled = msgspec.structs.replace(UDP, dropped=37, problem="the disk is <full>", problem_at=at(540))
    publish(file, [troubled, FILES])
    assert world.get("/api/status")["listeners"][0]["dropped"] == 37
    metrics = world.client.get("/metrics").text
    assert 'aiops_listener_dropped_total{listener="syslog_udp"} 37.0' in metrics
    assert 'aiops_listener_received_total{listener="files"} 0.0' in metrics
    for page in (world.page("/status"), world.page("/integrations")):
        assert "0.0.0.0:514" in page
        assert "37" in page
        assert "the disk is &lt;full&gt;" in page
        assert "/var/log/&lt;shop&gt;/*.log" in page


@pytest.mark.parametrize("source", ["syslog", "journald"])
def test_the_test_line_of_a_log_source_is_read(world: World, source: str) -> None:
    answer = world.send(f"/integrations/{source}/test")
    assert answer.status_code == 200
    (line,) = [line for line in world.get("/api/ledger")["sources"] if line["source"] == source]
    assert (line["observed"], line.get("rejected", 0)) == (1, 0)
