"""What do programs send and get about senders: mappings, settings, secrets, dead-man switches?"""

from datetime import datetime, timedelta

from aiops.config import seconds
from aiops.domain.base import Noun
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Problem, Severity
from aiops.domain.matching import Matcher
from aiops.domain.records import SourceRecord
from aiops.domain.senders import SourceMapping, SourceSettings, Watch


class Sample(Noun, frozen=True, kw_only=True):
    """What would be read of one kept delivery."""

    delivery_id: str
    received_at: datetime
    body: str  # its first 64 KiB
    events: tuple[Event, ...] = ()  # the first 20
    total: int = 0
    problems: tuple[Problem, ...] = ()
    unmapped: tuple[str, ...] = ()  # paths that nothing reads


class MappingPreview(Noun, frozen=True, kw_only=True):
    """What would be read by a mapping; nothing is changed."""

    source: str
    in_force: int = 0  # version that reads the source now; 0: none does
    warnings: tuple[Problem, ...] = ()
    deliveries: int = 0  # kept ones that were read
    events: int = 0
    problems: int = 0
    unnamed: int = 0  # events without an identity of their own
    unmapped: dict[str, int] = {}  # path -> in how many of the deliveries nothing reads it
    samples: tuple[Sample, ...] = ()


class MappingList(Noun, frozen=True, kw_only=True):
    """Versions of mappings, the newest of a source first."""

    items: tuple[SourceMapping, ...]
    total: int


class Reread(Noun, frozen=True, kw_only=True):
    """What became of one part of what is to be read anew."""

    text: str
    deliveries: int
    superseded: int  # events of them
    gone: int  # deliveries that the journal has forgotten
    next: str  # cursor of the next part; empty: this was the last


class SettingsBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a source; what is left out is as if it had never been set."""

    expire_after: str = ""  # "24h": an alert without another word is over then; empty: as its parser says
    rate: float | None = None  # deliveries a second; null: as many as come
    burst: int = 100


class SecretBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the sender knows. Of SNS it is the ARN of the topic."""

    secret: str
    scheme: str = ""  # empty: the source's own


class WatchBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who must be heard: a source, or an alert that fires."""

    id: str = ""  # empty: made of what is watched
    source: str = ""
    matchers: tuple[Matcher, ...] = ()
    every: str  # "5m"
    severity: Severity = Severity.HIGH
    owner: str = ""


class Sender(Noun, frozen=True, kw_only=True):
    """What came of one source, and what people set for it."""

    record: SourceRecord
    settings: SourceSettings | None = None
    schemes: tuple[str, ...] = ()  # of the secrets that are good; none: anybody may deliver
    turned: int = 0  # deliveries told to come later, since this server process began


class SenderList(Noun, frozen=True, kw_only=True):
    """All sources that something came from, or was set for."""

    items: tuple[Sender, ...]


class WatchList(Noun, frozen=True, kw_only=True):
    """All dead-man switches."""

    items: tuple[Watch, ...]


class SecretTaken(Noun, frozen=True, kw_only=True):
    """A secret is good from now on."""

    source: str
    scheme: str
    good: int  # secrets of the source


def duration(text: str, place: str) -> timedelta:
    """Read ``24h``; BadInput names ``place``."""
    try:
        return timedelta(seconds=seconds(text))
    except (ValueError, OverflowError) as error:
        raise BadInput(str(error), place=place, fix="write 30m, 24h or 7d") from error
