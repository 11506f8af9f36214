"""Does a hung engine look hung everywhere?"""

import pytest

from tests.api.world import World
from tests.builders import at


@pytest.fixture
def hung(world: World) -> World:
    """An engine that stands still: an entry has waited for 31 s."""
    world.engine_runs = False
    world.alert("db", 600 - 31)
    world.alert("web", 600)
    return world


def test_a_hung_engine_is_not_ready_and_says_since_when(hung: World) -> None:
    answer = hung.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "31 s behind" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "5"


def test_the_process_is_alive_though_its_engine_hangs(hung: World) -> None:
    assert hung.client.get("/healthz").status_code == 200


def test_status_and_metrics_carry_the_same_measure(hung: World) -> None:
    status = hung.get("/api/status")
    assert (status["ready"], status["behind"], status["lag"]) == (False, 31.0, 2)
    assert "aiops_behind_seconds 31.0" in hung.client.get("/metrics").text


def test_the_oldest_entry_counts_and_not_the_newest(hung: World) -> None:
    hung.alert("api", 600)
    assert hung.get("/api/status")["behind"] == 31.0


def test_an_engine_that_has_caught_up_is_ready_however_long_nothing_came(hung: World) -> None:
    hung.engine_runs = True
    hung.pump()
    hung.now = at(90_000)
    assert hung.client.get("/readyz").status_code == 200
    assert hung.get("/api/status")["behind"] == 0
    assert "aiops_behind_seconds 0.0" in hung.client.get("/metrics").text


def test_a_busy_engine_is_ready(world: World) -> None:
    world.engine_runs = False
    for number in range(100):
        world.alert(f"svc-{number}", 600 - 29)
    assert world.client.get("/readyz").status_code == 200
