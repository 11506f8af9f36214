"""What must hold for every source, whatever its sender? The recorded examples are its material."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed, Status
from ingestion.dedup import fingerprint_of
from ingestion.sources import detection, generic, lines, registry
from tests.builders import at
from tests.golden.test_golden import CONTENT_TYPES, RECORDED

NOT_RECOGNISED = {generic.NAME, lines.NAME, "acme"}  # what nothing else is


def delivered(recorded: Path, source: str) -> Delivery:
    return Delivery(source=source, body=recorded.read_bytes(), content_type=CONTENT_TYPES[recorded.suffix])


def own(recorded: Path) -> bool:
    return recorded.parent.name not in NOT_RECOGNISED


def named(recorded: Path) -> str:
    return f"{recorded.parent.name}/{recorded.stem}"


@pytest.mark.parametrize("recorded", [path for path in RECORDED if own(path)], ids=named)
def test_the_sender_is_recognised_by_what_it_sends(recorded: Path) -> None:
    assert detection.recognised(delivered(recorded, registry.AUTO)) == recorded.parent.name


@pytest.mark.parametrize("recorded", [path for path in RECORDED if own(path)], ids=named)
def test_the_door_for_all_and_a_door_of_another_name_say_the_same_as_its_own(recorded: Path) -> None:
    mine = registry.parse(delivered(recorded, recorded.parent.name), at(0))
    assert registry.parse(delivered(recorded, registry.AUTO), at(0)) == mine
    assert registry.parse(delivered(recorded, "somebody-elses-door"), at(0)) == mine


@pytest.mark.parametrize("recorded", RECORDED, ids=named)
def test_nothing_is_lost_silently(recorded: Path) -> None:
    parsed = registry.parse(delivered(recorded, recorded.parent.name), at(0))
    quiet = recorded.parent.name == "monit" and recorded.stem == "status"  # its regular status posts
    assert quiet or parsed.events or parsed.problems or parsed.warnings


@pytest.mark.parametrize("recorded", RECORDED, ids=named)
def test_events_are_of_their_integration_and_have_a_title(recorded: Path) -> None:
    name = recorded.parent.name
    for event in registry.parse(delivered(recorded, name), at(0)).events:
        assert event.title
        assert event.source == ("alertmanager" if name == "alertmanager_api" else name)
        assert event.occurred_at <= at(0)


@pytest.mark.parametrize(
    ("source", "fires", "ends"),
    [
        ("zabbix", "problem", "resolved"),
        ("datadog", "triggered", "recovered"),
        ("sentry", "created", "resolved"),
        ("honeybadger", "occurred", "resolved"),
        ("pagerduty", "events_trigger", "events_resolve"),
        ("netdata", "custom", "alerta"),
        ("elastic", "active", "recovered"),
    ],
)
def test_a_resolve_has_the_identity_of_its_firing(source: str, fires: str, ends: str) -> None:
    folder = Path(__file__).parents[2] / "golden" / source
    states = [registry.parse(delivered(folder / f"{name}.json", source), at(0)).events[0] for name in (fires, ends)]
    assert [state.status for state in states] == [Status.FIRING, Status.RESOLVED]
    assert fingerprint_of(states[0]) == fingerprint_of(states[1])
    assert states[0].content_key != states[1].content_key


def test_different_alerts_of_all_senders_have_different_identities() -> None:
    seen: dict[str, set[str]] = {}
    for recorded in RECORDED:
        for event in registry.parse(delivered(recorded, recorded.parent.name), at(0)).events:
            if event.kind is EventKind.ALERT:
                seen.setdefault(fingerprint_of(event), set()).add(event.source)
    assert all(len(names) == 1 for names in seen.values())


def test_a_sender_that_never_tells_the_end_has_a_lease() -> None:
    for name in ("splunk", "falco", "wazuh", "crowdstrike", "elastalert2", "sentry", "kubernetes"):
        alerts = [
            event
            for recorded in RECORDED
            if recorded.parent.name == name
            for event in registry.parse(delivered(recorded, name), at(0)).events
            if event.kind is EventKind.ALERT and event.status is Status.FIRING
        ]
        assert alerts
        assert all(event.lease for event in alerts)


JSON = [path for path in RECORDED if path.suffix == ".json"]
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.text(max_size=20),
    st.just([]),
    st.just({}),
    st.lists(st.text(max_size=3), max_size=3),
    st.just([{}, None, 7]),
)


def faults(parsed: Parsed) -> list[str]:
    return [problem.problem for problem in parsed.problems if "the parser of" in problem.problem]


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, item in inside for path in paths(item, (*here, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = put(copied[path[0]], path[1:], new)
    return copied


@pytest.mark.parametrize("recorded", JSON, ids=named)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_other_value_at_any_place_breaks_no_source(recorded: Path, data: st.DataObject) -> None:
    document = msgspec.json.decode(recorded.read_bytes())
    changed = put(document, data.draw(st.sampled_from(paths(document))), data.draw(ANYTHING))
    delivery = Delivery(source=recorded.parent.name, body=msgspec.json.encode(changed), content_type="application/json")
    assert not faults(registry.parse(delivery, at(0)))
    assert not faults(registry.parse(msgspec.structs.replace(delivery, source=registry.AUTO), at(0)))


@pytest.mark.parametrize("source", sorted(registry.SOURCES))
@settings(max_examples=15, deadline=None)
@given(
    body=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace"))),
    kind=st.sampled_from(["", "text/plain", "application/json", "application/x-protobuf", "application/xml"]),
)
def test_bytes_of_any_sort_break_no_source(source: str, body: bytes, kind: str) -> None:
    assert not faults(registry.parse(Delivery(source=source, body=body, content_type=kind), at(0)))
