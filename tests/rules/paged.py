"""What do tests of paging stand on? A Settle with its timers and outbox, and incidents that it is told of."""

from typing import Any

import msgspec

from aiops.domain.documents import PAGES, TIMELINE
from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, Page
from aiops.domain.settings import PagingSettings
from aiops.domain.timers import Timers
from rules.outbox import Outbox
from rules.settle import Settle
from tests.builders import T0, at


def an_incident(**changes: Any) -> Incident:
    incident = Incident(
        incident_id="i1",
        number=12,
        title="Checkout errors",
        severity=Severity.CRITICAL,
        opened_at=T0,
        last_activity=T0,
        services=("db", "shop"),
        services_total=12,
        owners=("shop-team", "dba"),
        episodes=3,
        firing=3,
        audible=3,
        founder="e1",
    )
    return msgspec.structs.replace(incident, **changes)


class Desk:
    """A Settle with its timers; ``take`` carries the incident on, as the correlator does."""

    def __init__(self, **settings: Any) -> None:
        self.timers = Timers()
        self.settings = PagingSettings(channels=("pager", "mail"), **settings)
        self.outbox = Outbox(self.settings)
        self.settle = Settle(self.settings, self.timers, self.outbox)
        self.pages: list[Page] = []
        self.lines: list[str] = []
        self.incidents: dict[str, Incident] = {}

    def take(self, seconds: float, incident_id: str = "i1", **changes: Any) -> Incident:
        before = self.incidents.get(incident_id) or an_incident(incident_id=incident_id)
        incident = self.settle.take(msgspec.structs.replace(before, **changes), at(seconds))
        for collection, document in [*self.settle.drain(), *self.outbox.drain()]:
            if collection is PAGES:
                self.pages.append(document)
            elif collection is TIMELINE:
                self.lines.append(document.text)
        self.incidents[incident_id] = incident
        return incident

    @property
    def made(self) -> list[tuple[str, str]]:
        return [(page.page_id, page.route) for page in self.pages]

    def run(self, until: float) -> None:
        """Let all timers run that are due ``until`` then."""
        while timer := self.timers.pop(at(until)):
            if timer.key in self.incidents:
                self.take((timer.due - T0).total_seconds(), timer.key)
