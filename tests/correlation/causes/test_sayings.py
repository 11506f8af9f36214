"""What does a node log otherwise than it used to?"""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlation.causes import sayings as module
from correlation.causes.sayings import Saying, Sayings
from correlation.causes.series import MINUTE

HOURS = 60  # minutes of history
START = HOURS * MINUTE  # of the incident


def a_history(sayings: Sayings, node: str = "shop", **lines: int) -> None:
    """In each minute of an hour the node logs each thing so often."""
    for minute in range(HOURS):
        say(sayings, minute, node, **lines)


def say(sayings: Sayings, minute: float, node: str = "shop", **lines: int) -> None:
    for text, number in lines.items():
        for _ in range(number):
            sayings.put(node, f"id-{text}", text, minute * MINUTE)


def odd(sayings: Sayings, node: str = "shop", start: float = START, end: float = START + 59) -> Saying:
    found = sayings.odd(node, start, end)
    assert found is not None
    return found


def test_what_was_never_said_is_odd() -> None:
    sayings = Sayings()
    a_history(sayings, order=10, paid=10)
    say(sayings, HOURS, order=10, paid=10, panic=8)
    found = odd(sayings)
    assert (found.text, found.number, found.expected, found.known) == ("panic", 8, 0.0, False)
    assert found.z > 3


def test_what_is_said_no_more_is_odd_though_the_node_is_as_loud_as_ever() -> None:
    sayings = Sayings()
    a_history(sayings, start=10, step=10, done=10)
    say(sayings, HOURS, start=15, step=15)
    say(sayings, HOURS + 1, start=15, step=15)
    found = odd(sayings, start=START + MINUTE, end=START + 2 * MINUTE - 1)
    assert (found.text, found.known) == ("done", True)
    assert found.z < -3


def test_traffic_that_falls_or_grows_is_nothing_odd() -> None:
    for factor in (0.2, 5):
        sayings = Sayings()
        a_history(sayings, start=10, done=10)
        say(sayings, HOURS, start=round(10 * factor), done=round(10 * factor))
        assert abs(odd(sayings).z) < 1


def test_what_came_in_bursts_before_is_less_odd_than_what_never_came() -> None:
    quiet, bursting = Sayings(), Sayings()
    for sayings in (quiet, bursting):
        a_history(sayings, order=20)
        say(sayings, HOURS, order=20, retry=10)
    for minute in range(0, HOURS, 10):
        say(bursting, minute, retry=40)
    assert odd(bursting).z < odd(quiet).z * 0.8


def test_one_line_that_was_never_said_proves_nothing() -> None:
    sayings = Sayings()
    a_history(sayings, order=20)
    say(sayings, HOURS, order=20, hello=1)
    assert odd(sayings).z <= 1


def test_the_minute_before_the_alert_belongs_to_the_incident() -> None:
    sayings = Sayings()
    a_history(sayings, order=20)
    say(sayings, HOURS - 1, panic=9)
    say(sayings, HOURS, order=20)
    assert odd(sayings).text == "panic"


def test_only_the_first_minutes_of_a_long_incident_are_looked_at() -> None:
    sayings = Sayings()
    a_history(sayings, order=20)
    for minute in range(HOURS, HOURS + 40):
        say(sayings, minute, order=20, cleanup=20 if minute > HOURS + 20 else 0)
    assert abs(odd(sayings, end=START + 40 * MINUTE).z) < 1


def test_a_node_without_history_or_without_a_word_is_passed_over() -> None:
    sayings = Sayings()
    say(sayings, HOURS, node="new", order=9)
    a_history(sayings, node="gone", order=9)
    assert sayings.odd("new", START, START + 59) is None
    assert sayings.odd("gone", START + 600, START + 659) is None
    assert sayings.odd("never", START, START + 59) is None


def test_each_first_line_of_a_minute_is_told_once() -> None:
    sayings = Sayings()
    assert [sayings.put("shop", "a", "a", at) for at in (0.0, 1.0, 59.9, 60.0)] == [True, False, False, True]


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SAYINGS", 3)
    monkeypatch.setattr(module, "MOST_MINUTES", 5)
    sayings = Sayings()
    for minute in range(20):
        sayings.put("shop", f"t{minute % 7}", "text", minute * MINUTE)
    said, totals, _ = msgspec.msgpack.decode(sayings.dump())
    assert len(said) <= 3
    assert sorted(totals["shop"]) == [15, 16, 17, 18, 19]
    assert not sayings.put("shop", "old", "old", 0.0)  # older than all that is held


def test_how_far_it_went_before_is_told_beside_it() -> None:
    calm, fitful = Sayings(), Sayings()
    for sayings in (calm, fitful):
        a_history(sayings, order=20)
        say(sayings, HOURS, order=20, panic=9)
    say(fitful, HOURS - 7, panic=12)
    assert odd(calm).before < 1 < odd(calm).z
    assert odd(fitful).before > odd(fitful).z > 1  # nine are no news where twelve were, though they are odd


LINES = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 9_000)), max_size=200)


@given(lines=LINES, cut=st.integers(0, 200))
def test_state_that_is_dumped_and_loaded_goes_on_as_if_it_had_not_been(
    lines: list[tuple[str, str, int]], cut: int
) -> None:
    straight, broken = Sayings(), Sayings()
    for place, (node, text, at) in enumerate(lines):
        straight.put(node, text, text, at)
        if place == cut:
            again = Sayings()
            again.load(broken.dump())
            broken = again
        broken.put(node, text, text, at)
    assert broken.dump() == straight.dump()
    for node in "ab":
        assert broken.odd(node, 6_000, 7_000) == straight.odd(node, 6_000, 7_000)
