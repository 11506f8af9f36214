"""The journal's export format is cut between entries, wherever the network cut it."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion.listeners.export import Entries
from ingestion.sources import registry
from ingestion.sources.journald import EXPORT
from tests.builders import a_delivery, at

LONGEST = 200
TEXT = st.text("ab =", max_size=20).map(lambda text: text.encode())


def field(name: str, value: bytes, *, binary: bool = False) -> bytes:
    if binary or b"\n" in value:
        return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return name.encode() + b"=" + value + b"\n"


def cut(stream: bytes, step: int) -> tuple[list[bytes], Entries]:
    entries = Entries(LONGEST)
    found = [entry for start in range(0, len(stream), step) for entry in entries.feed(stream[start : start + step])]
    last = entries.rest()
    return ([*found, last] if last else found), entries


FIELDS = st.builds(field, st.sampled_from(["MESSAGE", "X"]), TEXT | st.binary(max_size=30), binary=st.booleans())
ENTRIES = st.lists(st.lists(FIELDS, min_size=1, max_size=4), max_size=5)


@given(ENTRIES, st.integers(1, 40), st.booleans())
def test_entries_come_out_as_they_went_in(entries: list[list[bytes]], step: int, ended: bool) -> None:
    whole = [b"".join(fields) + b"\n" for fields in entries]
    stream = b"".join(whole)
    assert cut(stream if ended else stream.removesuffix(b"\n"), step)[0] == whole


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_hostile_bytes_are_held_within_bounds(parts: list[bytes]) -> None:
    entries = Entries(LONGEST)
    for part in parts:
        list(entries.feed(part))
        assert len(entries._held) <= LONGEST + 330


@given(st.integers(1, 500))
def test_a_core_dump_is_left_out_and_the_rest_is_kept(step: int) -> None:
    stream = (
        field("MESSAGE", b"dumped core")
        + field("COREDUMP", b"\n=" * 300, binary=True)
        + field("LONG", b"y" * 400)
        + field("PRIORITY", b"2")
        + b"\n"
        + field("MESSAGE", b"next")
        + b"\n"
    )
    found, entries = cut(stream, step)
    assert found == [b"MESSAGE=dumped core\nPRIORITY=2\n\n", b"MESSAGE=next\n\n"]
    assert entries.left_out == 2


def test_what_is_cut_out_is_what_the_source_reads() -> None:
    stream = field("MESSAGE", b"one\ntwo") + field("_HOSTNAME", b"db1") + b"\n" + field("MESSAGE", b"three") + b"\n"
    found, _ = cut(stream, 7)
    parsed = registry.parse(a_delivery(b"".join(found), source="journald", content_type=EXPORT), at(0))
    assert [event.title for event in parsed.events] == ["one\ntwo", "three"]
    assert not parsed.problems
