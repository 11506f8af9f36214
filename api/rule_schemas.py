"""What do programs get of rules and what else keeps quiet: lists, and what of them needs a person?"""

from aiops.domain.alerts import Alert
from aiops.domain.base import Noun
from aiops.domain.incidents import TimelineItem
from aiops.domain.rules import Inhibition, Pack, Rule, RuleChange, RuleStatus, Silence, Window
from rules.lint import Finding


class LintFilter(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which findings."""

    kind: tuple[str, ...] = ()  # dead, subsumed, contradictory, over_broad, expiring_in_shift, never_hit, ...
    shift: str = "12h"  # how long whoever is on call now stays at it


class SuggestionFilter(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which proposals; without a word those that wait: shadow, proposed, suspended."""

    status: tuple[RuleStatus, ...] = ()


class AcceptBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how long it shall decide, until it expires or is reviewed."""

    days: int = 30


class ShelveBody(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how long one alert is put aside, and why."""

    minutes: int
    text: str = ""


class FindingList(Noun, frozen=True, kw_only=True):
    """What needs a person's eye among rules and silences, what does harm first."""

    items: tuple[Finding, ...]
    total: int


class Suggestion(Noun, frozen=True, kw_only=True):
    """A rule that waits for a person's word, or that a person did not want."""

    rule: Rule  # its reason is the evidence, with the numbers; they stand in ``grounds``, too
    tested: str  # how it did on what was known; empty: it is no proposal of the engine's
    shadow: str  # what it has met since it was proposed
    waits: str = ""  # what it has yet to show before it can be accepted; empty: nothing


class SuggestionList(Noun, frozen=True, kw_only=True):
    """Those that can be accepted first."""

    items: tuple[Suggestion, ...]
    total: int


class Harm(Noun, frozen=True, kw_only=True):
    """What mutes cost in one incident: known once its cause is confirmed."""

    items: tuple[TimelineItem, ...]  # what each rule hid of it, or near it, the newest audit's first; at most 1,000
    narrower: tuple[Rule, ...]  # rules that would have left it alone, and wait to be accepted


class Sampled(Noun, frozen=True, kw_only=True):
    """Alerts that one rule hid, 2 % of its hits and the newest 20 of them, for a person to look at."""

    rule: Rule
    alerts: tuple[Alert, ...]


class SampleList(Noun, frozen=True, kw_only=True):
    """By rule, the one that was met last first."""

    items: tuple[Sampled, ...]
    total: int


class RuleList(Noun, frozen=True, kw_only=True):
    """One page of rules."""

    items: tuple[Rule, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class SilenceList(Noun, frozen=True, kw_only=True):
    """One page of silences."""

    items: tuple[Silence, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class WindowList(Noun, frozen=True, kw_only=True):
    """One page of maintenance windows."""

    items: tuple[Window, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class InhibitionList(Noun, frozen=True, kw_only=True):
    """One page of inhibitions."""

    items: tuple[Inhibition, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class PackList(Noun, frozen=True, kw_only=True):
    """Packs as they were last read."""

    items: tuple[Pack, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class RuleChangeList(Noun, frozen=True, kw_only=True):
    """One page of the audit log, newest first."""

    items: tuple[RuleChange, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``
