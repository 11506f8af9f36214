"""What do programs send? Shapes of requests; an unknown field is refused."""

from datetime import datetime

from aiops.domain.alerts import Verdict
from aiops.domain.base import Noun
from aiops.domain.events import Problem, Severity
from aiops.domain.matching import Matcher
from aiops.domain.rules import Cases, Envelope, RuleStatus, Threshold


class AssignBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose it is now; empty: nobody's."""

    assignee: str


class TextBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line for the story."""

    text: str = ""


class MergeBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which incident becomes part of this one."""

    other_id: str  # or its number
    text: str = ""  # why


class MoveBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of its alerts belong to which other incident."""

    other_id: str  # or its number
    episodes: tuple[str, ...]  # ids of members; or fingerprints: all episodes of that alert here
    text: str = ""  # why


class SplitBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of its alerts are an incident of their own; one at least is named."""

    episodes: tuple[str, ...] = ()  # as of MoveBody
    services: tuple[str, ...] = ()  # and all alerts of these
    text: str = ""  # why


class CauseBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The root cause, by a person; empty: none of the candidates."""

    entity: str


class NewRule(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as a person writes it. What hides needs ``expires``, what raises ``review``."""

    id: str = ""  # empty: made from the command's id
    verdict: Verdict
    matchers: tuple[Matcher, ...]
    any_of: tuple[tuple[Matcher, ...], ...] = ()  # beside the matchers, one of these lists must hold whole
    owner: str
    reason: str
    expires: datetime | None = None
    review: datetime | None = None
    ceiling: Severity | None = None  # of known_good: an alert worse than it is not hidden
    priority: int = 0
    threshold: Threshold | None = None  # N of M: of known_good, hides until it is reached; of known_bad, raises then
    envelope: Envelope | None = None  # of known_good; else it is learned where enough was seen
    any_shape: bool = False  # of known_good: no envelope is learned
    cases: Cases = Cases()
    pack: str = ""  # the YAML pack it stands in
    status: RuleStatus = RuleStatus.ACTIVE  # active, shadow or proposed


class NewSilence(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A silence as a person writes it."""

    id: str = ""
    matchers: tuple[Matcher, ...]
    owner: str
    reason: str
    starts_at: datetime | None = None  # None: now
    ends_at: datetime


class NewWindow(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A maintenance window as a person writes it; one that recurs needs ``until``."""

    id: str = ""
    matchers: tuple[Matcher, ...]
    owner: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    recurs: str = ""
    zone: str = "UTC"
    until: datetime | None = None
    ticket: str = ""


class NewRunbook(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A runbook as a person writes it: ``url``, ``text`` or both."""

    id: str = ""
    name: str
    owner: str
    url: str = ""
    text: str = ""  # Markdown
    alerts: tuple[str, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    pack: str = ""


class NewInhibition(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An inhibition as a person writes it."""

    id: str = ""
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    owner: str
    reason: str
    expires: datetime


class NewPack(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pack that was read, with what of it could not be used."""

    name: str
    owner: str = ""
    origin: str = ""
    rules: int = 0
    problems: tuple[Problem, ...] = ()


class PreviewBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Matchers to try on what fires now and, with ``days``, on what came in the past days."""

    matchers: tuple[Matcher, ...]
    any_of: tuple[tuple[Matcher, ...], ...] = ()
    days: int = 0  # 0: only now


class PageTextBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to try on an incident: one of its own, or that of ``template``; none: the one that ships."""

    incident: str  # id or number
    template: str = ""  # name of one in pages.templates
    subject: str = ""
    body: str = ""


class TemplateVerdict(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict for one template, in place."""

    verdict: Verdict
    reason: str
    days: int = 30  # until expiry or review
    threshold: Threshold | None = None  # N of M: of known_good, hides until it is reached; of known_bad, raises then
