"""What has a person told us about alerts?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from aiops.domain.alerts import Verdict
from aiops.domain.base import Noun
from aiops.domain.events import Problem, Severity
from aiops.domain.matching import Matcher, all_match


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


class Threshold(Noun, frozen=True, kw_only=True):
    """N of M: at least ``times`` of the alert's last ``of`` states, all within ``within``, must fire."""

    times: int
    of: int
    within: timedelta


class Envelope(Noun, frozen=True, kw_only=True):
    """What the alerts were like that a mute was made for. One that leaves it is not muted, and says which bound broke.

    The severity is the rule's ceiling. Rates are of one entity.
    """

    per_hour: int  # firings an hour, at most
    by_hour: tuple[int, ...] = ()  # the same by hour of the week (0: Monday 00:00 UTC); empty: too few weeks were seen
    longest: timedelta | None = None  # None: too few ended for that to be known
    parameters: tuple[tuple[str, ...], ...] = ()  # by place; none at a place: any value
    beside: tuple[str, ...] | None = None  # kinds of alerts on the same entity that fired with it; None: any
    entities: tuple[str, ...] | None = None  # where it fired; None: the rule names them, or there are too many


class Grounds(Noun, frozen=True, kw_only=True):
    """What speaks for a proposed rule, counted until it was proposed."""

    firings: int
    episodes: int
    entities: int
    hours: int  # different ones in which it fired
    days: float  # from the first firing to the last
    ended: int  # episodes that their sender ended
    near: int  # confirmed incidents that it fired near to; of known_bad: that it was the cause of
    bound: float  # with 95 % certainty at least this share is as the rule says
    tested: int = 0  # confirmed incidents of the last 30 days that it was tested against, and would have hidden none of
    examples: tuple[str, ...] = ()


class Rule(Noun, frozen=True, kw_only=True):
    """Matchers and the verdict they give. What hides expires; what raises has a review date.

    All matchers must hold and, where there are some in ``any_of``, all of at least one of its lists.
    """

    id: str
    verdict: Verdict
    matchers: tuple[Matcher, ...]
    any_of: tuple[tuple[Matcher, ...], ...] = ()
    owner: str
    reason: str
    expires: datetime | None = None  # required for known_good
    review: datetime | None = None  # required for known_bad
    ceiling: Severity | None = None  # of known_good: an alert worse than it is not hidden; None: hidden however bad
    priority: int = 0  # among rules of one verdict the highest is named; known_bad beats known_good whatever it says
    status: RuleStatus = RuleStatus.ACTIVE
    threshold: Threshold | None = None  # of known_good: hides until it is reached; of known_bad: raises from then on
    envelope: Envelope | None = None  # of known_good; learned when a person makes it and enough is known
    any_shape: bool = False  # of known_good: no envelope is learned, it hides whatever its alerts are like
    replaces: str = ""  # id of the rule that ends when this one is accepted
    ended_by: str = ""  # the person who ended or rejected it, so that no pack brings it back; empty: nobody did
    offered_for: tuple[str, ...] = ()  # ids of confirmed incidents that it would have left alone; the newest 50
    grounds: Grounds | None = None  # where it was proposed
    cases: Cases = Cases()
    pack: str = ""  # the YAML pack it came with; empty: made here
    created_by: str = ""
    created_at: datetime | None = None
    active_since: datetime | None = None  # it decides since then; before, it was in shadow, or was not
    hits: int = 0
    last_hit: datetime | None = None
    missed: int = 0  # alerts that it would have matched since it expired
    audit: tuple[str, ...] = ()  # fingerprints of 2 % of the hits, for a person to look at; the newest 20
    unseen: tuple[str, ...] = ()  # fields of its matchers that no alert has had yet
    revision: int = 0

    @property
    def ways(self) -> tuple[tuple[Matcher, ...], ...]:
        """Return the lists of matchers of which one must hold whole."""
        return tuple((*self.matchers, *more) for more in self.any_of) or (self.matchers,)

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Does one of its ways hold for the fields of an alert?"""
        return any(all_match(way, fields) for way in self.ways)


class Silence(Noun, frozen=True, kw_only=True):
    """Suppresses without a verdict, from ``starts_at`` to ``ends_at``."""

    id: str
    matchers: tuple[Matcher, ...]
    owner: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    shelved: bool = False  # it is of one alert that a person put aside for a while
    created_at: datetime | None = None
    hits: int = 0
    last_hit: datetime | None = None
    revision: int = 0


class Window(Noun, frozen=True, kw_only=True):
    """A maintenance window: suppresses without a verdict while planned work goes on, once or again and again.

    ``recurs`` is an iCalendar RRULE, read on the wall clock of ``zone``; each occurrence lasts as long as the first.
    """

    id: str
    matchers: tuple[Matcher, ...]
    owner: str
    reason: str
    starts_at: datetime  # of the first occurrence
    ends_at: datetime
    recurs: str = ""  # "FREQ=WEEKLY;BYDAY=SU"; empty: once
    zone: str = "UTC"  # IANA name: "Europe/Berlin"
    until: datetime | None = None  # no occurrence begins from then on; needed where it recurs
    ticket: str = ""  # the change ticket it was made from
    status: RuleStatus = RuleStatus.ACTIVE  # proposed: somebody has to accept it first
    opens: datetime | None = None  # of the occurrence at hand, else of the next; None: there is none any more
    closes: datetime | None = None
    created_by: str = ""
    created_at: datetime | None = None
    hits: int = 0
    last_hit: datetime | None = None
    revision: int = 0


class Inhibition(Noun, frozen=True, kw_only=True):
    """While an alert that ``source`` matches fires, those that ``target`` matches do not page, as in Alertmanager.

    Both must have the same values of the labels in ``equal``. An alert never inhibits itself.
    """

    id: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    owner: str
    reason: str
    expires: datetime
    created_by: str = ""
    created_at: datetime | None = None
    hits: int = 0  # alerts it kept from paging
    last_hit: datetime | None = None
    ended: bool = False
    revision: int = 0


class Pack(Noun, frozen=True, kw_only=True):
    """A file of rules under version control, as it was last read."""

    name: str
    owner: str = ""
    origin: str = ""  # where it comes from: a repository, a vendor
    rules: int = 0  # that are sound
    problems: tuple[Problem, ...] = ()  # with file and line; at most 50, these rules were left as they were
    read_at: datetime | None = None
    revision: int = 0


class RuleChange(Noun, frozen=True, kw_only=True):
    """One line of the audit log: who changed what that decides over pages, and when."""

    change_id: str  # sorts by time
    at: datetime
    actor: str  # "engine": its time had come
    kind: str  # rule, silence, window, inhibition
    concerns: str  # its id
    text: str  # what was done, in words
    before: str = ""  # JSON of it; empty: there was none
    after: str = ""
    revision: int = 0
