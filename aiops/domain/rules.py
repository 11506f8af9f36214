"""What has a person told us about alerts?"""

from datetime import datetime
from enum import StrEnum

from aiops.domain.alerts import Verdict
from aiops.domain.base import Noun
from aiops.domain.events import Severity
from aiops.domain.matching import Matcher


class RuleStatus(StrEnum):
    """Where a rule stands in its life."""

    PROPOSED = "proposed"
    SHADOW = "shadow"  # counted, decides nothing
    ACTIVE = "active"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REJECTED = "rejected"


class Case(Noun, frozen=True, kw_only=True):
    """One example that a rule must, or must not, match."""

    labels: dict[str, str] = {}
    message: str = ""


class Cases(Noun, frozen=True, kw_only=True):
    """A rule's own proof."""

    match: tuple[Case, ...] = ()
    no_match: tuple[Case, ...] = ()


class Rule(Noun, frozen=True, kw_only=True):
    """Matchers and the verdict they give. All matchers must hold. What hides expires; what raises has a review date."""

    id: str
    verdict: Verdict
    matchers: tuple[Matcher, ...]
    owner: str
    reason: str
    expires: datetime | None = None  # required for known_good
    review: datetime | None = None  # required for known_bad
    ceiling: Severity | None = None  # of known_good: an alert worse than it is not hidden; None: hidden however bad
    priority: int = 0  # among rules of one verdict the highest is named; known_bad beats known_good whatever it says
    status: RuleStatus = RuleStatus.ACTIVE
    cases: Cases = Cases()
    pack: str = ""  # the YAML pack it came with; empty: made here
    created_by: str = ""
    created_at: datetime | None = None
    hits: int = 0
    last_hit: datetime | None = None
    unseen: tuple[str, ...] = ()  # fields of its matchers that no alert has had yet
    revision: int = 0


class Silence(Noun, frozen=True, kw_only=True):
    """Suppresses without a verdict, from ``starts_at`` to ``ends_at``."""

    id: str
    matchers: tuple[Matcher, ...]
    owner: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime | None = None
    hits: int = 0
    last_hit: datetime | None = None
    revision: int = 0
