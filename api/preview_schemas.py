"""What do programs get who ask what matchers would hide, now and in the past?"""

from aiops.domain.base import Noun
from aiops.domain.events import Severity


class Example(Noun, frozen=True, kw_only=True):
    """One alert that a rule would hide."""

    fingerprint: str
    title: str
    entity: str
    severity: str


class Preview(Noun, frozen=True, kw_only=True):
    """What matchers hit among the alerts that fire now."""

    alerts: int
    incidents: int  # whose firing alerts would all be hidden; at least so many where not ``complete``
    critical: int  # of the alerts; likewise
    worst: Severity | None = None  # of all that match, those that are hidden already too; None: nothing matches
    looked_at: int  # firing alerts that were tried
    complete: bool  # False: there are more firing alerts than are tried
    examples: tuple[Example, ...] = ()
    past: "Past | None" = None  # where it was asked for


class HiddenIncident(Noun, frozen=True, kw_only=True):
    """An incident whose cause a person confirmed, and of which something would have been hidden."""

    incident_id: str
    number: int
    title: str
    cause: str  # the confirmed root cause
    root: bool  # an alert of the cause itself would have been hidden
    whole: bool  # all of it would have been hidden
    hidden: int  # episodes
    episodes: int


class Past(Noun, frozen=True, kw_only=True):
    """What matchers would have hidden in the past days."""

    days: int
    alerts: int  # conditions; told from the sample that was looked at where not ``complete``
    alerts_between: tuple[int, int]  # with 95 % certainty; both the same: it was counted
    critical: int  # of these; told from a sample of its own
    critical_between: tuple[int, int]
    looked_at: int  # the sample
    candidates: int  # alerts that may match, by what is indexed
    complete: bool  # all candidates were looked at, so the counts are exact
    known_bad: int  # of these: such a rule hides none of them, known bad beats known good. From no sample
    known_bad_left: int = 0  # known bad alerts that there was no time to try: whether they match is not known
    incidents: tuple[HiddenIncident, ...] = ()  # confirmed ones that it touches. From no sample
    incidents_left: int = 0  # confirmed ones that there was no time to look through: whether it touches them is unknown
    examples: tuple[Example, ...] = ()
