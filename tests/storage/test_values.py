"""Are values written so that Python and SQLite agree on them?"""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.events import Severity
from aiops.storage.values import MOST_TEXT, Stored, microseconds, moment, sorting, stored, words
from tests.builders import T0

PLAIN = st.characters(exclude_categories=["Cs"])
STORED: st.SearchStrategy[Stored] = st.one_of(
    st.none(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False).map(lambda number: number + 0.0),
    st.text(PLAIN, max_size=5),
)


@given(st.lists(STORED, max_size=12))
def test_python_sorts_as_sqlite_does(values: list[Stored]) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t(place INTEGER, value)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", enumerate(values))
    rows = connection.execute("SELECT value FROM t ORDER BY value, place").fetchall()
    connection.close()
    assert sorted(values, key=sorting) == [value for (value,) in rows]


def test_members_of_enumerations_are_written_as_plain_text() -> None:
    written = stored(Severity.CRITICAL)
    assert written == "critical"
    assert type(written) is str


def test_truth_is_a_number_and_what_is_no_number_is_nothing() -> None:
    assert (stored(True), stored(False)) == (1, 0)
    assert stored(float("nan")) is None
    assert str(stored(-0.0)) == "0.0"
    assert stored(10**30) == 2**63 - 1
    assert stored(-(10**30)) == -(2**63) + 1


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9)), timezone(timedelta(hours=5.5))])))
def test_a_time_is_kept_to_the_microsecond_whatever_its_zone(when: datetime) -> None:
    assert moment(microseconds(when)) == when


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        stored(T0.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("connection-refused: db_1", ["connection", "refused", "db", "1"]),
        ("Straße ÜBER 12.5%", ["strasse", "über", "12", "5"]),
        ("a\x00b\u200bc", ["a", "b", "c"]),
        ("日本 サービス", ["日本", "サービス"]),
    ],
)
def test_words_are_runs_of_letters_and_digits_without_case(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(PLAIN, max_size=40))
def test_words_hold_nothing_that_a_full_text_would_cut_again(text: str) -> None:
    found = words(text)
    assert all(word.isalnum() for word in found)
    assert words(" ".join(found)) == found


def test_of_a_long_text_only_the_beginning_is_searched() -> None:
    assert words("a" * MOST_TEXT + " late") == ["a" * MOST_TEXT]
