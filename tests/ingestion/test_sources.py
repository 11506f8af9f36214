"""Does a source say what its sender meant?"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.entries import Delivery
from aiops.domain.events import Event, Parsed, Severity, Status
from ingestion.reading import fields, words
from ingestion.sources import alertmanager, registry
from tests.builders import a_delivery, at


def parsed(source: str, body: Any, **changes: Any) -> Parsed:
    return registry.parse(a_delivery(body, source=source, **changes), at(0))


def the_event(source: str, body: Any, **changes: Any) -> Event:
    (event,) = parsed(source, body, **changes).events
    return event


def an_am_alert(**changes: Any) -> dict[str, Any]:
    alert = {
        "status": "firing",
        "labels": {"alertname": "DiskFull", "service": "db", "severity": "critical"},
        "annotations": {"summary": "disk is full", "description": "91% of /var is used"},
        "startsAt": "2026-03-02T08:50:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "0123456789abcdef",
    }
    return alert | changes


def the_am_event(**changes: Any) -> Event:
    return the_event("alertmanager", {"status": "resolved", "alerts": [an_am_alert(**changes)]})


# Alertmanager


def test_the_groups_status_is_never_looked_at() -> None:
    assert the_am_event().status is Status.FIRING
    assert the_am_event(status="resolved", endsAt="2026-03-02T08:55:00Z").status is Status.RESOLVED


def test_without_a_status_only_an_end_that_has_come_resolves() -> None:
    assert the_am_event(status=None, endsAt="2026-03-02T08:55:00Z").status is Status.RESOLVED
    assert the_am_event(status=None, endsAt="2026-03-02T09:05:00Z").status is Status.FIRING
    assert the_am_event(status=None).status is Status.FIRING


def test_a_firing_state_is_as_of_its_start_and_a_resolved_one_as_of_its_end() -> None:
    assert the_am_event().occurred_at == at(-600)
    over = the_am_event(status="resolved", endsAt="2026-03-02T08:55:00Z")
    assert (over.occurred_at, over.starts_at, over.ends_at) == (at(-300), at(-600), at(-300))


def test_the_sent_fingerprint_is_believed_even_where_labels_are_equal() -> None:
    one, other = parsed("alertmanager", {"alerts": [an_am_alert(), an_am_alert(fingerprint="f" * 16)]}).events
    assert one.labels == other.labels
    assert (one.fingerprint, other.fingerprint) == ("0123456789abcdef", "f" * 16)


def test_a_missing_fingerprint_is_the_one_that_alertmanager_would_compute() -> None:
    assert the_am_event(fingerprint=None).fingerprint == alertmanager.fingerprint(the_am_event().labels)
    basis = "cbf29ce484222325"  # of nothing: FNV-1a begins with it  # pragma: allowlist secret
    computed = "b158faf667883deb"  # pragma: allowlist secret
    assert alertmanager.fingerprint({}) == basis
    assert alertmanager.fingerprint({"alertname": "DiskFull", "service": "db"}) == computed


def test_the_order_of_labels_does_not_change_the_fingerprint() -> None:
    assert alertmanager.fingerprint({"a": "1", "b": "2"}) == alertmanager.fingerprint({"b": "2", "a": "1"})
    assert alertmanager.fingerprint({"a": "1", "b": "2"}) != alertmanager.fingerprint({"a": "12", "b": ""})


def test_a_resend_has_the_same_content_key_and_another_state_has_not() -> None:
    first = the_am_event()
    assert the_am_event().content_key == first.content_key
    assert the_am_event(annotations={"summary": "disk is 92% full"}).content_key != first.content_key
    assert the_am_event(status="resolved").content_key != first.content_key
    assert the_am_event(startsAt="2026-03-02T08:58:00Z").content_key != first.content_key


def test_the_order_of_annotations_makes_no_other_content() -> None:
    one = the_am_event(annotations={"summary": "disk is full", "value": "91"})
    assert the_am_event(annotations={"value": "91", "summary": "disk is full"}).content_key == one.content_key


def test_a_key_of_the_senders_own_is_said_to_be_one() -> None:
    assert not the_event("acme", {"title": "disk full"}).keyed
    keyed = the_event("acme", {"title": "disk full"}, idempotency_key="k1")
    assert (keyed.keyed, keyed.content_key) == (True, "acme k1 0")


def test_a_numeric_value_annotation_is_the_value() -> None:
    assert the_am_event(annotations={"value": "0.42"}).value == 0.42
    assert the_am_event(annotations={"value": "a lot"}).value is None


def test_a_relative_generator_address_stands_on_the_external_one() -> None:
    group = {"externalURL": "http://am.test/", "alerts": [an_am_alert(generatorURL="/graph?g0")]}
    assert the_event("alertmanager", group).url == "http://am.test/graph?g0"
    assert the_am_event(generatorURL="/graph?g0").url == ""


def test_good_alerts_are_kept_beside_bad_ones() -> None:
    got = parsed("alertmanager", {"alerts": [7, an_am_alert(), {"labels": {}}]})
    assert [event.title for event in got.events] == ["disk is full"]
    assert [problem.place for problem in got.problems] == ["alerts[0].labels", "alerts[2].labels"]


def test_json_of_another_shape_is_one_problem() -> None:
    got = parsed("alertmanager", {"foo": 1})
    assert (len(got.events), [problem.place for problem in got.problems]) == (0, ["alerts"])


def test_four_hundred_labels_are_kept_and_a_thousand_are_cut_with_a_warning() -> None:
    many = {f"label{number:04}": "x" for number in range(1_000)}
    got = parsed("alertmanager", {"alerts": [an_am_alert(labels=many, fingerprint=None)]})
    (event,) = got.events
    assert len(event.labels) == fields.MOST_LABELS
    assert event.fingerprint == alertmanager.fingerprint(many)  # of all that were sent
    assert [warning.place for warning in got.warnings] == ["alerts[0].labels"]
    few = dict(list(many.items())[:400])
    assert len(the_event("alertmanager", {"alerts": [an_am_alert(labels=few)]}).labels) == 400


# Words


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("critical", Severity.CRITICAL),
        ("PAGE", Severity.CRITICAL),
        ("P1", Severity.CRITICAL),
        ("error", Severity.HIGH),
        ("Sev-2", Severity.HIGH),
        ("medium", Severity.WARNING),
        ("Not classified", Severity.INFO),
        ("none", Severity.INFO),
        ("bogus", Severity.WARNING),
        ("", Severity.WARNING),
    ],
)
def test_a_severity_that_is_not_ours_is_mapped_with_a_reason(word: str, meaning: Severity) -> None:
    severity, reasons = words.severity(word)
    assert severity is meaning
    assert [reason.step for reason in reasons] == ([] if word == "critical" else ["parse"])
    assert all(word in reason.text for reason in reasons)


# Generic JSON


@pytest.mark.parametrize(
    "body",
    [
        {"state": "resolved"},
        {"status": "OK"},
        {"resolved": True},
        {"severity": "clear"},
        {"ended_at": "2026-03-02T08:59:00Z"},
        {"incident": {"status": "closed"}},
    ],
    ids=repr,
)
def test_many_ways_to_say_it_is_over(body: dict[str, Any]) -> None:
    assert the_event("acme", {"title": "disk full"} | body).status is Status.RESOLVED
    assert the_event("acme", {"title": "disk full"}).status is Status.FIRING


def test_an_unfilled_placeholder_is_no_value() -> None:
    event = the_event("acme", {"title": "{{ title }}", "message": "disk full", "url": "{$URL}", "host": "${HOST}"})
    assert (event.title, event.url, event.labels) == ("disk full", "", {})


def test_a_falsy_id_is_an_id() -> None:
    assert (
        the_event("acme", {"id": 0, "title": "a"}).fingerprint == the_event("acme", {"id": 0, "title": "b"}).fingerprint
    )
    assert (
        the_event("acme", {"id": 0, "title": "a"}).fingerprint != the_event("acme", {"id": 1, "title": "a"}).fingerprint
    )
    assert (
        the_event("acme", {"id": 0, "title": "a"}).fingerprint != the_event("zeta", {"id": 0, "title": "a"}).fingerprint
    )


def test_a_named_check_is_one_alert_whatever_its_text_says_now() -> None:
    one = the_event("acme", {"check": "disk", "host": "db1", "title": "disk 91% full"})
    other = the_event("acme", {"check": "disk", "host": "db1", "title": "disk 92% full"})
    elsewhere = the_event("acme", {"check": "disk", "host": "db2", "title": "disk 92% full"})
    assert one.fingerprint == other.fingerprint != elsewhere.fingerprint


def test_equal_content_is_recognised_and_another_time_is_not_equal() -> None:
    body = {"title": "disk full", "host": "db1", "timestamp": 1772442000}
    assert the_event("acme", body).content_key == the_event("acme", body).content_key != ""
    assert the_event("acme", body | {"timestamp": 1772442001}).content_key != the_event("acme", body).content_key


def test_a_time_far_ahead_does_not_outrank_later_states() -> None:
    assert the_event("acme", {"title": "disk full", "timestamp": "2026-04-02T09:00:00Z"}).occurred_at == at(0)


def test_a_form_and_a_text_are_alerts_too() -> None:
    form = the_event("acme", b"title=disk+full&host=db1", content_type="application/x-www-form-urlencoded")
    assert (form.title, form.labels["host"]) == ("disk full", "db1")
    text = the_event("acme", b"disk full\non db1", content_type="text/plain")
    assert (text.title, text.message) == ("disk full", "disk full\non db1")


# Log lines


def lines(body: str | bytes, **changes: Any) -> Parsed:
    return parsed("logs", body, content_type="text/plain", **changes)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("ERROR cannot open", "error"),
        ("2026-03-02 09:00:00,123 [main] WARN  c.s.Cart - slow", "warn"),
        ("[error] cannot open", "error"),
        ("error: cannot open", "error"),
        ("ts=1 level=fatal msg=x", "fatal"),
        ("CRITICAL:root:cannot open", "critical"),
        ("[Mon Mar 02 08:59:56.123456 2026] [proxy:error] [pid 77] AH00898", "error"),
        ('{"level": 60, "msg": "x"}', "fatal"),
        ('{"PRIORITY": "3", "MESSAGE": "x"}', "error"),
        ("<3>Mar  2 09:00:00 db1 kernel: x", "error"),
        ("there was no error in it", ""),
        ("an alert was raised", ""),
        ("plain words", ""),
    ],
)
def test_the_level_is_found_and_prose_is_none(line: str, level: str) -> None:
    (event,) = lines(line).events
    assert event.labels.get("level", "") == level


def test_the_service_of_the_query_beats_that_of_the_line() -> None:
    (event,) = lines('{"service": "a", "msg": "x"}', query={"service": "payments"}).events
    assert event.labels["service"] == "payments"


def test_blank_lines_are_none_and_line_ends_of_windows_do_not_show() -> None:
    assert [event.title for event in lines("one\r\n\r\n \ntwo\r\n").events] == ["one", "two"]


def test_a_long_line_is_cut_with_a_warning() -> None:
    got = lines("short\n" + "x" * 100_000)
    assert len(got.events[1].text) == 65_536
    assert [warning.place for warning in got.warnings] == ["line 2"]


def test_undecodable_bytes_are_replaced_with_a_warning() -> None:
    got = lines(b"good\nbad \xff byte")
    assert [event.title for event in got.events] == ["good", "bad \ufffd byte"]
    assert [warning.place for warning in got.warnings] == ["line 2"]


def test_log_lines_are_never_resends_without_a_key() -> None:
    assert {event.content_key for event in lines("a\na").events} == {""}
    keyed = [event.content_key for event in lines("a\na", idempotency_key="k1").events]
    assert len(set(keyed)) == 2
    assert keyed == [event.content_key for event in lines("a\na", idempotency_key="k1").events]


# All of them


def test_a_fault_in_a_source_becomes_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(delivery: Delivery, received_at: object) -> Parsed:
        raise KeyError("labels")

    monkeypatch.setitem(registry.SOURCES, "acme", broken)
    got = parsed("acme", {"a": 1})
    assert len(got.problems) == 1
    assert "KeyError" in got.problems[0].problem


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
NAMES = st.sampled_from(
    [
        "alerts",
        "labels",
        "annotations",
        "status",
        "severity",
        "startsAt",
        "endsAt",
        "title",
        "id",
        "service",
        "time",
        "tags",
    ]
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6)
)


@given(DOCUMENTS, st.sampled_from(["alertmanager", "generic", "logs", "acme"]))
def test_any_document_is_read_without_raising_and_every_event_can_be_stored(document: Any, source: str) -> None:
    import json

    import msgspec

    got = parsed(source, json.dumps(document).encode())
    got = msgspec.structs.replace(got, events=tuple(event.bare for event in got.events))
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(got), type=Parsed)
    assert len(again.events) == len(got.events)
    for event in got.events:
        assert event.title
        assert event.occurred_at.year >= 1990
        assert all(isinstance(text, str) for text in event.labels.values())


def test_what_generic_json_says_unreadably_is_not_passed_over_in_silence() -> None:
    body = {"title": "disk full", "severity": {"weight": 7}, "startsAt": "not a date", "ts": "9999-01-01T00:00:00Z"}
    event = the_event("acme", body)
    assert event.severity is Severity.WARNING
    assert [reason.text for reason in event.reasons] == [
        "severity {'weight': 7} cannot be read: warning assumed",
        "start 'not a date' is no time that can be read: it is left out",
        "time '9999-01-01T00:00:00Z' is no time that can be read: it is left out",
    ]


def test_what_generic_json_leaves_unset_is_no_complaint() -> None:
    body = {"title": "disk full", "severity": "high", "endsAt": "0001-01-01T00:00:00Z", "ts": 0, "startsAt": None}
    assert the_event("acme", body).reasons == ()
