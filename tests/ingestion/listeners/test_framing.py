"""Streams are cut where messages end, wherever the network cut them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.listeners.framing import Frame, Splitter
from ingestion.sources import syslog

LONGEST = 40
TEXTS = st.text("<>0123456789 ab\n", min_size=1, max_size=30).map(lambda text: f"<13>{text}".encode().strip())
LINES = st.text("<>0123456789 ab", min_size=1, max_size=30).map(lambda text: f"<13>{text}".encode().strip())


def split(*parts: bytes, longest: int = LONGEST) -> list[Frame]:
    splitter = Splitter(longest)
    found = [frame for part in parts for frame in splitter.feed(part)]
    last = splitter.rest()
    return [*found, last] if last else found


@given(st.lists(TEXTS | LINES.map(lambda line: line + b"\n"), max_size=8), st.integers(1, 9))
def test_either_framing_is_read_alike_however_the_bytes_arrive(messages: list[bytes], step: int) -> None:
    stream = b"".join(text if text.endswith(b"\n") else b"%d %s" % (len(text), text) for text in messages)
    found = split(*(stream[at : at + step] for at in range(0, len(stream), step)))
    assert [frame.text for frame in found] == [text.strip() for text in messages]


@given(st.lists(st.binary(max_size=60), max_size=6), st.integers(1, 50))
@example([b"9999999 <a"], 5)
@example([b"3 ", b"<", b"x"], 3)
def test_hostile_bytes_neither_break_nor_fill_it(parts: list[bytes], longest: int) -> None:
    splitter = Splitter(longest)
    for part in parts:
        assert all(len(frame.text) <= longest for frame in splitter.feed(part))
        assert len(splitter._held) <= longest + 60
    splitter.rest()


def test_what_is_too_long_is_cut_and_the_next_is_whole() -> None:
    long = b"<13>" + b"x" * 100
    for stream in (b"%d %s" % (len(long), long), long + b"\n"):
        found = split(stream[:30], stream[30:], b"5 <13>y", b"<13>z\n")
        assert found == [Frame(long[:LONGEST], cut=True), Frame(b"<13>y"), Frame(b"<13>z")]


def test_a_line_that_begins_with_a_number_is_a_line() -> None:
    assert [frame.text for frame in split(b"42 things\n2026 ended\n7 ")] == [b"42 things", b"2026 ended", b"7"]


def test_nul_ends_a_message_too() -> None:
    assert [frame.text for frame in split(b"<13>a\x00<13>b\x00")] == [b"<13>a", b"<13>b"]


def test_what_nobody_ended_is_taken_at_the_end_unless_it_was_cut() -> None:
    assert split(b"<13>a\n<13>b") == [Frame(b"<13>a"), Frame(b"<13>b")]
    assert split(b"<13>" + b"x" * 90) == [Frame(b"<13>" + b"x" * 36, cut=True)]


@given(st.lists(st.tuples(st.sampled_from(["", "10.0.0.7", "fe80::1"]), st.binary(max_size=80)), max_size=8))
def test_what_a_listener_writes_its_source_reads(messages: list[tuple[str, bytes]]) -> None:
    assert list(syslog._sent(syslog.framed(messages))) == messages


@pytest.mark.parametrize("count", [b"5 <13>a", b"<13>a\n", b"\n\n<13>a\n"])
def test_a_message_is_whole_once(count: bytes) -> None:
    splitter = Splitter(LONGEST)
    assert [frame.text for frame in splitter.feed(count)] == [b"<13>a"]
    assert not splitter.pending
