"""What a rule would hide, now and in the past: counted honestly, on every store alike."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import api.candidates
import api.preview
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.base import stable_hash
from aiops.domain.changes import Changes
from aiops.domain.documents import ALERTS, EPISODES, INCIDENTS
from aiops.domain.entries import Position
from aiops.domain.events import Severity, Status
from aiops.domain.incidents import Candidate, Incident
from aiops.domain.matching import Matcher, all_match, fields_of, parse_matcher
from aiops.domain.queries import Query
from aiops.ports import Store
from aiops.storage.folder import open_store
from aiops.storage.memory import MemoryStore
from api.candidates import matching, narrowed
from api.preview import preview, ways_of
from api.preview_schemas import Past, Preview
from api.ui.muting import doubt
from tests.builders import T0, an_alert, an_episode

NOW = T0 + timedelta(days=3)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with closing(MemoryStore() if request.param == "memory" else open_store(tmp_path / "store")) as one:
        yield one


def matchers(*texts: str) -> tuple[Matcher, ...]:
    return tuple(parse_matcher(text, "test") for text in texts)


def old(service: str, number: int, days: float = 1, **changes: object) -> Alert:
    """An alert that was over ``days`` ago."""
    seen = NOW - timedelta(days=days)
    alert = an_alert(
        service, fingerprint=f"{service}-{number}", status=Status.RESOLVED, first_seen=seen, severity=Severity.WARNING
    )
    return msgspec.structs.replace(alert, **changes)


def save(store: Store, *alerts: Alert, incident: Incident | None = None) -> None:
    changes = Changes()
    changes.position = Position(0, 1)
    for alert in alerts:
        changes.put(ALERTS, alert)
        changes.put(EPISODES, alert.episode)
    if incident:
        changes.put(INCIDENTS, incident)
    store.save(changes)


def asked(store: Store, *texts: str, days: int = 7) -> Preview:
    with store.view() as view:
        return preview(view, matchers(*texts), past=(NOW, days))


def past(store: Store, *texts: str, days: int = 7) -> Past:
    found = asked(store, *texts, days=days).past
    assert found is not None
    return found


def test_it_looks_as_far_back_as_it_is_asked_to(store: Store) -> None:
    save(store, old("db", 1, days=1), old("db", 2, days=6), old("db", 3, days=8), old("web", 1))
    assert (past(store, "service=db").alerts, past(store, "service=db", days=30).alerts) == (2, 3)
    assert asked(store, "service=db").alerts == 0  # nothing fires now


def test_what_was_known_bad_and_critical_is_counted_and_shown_first(store: Store) -> None:
    bad = old("db", 9, verdict=Verdict.KNOWN_BAD, title="stolen")
    save(store, *(old("db", number) for number in range(8)), bad, old("db", 10, severity=Severity.CRITICAL))
    found = past(store, "service=db")
    assert (found.alerts, found.known_bad, found.critical, found.complete) == (10, 1, 1, True)
    assert found.examples[0].title == "stolen"
    assert len(found.examples) == 5


def confirmed(*members: Alert, cause: str) -> Incident:
    return Incident(
        incident_id="i1",
        number=640,
        title="Checkout is down",
        severity=Severity.CRITICAL,
        opened_at=NOW - timedelta(days=1),
        last_activity=NOW - timedelta(days=1),
        services=("db", "web"),
        episodes=len(members),
        candidates=(Candidate(entity=cause, probability=1.0, share=1.0, confirmed=True),),
        founder="x",
    )


@pytest.mark.parametrize(
    ("text", "root", "whole"),
    [("service=db", True, False), ("service=web", False, False), ("service=~db|web", True, True)],
)
def test_a_confirmed_incident_that_it_would_have_hidden_is_named(
    store: Store, text: str, root: bool, whole: bool
) -> None:
    members = []
    for service in ("db", "web"):
        alert = old(service, 1)
        episode = msgspec.structs.replace(alert.episode, incident_id="i1")
        later = an_episode(service, fingerprint=alert.fingerprint, episode_id=f"{service}-later")  # it fired again
        members.append((msgspec.structs.replace(alert, episode=later), episode))
    save(store, *(alert for alert, _ in members), incident=confirmed(*(alert for alert, _ in members), cause="db"))
    changes = Changes()
    changes.position = Position(0, 2)
    for _, episode in members:
        changes.put(EPISODES, episode)
    store.save(changes)
    (found,) = past(store, text).incidents
    assert (found.number, found.cause, found.root, found.whole) == (640, "db", root, whole)
    assert past(store, "service=mail").incidents == ()


def test_what_the_indexes_know_is_counted_however_many_there_are(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.candidates, "MOST", 10)
    save(store, *(old("db", number, labels={"service": "db", "shard": f"s{number % 2}"}) for number in range(40)))
    for text, expected in [("shard=~s0.?", 20), ("shard!=s0", 20), ("service=db", 40), ("shard=s7", 0)]:
        found = past(store, text)
        assert (found.alerts, found.alerts_between, found.complete) == (expected, (expected, expected), True)


def test_what_no_index_knows_is_told_from_a_sample_with_its_interval(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.candidates, "PAGE", 100)
    monkeypatch.setattr(api.candidates, "MOST", 100)
    lot = [stable_hash("lot", str(number))[:12] for number in range(1_000)]  # fingerprints are hashes
    third = [
        old("db", number, fingerprint=lot[number], annotations={"shard": f"s{number % 3}"}) for number in range(1_000)
    ]
    save(store, *third)
    found = past(store, "service=db", "annotation.shard=s0")
    assert (found.looked_at, found.candidates, found.complete) == (100, 1_000, False)
    low, high = found.alerts_between
    assert low <= 334 <= high
    assert high - low < 300
    assert low <= found.alerts <= high


def test_known_bad_ones_come_from_no_sample(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.preview, "BAD_PAGE", 50)
    monkeypatch.setattr(api.candidates, "MOST", 10)
    many = [old("db", number, verdict=Verdict.KNOWN_BAD) for number in range(600)]
    stolen = old("db", 999, days=6.9, verdict=Verdict.KNOWN_BAD, annotations={"what": "stolen"})  # looked at last
    save(store, *many, stolen)
    found = past(store, "service=db", "annotation.what=stolen")
    assert (found.known_bad, found.known_bad_left) == (1, 0)


def test_a_cause_among_very_many_members_is_not_missed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.preview, "PAGE", 50)
    members = [old("web", number) for number in range(300)] + [old("db", 1, annotations={"disk": "full"})]
    inside = [
        msgspec.structs.replace(one, episode=msgspec.structs.replace(one.episode, incident_id="i1")) for one in members
    ]
    save(store, *inside, incident=confirmed(*inside, cause="db"))
    (found,) = past(store, "annotation.disk=full").incidents
    assert (found.root, found.hidden, found.whole) == (True, 1, False)
    (found,) = past(store, "service=~web|db", "title=~.*").incidents
    assert (found.root, found.hidden, found.whole) == (True, 301, True)


def test_what_there_was_no_time_for_is_said_and_must_be_confirmed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = msgspec.structs.replace(
        old("db", 1), episode=msgspec.structs.replace(old("db", 1).episode, incident_id="i1")
    )
    bad = [old("db", number, verdict=Verdict.KNOWN_BAD, annotations={"x": "y"}) for number in range(2, 30)]
    save(store, inside, *bad, incident=confirmed(inside, cause="db"))
    assert doubt(asked(store, "annotation.x=y")) == ""
    monkeypatch.setattr(api.preview, "BAD_PAGE", 10)
    monkeypatch.setattr(api.preview, "SURE", 0.0)
    found = asked(store, "annotation.x=y")
    assert found.past is not None
    assert (found.past.known_bad, found.past.known_bad_left) == (10, 18)
    assert (found.past.incidents, found.past.incidents_left) == ((), 1)
    assert "18 known bad alerts and 1 confirmed incident could not be looked through in time" in doubt(found)


def test_alternatives_are_united(store: Store) -> None:
    save(store, old("db", 1), old("web", 1), old("mail", 1))
    with store.view() as view:
        any_of = [matchers("service=db"), matchers("service=web"), matchers("service=~d.")]
        found = preview(view, matchers("severity=warning"), any_of, (NOW, 7)).past
    assert found is not None
    assert found.alerts == 2


TEXTS = st.sampled_from(
    [
        *("service=db", "service=~db|web", "service!=db", "severity=warning", "entity=db", "title=db down", "x=1"),
        *("source=alertmanager", "template=db is <*>", 'template="<*> is <**>"', "template!=db is down", "x!=1"),
        *("annotation.a=b", "parameter.1=7", "kind=db down", "pattern=p1", "owner=dba", "x=~1|2", "service=~d.*"),
    ]
)
ALERTS_OF = st.lists(
    st.builds(
        lambda service, x, pattern, owner, number: old(
            service, number, labels={"service": service, **x}, pattern_id=pattern, owner=owner,
            annotations={"a": "b"} if number % 2 else {}, parameters=("7",) if number % 3 else (),
        ),
        st.sampled_from(["db", "web", "d-1"]),
        st.sampled_from([{}, {"x": "1"}, {"x": "2"}]),
        st.sampled_from(["", "p1"]),
        st.sampled_from(["", "dba"]),
        st.integers(0, 9),
    ),
    max_size=12,
)  # fmt: skip


@given(ALERTS_OF, st.lists(TEXTS, min_size=1, max_size=3))
def test_narrowing_by_indexes_never_loses_a_match(alerts: list[Alert], texts: list[str]) -> None:
    store = MemoryStore()
    save(store, *alerts)
    ways = ways_of(matchers(*texts))
    with store.view() as view:
        found = matching(view, [narrowed(view, way) for way in ways], Query(order=("-last_seen",)))
        every = view.find(ALERTS, Query(limit=1_000)).items
    assert set(found.matched) == {one.fingerprint for one in every if all_match(ways[0], fields_of(one))}
