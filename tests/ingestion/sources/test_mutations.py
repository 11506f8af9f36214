"""What senders get wrong breaks no source, dates nothing to 1970, and makes no alert another one."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.dedup import fingerprint_of
from ingestion.sources import registry
from tests.builders import at
from tests.ingestion.sources.test_every_source import JSON, faults, named, paths, put

NUMBERS = (0, -1, 1, 2**63, -(2**70), 1e300, 1_772_442_000_000_000_000)
TEXTS = (
    *("", " ", "0", "x" * 70_000, "[1,2", '{"a":1}', "NaN", "\ud800", "\x00", "not a time", "/relative/url?x=1"),
    *("0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "http://[", "{$ZABBIX.URL}", "{{ template }}", "${name}"),
)
SHAPES: tuple[object, ...] = (None, False, True, [], {}, [[]], [None], {"a": {"b": {"c": {}}}})
QUIRKS = st.sampled_from((*NUMBERS, *TEXTS, *SHAPES))
NO_DOCUMENTS = ("", "\ud800", "{", "]", "null", "0", '"x"', "[]", "[[]]", "NaN", "\ufeff", "{}{}", "[1] [2]")


def parse(recorded: Path, body: bytes, source: str = "") -> Parsed:
    source = source or recorded.parent.name
    return registry.parse(Delivery(source=source, body=body, content_type="application/json"), at(0))


def sound(parsed: Parsed) -> None:
    """Nothing failed, and every event can be kept and ordered."""
    assert not faults(parsed)
    for event in parsed.events:
        times = (event.occurred_at, event.starts_at, event.ends_at)
        assert all(time is None or (time.tzinfo and time.year >= 1990) for time in times)
        assert event.title.strip()
        assert event.url.startswith(("", "http://", "https://"))
        assert event.kind is not EventKind.ALERT or fingerprint_of(event)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(event.bare), type=type(event)) == event.bare


def dropped(value: Any, path: tuple[Any, ...]) -> Any:
    """The document without what stands at ``path``."""
    *before, last = path
    inside = value
    for step in before:
        inside = inside[step]
    left = [*inside]
    left.remove(last) if isinstance(inside, dict) else left.pop(last)
    rest = {name: inside[name] for name in left} if isinstance(inside, dict) else left
    return put(value, tuple(before), rest)


@pytest.mark.parametrize("recorded", JSON, ids=named)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_what_is_missing_or_odd_breaks_nothing(recorded: Path, data: st.DataObject) -> None:
    document = json.loads(recorded.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        places = [path for path in paths(document) if path]
        if not places:
            break
        path = data.draw(st.sampled_from(places))
        document = dropped(document, path) if data.draw(st.booleans()) else put(document, path, data.draw(QUIRKS))
    body = json.dumps(document).encode()
    for source in ("", registry.AUTO, "somebody"):
        sound(parse(recorded, body, source))


@pytest.mark.parametrize("recorded", JSON, ids=named)
def test_how_it_is_wrapped_changes_no_identity(recorded: Path) -> None:
    body = recorded.read_bytes()
    once = [fingerprint_of(event) for event in parse(recorded, body).events]
    assert [fingerprint_of(event) for event in parse(recorded, b"\xef\xbb\xbf" + body).events] == once
    assert [fingerprint_of(event) for event in parse(recorded, b"\x1e" + body + b"\n").events] == once
    for odd in (
        body + body,
        b"[" + body + b"]",
        b"[" + body + b"," + body + b"]",
        body.strip()[:-1],
        b"[[" + body + b"]]",
    ):
        sound(parse(recorded, odd))
        sound(parse(recorded, odd, registry.AUTO))


@pytest.mark.parametrize("recorded", JSON, ids=named)
def test_the_same_said_again_is_the_same(recorded: Path) -> None:
    assert parse(recorded, recorded.read_bytes()) == parse(recorded, recorded.read_bytes())


@pytest.mark.parametrize(
    "text", ["", "\ud800", "{", "]", "null", "0", '"x"', "[]", "[[]]", "NaN", "\ufeff", "{}{}", "[1] [2]"]
)
@pytest.mark.parametrize("source", sorted(registry.SOURCES))
def test_what_is_hardly_a_document_breaks_no_source(source: str, text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    for kind in ("application/json", "text/plain", ""):
        parsed = registry.parse(Delivery(source=source, body=body, content_type=kind), at(0))
        sound(parsed)
