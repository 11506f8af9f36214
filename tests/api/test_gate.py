"""Is a sender that delivers too much told to come later, in its own words, and its owner told of it?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.errors import Overloaded, Unavailable
from api.gate import FRESH, Bucket, Gate
from tests.api.world import World
from tests.builders import at


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def limit(world: World, source: str, rate: float | None = 2.0, burst: int = 3) -> Clock:
    clock = Clock()
    world.app.state.desk.gate._tick = clock
    assert world.client.put(f"/api/sources/{source}", json={"rate": rate, "burst": burst}).status_code == 200
    world.app.state.desk.gate.look()
    return clock


def statuses(world: World, source: str, number: int) -> list[int]:
    return [world.client.post(f"/webhooks/{source}", json={"title": str(n)}).status_code for n in range(number)]


def test_a_burst_is_taken_and_then_as_many_as_the_rate_allows(world: World) -> None:
    clock = limit(world, "acme")
    assert statuses(world, "acme", 5) == [202, 202, 202, 429, 429]
    clock.now += 0.5
    assert statuses(world, "acme", 2) == [202, 429]


@pytest.mark.parametrize(("source", "status"), [("alertmanager", 503), ("prometheus", 503), ("acme", 429)])
def test_each_is_told_in_the_words_that_it_understands(world: World, source: str, status: int) -> None:
    limit(world, source, 0.25, 1)
    assert statuses(world, source, 2)[1] == status
    answer = world.client.post(f"/webhooks/{source}", json={"title": "x"})
    assert answer.headers["retry-after"] == "4"
    assert "0.25 a second that operator set" in answer.json()["detail"]


def test_nothing_that_was_taken_is_lost_and_nothing_else_is_kept(world: World) -> None:
    limit(world, "acme")
    before = len(world.journal.read(None, 100))
    taken = statuses(world, "acme", 9).count(202)
    assert len(world.journal.read(None, 100)) == before + taken == before + 3


def test_others_are_not_held_up(world: World) -> None:
    limit(world, "acme", 0.001, 1)
    statuses(world, "acme", 3)
    assert statuses(world, "other", 3) == [202] * 3


def test_its_owner_is_told_on_the_page_in_the_api_and_in_the_metrics(world: World) -> None:
    limit(world, "acme", 1, 1)
    statuses(world, "acme", 3)
    assert "rate-limited" in world.page("/integrations")
    assert "more than the 1 a second that are taken" in world.page("/integrations")
    assert world.get("/api/sources")["items"][0]["turned"] == 2
    assert 'aiops_deliveries_limited_total{source="acme"} 2.0' in world.client.get("/metrics").text


def test_a_rate_that_is_taken_away_holds_no_longer(world: World) -> None:
    limit(world, "acme", 0.001, 1)
    assert statuses(world, "acme", 2) == [202, 429]
    limit(world, "acme", None)
    assert statuses(world, "acme", 3) == [202] * 3


def test_a_change_is_seen_after_a_second(world: World) -> None:
    clock = limit(world, "acme", 0.001, 1)
    world.client.put("/api/sources/acme", json={})
    assert statuses(world, "acme", 2) == [202, 429]
    clock.now += FRESH
    assert statuses(world, "acme", 3) == [202] * 3


def test_a_change_elsewhere_fills_no_bucket(world: World) -> None:
    clock = limit(world, "acme", 0.001, 1)
    statuses(world, "acme", 1)
    world.client.put("/api/sources/other", json={"rate": 5})
    clock.now += FRESH
    assert statuses(world, "acme", 1) == [429]


@settings(deadline=None)
@given(st.lists(st.floats(0, 5), max_size=50), st.floats(0.01, 100), st.integers(1, 20))
def test_no_more_passes_than_the_burst_and_what_the_rate_adds(pauses: list[float], rate: float, burst: int) -> None:
    bucket, now, passed = Bucket(float(burst), 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        wait = bucket.take(rate, burst, now)
        passed += wait == 0
        assert wait >= 0
    assert passed <= burst + now * rate + 1e-6


@settings(deadline=None)
@given(st.floats(0.01, 100), st.integers(1, 20))
def test_whoever_waits_as_long_as_it_was_told_is_taken(rate: float, burst: int) -> None:
    bucket, now = Bucket(float(burst), 0.0), 0.0
    while not (wait := bucket.take(rate, burst, now)):
        pass
    assert bucket.take(rate, burst, now + wait + 1e-6) == 0


def test_a_gate_that_has_looked_at_nothing_lets_everybody_in(world: World) -> None:
    gate = Gate(world.store)
    gate.admit("acme", at(0))
    assert gate.stale
    gate.look()
    assert not gate.stale


def test_a_refusal_says_when_to_come_again(world: World) -> None:
    limit(world, "acme", 0.5, 1)
    gate: Gate = world.app.state.desk.gate
    gate.admit("acme", at(0))
    with pytest.raises(Overloaded) as raised:
        gate.admit("acme", at(7))
    assert raised.value.retry_after == pytest.approx(2)
    assert (gate.turned["acme"].count, gate.turned["acme"].last) == (1, at(7))


def test_a_store_that_is_away_turns_no_delivery_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal takes what comes in, store or no store; what people set holds as it was last known."""

    def away() -> None:
        raise Unavailable("the store is away")

    monkeypatch.setattr(world.store, "view", away)
    world.engine_runs = False
    world.app.state.desk.gate._looked = float("-inf")
    assert world.client.post("/webhooks/test", json={"title": "disk full"}).status_code == 202
