"""What does each recorded delivery become? ``NAME.<ext>`` beside ``NAME.events.json``; a change is reviewed as a diff.

After a wanted change: ``python -m tests.golden.test_golden`` writes the expected files anew.
"""

from pathlib import Path

import msgspec
import pytest

from aiops.domain.entries import Delivery
from ingestion.sources import registry
from tests.builders import at

HERE = Path(__file__).parent
CONTENT_TYPES = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".txt": "text/plain",
    ".log": "text/plain",
    ".form": "application/x-www-form-urlencoded",
    ".xml": "application/xml",
    ".yaml": "application/x-yaml",
    ".envelope": "application/x-sentry-envelope",
    ".export": "application/vnd.fdo.journal",
}
RECORDED = sorted(
    path for path in HERE.glob("*/*") if path.suffix in CONTENT_TYPES and not path.name.endswith(".events.json")
)


def events_of(recorded: Path) -> bytes:
    """Return what the delivery becomes, as indented JSON; the folder is the source's name. Raw records are left out."""
    content_type = CONTENT_TYPES[recorded.suffix]
    delivery = Delivery(source=recorded.parent.name, body=recorded.read_bytes(), content_type=content_type)
    parsed = registry.parse(delivery, at(0))
    parsed = msgspec.structs.replace(parsed, events=tuple(event.bare for event in parsed.events))
    return msgspec.json.format(msgspec.json.encode(parsed), indent=1) + b"\n"


def expected_of(recorded: Path) -> Path:
    return recorded.with_name(f"{recorded.stem}.events.json")


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_recorded_delivery_becomes_the_expected_events(recorded: Path) -> None:
    assert events_of(recorded).decode() == expected_of(recorded).read_text()


def test_every_source_has_a_recorded_example() -> None:
    assert {path.parent.name for path in RECORDED} >= set(registry.SOURCES)


def test_no_expectation_is_left_behind_by_its_recording() -> None:
    assert {expected_of(path) for path in RECORDED} == set(HERE.glob("*/*.events.json"))


if __name__ == "__main__":
    for path in RECORDED:
        expected_of(path).write_bytes(events_of(path))
