"""When does a log line become an alert?"""

from datetime import timedelta

import pytest

from aiops.domain.alerts import Templated
from aiops.domain.events import Event, EventKind, Severity, Status
from aiops.domain.settings import LogSettings
from ingestion.detectors import Detectors
from tests.builders import a_template, an_entity, an_event, at

SETTINGS = LogSettings(learning_lines=10, settled_share=0.1)


def a_line(level: str = "error", text: str = "connection refused", **changes: object) -> Event:
    line = an_event(kind=EventKind.LOG, source="logs", title=text, message="", labels={"level": level} if level else {})
    return an_event(**{name: getattr(line, name) for name in line.__struct_fields__} | changes)


def observed(
    detectors: Detectors, line: Event, templated: Templated | None = None, service: str = "payments"
) -> list[Event]:
    return detectors.observe(line, an_entity(service), templated or a_template(), (), at(0))


def new(template_id: str) -> Templated:
    return a_template(template_id=template_id, first=True)


def test_a_line_at_error_level_is_an_alert_with_a_lease() -> None:
    (made,) = observed(Detectors(SETTINGS), a_line(event_id="0-7-3"), a_template(scope="logs/payments"))
    assert (made.kind, made.source, made.event_id) == (EventKind.ALERT, "detector:log_errors", "0-7-3-log_errors")
    assert made.title == 'payments logs errors: "connection refused"'
    assert made.labels == {"service": "payments", "template": "t-refused", "level": "error"}
    assert (made.status, made.severity, made.lease) == (Status.FIRING, Severity.HIGH, timedelta(minutes=15))
    assert made.text == "connection refused"
    assert made.content_key == ""
    assert made.scope == "logs/payments"
    assert [reason.step for reason in made.reasons] == ["parse"]


@pytest.mark.parametrize(
    ("level", "severity"), [("fatal", Severity.CRITICAL), ("panic", Severity.CRITICAL), ("err", Severity.HIGH)]
)
def test_worse_levels_are_critical(level: str, severity: Severity) -> None:
    (made,) = observed(Detectors(SETTINGS), a_line(level))
    assert made.severity is severity


@pytest.mark.parametrize("level", ["warn", "info", ""])
def test_other_levels_are_no_alert(level: str) -> None:
    assert observed(Detectors(SETTINGS), a_line(level)) == []


def test_an_alert_is_not_detected_again() -> None:
    assert observed(Detectors(SETTINGS), an_event(labels={"level": "error"})) == []


def test_lines_of_one_service_and_template_are_one_condition() -> None:
    detectors = Detectors(SETTINGS)
    (one,), (other,) = observed(detectors, a_line("error")), observed(detectors, a_line("fatal"))
    (elsewhere,) = observed(detectors, a_line(), service="orders")
    (another,) = observed(detectors, a_line(), a_template(template_id="t2"))
    assert one.fingerprint == other.fingerprint
    assert len({one.fingerprint, elsewhere.fingerprint, another.fingerprint}) == 3


def test_a_line_of_no_service_names_its_source_and_claims_none() -> None:
    (made,) = observed(Detectors(SETTINGS), a_line(), service="")
    assert made.title.startswith("logs logs errors")
    assert "service" not in made.labels


def learnt(lines: int = 10) -> Detectors:
    detectors = Detectors(SETTINGS)
    for number in range(lines):
        assert observed(detectors, a_line(""), new("t0") if number == 0 else None) == []
    return detectors


def test_a_never_seen_template_of_a_known_service_is_an_alert() -> None:
    (made,) = observed(learnt(), a_line("warn"), new("t1"))
    assert (made.source, made.severity) == ("detector:log_new_template", Severity.WARNING)
    assert made.title == 'payments logs something new: "connection refused"'


def test_while_a_service_is_learnt_nothing_is_new() -> None:
    assert observed(learnt(9), a_line(""), new("t1")) == []


def test_a_service_that_says_new_things_all_the_time_is_never_known() -> None:
    detectors = Detectors(SETTINGS)
    for number in range(50):
        made = observed(detectors, a_line(""), new(f"t{number}") if number % 3 == 0 else None)
        assert made == []


def test_a_service_is_known_again_when_it_has_calmed_down() -> None:
    detectors = learnt()
    for number in range(5):
        observed(detectors, a_line(""), new(f"burst{number}"))
    assert observed(detectors, a_line(""), new("t1")) == []
    for _ in range(10):
        observed(detectors, a_line(""))
    assert len(observed(detectors, a_line(""), new("t2"))) == 1


def test_a_new_error_is_told_once() -> None:
    assert [made.source for made in observed(learnt(), a_line("error"), new("t1"))] == ["detector:log_errors"]


def test_a_restart_forgets_nothing() -> None:
    detectors, restarted = learnt(), Detectors(SETTINGS)
    restarted.load(detectors.dump())
    assert observed(restarted, a_line(""), new("t1")) == observed(detectors, a_line(""), new("t1")) != []
    assert restarted.dump() == detectors.dump()
