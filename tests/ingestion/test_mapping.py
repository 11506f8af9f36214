"""Does a mapping read what its author meant, say what is wrong with it, and survive what comes?"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Parsed, Severity, Status
from ingestion.dedup import fingerprint_of
from ingestion.mapping import MOST_ITEMS, Compiled, unmapped
from ingestion.mapping_file import load
from ingestion.sources import registry
from tests.builders import a_delivery, at

ACME = """source: acme-monitor
match: {header: {User-Agent: "^Acme"}}
events: "items[] || [@]"
fields:
  title:     "subject || message || 'untitled'"
  status:    {expr: "state", map: {"0": resolved, ok: resolved, down: firing}, default: firing}
  severity:  {expr: "prio", map: {P1: critical, P2: high}, default: warning}
  service:   "kv(split(tags, ',')).service"
  starts_at: {expr: "ts", time: auto}
identity:    ["check_id || [host.name, name]"]
expire_after: 24h
"""
MORE = """source: acme
fields:
  title: title
  message: body
  host: "host_of_url(link)"
  environment: env
  url: link
  value: number
  ends_at: until
  occurred_at: when
  labels: tags
  labels.region: geo.region
  annotations: notes
  annotations.text: body
identity: [id]
"""


def read(body: Any, mapping: str = ACME) -> Parsed:
    return load(mapping).parse(a_delivery(body, source="acme-monitor"), at(0))


def one(body: Any, mapping: str = ACME) -> Event:
    parsed = read(body, mapping)
    assert not parsed.problems, parsed.problems
    (event,) = parsed.events
    return event


def test_the_fields_of_a_mapping_are_read_as_it_says() -> None:
    event = one({"subject": "disk full", "state": "down", "prio": "P1", "tags": "a:b,service:db", "ts": 1772442000})
    assert (event.title, event.status, event.severity) == ("disk full", Status.FIRING, Severity.CRITICAL)
    assert (event.labels, event.starts_at, event.source) == ({"service": "db"}, at(0), "acme-monitor")
    assert event.lease == timedelta(hours=24)


def test_every_field_that_there_is_finds_its_place() -> None:
    body = {
        "title": "t",
        "body": "b",
        "link": "https://db1.example/x",
        "env": "prod",
        "number": "4.5",
        "tags": ["team:dba", "tier=1"],
        "geo": {"region": "eu"},
        "notes": {"who": "ana"},
        "when": "2026-03-02T08:59:00Z",
    }
    event = one(body, MORE)
    assert event.labels == {"team": "dba", "tier": "1", "region": "eu", "host": "db1.example", "environment": "prod"}
    assert event.annotations == {"who": "ana", "text": "b"}
    assert (event.message, event.url, event.value, event.occurred_at) == ("b", "https://db1.example/x", 4.5, at(-60))


@pytest.mark.parametrize(
    ("state", "status"), [("ok", Status.RESOLVED), (0, Status.RESOLVED), ("down", Status.FIRING), (None, Status.FIRING)]
)
def test_a_state_is_what_the_table_says_else_the_default(state: object, status: Status) -> None:
    event = one({"subject": "x", "state": state, "check_id": 1})
    assert event.status is status
    assert event.lease == (timedelta(hours=24) if status is Status.FIRING else None)


def test_a_word_that_no_table_has_is_read_as_everywhere() -> None:
    mapping = "source: acme\nfields: {title: t, status: s, severity: {expr: p, map: {P9: critical}}}\nidentity: [t]\n"
    event = one({"t": "x", "s": "recovered", "p": "minor"}, mapping)
    assert (event.status, event.severity) == (Status.RESOLVED, Severity.WARNING)
    assert any("minor" in reason.text for reason in event.reasons)


def test_an_acknowledgement_is_a_fact_of_what_fires() -> None:
    mapping = "source: acme\nfields: {title: t, status: {expr: s, map: {taken: acknowledged}}}\nidentity: [t]\n"
    event = one({"t": "x", "s": "taken"}, mapping)
    assert (event.status, event.facts) == (Status.FIRING, {"status": "acknowledged"})


def test_a_condition_keeps_its_identity_over_its_states_and_others_have_another() -> None:
    fires, ends = (one({"subject": s, "state": s, "check_id": 0}) for s in ("down", "ok"))
    other = one({"subject": "down", "state": "down", "check_id": 1})
    assert fingerprint_of(fires) == fingerprint_of(ends) != fingerprint_of(other)
    assert fires.content_key != ends.content_key


def test_an_identity_of_several_parts_is_all_of_them() -> None:
    hosts = [one({"subject": "x", "host": {"name": host}, "name": "cpu"}).fingerprint for host in ("a", "b")]
    assert hosts[0] != hosts[1]


def test_without_anything_at_its_identity_labels_and_title_tell_apart() -> None:
    assert one({"subject": "a"}).fingerprint != one({"subject": "b"}).fingerprint
    assert load(ACME).unnamed(a_delivery([{"subject": "a"}, {"subject": "b", "check_id": 0}]), at(0)) == 1


def test_what_is_no_item_is_a_problem_and_the_others_are_kept() -> None:
    mapping = "source: acme\nfields: {title: t}\nidentity: [t]\n"
    parsed = read([{"t": "good"}, {"other": 1}, 7], mapping)
    assert [event.title for event in parsed.events] == ["good"]
    assert [problem.place for problem in parsed.problems] == ["events[1]", "events[2]"]


def test_a_field_that_cannot_be_evaluated_is_said_and_the_rest_is_read() -> None:
    mapping = "source: acme\nfields: {title: t, message: 'join(`1`, t)'}\nidentity: [t]\n"
    event = one({"t": "x"}, mapping)
    assert event.title == "x"
    assert any(reason.text.startswith("message cannot be read") for reason in event.reasons)


def test_a_time_that_cannot_be_read_is_said_and_one_that_is_unset_is_not() -> None:
    assert any("'soon' is no time" in reason.text for reason in one({"subject": "x", "ts": "soon"}).reasons)
    for unset in ("", 0, -1, None, "0001-01-01T00:00:00Z"):
        assert not any("no time" in reason.text for reason in one({"subject": "x", "ts": unset}).reasons)


def test_a_delivery_in_which_it_finds_no_events_is_told_and_not_lost() -> None:
    parsed = read({"a": 1}, "source: acme\nevents: items\nfields: {title: t}\nidentity: [t]\n")
    assert (parsed.events, parsed.problems) == ((), ())
    assert "finds no events" in parsed.warnings[0].problem


def test_more_items_than_are_read_are_a_problem() -> None:
    parsed = read([{"subject": "x", "check_id": number} for number in range(MOST_ITEMS + 1)])
    assert len(parsed.events) == MOST_ITEMS
    assert "10001 items" in parsed.problems[0].problem


@pytest.mark.parametrize(
    ("match", "headers", "body", "fits"),
    [
        ('{header: {User-Agent: "^Acme"}}', {"user-agent": "Acme/2"}, {}, True),
        ('{header: {User-Agent: "^Acme"}}', {"user-agent": "Other"}, {}, False),
        ('{header: {User-Agent: "^Acme"}}', {}, {}, False),
        ("{body: acme.version}", {}, {"acme": {"version": 1}}, True),
        ("{body: acme.version}", {}, {"acme": {}}, False),
        ("{body: 'length(acme)'}", {}, {}, False),
        ("{}", {}, {}, False),
    ],
)
def test_a_mapping_knows_its_deliveries_by_header_or_body(
    match: str, headers: dict[str, str], body: Any, fits: bool
) -> None:
    mapping = load(f"source: acme\nmatch: {match}\nfields: {{title: t}}\nidentity: [t]\n")
    assert mapping.fits(a_delivery(body, headers=headers), at(0)) is fits


@pytest.mark.parametrize(
    ("change", "place", "said", "fix"),
    [
        (("title:", "titel:"), "acme.yaml:5: fields.titel", "not known", "did you mean 'title'?"),
        (("prio", "prio ||"), "acme.yaml:7: fields.severity.expr", "not an expression", "JMESPath"),
        (("critical", "crit"), "acme.yaml:7: fields.severity.map.P1", "'crit' is no severity", "critical, high"),
        (("default: firing", "default: burning"), "acme.yaml:6: fields.status.default", "is no status", "firing"),
        (("time: auto", "time: unix"), "acme.yaml:9: fields.starts_at.time", "'unix' is not known", "time: auto"),
        (("24h", "soon"), "acme.yaml:11: expire_after", "not a duration", "24h"),
        (("24h", "9000d"), "acme.yaml:11: expire_after", "out of bounds", "366 days"),
        (("source: acme-monitor", "sorce: acme"), "acme.yaml:1: sorce", "not known", "did you mean 'source'?"),
        (("source: acme-monitor", "source: a b"), "acme.yaml:1: source", "no name for a source", "letters"),
        (('"^Acme"', '"("'), "acme.yaml:2: match.header.User-Agent", "not a regular expression", "RE2"),
        (("items[] || [@]", "items["), "acme.yaml:3: events", "not an expression", "JMESPath"),
        (("check_id ||", "nope(x) ||"), "acme.yaml:10: identity.0", "no function nope", "JMESPath"),
        (("fields:", "fields: [1]\nx:"), "acme.yaml:1: x", "not known", "use"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_fix(change: tuple[str, str], place: str, said: str, fix: str) -> None:
    if change[1].endswith("x:"):
        place = "acme.yaml:5: x"
    with pytest.raises(BadInput) as raised:
        load(ACME.replace(*change), "acme.yaml")
    assert raised.value.place == place
    assert said in raised.value.problem
    assert fix in raised.value.fix


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just text",
        "[1, 2]",
        "a: [",
        "a: &x [1]\nb: *x",
        "source: acme",
        "source: acme\nfields: {}",
        "source: acme\nfields: {title: {expr: }}",
        "source: acme\nfields: {title: [a]}",
        "source: acme\nfields: {title: t}\nidentity: [1: 2]",
        "source: acme\nsource: acme",
        "source: acme\nfields: " + "{a: " * 30 + "1" + "}" * 30,
        "source: acme\n" + "#" * 70_000,
        "\x00",
    ],
)
def test_what_is_no_mapping_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        load(text, "acme.yaml")


@settings(deadline=None)
@given(text=st.text(max_size=200) | st.sampled_from(ACME.splitlines()).map(lambda line: ACME.replace(line, line[::-1])))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(BadInput):
        load(text, "acme.yaml")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["subject", "state", "prio", "tags", "ts", "check_id", "items", "host"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(body=JSON)
def test_no_body_breaks_a_mapping_and_every_item_is_accounted_for(body: Any) -> None:
    mapping = load(ACME)
    delivery = a_delivery(body, source="acme-monitor")
    parsed = registry.parse(delivery, at(0), mapping.parse)
    assert not any("the parser of" in problem.problem for problem in parsed.problems)
    assert parsed.events or parsed.problems or parsed.warnings
    unmapped(mapping, delivery, at(0))
    mapping.unnamed(delivery, at(0))


def test_what_nothing_reads_is_listed() -> None:
    mapping: Compiled = load(ACME)
    items = [{"subject": "x", "host": {"name": "a", "rack": 4}, "extra": {"deep": [{"k": 1}]}, "tags": "a:b"}]
    assert unmapped(mapping, a_delivery({"items": items, "outside": 1}), at(0)) == ["host.rack", "extra.deep.k"]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("source: acme\nfields: {title: t, status: s}\n", "no identity"),
        ("source: acme\nfields: {title: t}\nidentity: [t]\n", "nothing it sends ever ends an alert"),
    ],
)
def test_what_is_sound_and_not_wise_is_a_warning(mapping: str, said: str) -> None:
    (warning,) = load(mapping).warnings
    assert said in warning.problem
