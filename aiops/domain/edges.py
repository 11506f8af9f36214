"""What is found out about the edges of the service graph, beside what people state?"""

from datetime import datetime
from enum import StrEnum

from aiops.domain.base import Noun, stable_hash
from aiops.domain.graph import Edge


class EdgeStatus(StrEnum):
    """Where an edge stands. Only declared and accepted ones are in the graph, and count for anything."""

    DECLARED = "declared"  # a person stated it; recorded here once something is to be said of it
    PROPOSED = "proposed"  # evidence speaks for it: a person is asked
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # a person said no: it is not proposed again
    WITHDRAWN = "withdrawn"  # it was proposed, and the evidence no longer carries it


class EdgeRecord(Noun, frozen=True, kw_only=True):
    """One edge with its evidence: what the engine would add to the graph, and what it doubts in it."""

    edge_id: str
    edge: Edge  # its ``seen_at`` is the last evidence
    status: EdgeStatus
    text: str = ""  # why it is proposed, with the numbers
    together: int = 0  # how often its source began to alert within a minute after its target
    expected: float = 0.0  # how often that would have come about by chance
    calls: int = 0  # seen in traces
    through: str = ""  # a node between: this may be no more than the way over it
    stale: str = ""  # why it is doubted although it is in the graph; empty: it is not
    first_seen: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    revision: int = 0


def edge_id(edge: Edge) -> str:
    """Return the id of an edge: the same for the same ends and relation."""
    return stable_hash(edge.source, edge.relation, edge.target)
