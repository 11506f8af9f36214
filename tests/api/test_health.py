"""Does a hung engine look hung everywhere?"""

import pytest

from aiops.domain.acts import SHEDDABLE, Shed
from aiops.domain.entries import Command
from aiops.domain.errors import Overloaded, Unavailable
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


@pytest.fixture
def away(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose store cannot be read any more, with two entries that wait."""
    world.alert("db")
    world.pump()

    def gone() -> None:
        raise Unavailable("Elasticsearch at es1:9200: connection refused")

    monkeypatch.setattr(world.store, "view", gone)
    world.engine_runs = False
    world.alert("api")
    world.alert("web")
    return world


def test_while_the_store_is_out_of_reach_the_status_says_so_and_what_waits(away: World) -> None:
    status = away.client.get("/api/status")
    assert status.status_code == 200
    said = status.json()
    assert (said["ready"], said["lag"]) == (False, 2)
    assert said["store"] == "Elasticsearch at es1:9200: connection refused"


def test_the_status_page_says_it_in_words(away: World) -> None:
    page = away.client.get("/status", headers={"accept": "text/html"})
    assert page.status_code == 503
    assert "The store is out of reach" in page.text
    assert "connection refused" in page.text
    assert "kept in the journal" in page.text


def test_metrics_are_told_without_the_store(away: World) -> None:
    metrics = away.client.get("/metrics")
    assert metrics.status_code == 200
    assert "aiops_lag_entries 2" in metrics.text
    assert "aiops_store_up 0" in metrics.text


def test_a_server_whose_store_is_out_of_reach_is_not_ready(away: World) -> None:
    assert away.client.get("/readyz").status_code == 503
    assert away.client.get("/healthz").status_code == 200


def test_what_is_left_undone_is_told_in_the_order_in_which_it_was_given_up(world: World) -> None:
    for number, work in enumerate(SHEDDABLE[:2]):
        act = Shed(work=work, on=True, text=f"{work} is left undone: an entry waits for 15 s")
        world.journal.append([Command(id=f"shed-{number}", actor="system:engine", act=act)])
    assert world.get("/api/status")["shed"] == ["embedding", "clustering"]
    page = world.page("/status")
    assert "embedding, clustering" in page
    assert "order: embedding, clustering, enrichment" in page
    metrics = world.client.get("/metrics").text
    for work, undone in (("embedding", 1), ("clustering", 1), ("enrichment", 0)):
        assert f'aiops_work_shed{{work="{work}"}} {undone}.0' in metrics


def test_deliveries_that_find_no_room_are_counted_where_somebody_looks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise Overloaded("1,001 entries wait for the engine", retry_after=10)

    monkeypatch.setattr(world.journal, "append", full)
    for source in ("alertmanager", "acme", "acme"):
        assert world.client.post(f"/webhooks/{source}", json={"title": "x"}).status_code in (429, 503)
    assert world.get("/api/status")["turned_away"] == 3
    assert "aiops_deliveries_turned_away_total 3.0" in world.client.get("/metrics").text
    assert "told to come later</dt><dd>3 " in world.page("/status")
