"""Which moves may an incident make?"""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain import acts
from aiops.domain.errors import Conflict
from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, IncidentStatus
from correlation.lifecycle import MOVES, apply, move
from tests.builders import T0, at
from tests.correlation.rig import Rig, a_graph

ACTS: dict[str, Callable[[str], acts.IncidentAct]] = {
    "acknowledge": lambda key: acts.Acknowledge(incident_id=key),
    "resolve": lambda key: acts.Resolve(incident_id=key, text="restarted"),
    "close": lambda key: acts.Close(incident_id=key),
    "reopen": lambda key: acts.Reopen(incident_id=key),
    "assign": lambda key: acts.Assign(incident_id=key, assignee="bo"),
    "comment": lambda key: acts.Comment(incident_id=key, text="looking"),
    "confirm": lambda key: acts.ConfirmCause(incident_id=key, entity="db"),
}


def an_incident(status: IncidentStatus = IncidentStatus.OPEN) -> Incident:
    return Incident(
        incident_id="i1", number=7, title="db", status=status, severity=Severity.HIGH, opened_at=T0, last_activity=T0,
        founder="e1",
    )  # fmt: skip


def test_the_way_of_an_incident_is_told_with_its_times() -> None:
    incident = an_incident()
    said = []
    for seconds, name in enumerate(("acknowledge", "resolve", "reopen", "resolve", "close"), start=1):
        incident, line, text = apply(incident, ACTS[name]("i1"), "ana", at(seconds))
        said.append((text, line.kind, line.actor))
    assert said == [
        ("acknowledged #7", "acknowledged", "ana"),
        ("resolved #7", "resolved", "ana"),
        ("reopened #7", "reopened", "ana"),
        ("resolved #7", "resolved", "ana"),
        ("closed #7", "closed", "ana"),
    ]
    assert (incident.acknowledged_at, incident.resolved_at, incident.closed_at) == (None, at(4), at(5))
    assert incident.told == 5


@pytest.mark.parametrize(
    ("status", "name", "sentence"),
    [
        (IncidentStatus.OPEN, "close", "#7 is open and cannot be closed: resolve it first"),
        (IncidentStatus.ACKNOWLEDGED, "acknowledge", "#7 is acknowledged and cannot be acknowledged: somebody has it"),
        (IncidentStatus.RESOLVED, "acknowledge", "#7 is resolved and cannot be acknowledged: reopen it first"),
        (IncidentStatus.CLOSED, "reopen", "#7 is closed and cannot be reopened: a new alert opens a new incident"),
        (IncidentStatus.CLOSED, "assign", "#7 is closed and cannot be assigned"),
    ],
)
def test_an_illegal_move_is_a_conflict_with_a_clear_sentence(status: IncidentStatus, name: str, sentence: str) -> None:
    with pytest.raises(Conflict, match=sentence):
        apply(an_incident(status), ACTS[name]("i1"), "ana", at(1))


def test_an_empty_comment_is_refused() -> None:
    with pytest.raises(Conflict, match="write something"):
        apply(an_incident(), acts.Comment(incident_id="i1", text=" "), "ana", at(1))


@given(st.sampled_from(list(MOVES)), st.sampled_from(list(MOVES)))
def test_only_the_listed_moves_are_made(present: IncidentStatus, wanted: IncidentStatus) -> None:
    if wanted in MOVES[present]:
        moved, line = move(an_incident(present), wanted, at(9))
        assert moved.status is wanted
        assert line.at == at(9)
    else:
        with pytest.raises(Conflict, match="#7 is"):
            move(an_incident(present), wanted, at(9))


@given(st.lists(st.sampled_from([*ACTS, "fire", "end", "hour"]), max_size=25))
def test_whatever_people_and_alerts_do_the_incident_stays_consistent(steps: list[str]) -> None:
    rig = Rig(a_graph(api="db"))
    seconds = 0
    rig.fire(seconds, "db")
    for step in steps:
        seconds += 3600 if step == "hour" else 20
        key = rig.living()[-1].incident_id
        before = {one.incident_id: one.status for one in rig.living()}
        if step == "fire":
            rig.fire(seconds, "db")
        elif step == "end" and rig.alerts["fp-db-"].episode.open:
            rig.resolve(seconds, "db")
        elif step in ACTS:
            with suppress(Conflict):
                rig.act(seconds, ACTS[step](key))
        for one in rig.living():
            _consistent(one, before.get(one.incident_id))
    assert [one.number for one in rig.living()] == list(range(1, len(rig.living()) + 1))


def _consistent(incident: Incident, before: IncidentStatus | None) -> None:
    assert (incident.resolved_at is not None) == (incident.status in (IncidentStatus.RESOLVED, IncidentStatus.CLOSED))
    assert (incident.closed_at is not None) == (incident.status is IncidentStatus.CLOSED)
    assert 0 <= incident.firing <= incident.episodes
    if before is IncidentStatus.CLOSED:
        assert incident.status is IncidentStatus.CLOSED
