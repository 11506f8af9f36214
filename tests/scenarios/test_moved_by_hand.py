"""What people say of which alerts belong together: it holds now, and the next time."""

from aiops.domain.acts import Act, Merge, Move, RevokePin, Split
from aiops.domain.documents import PINS
from aiops.domain.incidents import Incident
from tests.scenarios.world import Seen, World

SHOP = ("web -> api -> orders -> db", "api -> payments -> db", "search -> index", "billing -> ledger")
AGAIN = 100_000.0  # later, when all that was is closed
ONCE_MORE = 200_000.0


def an_outage(world: World, start: float) -> None:
    """The database fails, orders with it; each is over after ten minutes."""
    firings = (("db", "connection refused", 0), ("orders", "upstream timeout", 20))
    for service, text, delay in firings:
        world.at(start + delay).alert(service, text, "critical")
    for service, text, delay in firings:
        world.at(start + 600).resolved(service, text, "critical", began=start + delay)


def two_corners(world: World, start: float) -> None:
    """Two services that have nothing to do with each other, as far as the graph knows."""
    for service, text in (("db", "connection refused"), ("index", "out of memory")):
        world.at(start).alert(service, text, "critical")
        world.at(start + 600).resolved(service, text, "critical", began=start)


def split_off_orders(world: World, at: float) -> None:
    seen = world.expect(at=at)
    world.at(at).act(
        Split(incident_id=of(seen, "orders").incident_id, episodes=(episode(seen, "orders"),), text="bad release")
    )


def of(seen: Seen, service: str) -> Incident:
    """The incident that the last alert of a service is in."""
    places = {one.incident_id: one for one in seen.incidents}
    moved = {key: one for one in seen.incidents for key in one.merged_from}
    incident_id = seen.alert(service).episode.incident_id
    return places.get(incident_id) or moved[incident_id]


def episode(seen: Seen, service: str) -> str:
    return seen.alert(service).episode.episode_id


def test_what_was_split_off_stays_apart_the_next_time(world: World) -> None:
    world.topology(*SHOP)
    an_outage(world, 0)
    an_outage(world, AGAIN)
    before = world.expect(at=AGAIN + 100)
    assert of(before, "db").incident_id == of(before, "orders").incident_id
    split_off_orders(world, 100)
    seen = world.expect(at=AGAIN + 100)
    assert (of(seen, "db").episodes, of(seen, "orders").episodes) == (1, 1)
    why = seen.alert("orders").reasons[-1].text
    said = "ana split off 'upstream timeout' of orders from 'connection refused' of db on 2026-03-02 (pin #1)"
    assert why.endswith(f"; kept out of #{of(seen, 'db').number}, as {said}")
    (pin,) = seen.all(PINS)
    assert (pin.hits, pin.text, pin.incidents, pin.together) == (1, "bad release", (1, 2), False)
    seen.balanced()


def test_what_is_split_off_is_out_at_once_and_the_split_says_what_follows(world: World) -> None:
    world.topology(*SHOP)
    an_outage(world, 0)
    split_off_orders(world, 100)
    seen = world.expect(at=200)
    assert seen.outcome_of("ana").text == (
        "split 1 alert off #1 into #2; from now on 'upstream timeout' of orders apart from 'connection refused' of db"
        " (pin #1)"
    )
    assert of(seen, "orders").split_from == of(seen, "db").incident_id
    reason = seen.alert("orders").reasons[-1].text
    assert reason == "split off #1 into #2: ana says so: bad release"
    seen.balanced()


def test_a_revoked_pin_lets_them_join_again(world: World) -> None:
    world.topology(*SHOP)
    an_outage(world, 0)
    split_off_orders(world, 100)
    an_outage(world, AGAIN)
    world.at(AGAIN + 5_000).act(RevokePin(pin_id="1", text="it was the database after all"), actor="bob")
    an_outage(world, ONCE_MORE)
    seen = world.expect(at=ONCE_MORE + 100)
    assert of(seen, "db").incident_id == of(seen, "orders").incident_id
    (pin,) = seen.all(PINS)
    assert (pin.status, pin.ended_by, pin.ended_text) == ("ended", "bob", "it was the database after all")
    assert seen.outcome_of("bob").text.startswith("pin #1 no longer counts: 'upstream timeout' of orders apart from")


def test_what_was_merged_joins_the_next_time_and_says_because_of_whom(world: World) -> None:
    world.topology(*SHOP)
    two_corners(world, 0)
    two_corners(world, AGAIN)
    before = world.expect(at=AGAIN + 60)
    assert of(before, "db").incident_id != of(before, "index").incident_id
    apart = world.expect(at=60)
    world.at(60).act(Merge(incident_id=of(apart, "db").incident_id, other_id=of(apart, "index").incident_id))
    seen = world.expect(at=AGAIN + 60)
    assert of(seen, "db").incident_id == of(seen, "index").incident_id
    link = seen.alert("index").episode.link
    assert link is not None
    said = "ana merged 'out of memory' of index with 'connection refused' of db on 2026-03-02 (pin #1)"
    assert link.text == f"index joined because {said}"
    world.at(AGAIN + 5_000).act(RevokePin(pin_id="1"))
    two_corners(world, ONCE_MORE)
    later = world.expect(at=ONCE_MORE + 60)
    assert of(later, "db").incident_id != of(later, "index").incident_id


def test_what_was_merged_stays_apart_when_the_other_was_not_heard_lately(world: World) -> None:
    world.topology(*SHOP)
    two_corners(world, 0)
    apart = world.expect(at=60)
    world.at(60).act(Merge(incident_id=of(apart, "db").incident_id, other_id=of(apart, "index").incident_id))
    world.at(AGAIN).alert("db", "connection refused", "critical")
    world.at(AGAIN + 1_300).alert("index", "out of memory", "critical")
    seen = world.expect(at=AGAIN + 1_400)
    assert of(seen, "db").incident_id != of(seen, "index").incident_id


def test_what_was_moved_goes_where_it_was_moved_to_and_not_where_it_was(world: World) -> None:
    world.topology(*SHOP)
    for start in (0.0, AGAIN):
        an_outage(world, start)
        world.at(start + 5).alert("ledger", "disk full", "critical")
        world.at(start + 600).resolved("ledger", "disk full", "critical", began=start + 5)
    seen = world.expect(at=100)
    source, target = of(seen, "orders").incident_id, of(seen, "ledger").incident_id
    world.at(100).act(Move(incident_id=source, other_id=target, episodes=(episode(seen, "orders"),)))
    later = world.expect(at=AGAIN + 100)
    assert of(later, "orders").incident_id == of(later, "ledger").incident_id != of(later, "db").incident_id
    assert {(pin.together, pin.hits) for pin in later.all(PINS)} == {(False, 1), (True, 1)}
    later.balanced()


def test_moving_it_back_overrides_what_followed_from_moving_it(world: World) -> None:
    world.topology(*SHOP)
    an_outage(world, 0)
    split_off_orders(world, 100)
    seen = world.expect(at=150)
    back: Act = Move(
        incident_id=of(seen, "orders").incident_id,
        other_id=of(seen, "db").incident_id,
        episodes=(episode(seen, "orders"),),
    )
    world.at(150).act(back, actor="bob")
    an_outage(world, AGAIN)
    later = world.expect(at=AGAIN + 100)
    assert "(pin #2, in place of pin #1)" in later.outcome_of("bob").text
    assert of(later, "db").incident_id == of(later, "orders").incident_id
    assert [pin.status for pin in later.all(PINS)] == ["overridden", "active"]


def test_two_incidents_that_hold_what_a_pin_keeps_apart_do_not_become_one(world: World) -> None:
    world.topology(*SHOP)
    an_outage(world, 0)
    split_off_orders(world, 100)
    an_outage(world, AGAIN)
    world.at(AGAIN + 40).alert("api", "error ratio high", "critical")
    world.at(AGAIN + 45).alert("payments", "is slow", "critical")  # one more that the database would explain
    seen = world.expect(at=AGAIN + 60)
    assert of(seen, "db").incident_id != of(seen, "orders").incident_id
    (pin,) = seen.all(PINS)
    said = (
        f"ana split off 'upstream timeout' of orders from 'connection refused' of db on 2026-03-02 (pin #{pin.number})"
    )
    told = [line for one in (of(seen, "db"), of(seen, "orders")) for line in seen.timeline(one)]
    assert len([line for line in told if line.startswith("pinned: not merged with #") and line.endswith(said)]) == 2
