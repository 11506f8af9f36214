from datetime import timedelta
from itertools import pairwise

import msgspec

from ingestion.chatter import LEAST_BURST, Chatter, Habit
from tests.builders import at


def said(times: list[float]) -> list[str]:
    chatter = Chatter()
    return [chatter.anew("fp", at(now), at(before)) for before, now in pairwise(times)]


def test_a_steady_chatter_never_fires_anew() -> None:
    assert not any(said([3600.0 * hour for hour in range(100)]))


def test_a_silence_longer_than_any_before_makes_it_fire_anew_once() -> None:
    reasons = said([0, 600, 1200, 1800, 1800 + 4 * 3600, 1800 + 8 * 3600])
    assert reasons[:3] == ["", "", ""]
    assert reasons[3] == "it fires anew: it was silent for 4 h, never for more than 10 min before"
    assert reasons[4] == ""


def test_the_first_silence_must_be_a_long_one() -> None:
    assert said([0, 2 * 3600]) == [""]
    assert said([0, 7 * 3600])[0]


def test_a_burst_over_its_own_maximum_makes_it_fire_anew_once() -> None:
    slow = [600.0 * number for number in range(50)]
    fast = [30_300.0 + number for number in range(40)]
    reasons = [reason for reason in said(slow + fast) if reason]
    assert reasons[0] == f"it fires anew: {LEAST_BURST} events within 5 min, never more than 1 before"
    assert len(reasons) == 2  # ten, then thirty


def test_a_first_burst_is_how_the_alert_began() -> None:
    assert not any(said([float(number) for number in range(200)]))


def test_what_was_resolved_begins_from_nothing() -> None:
    chatter = Chatter()
    assert chatter.anew("fp", at(7 * 3600), at(0))
    chatter.forget("fp")
    assert chatter.dump() == []


def test_habits_survive_a_dump() -> None:
    chatter = Chatter()
    chatter.anew("fp", at(60), at(0))
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(chatter.dump()), type=list[tuple[str, Habit]])
    later = at(60) + timedelta(hours=9)
    said_before = chatter.anew("fp", later, at(60))
    assert said_before
    assert Chatter(kept).anew("fp", later, at(60)) == said_before
