"""When windows open: once, again and again, and across the changes of the clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.errors import BadInput
from aiops.domain.matching import Matcher
from aiops.domain.rules import Window
from rules.recurrence import check_recurrence, occurrence

BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_window(**changes: Any) -> Window:
    """Sundays, 02:30 to 04:30 in Berlin, from the first of March 2026 (winter time) on."""
    window = Window(
        id="sunday",
        matchers=(Matcher(field="service", value="db"),),
        owner="dba",
        reason="vacuum",
        starts_at=utc("2026-03-01 01:30"),
        ends_at=utc("2026-03-01 03:30"),
        recurs="FREQ=WEEKLY;BYDAY=SU",
        zone=BERLIN,
        until=utc("2027-01-01 00:00"),
    )
    return msgspec.structs.replace(window, **changes)


def opens(window: Window, now: str) -> str:
    found = occurrence(window, utc(now))
    return f"{found[0]:%m-%d %H:%M} {found[1]:%H:%M}" if found else ""


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-01 01:29", "03-01 01:30 03:30"),
        ("2026-03-01 03:29", "03-01 01:30 03:30"),  # it still holds
        ("2026-03-01 03:30", "03-08 01:30 03:30"),  # its end does not belong to it
        ("2026-03-28 12:00", "03-29 01:30 03:30"),  # 02:30 is skipped that night: read as it was before the change
        ("2026-04-01 00:00", "04-05 00:30 02:30"),  # summer time: still 02:30 on the wall
        ("2026-10-24 12:00", "10-25 00:30 02:30"),  # 02:30 comes twice: the first counts
        ("2026-10-26 12:00", "11-01 01:30 03:30"),
    ],
)
def test_it_opens_by_the_clock_on_the_wall(now: str, expected: str) -> None:
    assert opens(a_window(), now) == expected


def test_nothing_opens_from_until_on() -> None:
    window = a_window(until=utc("2026-03-08 01:30"))
    assert opens(window, "2026-03-01 03:31") == ""
    assert opens(window, "2026-03-01 03:29") == "03-01 01:30 03:30"


def test_one_that_does_not_recur_is_over_at_its_end() -> None:
    window = a_window(recurs="")
    assert (opens(window, "2026-03-01 03:29"), opens(window, "2026-03-01 03:30")) == ("03-01 01:30 03:30", "")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"recurs": "every sunday"}, "recurs"),
        ({"recurs": "FREQ=SECONDLY"}, "recurs"),
        ({"recurs": "FREQ=DAILY;BYHOUR=1,2,3"}, "recurs"),
        ({"recurs": "FREQ=WEEKLY;BYDAY=XX"}, "recurs"),
        ({"recurs": "FREQ=WEEKLY\nEXDATE:20260308T023000"}, "recurs"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(changes: dict[str, str], place: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_recurrence(a_window(**changes), "window w")
    assert refused.value.place == f"window w, {place}"
    assert refused.value.fix


@given(st.integers(0, 400 * 24 * 60), st.sampled_from(["DAILY", "WEEKLY;BYDAY=MO,TH", "MONTHLY;BYDAY=1TU", "YEARLY"]))
def test_the_one_at_hand_is_not_over_and_none_is_left_out(minutes: int, frequency: str) -> None:
    window = a_window(recurs=f"FREQ={frequency}", until=utc("2028-01-01 00:00"))
    now = window.starts_at + timedelta(minutes=minutes)
    found = occurrence(window, now)
    if found is None:
        assert frequency == "YEARLY" or now > utc("2027-12-01 00:00")
        return
    assert now < found[1] == found[0] + timedelta(hours=2)
    again = occurrence(window, found[0])
    assert again == found
