"""Which pin decides of two sorts, and how long is it in force?"""

import msgspec
import pytest

from aiops.domain.errors import BadInput
from aiops.domain.pins import Pin, Sort
from correlation import pins as module
from correlation.background import key_of
from correlation.live import Live
from correlation.pins import Pins, Tie
from tests.builders import T0, at
from tests.correlation.rig import a_graph
from tests.correlation.test_joining import a_live, a_member

GRAPH = a_graph(web="api", api="db")


def sorts(*nodes: str) -> tuple[Sort, ...]:
    return tuple(Sort(node=node, kind="errors", name=f"{node} fails") for node in nodes)


def a_pin(these: str, those: str, together: bool = False, seconds: float = 0) -> Pin:
    return Pin(
        pin_id="",
        number=0,
        together=together,
        these=sorts(*these.split()),
        those=sorts(*those.split()),
        deed="moved",
        actor="ana",
        made_at=at(seconds),
    )


def holding(number: int, *nodes: str) -> Live:
    return a_live(GRAPH, number, *(a_member(node) for node in nodes))


def key(node: str) -> str:
    return key_of(node, "errors")


def put(pins: Pins, *made: Pin) -> None:
    for pin in made:
        pins.put(pin, pin.made_at)


def between(pins: Pins, node: str, live: Live) -> Tie:
    tie = pins.between(key(node), live)
    assert tie is not None
    return tie


def test_a_pin_speaks_of_its_sorts_from_either_side_and_of_nothing_else() -> None:
    pins = Pins()
    put(pins, a_pin("web", "db api"))
    for node, other in (("web", "db"), ("db", "web"), ("api", "web")):
        assert between(pins, node, holding(1, other)).pin.number == 1
    assert pins.between(key("db"), holding(1, "api")) is None
    assert pins.between(key("cache"), holding(1, "web")) is None
    assert pins.between(key("web"), holding(1, "web")) is None


def test_what_was_done_is_told_with_the_two_at_hand_in_their_order() -> None:
    pins = Pins()
    put(pins, a_pin("web", "db api"))
    assert between(pins, "api", holding(1, "web")).text == (
        "ana moved 'web fails' of web away from 'api fails' of api on 2026-03-02 (pin #1)"
    )


def test_of_pins_that_say_different_things_the_newest_counts() -> None:
    pins = Pins()
    put(pins, a_pin("web", "db api"), a_pin("db", "web", together=True))
    assert not between(pins, "web", holding(1, "db")).apart
    assert between(pins, "web", holding(1, "api")).apart
    assert between(pins, "web", holding(1, "api", "db")).pin.number == 1  # it is kept out by api


def test_one_of_which_a_newer_one_says_all_is_overridden_until_that_one_ends() -> None:
    pins = Pins()
    put(pins, a_pin("web", "db"), a_pin("db api", "web", together=True))
    older, newer = pins.taken()
    assert (older.number, older.overridden_by, older.status, newer.status) == (1, 2, "overridden", "active")
    pins.revoke("2", "bob", "no", at(9))
    ended, older = sorted(pins.taken(), key=lambda pin: -pin.number)
    assert (ended.status, ended.ended_by, ended.ended_at) == ("ended", "bob", at(9))
    assert older.status == "active"
    assert between(pins, "web", holding(1, "db")).apart


def test_two_incidents_are_held_apart_by_anything_in_the_one_and_the_other() -> None:
    pins = Pins()
    assert pins.across(holding(1, "web"), holding(2, "db")) is None
    put(pins, a_pin("web", "db"))
    one, other = holding(1, "web", "api"), holding(2, "db")
    for tie in (pins.across(one, other), pins.across(other, one)):
        assert tie is not None
        assert tie.apart
    assert pins.across(holding(1, "api"), other) is None


def test_company_is_named_newest_pin_first() -> None:
    pins = Pins()
    put(pins, a_pin("web", "db", together=True), a_pin("web", "api", together=True), a_pin("web", "cache"))
    assert [(tie.pin.number, other) for tie, other in pins.company(key("web"))] == [(2, key("api")), (1, key("db"))]


def test_hits_are_counted_on_the_document() -> None:
    pins = Pins()
    put(pins, a_pin("web", "db"))
    pins.taken()
    pins.hit(between(pins, "web", holding(1, "db")).pin, at(5))
    pins.hit(between(pins, "web", holding(1, "db")).pin, at(7))
    (pin,) = pins.taken()
    assert (pin.hits, pin.last_hit) == (2, at(7))


def test_beyond_the_bound_the_one_that_nothing_met_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PINS", 2)
    pins = Pins()
    put(pins, a_pin("web", "db"), a_pin("api", "db", seconds=1))
    pins.hit(between(pins, "web", holding(1, "db")).pin, at(2))
    pins.taken()
    put(pins, a_pin("cache", "db", seconds=3))
    ended = [pin for pin in pins.taken() if pin.ended_at]
    assert [(pin.number, pin.ended_by) for pin in ended] == [(2, "")]
    assert ended[0].ended_text.startswith("forgotten: at most 2 pins are in force")
    assert pins.between(key("api"), holding(1, "db")) is None


@pytest.mark.parametrize("pin_id", ["2", "x", "", "9" * 30, "-1"])
def test_a_pin_that_is_not_in_force_cannot_be_revoked(pin_id: str) -> None:
    pins = Pins()
    put(pins, a_pin("web", "db"))
    with pytest.raises(BadInput, match="in force"):
        pins.revoke(pin_id, "ana", "", T0)


def test_a_dump_holds_all_and_numbers_go_on() -> None:
    pins, again = Pins(), Pins()
    put(pins, a_pin("web", "db"), a_pin("web", "db", together=True), a_pin("api", "db"))
    pins.revoke("3", "ana", "", at(4))
    again.load(pins.dump())
    assert again.dump() == pins.dump()
    assert between(again, "web", holding(1, "db")).pin.number == 2
    made, covered = again.put(a_pin("db", "web"), at(5))
    assert (made.number, [one.number for one in covered]) == (4, [2])


def test_sorts_on_both_sides_belong_with_each_other_and_not_with_themselves() -> None:
    pins = Pins()
    put(pins, msgspec.structs.replace(a_pin("web api", "web api", together=True), deed="split off"))
    assert [other for _, other in pins.company(key("web"))] == [key("api")]
    tie = between(pins, "web", holding(1, "api"))
    assert tie.text == "ana split off 'web fails' of web with 'api fails' of api on 2026-03-02 (pin #1)"
    assert tie.pin.says == "'web fails' of web and 1 more together with each other"


def test_a_bond_holds_sorts_together_until_a_newer_pin_says_otherwise() -> None:
    pins = Pins()
    assert pins.bond([key("web")], {key("db")}) is None
    put(pins, a_pin("web", "db api", together=True))
    tie = pins.bond([key("cache"), key("api")], {key("web"), key("db")})
    assert tie is not None
    assert (tie.pin.number, tie.one.node, tie.other.node) == (1, "web", "api")
    assert pins.bond([key("db")], {key("api")}) is None  # both are on the same side of it
    put(pins, a_pin("web", "db", seconds=60))
    assert pins.bond([key("web")], {key("db")}) is None
    assert pins.bond([key("web")], {key("db"), key("api")}) is not None
    pins.revoke("2", "ana", "", at(120))
    assert pins.bond([key("web")], {key("db")}) is not None
