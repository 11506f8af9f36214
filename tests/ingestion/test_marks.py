"""Which of two states is the later one? By what the sender says of time, in whatever order they come in."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Alert
from aiops.domain.events import Event, Status
from ingestion.marks import NOTHING, Mark, marked
from tests.builders import an_alert, an_episode, an_event, at

FIRING, RESOLVED = Status.FIRING, Status.RESOLVED


def says(status: Status, seconds: float, **changes: Any) -> Event:
    """A state at its own time, received a little later; each of a delivery of its own."""
    said = {"occurred_at": at(seconds), "received_at": at(seconds + 1), "event_id": f"0-{int(seconds * 10) + 99}-0"}
    return an_event(status=status, **{**said, **changes})


def shows(event: Event, **changes: Any) -> Alert:
    return an_alert(status=event.status, event_id=event.event_id, **changes)


def later(first: Event, second: Event) -> bool:
    """Is the second one's state later than what an alert shows that the first one made?"""
    return marked(None, first).newer(second, shows(first))


def test_what_happened_later_is_later_whenever_it_comes_in() -> None:
    assert later(says(FIRING, 10), says(RESOLVED, 20))
    assert not later(says(RESOLVED, 20), says(FIRING, 10))


def test_at_one_time_firing_wins_over_an_end_that_names_no_firing() -> None:
    assert later(says(RESOLVED, 10), says(FIRING, 10))
    assert not later(says(FIRING, 10), says(RESOLVED, 10))


def test_at_one_time_an_end_wins_over_the_firing_that_it_names() -> None:
    begun = {"starts_at": at(5)}
    assert later(says(FIRING, 10, **begun), says(RESOLVED, 10, **begun))
    assert not later(says(RESOLVED, 10, **begun), says(FIRING, 10, **begun))


def test_at_one_time_the_firing_that_began_later_counts() -> None:
    assert later(says(RESOLVED, 10, starts_at=at(5)), says(FIRING, 10, starts_at=at(7)))
    assert not later(says(FIRING, 10, starts_at=at(7)), says(RESOLVED, 10, starts_at=at(5)))


def test_nothing_ends_before_it_began() -> None:
    assert later(says(FIRING, 30, starts_at=at(30)), says(RESOLVED, 10, starts_at=at(30)))


def test_what_states_no_time_is_later_when_it_comes_later() -> None:
    first = says(FIRING, 10, received_at=at(10), event_id="0-1-0")
    assert later(first, says(RESOLVED, 10, received_at=at(10), event_id="0-2-0"))
    assert not later(first, says(RESOLVED, 10, received_at=at(10), event_id="0-1-1"))  # of one delivery firing wins
    assert not later(first, says(RESOLVED, 9, received_at=at(9), event_id="0-2-0"))


def test_a_stated_time_or_start_counts_also_of_another_delivery() -> None:
    apart = {"event_id": "0-7000-0"}
    assert not later(says(FIRING, 10), says(RESOLVED, 10, **apart))
    stated = {"received_at": at(10), **apart}
    assert not later(says(RESOLVED, 10, starts_at=at(7)), says(FIRING, 10, starts_at=at(5), **stated))


def test_the_same_state_said_once_more_is_the_later_word() -> None:
    assert later(says(FIRING, 10), says(FIRING, 10))
    assert later(says(RESOLVED, 10, starts_at=at(5)), says(RESOLVED, 10, starts_at=at(5)))


@pytest.mark.parametrize(("reason", "yields"), [("lease", True), ("expiry", True), ("sender", False)])
def test_an_end_that_was_inferred_yields_to_any_firing(reason: str, yields: bool) -> None:
    mark = marked(None, says(FIRING, 20))
    over = an_alert(status=RESOLVED, episode=an_episode(ended_at=at(40), end_reason=reason))
    assert mark.newer(says(FIRING, 10), over) is yields
    assert not mark.newer(says(RESOLVED, 10), over)


def test_a_lease_that_reaches_further_is_news_of_what_is_called_over() -> None:
    minute = timedelta(seconds=60)
    mark = marked(None, says(FIRING, 10, lease=minute))
    over = an_alert(status=RESOLVED, episode=an_episode(ended_at=at(20), end_reason="sender"))
    stale = {"occurred_at": at(5)}
    assert mark.newer(says(FIRING, 30, lease=minute, **stale), over)
    assert not mark.newer(says(FIRING, 10, lease=minute, **stale), over)  # it promises no more than was promised
    assert not mark.newer(says(FIRING, 30, lease=minute, **stale), an_alert(status=FIRING))
    assert not mark.newer(says(FIRING, 30, **stale), over)
    assert not marked(None, says(FIRING, 10)).newer(says(FIRING, 30, lease=minute, **stale), over)  # none was promised


def test_what_a_renewed_lease_outlived_is_over_when_it_is_said_once_more() -> None:
    ended = marked(None, says(RESOLVED, 50))
    renewed = marked(ended, says(FIRING, 10, received_at=at(70), lease=timedelta(seconds=60)))
    assert renewed.order > ended.order
    assert not renewed.newer(says(RESOLVED, 50), an_alert(status=FIRING))


def test_the_furthest_promise_is_kept() -> None:
    mark = marked(None, says(FIRING, 10, lease=timedelta(seconds=60)))
    assert mark.until == at(71)
    assert mark.promised(says(FIRING, 20, lease=timedelta(seconds=10))).until == at(71)
    assert mark.promised(says(FIRING, 20, lease=timedelta(seconds=90))).until == at(111)
    assert mark.promised(says(RESOLVED, 20, lease=timedelta(seconds=90))).until == at(71)
    assert marked(mark, says(FIRING, 20)).until == at(71)
    assert (mark.leased, marked(mark, says(FIRING, 20)).leased) == (True, False)


def test_of_an_alert_of_which_nothing_is_left_everything_is_later() -> None:
    assert NOTHING.newer(says(RESOLVED, -1_000_000), an_alert())


STATES = st.builds(
    says,
    st.sampled_from([FIRING, RESOLVED]),
    st.integers(0, 3),
    starts_at=st.sampled_from([None, at(0), at(1), at(5)]),
)


def settled(events: tuple[Event, ...]) -> tuple[Any, Status]:
    """Where the mark and the status stand once all have come in."""
    mark: Mark | None = None
    alert: Alert | None = None
    for event in events:
        if mark is None or alert is None or mark.newer(event, alert):
            mark, alert = marked(mark, event), shows(event)
    assert mark is not None
    assert alert is not None
    return mark.order, alert.status


@given(st.lists(STATES, min_size=1, max_size=4))
def test_the_order_in_which_states_come_in_decides_nothing(events: list[Event]) -> None:
    assert len({settled(order) for order in permutations(events)}) == 1
