"""What do people say of a sender: how it is read, how long its word holds, how often it must be heard?"""

from datetime import datetime, timedelta

from aiops.domain.base import Noun
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.matching import Matcher

LONGEST_NAME = 64
SECOND, YEAR = timedelta(seconds=1), timedelta(days=366)
MOST_RATE = 1_000_000.0


def source_name(text: str, place: str = "source") -> str:
    """Return the name that a sender delivers under, in lower case; BadInput when ``text`` can be none."""
    if not text.replace("-", "").replace("_", "").isalnum() or len(text) > LONGEST_NAME or not text.isascii():
        fix = f"use up to {LONGEST_NAME} letters, digits, - and _"
        raise BadInput("no name for a source", place=place, fix=fix)
    return text.lower()


class SourceMapping(Noun, frozen=True, kw_only=True):
    """One version of how a person says that a source is to be read; the newest that has not ended is in force."""

    source: str
    version: int  # counts up by source, also over an end
    text: str  # the YAML as it was written; empty: from here on the source is read as if there had been none
    headers: tuple[str, ...] = ()  # that its ``match`` looks at, in lower case: a door keeps them
    put_by: str
    put_at: datetime
    ended_by: str = ""  # who replaced or ended it
    ended_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """Name this version: ``acme@00003`` sorts by version."""
        return f"{self.source}@{self.version:05}"


class SourceSettings(Noun, frozen=True, kw_only=True):
    """What a person sets for one source."""

    source: str
    expire_after: timedelta | None = None  # an alert without another word is over then; None: as its parser says
    rate: float | None = None  # deliveries a second that its door takes in the long run; None: as many as come
    burst: int = 100  # of them at once
    put_by: str = ""
    put_at: datetime | None = None
    revision: int = 0

    def check(self) -> None:
        """Refuse what could not work: BadInput names the field."""
        source_name(self.source)
        if self.expire_after is not None and not SECOND <= self.expire_after <= YEAR:
            fix = "give from 1 s to 366 days"
            raise BadInput(f"{self.expire_after} is out of bounds", place="expire_after", fix=fix)
        if self.rate is not None and not 0.001 <= self.rate <= MOST_RATE:
            fix = f"give deliveries a second, from 0.001 to {MOST_RATE:,.0f}"
            raise BadInput(f"{self.rate} is out of bounds", place="rate", fix=fix)
        if not 1 <= self.burst <= 1_000_000:
            raise BadInput(f"{self.burst} is out of bounds", place="burst", fix="give from 1 to 1,000,000")


class Watch(Noun, frozen=True, kw_only=True):
    """A dead-man switch: who or what must be heard every so often; silence raises an alert."""

    id: str
    source: str = ""  # any delivery of this source is a beat
    matchers: tuple[Matcher, ...] = ()  # or any firing alert that they all match, e.g. alertname="Watchdog"
    every: timedelta
    severity: Severity = Severity.HIGH
    owner: str = ""
    put_at: datetime | None = None
    last_beat: datetime | None = None  # None: not heard since it was set
    silent_since: datetime | None = None  # when its alert was raised; None: it beats
    ended_at: datetime | None = None  # watched no longer
    revision: int = 0

    @property
    def about(self) -> str:
        """Say what must be heard."""
        return self.source or " ".join(map(str, self.matchers))

    def check(self) -> None:
        """Refuse what could not work: BadInput names the field."""
        if bool(self.source) == bool(self.matchers):
            raise BadInput("it must watch one thing", place="watch", fix="give a source, or matchers of an alert")
        if self.source:
            source_name(self.source)
        source_name(self.id, "id")
        for index, matcher in enumerate(self.matchers):
            matcher.check(f"matchers[{index}]")
        if not SECOND <= self.every <= YEAR:
            raise BadInput(f"{self.every} is out of bounds", place="every", fix="give from 1 s to 366 days")
