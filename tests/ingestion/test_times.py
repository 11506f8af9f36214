"""Which moment is meant?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.reading.times import EARLIEST, LATEST, believed, moment
from tests.builders import T0, at

NINE = T0  # 2026-03-02 09:00:00 UTC


@pytest.mark.parametrize(
    "written",
    [
        1772442000,
        1772442000.0,
        1772442000000,
        1772442000000000,
        1772442000000000000,
        "1772442000",
        "1772442000000",
        "1772442000.000",
        "2026-03-02T09:00:00Z",
        "2026-03-02T09:00:00.000000000Z",
        "2026-03-02T10:00:00+01:00",
        "2026-03-02T10:00:00+0100",
        "2026-03-02 09:00:00",
        "2026-03-02 09:00:00,000",
        "2026-03-02 09:00:00 +0000 UTC",
        "2026-03-02 10:00:00.000000001 +0100 CET m=+12.5",
        "2026-03-02 09:00:00 UTC",
        "20260302T090000Z",
        "2026/03/02 09:00:00",
        "02/Mar/2026:09:00:00 +0000",
        "02.03.2026 09:00:00",
        "03/02/2026 09:00:00",
        "03/02/2026 09:00:00 AM",
        "Mar 02, 2026 09:00:00 AM",
        "Mon Mar 02 09:00:00 2026",
        "Mon, 02 Mar 2026 09:00:00 +0000",
        "Mon, 02 Mar 2026 10:00:00 +0100",
        "Mar  2 09:00:00",
        "  2026-03-02T09:00:00Z ",
    ],
    ids=repr,
)
def test_nine_oclock_is_read_however_it_is_written(written: object) -> None:
    assert moment(written, near=at(60)) == NINE


@pytest.mark.parametrize(
    "unset",
    [
        None,
        "",
        0,
        -1,
        "0",
        "-1",
        True,
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "never",
        "{$DATE}",
        [],
        {},
        "x" * 99,
        float("nan"),
        float("inf"),
        10**30,
        "9" * 40,
        "2026-13-45T00:00:00Z",
    ],
    ids=repr,
)
def test_unset_and_unreadable_are_no_time_and_never_1970(unset: object) -> None:
    assert moment(unset, near=NINE) is None


def test_a_syslog_time_in_december_read_in_january_is_last_years() -> None:
    assert moment("Dec 31 23:59:58", near=datetime(2027, 1, 1, 0, 0, 5, tzinfo=UTC)) == datetime(
        2026, 12, 31, 23, 59, 58, tzinfo=UTC
    )


def test_a_syslog_time_from_a_clock_just_ahead_of_new_year_is_next_years() -> None:
    assert moment("Jan  1 00:00:02", near=datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)) == datetime(
        2027, 1, 1, 0, 0, 2, tzinfo=UTC
    )


def test_a_time_days_ahead_is_not_believed() -> None:
    assert believed(at(3600), at(0)) == at(3600)
    assert believed(at(3 * 86_400), at(0)) is None
    assert believed(None, at(0)) is None


@given(st.datetimes(datetime(1991, 1, 1), datetime(2099, 1, 1)), st.sampled_from([1, 1_000, 1_000_000]))  # noqa: DTZ001
def test_epochs_of_any_unit_mean_the_same_second(naive: datetime, parts: int) -> None:
    when = naive.replace(tzinfo=UTC, microsecond=0)
    assert moment(int(when.timestamp()) * parts, near=NINE) == when


@given(st.datetimes(datetime(1991, 1, 1), datetime(2099, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_iso_times_of_any_zone_come_back_in_utc(when: datetime) -> None:
    got = moment(when.isoformat(), near=NINE)
    assert got is not None
    assert got.utcoffset() == timedelta(0)
    assert abs(got - when) < timedelta(minutes=1)  # old zones have offsets with seconds


@given(st.one_of(st.text(max_size=70), st.floats(), st.integers()))
def test_anything_is_a_plausible_time_or_none(value: object) -> None:
    got = moment(value, near=NINE)
    assert got is None or EARLIEST <= got < LATEST
