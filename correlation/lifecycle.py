"""Which moves may an incident make? open -> acknowledged -> resolved -> closed; a resolved one may reopen."""

from datetime import datetime

import msgspec

from aiops.domain import acts
from aiops.domain.errors import Conflict
from aiops.domain.incidents import Incident, IncidentStatus, TimelineItem, tell

OPEN, ACKNOWLEDGED = IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED
RESOLVED, CLOSED = IncidentStatus.RESOLVED, IncidentStatus.CLOSED

MOVES = {  # present status -> those that may follow
    OPEN: (ACKNOWLEDGED, RESOLVED),
    ACKNOWLEDGED: (RESOLVED,),
    RESOLVED: (OPEN, CLOSED),
    CLOSED: (),
}
HINTS = {  # (present, wanted) -> what to do instead
    (OPEN, CLOSED): "resolve it first",
    (ACKNOWLEDGED, CLOSED): "resolve it first",
    (OPEN, OPEN): "it is open",
    (ACKNOWLEDGED, ACKNOWLEDGED): "somebody has it already",
    (ACKNOWLEDGED, OPEN): "it is still worked on",
    (RESOLVED, ACKNOWLEDGED): "reopen it first",
    (RESOLVED, RESOLVED): "it is over already",
}
KINDS = {ACKNOWLEDGED: "acknowledged", RESOLVED: "resolved", OPEN: "reopened", CLOSED: "closed"}


def move(
    incident: Incident, status: IncidentStatus, now: datetime, text: str = "", actor: str = ""
) -> tuple[Incident, TimelineItem]:
    """Return the incident in ``status``, told so; Conflict where that is no legal move."""
    if status not in MOVES[incident.status]:
        hint = HINTS.get((incident.status, status), "a new alert opens a new incident")
        raise Conflict(f"#{incident.number} is {incident.status} and cannot be {KINDS[status]}: {hint}")
    moved = msgspec.structs.replace(
        incident,
        status=status,
        last_activity=max(now, incident.last_activity),
        acknowledged_at=now if status is ACKNOWLEDGED else None if status is OPEN else incident.acknowledged_at,
        resolved_at=now if status is RESOLVED else None if status is OPEN else incident.resolved_at,
        closed_at=now if status is CLOSED else None,
    )
    return tell(moved, now, KINDS[status], text or f"{KINDS[status]} by {actor or 'the engine'}", actor)


def apply(incident: Incident, act: acts.IncidentAct, actor: str, now: datetime) -> tuple[Incident, TimelineItem, str]:
    """Return the incident after a person's act (not a merge), its line of the story, and what was done in words."""
    label = f"#{incident.number}"
    match act:
        case acts.Acknowledge():
            return *move(incident, ACKNOWLEDGED, now, actor=actor), f"acknowledged {label}"
        case acts.Resolve(text=text):
            said = f"resolved by {actor}" + (f": {text}" if text else "")
            return *move(incident, RESOLVED, now, said, actor), f"resolved {label}"
        case acts.Close():
            return *move(incident, CLOSED, now, actor=actor), f"closed {label}"
        case acts.Reopen():
            return *move(incident, OPEN, now, actor=actor), f"reopened {label}"
        case acts.Assign(assignee=assignee):
            if incident.status is CLOSED:
                raise Conflict(f"{label} is closed and cannot be assigned: a new alert opens a new incident")
            done = f"assigned to {assignee}" if assignee else "assigned to nobody"
            changed = msgspec.structs.replace(incident, assignee=assignee)
            return *_tell(changed, now, "assigned", f"{done} by {actor}", actor), f"{label} {done}"
        case acts.Comment(text=text):
            if not text.strip():
                raise Conflict(f"an empty comment on {label}: write something")
            return *_tell(incident, now, "comment", text, actor), f"commented on {label}"
        case acts.ConfirmCause(entity=entity):
            done = f"{entity} is the root cause" if entity else "none of the candidates is the root cause"
            return *_tell(incident, now, "cause", f"{actor} says: {done}", actor), f"{label}: {done}"
        case _:
            raise Conflict(f"{type(act).__name__} is no act on one incident")


def _tell(incident: Incident, now: datetime, kind: str, text: str, actor: str) -> tuple[Incident, TimelineItem]:
    active = msgspec.structs.replace(incident, last_activity=max(now, incident.last_activity))
    return tell(active, now, kind, text, actor)
