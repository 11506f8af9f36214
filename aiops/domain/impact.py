"""Who is hurt, and how much does that weigh? The one formula that orders the list of incidents."""

import math
from collections.abc import Mapping

from aiops.domain.base import Noun
from aiops.domain.words import plural

PER_RANK = 10.0  # points per step of severity: info 0, warning 10, high 20, critical 30
TIERS: Mapping[int, float] = {1: 15.0, 2: 8.0, 3: 3.0, 4: 0.0}  # points of the most critical service that is hurt
PER_BUSINESS, MOST_BUSINESS = 2.0, 6.0  # points for each business service, and for all of them at most
PER_DEPENDENTS, MOST_DEPENDENTS = 3.0, 9.0  # points for every tenfold of dependents, and at most
PER_REQUESTS, MOST_REQUESTS = 2.0, 10.0  # points for every tenfold of requests a minute, and at most


class Traffic(Noun, frozen=True, kw_only=True):
    """How many requests a minute one service gets, since the incident began and before it."""

    service: str
    now: float | None = None  # median since it began; None: it has reported none since
    usual: float | None = None  # median of the time before; None: too little was reported before

    @property
    def affected(self) -> float:
        """Requests a minute that are served badly, or are not made at all as long as it lasts."""
        return max(self.now or 0.0, self.usual or 0.0)


class Impact(Noun, frozen=True, kw_only=True):
    """What lies downstream."""

    dependents: tuple[str, ...] = ()  # services that depend on the alerting ones, nearest first, at most 50
    dependents_total: int = 0
    business_services: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()  # of the dependents, nearest first, at most 20
    tier: int = 0  # of the most critical service that alerts or depends; 0: none of them is in the service graph
    most_critical: str = ""  # that service
    traffic: Traffic | None = None  # of the affected service with the most requests; None: no metric tells
    text: str = ""

    @property
    def points(self) -> dict[str, float]:
        """What counts how much, by what it is; ``Incident.weight`` is their sum and that of the severity."""
        affected = self.traffic.affected if self.traffic else 0.0
        requests = min(MOST_REQUESTS, PER_REQUESTS * math.log10(1 + affected))
        found = {
            f"tier {self.tier}": TIERS.get(self.tier, 0.0),
            plural(len(self.business_services), "business service"): min(
                MOST_BUSINESS, PER_BUSINESS * len(self.business_services)
            ),
            plural(self.dependents_total, "dependent"): min(
                MOST_DEPENDENTS, PER_DEPENDENTS * math.log10(1 + self.dependents_total)
            ),
            f"{affected:,.0f} requests/min": requests,
        }
        return {name: round(points, 1) for name, points in found.items() if round(points, 1) > 0}
