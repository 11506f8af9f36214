"""How many pages may one route get? Beyond it they are held back, and said in the next one."""

from datetime import datetime

import msgspec

from aiops.domain.base import Noun
from aiops.domain.events import Severity
from aiops.domain.settings import PagingSettings

MOST_ROUTES = 2_000  # of which is remembered what they got; the one that got its last page longest ago is forgotten
MOST_HELD = 200  # incidents held back for one route; those beyond it wait for a page of their own


class Held(Noun, frozen=True, kw_only=True):
    """A page that was not made yet."""

    incident_id: str
    event: str
    text: str  # the line by which the next page says it
    since: datetime
    severity: Severity
    services: int


class Budget(Noun, frozen=True, kw_only=True):
    """What one route got, and what it is still to get."""

    sent: tuple[datetime, ...] = ()  # the newest pages, oldest first, as many as the settings allow in a window
    held: dict[str, Held] = {}  # by incident


class Rates:
    """The budgets of all routes; bounded."""

    def __init__(self) -> None:
        self.budgets: dict[str, Budget] = {}

    def due(self, route: str, settings: PagingSettings, now: datetime) -> datetime | None:
        """Return when the route may get its next page; None: now."""
        sent = self._of(route).sent[-settings.most_per_route :]
        if len(sent) < settings.most_per_route or sent[0] + settings.route_window <= now:
            return None
        return sent[0] + settings.route_window

    def hold(self, route: str, held: Held) -> bool:
        """Remember what is held back; is it news? An earlier word about that incident is replaced."""
        budget = self._of(route)
        known = budget.held.get(held.incident_id)
        if known is None and len(budget.held) >= MOST_HELD:
            return True
        held = msgspec.structs.replace(held, since=known.since) if known else held
        self._put(route, msgspec.structs.replace(budget, held={**budget.held, held.incident_id: held}))
        return known is None or known.event != held.event

    def holds(self, incident_id: str) -> list[str]:
        """Return the routes for which a page about this incident is held back."""
        return [route for route, budget in self.budgets.items() if incident_id in budget.held]

    def release(self, route: str, settings: PagingSettings, now: datetime) -> list[Held]:
        """Count one page to the route, and return what was held back for it until now."""
        budget = self._of(route)
        self._put(route, Budget(sent=(*budget.sent, now)[-settings.most_per_route :]))
        return list(budget.held.values())

    def drop(self, route: str, incident_id: str) -> None:
        """Nothing is to be said of this incident any more."""
        budget = self._of(route)
        if incident_id in budget.held:
            held = {key: held for key, held in budget.held.items() if key != incident_id}
            self._put(route, msgspec.structs.replace(budget, held=held))

    def _of(self, route: str) -> Budget:
        return self.budgets.get(route) or Budget()

    def _put(self, route: str, budget: Budget) -> None:
        self.budgets.pop(route, None)
        self.budgets[route] = budget
        while len(self.budgets) > MOST_ROUTES:
            del self.budgets[next(iter(self.budgets))]
