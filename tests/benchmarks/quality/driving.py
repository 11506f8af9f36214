"""How is the shipped engine driven through a recorded stream? Deliveries and acts go in; what became of them is asked.

There is no store behind it: the newest version of each document is kept here, as a store would.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from aiops.domain.acts import Act
from aiops.domain.alerts import Episode
from aiops.domain.changes import Changes
from aiops.domain.documents import EDGES, EPISODES, EVENTS, INCIDENTS, OUTCOMES
from aiops.domain.edges import EdgeRecord
from aiops.domain.entries import Command, Delivery, Entry, Payload, Position, Tick
from aiops.domain.incidents import Incident
from aiops.engine import Engine


class Drive:
    """An engine at work, with default settings; times are seconds since 1970 and never go back."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.episode_of: dict[str, str] = {}  # event_id -> episode_id
        self.episodes: dict[str, Episode] = {}
        self.incidents: dict[str, Incident] = {}
        self.changes = Changes()  # of the last entry
        self.edges: dict[str, EdgeRecord] = {}
        self._refused = ""
        self._offset = 0
        self._now = datetime.fromtimestamp(0, UTC)

    def send(self, at: float, source: str, document: Any) -> str:
        """Deliver one JSON document; return the id of its first event."""
        body = msgspec.json.encode(document)
        return f"{self._run(at, Delivery(source=source, body=body, content_type='application/json'))}-0"

    def branch(self) -> "Drive":
        """Return another drive whose engine knows what this one knows now."""
        other = Drive()
        other.engine.load(self.engine.dump())
        other._offset, other._now = self._offset, self._now
        return other

    def act(self, at: float, act: Act, actor: str = "benchmark") -> str:
        """Apply an act; return why it was refused, or ""."""
        self._run(at, Command(id=f"act-{self._offset}", actor=actor, act=act))
        return self._refused

    def wait(self, at: float) -> None:
        """Let time pass."""
        self._run(at, Tick())

    def incident(self, event_id: str) -> Incident | None:
        """Return the incident that an event's episode is in, wherever that lives on; None where it is in none."""
        episode = self.episodes.get(self.episode_of.get(event_id, ""))
        incident = self.incidents.get(episode.incident_id) if episode else None
        while incident is not None and incident.merged_into:
            incident = self.incidents[incident.merged_into]
        return incident

    def living(self) -> Iterator[Incident]:
        """Yield the incidents that were not merged away."""
        return (one for one in self.incidents.values() if not one.merged_into)

    def _run(self, at: float, payload: Payload) -> Position:
        self._now = max(self._now, datetime.fromtimestamp(at, UTC))
        self._offset += 1
        position = Position(0, self._offset)
        self.changes = changes = self.engine.run([Entry(position=position, received_at=self._now, payload=payload)])
        self.episode_of.update((one.event.event_id, one.episode_id) for one in changes.of(EVENTS))
        self.episodes.update((one.episode_id, one) for one in changes.of(EPISODES))
        self.incidents.update((one.incident_id, one) for one in changes.of(INCIDENTS))
        self.edges.update((one.edge_id, one) for one in changes.of(EDGES))
        self._refused = next((one.text for one in changes.of(OUTCOMES) if not one.applied), "")
        return position
