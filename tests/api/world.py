"""What does the API stand on in tests? A memory journal and store with the real engine behind them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from starlette.testclient import TestClient

from aiops import fold
from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.entries import Delivery, Payload, Position
from aiops.domain.events import Severity
from aiops.domain.incidents import Candidate, Incident
from aiops.domain.settings import CorrelationSettings, Settings
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from api.app import create_app
from api.settings import ApiSettings
from tests.builders import T0, a_delivery, at

BASE = "http://127.0.0.1:8080"


class FoldingJournal(MemoryJournal):
    """A journal whose entries are folded before ``append`` returns, unless the engine is stopped."""

    world: "World"

    def append(self, payloads: Sequence[Payload], at: datetime | None = None) -> list[Position]:
        positions = super().append(payloads, at)
        self.world.pump()
        return positions


class World:
    """One installation: its journal, store, engine and app, ten minutes after T0."""

    def __init__(self, settings: ApiSettings | None = None) -> None:
        self.now = at(600)
        self.engine_runs = True
        self.journal, self.store, self.engine = FoldingJournal(clock=lambda: self.now), MemoryStore(), Engine()
        self.engine.configure(Settings(correlation=CorrelationSettings(background_score=0)))  # all are on the list
        self.journal.world = self
        self.settings = settings or ApiSettings(command_wait=0.0)
        self.app = create_app(self.journal, self.store, self.settings, lambda: self.now)
        self.client = TestClient(self.app, base_url=BASE)

    def pump(self) -> None:
        """Let the engine fold all that is there."""
        while self.engine_runs and fold.step(self.engine, self.journal, self.store):
            pass

    def alert(self, service: str, seconds: float = 0, **changes: Any) -> Position:
        """Let an alert of ``service`` come in, ``seconds`` after T0."""
        return self.journal.append([alertmanager(service, seconds, **changes)], at=at(seconds))[0]

    def put(self, collection: Collection[Any], *documents: Any) -> None:
        """Save documents made by hand, as if the engine had."""
        changes = Changes()
        position = self.store.position()
        changes.position = Position(0, position.offset + 1 if position else 1)
        for document in documents:
            changes.put(collection, document)
        self.store.save(changes)

    def get(self, path: str, status: int = 200, **options: Any) -> Any:
        """Ask the API, and expect this status."""
        answer = self.client.get(path, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200, **options: Any) -> Any:
        """Tell the API something, and expect this status."""
        answer = self.client.post(path, json=body, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    def page(self, path: str, status: int = 200) -> str:
        """Ask for a page as a browser does."""
        answer = self.client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, path: str, **fields: Any) -> Any:
        """Send a form as a browser without JavaScript does."""
        return self.client.post(path, data=fields, headers={"accept": "text/html", "origin": BASE})

    def first_incident(self) -> dict[str, Any]:
        """Return the incident that the list shows first."""
        incident: dict[str, Any] = self.get("/api/incidents")["items"][0]
        return incident


def alertmanager(service: str, seconds: float = 0, **changes: Any) -> Delivery:
    """What Alertmanager would post; ``changes`` go into the alert's labels but for summary and status."""
    summary, status = changes.pop("summary", f"{service} is down"), changes.pop("status", "firing")
    labels = {"alertname": f"{service} down", "service": service, "severity": "critical", **changes}
    alert = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": summary},
        "startsAt": at(seconds).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
    }
    return a_delivery({"version": "4", "status": status, "alerts": [alert]}, source="alertmanager")


def an_incident(number: int = 1, **changes: Any) -> Incident:
    """An open critical incident of db that began at T0."""
    incident = Incident(
        incident_id=f"incident-{number}",
        number=number,
        title=f"db is down, {number}",
        severity=Severity.CRITICAL,
        opened_at=T0,
        last_activity=T0,
        services=("db",),
        services_total=1,
        owners=("dba",),
        episodes=1,
        firing=1,
        alerts=1,
        candidates=(Candidate(entity="db", probability=0.9, share=1.0),),
        founder="fp-db-0-1-0",
    )
    return msgspec.structs.replace(incident, **changes)
