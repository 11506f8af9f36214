"""Are counts kept per five minutes, and outcomes once per command?"""

from aiops.domain.acts import Acknowledge
from aiops.domain.entries import Command
from aiops.domain.events import EventKind, Severity
from aiops.outcomes import REMEMBERED, Outcomes
from aiops.rollups import Rollups, bin_of
from tests.builders import a_template, an_entity, an_entry, an_event, at


def test_alerts_are_counted_by_severity_in_bins_of_five_minutes() -> None:
    rollups = Rollups()
    for seconds, severity in ((0, Severity.HIGH), (10, Severity.HIGH), (20, Severity.INFO), (300, Severity.HIGH)):
        rollups.count(an_event(received_at=at(seconds), severity=severity), an_entity(), a_template())
    counts = {(record.bin, record.key): record.count for _, record in rollups.drain()}
    assert counts == {(at(0), "high"): 2, (at(0), "info"): 1, (at(300), "high"): 1}


def test_log_lines_are_counted_by_service_and_template() -> None:
    rollups = Rollups()
    rollups.count(an_event(kind=EventKind.LOG), an_entity("orders"), a_template(template_id="t"))
    ((_, record),) = rollups.drain()
    assert (record.name, record.key, record.count) == ("logs", "orders|t", 1)


def test_counting_goes_on_behind_a_snapshot() -> None:
    rollups, other = Rollups(), Rollups()
    rollups.count(an_event(), an_entity(), a_template())
    other.load(rollups.dump())
    other.count(an_event(), an_entity(), a_template())
    ((_, record),) = other.drain()
    assert record.count == 2


def test_a_bin_starts_at_full_five_minutes() -> None:
    assert bin_of(at(299.9)) == at(0)
    assert bin_of(at(300)) == at(300)


def test_a_command_is_known_once_recorded_and_the_oldest_is_forgotten() -> None:
    outcomes = Outcomes()
    command = Command(id="0", actor="ana", act=Acknowledge(incident_id="i"))
    assert not outcomes.known("0")
    outcomes.record(an_entry(command), command, "acknowledged #1", "i", applied=True)
    assert outcomes.known("0")
    restored = Outcomes()
    restored.load(outcomes.dump())
    assert restored.known("0")
    for number in range(1, REMEMBERED + 1):
        other = Command(id=str(number), actor="ana", act=Acknowledge(incident_id="i"))
        outcomes.record(an_entry(other), other, "no", "", applied=False)
    assert not outcomes.known("0")
