"""How is it taken back that alerts were moved, split off or merged? By the opposite act."""

from aiops.domain.acts import GroupingAct, Merge, Move, Outcome, Split
from aiops.domain.documents import EPISODES, INCIDENTS
from aiops.domain.entries import Command, Position
from aiops.domain.incidents import IncidentStatus
from aiops.domain.queries import Query
from aiops.ports import Journal, View

MOST = 1_000  # alerts that are brought back


def grouping(journal: Journal, outcome: Outcome) -> GroupingAct | None:
    """Return the act that an outcome is of, where it was one on which alerts are together and was applied."""
    position = Position.parse(outcome.position)
    entry = journal.get(position) if outcome.applied and position else None
    if entry is None or not isinstance(entry.payload, Command) or entry.payload.id != outcome.command_id:
        return None
    return entry.payload.act if isinstance(entry.payload.act, GroupingAct) else None


def opposite(view: View, act: GroupingAct, outcome: Outcome) -> GroupingAct:
    """Return the act that brings alerts back to where they were; what was merged becomes an incident of its own."""
    here = outcome.concerns
    match act:
        case Split(incident_id=before, services=services) if services:
            return Move(incident_id=here, other_id=before, episodes=_members(view, (here,)))
        case Split(incident_id=before, episodes=episodes):
            return Move(incident_id=here, other_id=before, episodes=episodes)
        case Move(incident_id=before, episodes=episodes):
            found = view.get(INCIDENTS, before)
            if found is not None and found.status is IncidentStatus.MERGED:  # these were all that it had
                return Split(incident_id=here, episodes=episodes)
            return Move(incident_id=here, other_id=before, episodes=episodes)
        case Merge(other_id=other):
            found = view.get(INCIDENTS, other)
            ids = (found.incident_id, *found.merged_from) if found else ()
            return Split(incident_id=here, episodes=_members(view, ids))


def _members(view: View, ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one.episode_id for one in view.find(EPISODES, Query(where={"incident": ids}, limit=MOST)).items)
